"""What goes into a package: code and what it needs, never secrets or what the machine left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandgate.errors import StackError
from sandgate.stacks.files import select

PRIVATE = "-----BEGIN " + "PRIVATE KEY-----\nabc\n"


def write(root: Path, *names: str, text: str = "x") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_code_goes_in_and_leftovers_stay_out(tmp_path: Path) -> None:
    wanted = ["app.py", "src/api/users.py", "node_modules/lib/index.js", "data/x.bin", ".config"]
    write(tmp_path, *wanted)
    write(tmp_path, ".git/config", ".venv/lib/a.py", "__pycache__/a.pyc", "src/__pycache__/b.pyc", "a.pyc")
    write(tmp_path, ".sandgate/runs/1/events.jsonl", ".aws-sam/build/x", ".pytest_cache/x", ".DS_Store")
    write(tmp_path, "my-env/pyvenv.cfg", "my-env/lib/site.py")
    assert list(select(tmp_path).files) == sorted(wanted)


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", ".envrc", ".ENV", "prod.env", "sub/.env.test", ".npmrc", ".netrc", "id_rsa", "x.tfstate",
     "terraform.tfvars", "key.p12", ".git-credentials"],
)  # fmt: skip
def test_secrets_are_never_packaged_and_are_told(tmp_path: Path, name: str) -> None:
    write(tmp_path, "app.py", name)
    selection = select(tmp_path)
    assert list(selection.files) == ["app.py"]
    assert selection.secrets == (name,)


def test_a_private_key_is_known_by_its_content(tmp_path: Path) -> None:
    write(tmp_path, "server.pem", "server.key", text=PRIVATE)
    write(tmp_path, "cacert.pem", text="-----BEGIN CERTIFICATE-----\n")
    selection = select(tmp_path)
    assert list(selection.files) == ["cacert.pem"]
    assert selection.secrets == ("server.key", "server.pem")


def test_credential_folders_stay_out(tmp_path: Path) -> None:
    write(tmp_path, "app.py", ".aws/credentials", ".ssh/config")
    assert list(select(tmp_path).files) == ["app.py"]


def test_links_are_followed_but_not_to_secrets(tmp_path: Path) -> None:
    code, outside = tmp_path / "code", tmp_path / "outside"
    write(code, "app.py")
    write(outside, "shared/util.py", ".env", ".aws/credentials")
    (code / "shared").symlink_to(outside / "shared")
    (code / "settings").symlink_to(outside / ".env")
    (code / "profile").symlink_to(outside / ".aws" / "credentials")
    (code / "cloud").symlink_to(outside / ".aws")
    (code / "broken").symlink_to(outside / "nowhere")
    selection = select(code)
    assert list(selection.files) == ["app.py", "shared/util.py"]
    assert selection.secrets == ("profile", "settings")


def test_a_link_to_a_folder_above_ends(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "sub/b.py")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    assert list(select(tmp_path).files) == ["app.py", "sub/b.py"]


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path, "app.py")
    os.mkfifo(tmp_path / "pipe.pem")
    assert list(select(tmp_path).files) == ["app.py"]


def test_a_name_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(StackError, match="not UTF-8"):
        select(tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(StackError, match="cannot be read: Permission denied"):
        select(tmp_path)
