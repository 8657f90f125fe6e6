"""`sandgate policy`: what tests may do, and why one call is allowed or refused; needs no gate."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Annotated

import typer

from sandgate.cli._model import Command
from sandgate.cli._options import read_config
from sandgate.cli._policy import as_json, as_lines, typed_call
from sandgate.core.registry import discover, nearest
from sandgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sandgate.guard.policy import Policy

__all__ = ["COMMAND"]

_EXAMPLES = (
    "sandgate policy show --services dynamodb,s3",
    "sandgate policy show --for deployer --json",
    "sandgate policy explain dynamodb:PutItem TableName=orders",
    """sandgate policy explain s3:CopyObject --params '{"Bucket": "test-a", "Key": "k", "CopySource": "prod/k"}'""",
)
_UNKNOWN_ACCOUNT = "000000000000"
_Services = Annotated[
    str | None, typer.Option("--services", metavar="NAME,…", help="Services instead of the configured ones.")
]
_Account = Annotated[str, typer.Option("--account", metavar="ID", help="Account that the ARNs name.")]
_Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace", metavar="NS", help="Namespace of a run; by default that of the run around, if there is one."
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _show(
    *,
    whose: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="WHOM",
            help="identity, deployer, or a tier: the identity's document as its own IAM is told it, such as emulated.",
        ),
    ] = "identity",
    services: _Services = None,
    account: _Account = _UNKNOWN_ACCOUNT,
    namespace: _Namespace = None,
    json_output: _Json = False,
) -> None:
    # Policies and their data are much to load that `sandgate --help` must not wait for.
    from sandgate.guard.policy import LIMITS, VARIANTS, size_of, too_large_for  # noqa: PLC0415
    from sandgate.iam.document import to_json  # noqa: PLC0415
    from sandgate.tiers._model import Tier  # noqa: PLC0415

    tiers = discover("sandgate.tiers", "TIER", Tier)
    told = {name: tier.translate for name, tier in tiers.items() if tier.translate is not None}
    if whose not in VARIANTS and whose not in told:
        known = (*VARIANTS, *told)
        close = nearest(whose, known)
        hint = f"did you mean {close!r}?" if close else f"one of {', '.join(known)}"
        raise UsageError(f"there is no document for {whose!r}", where="command line, --for", hint=hint)
    policy = _policy(services, account, namespace)
    document = VARIANTS[whose](policy) if whose in VARIANTS else told[whose](policy.document)
    size = size_of(document)
    if json_output:
        fits = {kind: size <= limit for kind, limit in LIMITS.items()}
        found = {"for": whose, "characters": size, "fits": fits, "document": json.loads(to_json(document))}
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(to_json(document))
    large = too_large_for(size)
    tail = f"; too large for {', '.join(large)}; fewer services make it smaller" if large else ""
    typer.echo(f"{size:,} characters{tail}", err=True)


def _explain(
    call: Annotated[str, typer.Argument(metavar="CALL", help="service:Operation, such as dynamodb:PutItem.")],
    members: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]…", help="Members of the call; JSON where it begins so.")
    ] = None,
    *,
    params: Annotated[str, typer.Option("--params", metavar="JSON", help="Members as one JSON object.")] = "",
    whose: Annotated[str, typer.Option("--for", metavar="WHOM", help="identity or deployer.")] = "identity",
    services: _Services = None,
    region: Annotated[str | None, typer.Option("--call-region", help="Region of the call, if not the run's.")] = None,
    account: _Account = _UNKNOWN_ACCOUNT,
    namespace: _Namespace = None,
    json_output: _Json = False,
) -> None:
    from sandgate.guard.explain import explain  # noqa: PLC0415
    from sandgate.guard.guard import Guard  # noqa: PLC0415

    if whose not in ("identity", "deployer"):
        raise UsageError(f"nobody is called {whose!r}", where="command line, --for", hint="identity or deployer")
    policy = _policy(services, account, namespace)
    made = typed_call(call, members or (), params, region=region or policy.sandbox.region, deployer=whose == "deployer")
    # Without a run nothing is known to have been made by it.
    found = explain(Guard(policy, owned=lambda _arn: False), made)
    if json_output:
        typer.echo(json.dumps(as_json(found), indent=2))
    else:
        for line in as_lines(found):
            typer.echo(line)
    if not found.decision.allowed:
        raise typer.Exit(int(ExitCode.TESTS_FAILED))


def _policy(services: str | None, account: str, namespace: str | None) -> Policy:
    """The policy that holds here.

    Raises:
        SandgateError: an option is wrong, here or in the configuration.
    """
    from dataclasses import replace  # noqa: PLC0415

    from sandgate.guard.policy import load_policy  # noqa: PLC0415

    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(f"{account!r} is no account id", where="command line, --account", hint="12 digits")
    config = read_config()
    if services is not None:
        named = tuple(name.strip() for name in services.split(",") if name.strip())
        sources = {**config.sources, "services": "command line, --services"}
        config = replace(config, services=named, sources=sources)
    inside = namespace or os.environ.get("SANDGATE_NAMESPACE", "")
    if not inside:
        # Between runs there is no namespace: what is shown is what every run of this configuration stays inside of.
        config = replace(config, isolation="prefix")
    return load_policy(config, account=account, namespace=inside)


def _register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("show", help="Print the IAM document that says what tests may do.")(_show)
    group.command(
        "explain", help="Say why a call is allowed (exit status 0) or refused (1), by which statement, and the remedy."
    )(_explain)
    app.add_typer(group, name=COMMAND.name, help=COMMAND.help, epilog=Command.epilog(_EXAMPLES))


COMMAND = Command(
    name="policy",
    help="Show what tests may do, and why a call is allowed or refused.",
    register=_register,
    examples=_EXAMPLES,
)
