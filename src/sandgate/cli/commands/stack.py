"""`sandgate stack`: deploy, read and delete stacks inside a run, as the deployer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandgate.cli._model import Command
from sandgate.cli._stack_progress import stack_progress

if TYPE_CHECKING:
    from sandgate.run import Run

__all__ = ["COMMAND"]

_NAME = typer.Argument(help="Name of the stack.", metavar="NAME")
_EXAMPLES = (
    "sandgate run -- sandgate stack deploy template.yaml --name test-users",
    "sandgate stack deploy template.yaml --name test-users --parameter Stage=dev",
    "sandgate stack outputs test-users --json",
    "sandgate stack delete test-users",
)


def _deploy(
    template: Annotated[Path, typer.Argument(help="Template file, SAM or CloudFormation.", metavar="TEMPLATE")],
    name: Annotated[str, typer.Option("--name", help="Name of the stack.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", metavar="KEY=VALUE", help="Template parameter; repeatable.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds that the deployment may take.")] = 1800.0,
) -> None:
    # Clients and templates bring much with them that `sandgate --help` must not wait for.
    from sandgate.stacks.host import deploy_stack, name_starts  # noqa: PLC0415
    from sandgate.stacks.parameters import parse_parameters  # noqa: PLC0415

    parameters = parse_parameters(parameter or ())
    with _joined() as run, stack_progress() as (progress, notice):
        stack = deploy_stack(
            run, template, name=name, parameters=parameters, prefixes=name_starts(run.config, run.namespace, name),
            progress=progress, notice=notice, timeout=timeout,
        )  # fmt: skip
    _print(stack.outputs)


def _outputs(
    name: Annotated[str, _NAME],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    from sandgate.stacks.outputs import from_cloudformation  # noqa: PLC0415

    with _joined() as run:
        outputs = from_cloudformation(run.deployer_clients(), name)
    if as_json:
        typer.echo(json.dumps(dict(outputs), indent=2))
    else:
        _print(outputs)


def _delete(
    name: Annotated[str, _NAME],
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds that the deletion may take.")] = 1800.0,
) -> None:
    from sandgate.stacks.host import delete_stack  # noqa: PLC0415

    with _joined() as run, stack_progress() as (progress, notice):
        existed = delete_stack(run, name, progress=progress, notice=notice, timeout=timeout)
    typer.echo(f"deleted {name}" if existed else f"there was no stack {name}")


@contextmanager
def _joined() -> Iterator[Run]:
    """The run that this process is a child of; it goes on afterwards."""
    from sandgate.session import join  # noqa: PLC0415

    run = join(os.environ)
    try:
        yield run
    finally:
        run.leave()


def _print(outputs: Mapping[str, str]) -> None:
    for key, value in outputs.items():
        typer.echo(f"{key}={value}")


def _register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("deploy", help="Package a template's local code and create or update its stack.")(_deploy)
    group.command("outputs", help="Print the outputs of a stack as KEY=VALUE lines, or as JSON.")(_outputs)
    group.command("delete", help="Delete a stack and wait until it is gone; none of that name is fine.")(_delete)
    app.add_typer(group, name=COMMAND.name, help=COMMAND.help, epilog=Command.epilog(_EXAMPLES))


COMMAND = Command(
    name="stack",
    help="Deploy, read and delete stacks inside a run, as the deployer.",
    register=_register,
    examples=_EXAMPLES,
)
