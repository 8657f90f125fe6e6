"""What was selected, and whether such a run must reach the tier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Selection", "count", "covers", "must_reach"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Numbers of tests, of all and of those under the configured paths."""

    collected: int = 0
    """Before `-k`, `-m` and `--deselect`."""
    collected_under: int = 0
    selected: int = 0
    selected_under: int = 0

    def to_json(self) -> dict[str, int]:
        """What a worker tells the controller."""
        return asdict(self)

    def merged(self, data: Mapping[str, int]) -> Selection:
        """With what a worker told; workers collect the same, so the larger number is the truth."""
        return Selection(**{name: max(value, data.get(name, 0)) for name, value in asdict(self).items()})


def count(files: Iterable[Path], roots: Sequence[Path]) -> tuple[int, int]:
    """How many tests there are, and how many under the roots; without roots every test counts as under them."""
    listed = list(files)
    under = sum(any(file.is_relative_to(root) for root in roots) for file in listed) if roots else len(listed)
    return len(listed), under


def covers(arguments: Iterable[str], roots: Sequence[Path], here: Path) -> bool:
    """Whether the files and folders on the command line ask for anything under the roots."""
    asked = [(here / argument.partition("::")[0]).resolve() for argument in arguments]
    return any(
        place.is_relative_to(root) or root.is_relative_to(place)
        for place in asked
        for root in (entry.resolve() for entry in roots)
    )


def must_reach(selection: Selection, *, covered: bool) -> bool:
    """Whether the run is empty unless a call reaches the tier.

    Args:
        selection: what was found and what was left of it.
        covered: whether the command line asked for anything under the configured paths.

    Returns:
        True when a test under the paths was selected, when nothing was selected at all, and when what was asked for
        should have held such tests and held none. Selecting other tests, with `-k unit`, asks nothing of the tier.
    """
    if selection.selected_under or not selection.selected:
        return True
    return covered and not selection.collected_under
