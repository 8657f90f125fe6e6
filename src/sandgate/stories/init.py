"""The files of `sandgate story init`, as texts: Makefiles, what they share, variables, a first story."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files

__all__ = ["shared_files", "story_files"]

_MAKEFILE = "include ../common.mk\n"


def shared_files(tool: str, policy: str, depth: int) -> Mapping[str, str]:
    """The files that all stories share, by name.

    Args:
        tool: distribution that the stories are about; empty for none.
        policy: document of the user that the tests are, as JSON.
        depth: how many folders a story's folder is below the project.
    """
    variable = re.sub(r"\W+", "_", tool or "tool").upper() + "_VERSION"
    up = "/".join([".."] * depth)
    return {
        "common.mk": _text("common.mk").replace("@VARIABLE@", variable).replace("@ROOT@", up),
        ".env": _text("env"),
        "test_user_policy.json": policy if policy.endswith("\n") else policy + "\n",
    }


def story_files(name: str, tool: str, present: Iterable[str]) -> Mapping[str, str]:
    """The files of one story, by name.

    Args:
        name: of its folder.
        tool: as above.
        present: files that are there.
    """
    found = {"Makefile": _MAKEFILE}
    if not {"story.toml", "test.sh"} & set(present):
        line = f"{tool} --help" if tool else 'test -n "$AWS_ENDPOINT_URL"'
        title = name.replace("_", " ").replace("-", " ").capitalize()
        found["story.toml"] = _text("story.toml").replace("@TITLE@", title).replace("@RUN@", line)
    return found


def _text(name: str) -> str:
    return files("sandgate.stories").joinpath("data", name).read_text(encoding="utf-8")
