"""What is laid out for a story, and what never is: a clean environment holds no copy of a real key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandgate.errors import ConfigError
from sandgate.stories.material import lay_out
from sandgate.stories.reading import read_story


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a story, an example and keys."""
    folder = tmp_path / "project"
    for name in ("stories/one/data", "examples/garden", "work"):
        (folder / name).mkdir(parents=True)
    for name in (".env.sandbox", "keys.txt", "examples/garden/.env", "examples/garden/plan", "stories/one/.env.mine"):
        (folder / name).write_text("of-mine")
    (tmp_path / "credentials").write_text("of-mine")
    (folder / "stories/one/test.sh").write_text("true")
    return folder


def laid_out(project: Path, *examples: str, hidden: str = "keys.txt") -> list[str]:
    listed = ", ".join(f"'{name}'" for name in examples)
    text = f"examples = [{listed}]\n[[steps]]\nrun = 'true'\n"
    story = read_story(str(project / "stories" / "one"), {"story.toml": text})
    work = project / "work"
    lay_out(story, project, work, {project / hidden})
    return sorted(str(path.relative_to(work)) for path in work.rglob("*") if not path.is_dir())


def test_files_and_links_within_the_project_are_there(project: Path) -> None:
    (project / "stories/one/plan").symlink_to("../../examples/garden/plan")
    (project / "stories/one/data/same").symlink_to("../test.sh")
    assert laid_out(project, "examples/garden") == ["data/same", "garden/plan", "plan", "test.sh"]
    assert not (project / "work/plan").is_symlink()


@pytest.mark.parametrize("example", [".env.sandbox", "keys.txt", "examples/garden/.env"])
def test_keys_are_no_example(project: Path, example: str) -> None:
    with pytest.raises(ConfigError, match="is private"):
        laid_out(project, example)


def test_a_link_to_keys_is_no_part_of_an_example(project: Path) -> None:
    (project / "examples/garden/keys.txt").symlink_to(project / "keys.txt")
    with pytest.raises(ConfigError, match="is private"):
        laid_out(project, "examples")


def test_keys_stay_out_of_an_example_that_holds_them(project: Path) -> None:
    (project / "examples/keys.txt").write_text("of-mine")
    assert laid_out(project, "examples", hidden="examples/keys.txt") == ["examples/garden/plan", "test.sh"]


@pytest.mark.parametrize("link", ["link", "data/link"])
@pytest.mark.parametrize(
    ("target", "said"),
    [("credentials", "out of the project"), (".", "out of the project"), ("project/.env.sandbox", "private")],
)
def test_a_link_leads_to_no_key(project: Path, tmp_path: Path, link: str, target: str, said: str) -> None:
    (project / "stories/one" / link).symlink_to(tmp_path / target)
    with pytest.raises(ConfigError, match=said):
        laid_out(project)
    assert "of-mine" not in "".join(path.read_text() for path in (project / "work").rglob("*") if path.is_file())


def test_what_is_no_file_is_told(project: Path) -> None:
    os.mkfifo(project / "stories/one/pipe")
    with pytest.raises(ConfigError, match=r"'pipe' cannot be copied"):
        laid_out(project)
