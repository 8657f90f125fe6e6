"""`examples/stories`: its tool, and the stories of its users, in a copy of the folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def example(project: Any, checkout: Path) -> Any:
    """A project that is the example."""
    left = shutil.ignore_patterns(".sandgate", "__pycache__", "dist", ".env*")
    shutil.copytree(checkout / "examples" / "stories", project.folder, ignore=left, dirs_exist_ok=True)
    return project


def test_getting_started_is_what_the_readme_says(example: Any) -> None:
    done = example.sandgate("story", "run", "getting_started", "--local")
    assert done.status == 0, done.out + done.err
    said = (example.last / "transcript.txt").read_text()
    assert [line.rpartition("| ")[2].strip() for line in said.splitlines() if "| $ " in line] == [
        "$ lantern init",
        "$ lantern run",
        "$ lantern deploy --uuid $LANTERN_UUID",
        "$ lantern invoke --uuid $LANTERN_UUID",
        "$ lantern stdout --uuid $LANTERN_UUID $(cat .lantern/session)",
        "$ lantern events --uuid $LANTERN_UUID $(cat .lantern/session)",
        "$ lantern destroy --uuid $LANTERN_UUID",
    ]


def test_four_parts_at_once_draw_a_picture_each(example: Any) -> None:
    done = example.sandgate("story", "run", "fan_out", "--local")
    assert done.status == 0, done.out + done.err
    said = (example.last / "transcript.txt").read_text()
    for line in ("| 4 parts ended\n", "| first\n", "| 4 colours\n"):
        assert line in said
    assert example.receipt["calls"]["lambda"]["Invoke"] == example.receipt["calls"]["s3"]["PutObject"] == 4
    assert example.receipt["leftovers"] == []


@pytest.mark.slow
def test_four_parts_at_once_and_a_second_run_beside_it(example: Any, effort: int) -> None:
    if effort < 2:
        pytest.skip("SANDGATE_EFFORT=2 runs it: two runs that install Pillow, and functions that load it")
    first = example.sandgate("story", "run", "fan_out", "--local")
    assert first.status == 0, first.out + first.err
    beside = [example.start("story", "run", "fan_out", "--no-build") for _ in range(2)]
    for one in beside:
        said = one.end(seconds=300)
        assert said.status == 0, said.out + said.err
        assert "4 colours" in said.out
    prefixes = {path.read_text() for path in example.runs.glob("*/namespace")}
    assert len(prefixes) == 3


@pytest.mark.slow
@pytest.mark.needs("buildah")
def test_getting_started_from_an_image(example: Any, base_image: str, effort: int) -> None:
    if effort < 2:
        pytest.skip("SANDGATE_EFFORT=2 runs it: boto3 goes into an image")
    done = example.sandgate("story", "run", "getting_started", "--local", "--runtime", "buildah", "--image", base_image)
    assert done.status == 0, done.out + done.err
