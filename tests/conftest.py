"""For every test: canaries in place of the user's real keys, and tools that may be missing.

The canaries are what a developer's shell would hold. Whatever a test writes below the session's temporary
folder, below a `.sandgate` folder of this checkout, or into a report is searched for them at the end; one find
makes the whole session red. Env files are left out: that is where real keys are at home.
"""

from __future__ import annotations

import base64
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import settings


def _canary(*parts: str) -> str:
    """Put together at run time, so that a traceback which shows the lines below holds no canary."""
    return "".join(parts)


CANARIES = {
    "AWS_ACCESS_KEY_ID": _canary("AKIA", "CANARYCANARY", "7Q3Z"),
    "AWS_SECRET_ACCESS_KEY": _canary("canary+secret/", "never+shown/", "4f9c2e"),
    "AWS_SESSION_TOKEN": _canary("canary+token//", "never+shown//", "b71d05"),
    "GITHUB_TOKEN": _canary("ghp_", "canary_never_shown_", "93ac"),
}
# Where `make test` puts awscrt, for the tests of what it signs; processes that tests start do without.
sys.path.append(str(Path(sys.prefix) / "crt"))
_LARGEST = 64 * 2**20
_ROOT = Path(__file__).resolve().parent.parent
_found = pytest.StashKey[list[str]]()


def _needles() -> tuple[bytes, ...]:
    """Every canary as it is, percent-encoded, JSON-escaped and in base64."""
    forms: set[bytes] = set()
    for value in CANARIES.values():
        raw = value.encode()
        forms |= {raw, quote(value, safe="").encode(), value.replace("/", "\\/").encode()}
        forms.add(base64.b64encode(raw).rstrip(b"=")[:-1])
    return tuple(forms)


def _holds_canary(data: bytes) -> bool:
    return any(needle in data for needle in _needles())


def pytest_configure(config: pytest.Config) -> None:
    """Put the canaries where a developer's keys would be; children and workers inherit them."""
    config.addinivalue_line("markers", "needs(*tools): programs that the test cannot run without")
    config.addinivalue_line("markers", "slow: takes more than a few seconds; SANDGATE_EFFORT scales what it tries")
    config.stash[_found] = []
    # Thousands of tests that are collected are no garbage: to look through them again and again doubles the time.
    gc.set_threshold(100_000)
    os.environ.update(CANARIES)
    # Some images set this; each of the thousands of Pythons that tests start would compile botocore for itself.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # In a CI job env files are not read; tests that are about that say so. What searches tries the same examples each
    # time there, so that red is red because of a change; workers and children learn that from the other variable.
    if os.environ.pop("CI", None):
        os.environ.setdefault("HYPOTHESIS_PROFILE", "ci")
    if profile := os.environ.get("HYPOTHESIS_PROFILE"):
        settings.load_profile(profile)
    # `nohup`, and a shell that starts us in the background, ignore these, and children inherit that; tests send them.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """What is collected stays to the end, and is not looked through."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool is missing, or fail it where every tool is promised."""
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            _tool(tool)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Search what the session left on disk, once, on the controller."""
    if hasattr(session.config, "workerinput"):
        return
    found = session.config.stash[_found]
    found.extend(f"file {path}" for path in _files(session.config) if _holds_canary(path.read_bytes()))
    reporter: Any = session.config.pluginmanager.getplugin("terminalreporter")
    for reports in reporter.stats.values() if reporter else ():
        for report in reports:
            text = "\n".join(
                [getattr(report, "longreprtext", ""), *(body for _, body in getattr(report, "sections", ()))]
            )
            if _holds_canary(text.encode(errors="replace")):
                found.append(f"report of {getattr(report, 'nodeid', '?')}")
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _files(config: pytest.Config) -> Iterator[Path]:
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    folders = [base, _ROOT / ".sandgate", *(_ROOT / "examples").glob("*/.sandgate")]
    for folder in folders:
        for path in folder.rglob("*"):
            if path.name.startswith(".env") or path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size <= _LARGEST and os.access(path, os.R_OK):
                yield path


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name every place that held a canary, never the canary."""
    if found := config.stash[_found]:
        terminalreporter.section("secrets leaked", red=True, bold=True)
        for place in found:
            terminalreporter.line(place)


def _tool(name: str) -> str:
    """The path of a program; skips without it, or fails when `SANDGATE_REQUIRE_ALL` says it must be there."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("SANDGATE_REQUIRE_ALL") == "1":
            pytest.fail(f"{name} is missing, and SANDGATE_REQUIRE_ALL=1 promises it", pytrace=False)
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """`require_tool("node")` gives its path, or ends the test as skipped (failed under SANDGATE_REQUIRE_ALL)."""
    return _tool


@pytest.fixture(scope="session")
def effort() -> int:
    """How many times the usual number of examples a slow test tries."""
    return int(os.environ.get("SANDGATE_EFFORT") or "1")


@pytest.fixture(scope="session")
def canaries() -> dict[str, str]:
    """Variable to value of the user's keys that must never come out."""
    return dict(CANARIES)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return _ROOT
