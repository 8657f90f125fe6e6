from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.pytest_plugin.selection import Selection, count, covers, must_reach


def test_count() -> None:
    files = [Path("/p/tests/integration/a.py"), Path("/p/tests/unit/b.py"), Path("/p/tests/integration2/c.py")]
    assert count(files, [Path("/p/tests/integration")]) == (3, 1)
    assert count(files, []) == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "covered"),
    [
        (["tests"], True),
        (["."], True),
        (["tests/integration/test_a.py::test_b[x]"], True),
        (["tests/unit"], False),
        (["tests/unit", "tests/integration/deep"], True),
        (["/elsewhere"], False),
    ],
)
def test_covers(tmp_path: Path, arguments: list[str], covered: bool) -> None:
    assert covers(arguments, [tmp_path / "tests/integration"], tmp_path) == covered


@pytest.mark.parametrize(
    ("collected", "under", "selected", "selected_under", "covered", "wanted"),
    [
        (5, 2, 5, 2, True, True),
        (5, 2, 1, 1, True, True),
        (5, 2, 3, 0, True, False),  # -k unit
        (3, 0, 3, 0, False, False),  # pytest tests/unit
        (3, 0, 3, 0, True, True),  # the integration tests are gone
        (0, 0, 0, 0, True, True),
        (5, 2, 0, 0, True, True),  # -k misspelt
    ],
)
def test_must_reach(
    collected: int, under: int, selected: int, selected_under: int, covered: bool, wanted: bool
) -> None:
    selection = Selection(collected=collected, collected_under=under, selected=selected, selected_under=selected_under)
    assert must_reach(selection, covered=covered) == wanted


def test_workers_say_the_same_unless_one_died_early() -> None:
    said = Selection(collected=4, collected_under=3, selected=2, selected_under=1)
    assert Selection().merged(said.to_json()).merged(Selection(collected=4).to_json()) == said
