"""`examples/stories`: its tool, and the stories of its users, in a copy of the folder."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sandgate.stories.init import shared_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def example(project: Any, checkout: Path) -> Any:
    """A project that is the example."""
    left = shutil.ignore_patterns(".sandgate", "__pycache__", "dist", ".env*")
    shutil.copytree(checkout / "examples" / "stories", project.folder, ignore=left, dirs_exist_ok=True)
    return project


def looks_like_the_page(said: str) -> bool:
    return [line.rpartition("| ")[2].strip() for line in said.splitlines() if "| $ " in line] == [
        "$ lantern init",
        "$ lantern run",
        "$ lantern deploy --uuid $LANTERN_UUID",
        "$ lantern invoke --uuid $LANTERN_UUID",
        "$ lantern stdout --uuid $LANTERN_UUID $(cat .lantern/session)",
        "$ lantern events --uuid $LANTERN_UUID $(cat .lantern/session)",
        "$ lantern destroy --uuid $LANTERN_UUID",
    ]


@pytest.mark.slow
def test_getting_started_is_what_the_readme_says(example: Any) -> None:
    done = example.shell(f"cd stories/getting_started && make local SANDGATE='{sys.executable} -P -m sandgate'")
    assert done.returncode == 0, done.stdout + done.stderr
    assert shared_files("lantern-demo", "", 2)["common.mk"] == (example.folder / "stories" / "common.mk").read_text()
    assert looks_like_the_page((example.last / "transcript.txt").read_text())


@pytest.mark.slow
@pytest.mark.needs("buildah")
def test_getting_started_from_an_image(example: Any, base_image: str) -> None:
    done = example.sandgate("story", "run", "getting_started", "--local", "--runtime", "buildah", "--image", base_image)
    assert done.status == 0, done.out + done.err
    assert looks_like_the_page((example.last / "transcript.txt").read_text())


@pytest.mark.slow
def test_four_parts_at_once_draw_a_picture_each_and_a_second_run_beside_it(example: Any) -> None:
    beside = [example.start("story", "run", "fan_out", "--local") for _ in range(2)]
    for one in beside:
        done = one.end(seconds=300)
        assert done.status == 0, done.out + done.err
        for line in ("| 4 parts ended\n", "| first\n", "| 4 colours\n"):
            assert line in done.out
    receipts = [json.loads(path.read_bytes()) for path in example.runs.glob("*/receipt.json")]
    assert len({one["namespace"] for one in receipts}) == 2
    for receipt in receipts:
        assert receipt["calls"]["lambda"]["Invoke"] == receipt["calls"]["s3"]["PutObject"] == 4
        assert receipt["leftovers"] == []
