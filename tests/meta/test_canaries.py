"""No secret canary in any output of the suite: the search at the end of a session finds what it must find."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLACES = {
    "a file": "def test_it(tmp_path):\n    (tmp_path / 'log').write_text(SECRET)\n",
    "a file, in base64": "def test_it(tmp_path):\n    (tmp_path / 'log').write_bytes(b64encode(SECRET.encode()))\n",
    "a file, percent-encoded": "def test_it(tmp_path):\n    (tmp_path / 'log').write_text(quote(SECRET, safe=''))\n",
    "captured output": "def test_it():\n    print(SECRET)\n",
    "a failure": "def test_it():\n    assert SECRET == ''\n",
    "a skip's reason": "def test_it():\n    pytest.skip(SECRET)\n",
}
CLEAN = {
    "a harmless file": "def test_it(tmp_path):\n    (tmp_path / 'log').write_text('canary')\n",
    "an env file": "def test_it(tmp_path):\n    (tmp_path / '.env').write_text(SECRET)\n",
}
HEAD = """
import os
from base64 import b64encode
from urllib.parse import quote
import pytest
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
"""


def session(folder: Path, checkout: Path, body: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A pytest session of its own under a copy of this suite's conftest."""
    (folder / "tests").mkdir()
    shutil.copy(checkout / "tests" / "conftest.py", folder / "tests" / "conftest.py")
    (folder / "tests" / "test_it.py").write_text(HEAD + body)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp", str(folder / "temp"), *options]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run([*command, "tests"], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    # What the inner session leaves must not turn this one red: it leaks on purpose.
    shutil.rmtree(folder / "temp", ignore_errors=True)
    return done


@pytest.mark.parametrize("place", PLACES)
def test_a_leak_turns_the_session_red(place: str, tmp_path: Path, checkout: Path) -> None:
    done = session(tmp_path, checkout, PLACES[place])
    assert done.returncode == 1
    assert "secrets leaked" in done.stdout


@pytest.mark.parametrize("place", CLEAN)
def test_what_is_no_leak_stays_green(place: str, tmp_path: Path, checkout: Path) -> None:
    done = session(tmp_path, checkout, CLEAN[place])
    assert (done.returncode, "secrets leaked" in done.stdout) == (0, False), done.stdout


def test_a_leak_in_a_parallel_worker_is_found(tmp_path: Path, checkout: Path) -> None:
    done = session(tmp_path, checkout, PLACES["a file"], "-p", "xdist", "-n", "1")
    assert done.returncode == 1
    assert "secrets leaked" in done.stdout
