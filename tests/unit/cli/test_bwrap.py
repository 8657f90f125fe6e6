"""The options of bubblewrap: what is private, and that nothing is uncovered by what is mounted later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sandgate.cli._bwrap import Layout, options_of

LAYOUT = Layout(
    system=((Path("/usr"), None), (Path("/bin"), Path("usr/bin"))),
    homes=(Path("/people/ann"),),
    python=(Path("/people/ann/.venvs/x"),),
    project=Path("/people/ann/p"),
    fixed=(Path("/people/ann/p/.git"),),
    emptied=(Path("/people/ann/p/.sandgate"),),
    masked=(Path("/people/ann/p/.env"),),
    empty=Path("/e"),
    mounts=((Path("/t/view"), Path("/people/ann/p/.sandgate/runs/1")),),
    readable=((Path("/t/door"), Path("/run/sandgate")),),
    folder=Path("/people/ann/p/sub"),
)


def mounts(layout: Layout) -> list[tuple[str, str]]:
    """Kind and place of each mount, in order."""
    options = options_of(layout)
    places = {"--ro-bind": 2, "--bind": 2, "--tmpfs": 1, "--symlink": 2, "--remount-ro": 1}
    return [(option, options[at + places[option]]) for at, option in enumerate(options) if option in places]


def test_everything_is_unshared() -> None:
    options = options_of(LAYOUT)
    assert {"--unshare-all", "--new-session", "--die-with-parent", "--proc", "--dev"} <= set(options)
    assert options[options.index("--cap-drop") + 1] == "ALL"
    assert "--share-net" not in options


def test_the_root_is_empty_but_for_what_is_named() -> None:
    named = {place for _, place in mounts(LAYOUT)}
    assert named == {
        "/usr",
        "/bin",
        "/tmp",
        "/people/ann",
        "/people/ann/.venvs/x",
        "/people/ann/p",
        "/people/ann/p/.git",
        "/people/ann/p/.sandgate",
        "/people/ann/p/.env",
        "/people/ann/p/.sandgate/runs/1",
        "/run/sandgate",
        "/",
    }


def test_only_the_project_and_the_view_are_writable() -> None:
    assert [place for kind, place in mounts(LAYOUT) if kind == "--bind"] == [
        "/people/ann/p",
        "/people/ann/p/.sandgate/runs/1",
    ]
    assert mounts(LAYOUT)[-1] == ("--remount-ro", "/")


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("/usr", "/people/ann"),
        ("/people/ann", "/people/ann/.venvs/x"),
        ("/people/ann", "/people/ann/p"),
        ("/people/ann/p", "/people/ann/p/.git"),
        ("/people/ann/p", "/people/ann/p/.sandgate"),
        ("/people/ann/p", "/people/ann/p/.env"),
        ("/people/ann/p/.sandgate", "/people/ann/p/.sandgate/runs/1"),
    ],
)
def test_what_hides_comes_after_what_it_hides(below: str, above: str) -> None:
    places = [place for _, place in mounts(LAYOUT)]
    assert places.index(below) < places.index(above)


def test_it_starts_where_the_user_is() -> None:
    assert options_of(replace(LAYOUT, folder=Path("/x")))[-2:] == ("--chdir", "/x")
