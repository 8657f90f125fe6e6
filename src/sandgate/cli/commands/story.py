"""`sandgate story`: a user's journey from a clean environment, against a chosen version of a tool."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer

from sandgate.cli._model import Command
from sandgate.cli._options import read_config, with_run_options
from sandgate.cli._story import Chosen, run_story, stories_folder, version_choice
from sandgate.config.model import Config
from sandgate.core.files import replace_text
from sandgate.core.registry import case_names
from sandgate.errors import EnvironmentFault, UsageError

__all__ = ["COMMAND"]

_EXAMPLES = (
    "sandgate story init getting_started",
    "sandgate story list",
    "sandgate story run getting_started --local",
    "sandgate story run getting_started --version ==1.2.3 --runtime podman",
)


_UNKNOWN_ACCOUNT = "000000000000"


def _names(incomplete: str) -> list[str]:
    config = read_config()
    folder = stories_folder(config)
    return sorted(path.name for path in folder.glob(f"{incomplete}*") if path.is_dir()) if folder.is_dir() else []


@with_run_options
def _run(
    name: Annotated[str, typer.Argument(help="Folder of the story.", metavar="NAME", autocompletion=_names)],
    *,
    version: Annotated[
        str, typer.Option("--version", metavar="==X", help="Version of the tool, from the package index.")
    ] = "",
    local: Annotated[bool, typer.Option("--local", help="The tool of this checkout, built anew.")] = False,
    no_build: Annotated[bool, typer.Option("--no-build", help="The last build of this checkout.")] = False,
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            help="Where steps run; by default the story's first, else process.",
            autocompletion=lambda: list(case_names("sandgate.stories.runtimes")),
        ),
    ] = "",
    image: Annotated[
        str, typer.Option("--image", help="Image that container runtimes begin with, instead of the story's.")
    ] = "",
    **options: object,
) -> None:
    source, wanted = version_choice(version, local=local, no_build=no_build)
    chosen = Chosen(source=source, version=wanted, runtime=runtime, image=image)
    raise typer.Exit(run_story(name, chosen, options))


def _list() -> None:
    # What stories are made of is much to load that `sandgate --help` must not wait for.
    from sandgate.stories.finding import find_stories  # noqa: PLC0415
    from sandgate.stories.runtimes._model import runtimes  # noqa: PLC0415

    folder = stories_folder(read_config())
    for story in find_stories(folder):
        steps = f"{len(story.steps)} step{'s' if len(story.steps) > 1 else ''}"
        typer.echo(f"{story.name:<24} {story.title}  ({steps})")
    for runtime in runtimes().values():
        why = runtime.absent()
        typer.echo(f"runtime {runtime.name:<16} {'not here: ' + why if why else 'ready'}", err=True)


def _init(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Stories to begin.")] = None,
) -> None:
    from sandgate.stories.finding import folders_in, is_name  # noqa: PLC0415
    from sandgate.stories.init import shared_files, story_files  # noqa: PLC0415
    from sandgate.stories.packages import tool_name  # noqa: PLC0415

    if wrong := [name for name in names or () if not is_name(name)]:
        hint = "one word without quotes, the name of a folder in `stories`"
        raise UsageError(f"{wrong[0]!r} is no name for a story", hint=hint)
    config = read_config()
    folder = stories_folder(config)
    there = [path.name for path in folders_in(folder)]
    tool = tool_name(config.root)
    depth = len(Path(config.stories).parts) + 1
    for file, text in shared_files(tool, _policy(config), depth).items():
        _write(folder / file, text)
    for name in dict.fromkeys((*there, *(names or ()))):
        place = folder / name
        present = _present(place) if name in there else []
        if name in there and not {"story.toml", "test.sh"} & set(present):
            continue
        for file, text in story_files(name, tool, present).items():
            _write(place / file, text)


def _write(path: Path, text: str) -> None:
    """Write a file that is not there; one that is stays as it is."""
    try:
        there = os.path.lexists(path)
        if not there:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(path, text, mode=0o644)
    except OSError as error:
        raise EnvironmentFault(f"cannot be written: {error.strerror}", where=str(path)) from None
    typer.echo(f"{'kept ' if there else 'wrote'}  {path}")


def _present(place: Path) -> list[str]:
    try:
        return [path.name for path in place.iterdir()]
    except OSError as error:
        raise EnvironmentFault(f"cannot be read: {error.strerror}", where=str(place)) from None


def _policy(config: Config) -> str:
    """What the tests may do in any run: the document that a user of one's own would be given."""
    from sandgate.guard.policy import VARIANTS, load_policy  # noqa: PLC0415
    from sandgate.iam.document import to_json  # noqa: PLC0415

    every = dataclasses.replace(config, isolation="prefix")
    return to_json(VARIANTS["identity"](load_policy(every, account=_UNKNOWN_ACCOUNT, namespace="")))


def _register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("list", help="List the stories of the project, and the runtimes of this machine.")(_list)
    group.command("run", help="Run a story from a clean environment, through a gate of its own.")(_run)
    group.command("init", help="Write Makefiles, variables and the user's policy for stories; nothing is overwritten.")(
        _init
    )
    app.add_typer(group, name=COMMAND.name, help=COMMAND.help, epilog=Command.epilog(_EXAMPLES))


COMMAND = Command(
    name="story",
    help="Run a user's journey from a clean environment, against a chosen version of a tool.",
    register=_register,
    examples=_EXAMPLES,
)
