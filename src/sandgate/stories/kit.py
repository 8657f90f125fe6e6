"""The files that a step's variables name: whom to trust, how Java and Node.js reach the gate; copied for one story.

A run's folder has them, and much more; a clean environment sees these copies and nothing of that folder.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from sandgate.core.environment import ChildFacts, exceptions
from sandgate.core.java import SUFFIX, TRUST_STORE, option_lines
from sandgate.errors import EnvironmentFault

__all__ = ["NAME", "lay_out_kit", "within"]

NAME = "kit"
"""Of the folder, on this machine."""
_JAVA = f"story{SUFFIX}"
_READ, _ENTER = 0o644, 0o755
"""For whomever an image lets its programs run as; the folder that it lies in lets in nobody but its owner."""


def within(facts: ChildFacts, inside: str) -> ChildFacts:
    """The facts of a run as they are where its files have another place.

    Args:
        facts: of the run.
        inside: where the folder stands for a story's steps.
    """
    return replace(
        facts,
        bundles={name: f"{inside}/{Path(path).name}" for name, path in facts.bundles.items()},
        node_preload=facts.node_preload and f"{inside}/{Path(facts.node_preload).name}",
        java_options=facts.java_options and f"{inside}/{_JAVA}",
    )


def lay_out_kit(facts: ChildFacts, folder: Path, inside: str) -> None:
    """Copy the files that `within` names.

    Args:
        facts: of the run.
        folder: to make, in one that only this user can enter: a file holds the proxy's secret.
        inside: where it stands for a story's steps.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    try:
        folder.mkdir()
        folder.chmod(_ENTER)
        for name in {*facts.bundles.values(), facts.node_preload} - {""}:
            shutil.copyfile(name, folder / Path(name).name)
        if facts.java_options:
            shutil.copyfile(Path(facts.java_options).with_name(TRUST_STORE), folder / TRUST_STORE)
            lines = option_lines(facts.proxy_url, exceptions({}), f"{inside}/{TRUST_STORE}")
            (folder / _JAVA).write_text(lines, encoding="utf-8")
        for path in folder.iterdir():
            path.chmod(_READ)
    except OSError as error:
        raise EnvironmentFault(
            f"the run's certificates cannot be copied for the story: {error.strerror}", where=str(folder)
        ) from error
