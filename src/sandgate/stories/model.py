"""A story: a user's journey as steps, and what each must do to the machine and to AWS; `story.toml`, read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandgate.config.declare import option
from sandgate.config.kinds import WrongValue

__all__ = ["MORE_TIME", "SETUP_SECONDS", "Expect", "Step", "Story", "StoryFile"]

SETUP_SECONDS = 1800.0
"""What a program may take that builds or installs, where nobody says otherwise."""
MORE_TIME = "setup_timeout in the story.toml"
"""What says otherwise."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 86400.0


def _positive(value: float) -> str:
    return "" if 0 < value <= _LONGEST else f"must be more than 0 seconds and at most a day, not {value}"


def _patterns(value: tuple[str, ...]) -> str:
    return next((said for text in value if (said := _pattern(text))), "")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        return f"{text!r} is no regular expression: {error}"
    return ""


def _captures(value: Mapping[str, str]) -> str:
    for name, text in value.items():
        if said := _variable(name) or _pattern(text):
            return said
        if re.compile(text).groups != 1:
            return f"{name} must have one group, as in 'session (\\S+)', not {text!r}"
    return ""


def _variable(name: str) -> str:
    return "" if _VARIABLE.fullmatch(name) else f"{name!r} is not a name for an environment variable"


def _variables(value: Mapping[str, str] | tuple[str, ...]) -> str:
    return next((said for name in value if (said := _variable(name))), "")


def _counts(value: Mapping[str, int]) -> str:
    return next((f"{name} must be 0 or more, not {count}" for name, count in value.items() if count < 0), "")


def _python(value: str) -> str:
    ok = re.fullmatch(r"(\d+\.\d+(\.\d+)?)?", value)
    return "" if ok else f"must be a version such as 3.12 or 3.12.4, not {value!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must be so when a step has ended, under `[steps.expect]`."""

    exit: int = option(0, doc="Exit status.")
    output: tuple[str, ...] = option(
        (), check=_patterns, doc="Regular expressions, each to be found in standard output."
    )
    lines: int = option(-1, doc="How many lines standard output has; -1 is any number.")
    errors: tuple[str, ...] = option((), check=_patterns, doc="Likewise as `output`, in standard error.")
    resources: Mapping[str, int] = option(
        check=_counts,
        doc="Resource type to how many of the story's own there are now, by the ledger: `{ s3-bucket = 1 }`.",
    )
    none_left: bool = option(default=False, doc="Nothing that the story made is there any more, by the ledger.")
    calls: Mapping[str, int] = option(
        check=_counts,
        doc="Call to how many succeeded during the step, at least: `{ 'lambda:Invoke' = 4 }`; 0 is none at all.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, under `[[steps]]`: a line for `/bin/sh`."""

    name: str = option("", doc="What the transcript calls it; empty is its number.")
    run: str = option("", doc="Script for POSIX `sh`, run with `-e` in the story's working folder.")
    timeout: float = option(0.0, doc="Seconds after which it is ended; 0 is the story's own limit.")
    environment: Mapping[str, str] = option(check=_variables, doc="Variables of this step; values are templates.")
    capture: Mapping[str, str] = option(
        check=_captures,
        doc="Variable to a regular expression with one group: what it finds in the output is there for later steps.",
    )
    expect: Expect = option(Expect(), doc="What must be so afterwards.")  # noqa: RUF009 - a declaration, as the others

    def __post_init__(self) -> None:
        """A step that runs nothing would be green for nothing."""
        if not self.run.strip():
            raise WrongValue("is missing or empty", path=("run",), hint="set run to the line that the step runs")
        if not 0 <= self.timeout <= _LONGEST:
            raise WrongValue(f"must be 0 to a day, in seconds, not {self.timeout}", path=("timeout",))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFile:
    """What `story.toml` holds."""

    title: str = option("", doc="One line; empty is the folder's name.")
    tool: str = option("", doc="Distribution that the story is about; empty is that of `package`, if there is one.")
    package: str = option(".", doc="Folder with the tool's pyproject.toml, relative to the project, for --local.")
    python: str = option("", check=_python, doc="Version of Python that the story gets; empty is sandgate's own.")
    packages: tuple[str, ...] = option(
        (), doc="Further requirements, installed with the tool: pin SDKs here, `boto3==1.40.1`."
    )
    image: str = option(
        "",
        doc="Image that container runtimes begin with; empty is `python:VERSION-slim`. It must have python3 and venv.",
    )
    runtimes: tuple[str, ...] = option((), doc="Runtimes that can run it, the default first; empty is every one.")
    timeout: float = option(120.0, check=_positive, doc="Seconds that a step may take.")
    setup: tuple[str, ...] = option(
        (),
        doc="Lines for `sh` that run in the working folder before the gate is started: what they fetch is no business "
        "of the run, and they see no variable of AWS. `python` and `pip` are the story's.",
    )
    setup_timeout: float = option(
        SETUP_SECONDS,
        check=_positive,
        doc="Seconds that each line of `setup` may take; in a container, the building of its image.",
    )
    examples: tuple[str, ...] = option(
        (), doc="Files and folders of the project that are copied into the working folder, each under its own name."
    )
    requires: tuple[str, ...] = option((), check=_variables, doc="Variables that must be set: shell or `stories/.env`.")
    temporary: Mapping[str, str] = option(
        check=_variables,
        doc="Variable to the type of a resource that is made for the story, unless the variable is set, and removed "
        "after it: `{ FRACTALS_BUCKET = 's3-bucket' }`.",
    )
    environment: Mapping[str, str] = option(check=_variables, doc="Variables of all steps; values are templates.")
    on_failure: tuple[str, ...] = option(
        (), doc="Lines that are shown when a step fails, as one would type them; variables and captures are put in."
    )
    steps: tuple[Step, ...] = option((), doc="The steps, in order; the first that fails ends the story.")

    def __post_init__(self) -> None:
        """A story without steps would be green for nothing."""
        if not self.steps:
            raise WrongValue("are missing", path=("steps",), hint="add at least one [[steps]] with run = '…'")
        if both := sorted(set(self.requires) & set(self.temporary)):
            raise WrongValue(f"{both[0]} is also among requires", path=("temporary",), hint="name it in one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(StoryFile):
    """A story with its place, and what only the bare form has."""

    name: str
    """Of its folder."""
    folder: str
    """Its folder."""
    prefix: str = ""
    """`<TOOL>` of the build arguments, of a bare story with a Dockerfile; else empty."""
    dockerfile: str = field(default="", repr=False)
    """Text of its own Dockerfile; empty where an image is made as `packages` and `image` say."""
    in_image: str = ""
    """What runs in an image of its own Dockerfile, in place of the one step."""
