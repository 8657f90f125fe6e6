"""`sandgate ci`: when CI may use the real account, what it holds for that, and the workflow files."""

from __future__ import annotations

import json
import os
import time
from typing import Annotated

import typer

from sandgate.cli._ci_gate import decided, lines_of, write_output, write_summary
from sandgate.cli._ci_init import plan_of, refusal_of, repository_root, write
from sandgate.cli._ci_oidc import register_oidc
from sandgate.cli._ci_secrets import key_made, proven_values
from sandgate.cli._model import Command
from sandgate.cli._options import flag_of, read_config, values_of
from sandgate.errors import ExitCode, UsageError

__all__ = ["COMMAND"]

_EXAMPLES = (
    "sandgate ci init --dry-run",
    "sandgate ci gate",
    "sandgate ci secrets push",
    "sandgate ci secrets check",
    "sandgate ci oidc show",
)
_Tier = Annotated[
    str,
    typer.Option("--tier", help="Tier or alias whose env file holds the key.", autocompletion=values_of("tier")),
]
_EnvFile = Annotated[str | None, flag_of("env_file")]


def _gate(
    *,
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Append decision=run or decision=skip; else to the step's.")
    ] = "",
) -> None:
    from sandgate.ci.choice import provider_of  # noqa: PLC0415 - `--help` must not pay for it

    config = read_config()
    provider = provider_of(config)
    decision = decided(config, provider, os.environ)
    for line in lines_of(decision, provider):
        typer.echo(line)
    if path := output or os.environ.get(provider.output_variable, ""):
        write_output(path, decision)
    if path := os.environ.get(provider.summary_variable, ""):
        write_summary(path, decision)


def _init(
    *,
    command: Annotated[str, typer.Option("--command", help="What runs the tests.")] = "python -m pytest",
    install: Annotated[str, typer.Option("--install", help="What installs them; else the usual command.")] = "",
    python: Annotated[str, typer.Option("--python", help="Version of Python.")] = "3.12",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the files, and write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that somebody changed, too.")] = False,
) -> None:
    from sandgate.ci.choice import provider_of  # noqa: PLC0415
    from sandgate.ci.policy import parse_policy  # noqa: PLC0415

    config = read_config()
    parse_policy(config)
    root = repository_root(config.root)
    files = dict(provider_of(config).files(plan_of(config, root, command=command, install=install, python=python)))
    if dry_run:
        for path, text in files.items():
            typer.echo(f"# {path}\n{text}", nl=False)
        return
    refused = {path: why for path, text in files.items() if (why := refusal_of(root, path, text))}
    if refused and not force:
        path, why = next(iter(refused.items()))
        raise UsageError(f"{path} {why}", where=str(root), hint="--dry-run shows the new one, --force writes it")
    for line in write(root, files):
        typer.echo(line)
    if config.ci_policy == "never":
        typer.echo("ci_policy is never, so no job will use the real account", err=True)


def _push(*, tier: _Tier = "sandbox", env_file: _EnvFile = None) -> None:
    from sandgate.ci.secrets import push  # noqa: PLC0415

    config = read_config(tier=tier, env_file=env_file)
    if config.ci_credentials == "oidc":
        raise UsageError(
            'ci_credentials is "oidc": CI holds no keys', hint="`sandgate ci secrets delete` removes old ones"
        )
    values, arn = proven_values(config, os.environ)
    typer.echo(f"the key is that of {arn}")
    push(config, values, environ=os.environ, progress=typer.echo)


def _check(
    *,
    tier: _Tier = "sandbox",
    env_file: _EnvFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    from sandgate.ci.secrets import check  # noqa: PLC0415

    config = read_config(tier=tier, env_file=env_file)
    made = key_made(config, os.environ)
    states = check(config, config.key_variables, environ=os.environ, since=made or 0.0)
    if made is None:
        typer.echo("the env file has no key, so nobody can tell whether they are those of it", err=True)
    if as_json:
        found = {
            state.name: {"exists": state.exists, "updated": state.updated, "current": state.current} for state in states
        }
        typer.echo(json.dumps(found, indent=2))
    else:
        for state in states:
            when = time.strftime(" (%Y-%m-%d %H:%M:%SZ)", time.gmtime(state.updated)) if state.updated else ""
            typer.echo(f"{config.repository}: {state.name} {state.text}{when}")
    if not all(state.current for state in states):
        raise typer.Exit(int(ExitCode.TESTS_FAILED))


def _delete() -> None:
    from sandgate.ci.secrets import delete  # noqa: PLC0415

    config = read_config()
    delete(config, config.key_variables, environ=os.environ, progress=typer.echo)


def _register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("gate", help="Decide whether this job may use the real account, and say by which rule.")(_gate)
    group.command("init", help="Write the workflow files of the configured provider.")(_init)
    register_oidc(group)
    secrets = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    secrets.command(
        "push", help="Write the env file's key, once AWS has said whose it is, to the repository's secrets."
    )(_push)
    secrets.command("check", help="Say which secrets exist, and whether they are newer than the key; else status 1.")(
        _check
    )
    secrets.command("delete", help="Delete the secrets, and look that they are gone; absent ones are fine.")(_delete)
    group.add_typer(secrets, name="secrets", help="The key of the tests' identity in the secrets of CI.")
    app.add_typer(group, name=COMMAND.name, help=COMMAND.help, epilog=Command.epilog(_EXAMPLES))


COMMAND = Command(
    name="ci",
    help="Let CI use the real account when the policy says so.",
    register=_register,
    examples=_EXAMPLES,
)
