from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from sandgate.errors import ConfigError, EnvironmentFault, UsageError
from sandgate.stories.init import shared_files, story_files
from sandgate.stories.packages import Package, differing_files, installed_version, provide, tool_name

if TYPE_CHECKING:
    from pathlib import Path


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def write_wheel(folder: Path, *, content: bytes = b"x = 1\n", said: bytes = b"x = 1\n") -> Path:
    place = folder / "lamp_tool"
    place.mkdir(parents=True, exist_ok=True)
    path = place / "lamp_tool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lamp.py", content)
        archive.writestr("lamp-1.0.data/scripts/lamp", b"#!python\n")
        record = f"lamp.py,sha256={digest(said)},6\nlamp-1.0.data/scripts/lamp,sha256={digest(b'#!python')},9\n"
        record = record.replace(digest(b"#!python"), digest(b"#!python\n")) + "lamp-1.0.dist-info/RECORD,,\n"
        archive.writestr("lamp-1.0.dist-info/RECORD", record)
    return path


def kept(folder: Path) -> Package:
    (folder / "own").mkdir(exist_ok=True)
    return provide(
        "no-build", name="Lamp.Tool", version="", folder=folder, builds=folder, place=folder / "own", say=print
    )


def test_the_last_build_is_what_it_was(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    package = kept(tmp_path)
    own = tmp_path / "own" / path.name
    assert (package.wheel, package.requirement) == (own, str(own))
    path.unlink()
    assert own.is_file(), "another story may build anew meanwhile"
    assert package.files == {"lamp.py": digest(b"x = 1\n")}


def test_what_is_installed_is_held_against_the_build(tmp_path: Path) -> None:
    write_wheel(tmp_path)
    package = kept(tmp_path)
    same = json.dumps({"version": "1.0", "files": {"lamp.py": digest(b"x = 1\n"), "more.pyc": "y"}})
    assert differing_files(package, same) == ()
    stale = json.dumps({"version": "1.0", "files": {"lamp.py": digest(b"x = 0\n")}})
    assert differing_files(package, stale) == ("lamp.py",)
    assert differing_files(package, json.dumps({"version": "1.0", "files": {}})) == ("lamp.py",)


def test_a_corrupt_build_is_told(tmp_path: Path) -> None:
    path = write_wheel(tmp_path, content=b"x = 2\n")
    with pytest.raises(EnvironmentFault, match="damaged"):
        kept(tmp_path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(EnvironmentFault, match="no whole wheel"):
        kept(tmp_path)
    path.unlink()
    with pytest.raises(UsageError, match="no build"):
        kept(tmp_path)


@pytest.mark.parametrize(
    ("text", "name"),
    [("[project]\nname = 'a'", "a"), ("[tool.poetry]\nname = 'b'", "b"), ("[tool.x]", ""), (None, "")],
)
def test_the_tool_is_what_its_project_makes(tmp_path: Path, text: str | None, name: str) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert tool_name(tmp_path) == name


@pytest.mark.parametrize("value", ["", "[" * 3000 + "]" * 3000, "9" * 5000, "'\udcff'"], ids=range(4))
def test_a_project_that_cannot_be_read_is_told(value: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(f"name = {value}\n".encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match="no TOML"):
        tool_name(tmp_path)


def test_a_version_of_the_index_is_asked_for_by_name(tmp_path: Path) -> None:
    package = provide(
        "version", name="lamp", version="==1.2", folder=tmp_path, builds=tmp_path, place=tmp_path, say=print
    )
    assert (package.requirement, package.version, package.wheel) == ("lamp==1.2", "==1.2", None)


def test_make_asks_for_the_version_by_the_tools_own_variable() -> None:
    files = shared_files("lamp-tool", "{}", depth=2)
    assert "$(if $(LAMP_TOOL_VERSION),--version '$(LAMP_TOOL_VERSION)')" in files["common.mk"]
    assert "\tcd ../.. && $(SANDGATE) story run $(STORY) --no-build" in files["common.mk"]
    assert "@" not in files["common.mk"]
    assert "AWS_SECRET_ACCESS_KEY={run_secret}\n" in files[".env"]
    assert set(story_files("a", "lamp", [])) == {"Makefile", "story.toml"}
    assert set(story_files("a", "lamp", ["test.sh"])) == {"Makefile"}


@pytest.mark.parametrize(
    ("wanted", "installed", "same"),
    [
        ("", "3.1", True),
        (">=1", "3.1", True),
        ("==1.2", "1.2.0", True),
        ("==1.2", "1.20", False),
        ("==1.2.*", "1.2.7", True),
        ("==1.2.*", "1.20.7", False),
        ("==1.2", "1.2+cpu", True),
        ("==1.2+gpu", "1.2+cpu", False),
        ("==2.0RC1", "2.0rc1", True),
    ],
)
def test_what_is_installed_is_the_version_that_was_asked_for(wanted: str, installed: str, same: bool) -> None:
    said = json.dumps({"version": installed, "files": {}})
    assert installed_version(Package(name="lamp", version=wanted), said) == (installed, same)
