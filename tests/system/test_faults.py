"""Wrong configuration and broken machines: one clear error, the documented status, nothing left."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path
from tests.ports import free_port

CACHE = user_cache_path("sandgate")
SANDGATE = (sys.executable, "-P", "-m", "sandgate")
TRUE = ("--allow-empty", "--", "true")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder in which even root may not write; what must be in it is put there with `fill`."""
    folder = tmp_path / "ro"
    folder.mkdir()
    yield folder
    if os.geteuid() == 0:
        subprocess.run(["umount", str(folder)], check=False, capture_output=True)
    else:
        folder.chmod(0o700)


def make_room(folder: Path, size: str = "1m") -> None:
    """Root gets a file system of its own, as permissions do not bind it."""
    if os.geteuid() == 0:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=False, capture_output=True
        )
        if done.returncode:
            pytest.skip("root may write anywhere, and this machine lets it mount nothing")


def lock(folder: Path) -> None:
    """Nobody may write into it from now on."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    else:
        folder.chmod(0o500)


def test_a_port_in_use(project: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = project.sandgate("run", "--gate-port", str(port), *TRUE)
    assert said.status == 4
    assert str(port) in said.error["error"]
    assert "in use" in said.error["error"]
    assert "--gate-port" in said.error["where"]
    assert "gate_port" in said.error["hint"]


def test_a_port_that_is_free_is_used(project: Any) -> None:
    port = free_port()
    said = project.sandgate(
        "run", "--allow-empty", "--gate-port", str(port), "--", "sh", "-c", "echo $AWS_ENDPOINT_URL"
    )
    assert said.out == f"http://127.0.0.1:{port}\n"


def test_a_cache_that_cannot_be_written(project: Any, read_only: Path) -> None:
    make_room(read_only)
    lock(read_only)
    said = project.sandgate("run", *TRUE, environ={"SANDGATE_CACHE_DIR": str(read_only)})
    assert said.status == 4
    assert "cache directory" in said.error["error"]
    assert said.error["where"] == str(read_only)
    assert "SANDGATE_CACHE_DIR" in said.error["hint"]


def test_a_full_cache_need_not_be_written(project: Any, read_only: Path, call: list[str]) -> None:
    """An image that was built with its cache inside runs where nothing may be written to it."""
    make_room(read_only)
    for entry in CACHE.iterdir():
        if entry.is_dir():
            (read_only / entry.name).symlink_to(entry)
    lock(read_only)
    said = project.sandgate("run", "--", *call, environ={"SANDGATE_CACHE_DIR": str(read_only)})
    assert said.status == 0, said.err


def test_no_network_at_first_use(project: Any, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environ = {
        "SANDGATE_CACHE_DIR": str(cache),
        "UV_INDEX_URL": "http://127.0.0.1:9/simple",
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_HTTP_RETRIES": "0",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    said = project.sandgate("run", *TRUE, environ=environ)
    assert said.status == 4
    assert "cannot make the emulator's environment" in said.error["error"]
    assert "package index must be reachable once" in said.error["hint"]
    assert "HTTPS_PROXY" in said.error["hint"]
    assert "UV_INDEX_URL" in said.error["hint"]
    left = [path.name for path in cache.iterdir() if path.is_dir()]
    assert left == []


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("[tool.sandgate\n", "pyproject.toml, line 1", ""),
        ("[tool.sandgate]\nteir = 'emulated'\n", "key teir", "tier"),
        ("[tool.sandgate]\ngate_port = 'x'\n", "key gate_port", ""),
        ("tool.sandgate = 1\n", "pyproject.toml", "[tool.sandgate]"),
    ],
    ids=["syntax", "unknown key", "wrong type", "no table"],
)
def test_a_broken_configuration(project: Any, text: str, where: str, hint: str) -> None:
    project.write("pyproject.toml", text)
    said = project.sandgate("run", *TRUE)
    assert said.status == 3
    assert where in said.error["where"]
    assert hint in said.error.get("hint", "")
    assert not project.runs.exists()


def test_a_configuration_that_is_not_text(project: Any) -> None:
    (project.folder / "pyproject.toml").write_bytes(b"[tool.sandgate]\n# \xff\n")
    said = project.sandgate("run", *TRUE)
    assert (said.status, "UTF-8" in said.error["error"]) == (3, True)


@pytest.mark.parametrize("given", ["emulted", "nix"])
def test_an_unknown_tier(project: Any, given: str) -> None:
    said = project.sandgate("run", "--tier", given, *TRUE)
    assert said.status == 2
    assert given in said.error["error"]
    assert "emulated" in said.error["hint"]
    assert "--tier" in said.error["error"] + said.error["where"]


@pytest.mark.parametrize(
    ("arguments", "hint"), [(["rnu"], "run"), (["run", "--teir", "x"], "--tier"), (["run"], "--help")]
)
def test_a_misspelt_command_line(project: Any, arguments: list[str], hint: str) -> None:
    said = project.sandgate(*arguments)
    assert said.status == 2
    assert hint in said.err


def test_a_misspelt_variable(project: Any) -> None:
    said = project.sandgate("run", *TRUE, environ={"SANDGATE_TEIR": "x"})
    assert (said.status, "SANDGATE_TIER" in said.error["hint"]) == (3, True)


def test_a_folder_that_cannot_be_written(project: Any, read_only: Path) -> None:
    make_room(read_only)
    (read_only / "pyproject.toml").write_text("[tool.sandgate]\n")
    lock(read_only)
    done = subprocess.run(
        [*SANDGATE, "run", *TRUE],
        cwd=read_only,
        env=project.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = dict(re.findall(r"^(error|where|hint): +(.*)$", done.stderr, re.MULTILINE))
    assert done.returncode == 4, done.stderr
    assert "cannot make the run directory" in said["error"]
    assert said["where"].startswith(str(read_only))


@pytest.mark.parametrize("home", ["/nonexistent", "", None], ids=["missing", "empty", "unset"])
def test_a_home_that_does_not_exist(project: Any, home: str | None, call: list[str]) -> None:
    """Containers run like this; the cache is named by its variable there."""
    project.environ["SANDGATE_CACHE_DIR"] = str(CACHE)
    project.environ.pop("HOME")
    said = project.sandgate("run", "--", *call, environ={} if home is None else {"HOME": home})
    assert said.status == 0, said.err


def test_a_long_path_for_temporary_files(project: Any, call: list[str]) -> None:
    """A unix socket's path is limited to 107 bytes; CI systems have longer folders."""
    deep = project.tmp.parent / ("deep-" * 12) / ("deeper-" * 12)
    deep.mkdir(parents=True)
    said = project.sandgate("run", "--", *call, environ={"TMPDIR": str(deep)})
    assert said.status == 0, said.err
    assert list(deep.iterdir()) == []


def test_a_folder_for_temporary_files_that_is_missing(project: Any) -> None:
    assert project.sandgate("run", *TRUE, environ={"TMPDIR": "/nonexistent"}).status == 0


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "no_SUCH.ISO-8859-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=["C", "unknown", "ascii"],
)
def test_a_locale_that_is_not_utf8(project: Any, locale: dict[str, str]) -> None:
    project.write("pyproject.toml", "[tool.sandgate]\n# grüße\n")
    name = "f\"test-{os.environ['SANDGATE_NAMESPACE']}-left\""
    script = f"import boto3, os; boto3.client('s3').create_bucket(Bucket={name})"
    said = project.sandgate("run", "--", sys.executable, "-c", script, environ=locale)
    assert said.status == 8, said.err
    assert f"AWS::S3::Bucket test-{project.receipt['namespace']}-left" in said.err
    for command in (["tiers"], ["config"], ["--help"], ["run", "--", "nö-such-command"]):
        assert project.sandgate(*command, environ=locale).status in (0, 127)


def test_a_disk_that_is_full(project: Any, read_only: Path, call: list[str]) -> None:
    """No call goes out that cannot be written down; the run is red, and says why."""
    make_room(read_only, size="2m")
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    (read_only / "pyproject.toml").write_text("[tool.sandgate]\n")
    fill = (
        "import boto3, pathlib\n"
        "sts = boto3.client('sts')\n"
        "sts.get_caller_identity()\n"
        "try:\n"
        "    with open('filler', 'wb', buffering=0) as f:\n"
        "        while True: f.write(b'x' * 4096)\n"
        "except OSError: pass\n"
        "try:\n"
        "    for _ in range(100): sts.get_caller_identity()\n"
        "except sts.exceptions.ClientError as error: print(error.response['Error']['Code'], error)\n"
        "else: print('never refused')\n"
    )
    command = [*SANDGATE, "run", "--", sys.executable, "-c", fill]
    done = subprocess.run(
        command, cwd=read_only, env=project.environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert "AccessDenied" in done.stdout
    assert "not-recorded" in done.stdout
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
    assert "calls could not be recorded: no space left" in done.stderr.lower()


def test_a_disk_that_is_full_from_the_start(project: Any, read_only: Path) -> None:
    make_room(read_only, size="64k")
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    (read_only / "pyproject.toml").write_text("[tool.sandgate]\n")
    with (read_only / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    command = [*SANDGATE, "run", *TRUE]
    done = subprocess.run(
        command, cwd=read_only, env=project.environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 4, done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("limit", [0, 2048, 16384])
def test_files_may_not_grow(project: Any, limit: int, call: list[str]) -> None:
    """A limit on file sizes hits wherever the first write over it happens to be."""
    code = (
        "import os, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))\n"
        "os.execv(sys.argv[2], sys.argv[2:])\n"
    )
    again = (
        "import boto3, sys\n"
        "try: [boto3.client('sts').get_caller_identity() for _ in range(100)]\n"
        "except Exception as error: sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(limit), *SANDGATE, "run", "--", call[0], "-c", again],
        cwd=project.folder,
        # Python takes half a file of bytecode, as it writes one under such a limit, for a whole one ever after.
        env={**project.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (4, 6), done.stderr
    assert "Traceback" not in done.stderr
    assert re.search("file too large|no space left", done.stderr, re.IGNORECASE)
