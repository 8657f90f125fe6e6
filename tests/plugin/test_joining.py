"""pytest as the child of a run."""

from __future__ import annotations

import sys
from typing import Any

import pytest

PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider"


def test_it_joins_the_run_and_leaves_it_alive(project: Any, calls: str) -> None:
    project.write(
        {"pyproject.toml": "[tool.sandgate]\n", "test_it.py": calls, "unit/test_unit.py": "def test(): pass\n"}
    )
    done = project.sandgate("run", "--", "sh", "-c", f"{PYTEST} test_it.py --tier emulated && {PYTEST} unit test_it.py")
    assert done.status == 0, done.out + done.err
    assert len(project.runs()) == 1
    assert done.receipt["tests"] == {"passed": 3}
    assert done.receipt["reached"] == {"sts": 2}
    assert "=== sandgate ===" not in done.out  # the verdict is its owner's to give


def test_what_pytest_selected_decides_whether_the_run_must_reach_the_tier(project: Any) -> None:
    project.write({"pyproject.toml": '[tool.sandgate]\npaths = ["it"]\n', "unit/test_unit.py": "def test(): pass\n"})
    done = project.sandgate("run", "--", *PYTEST.split(), "unit")
    assert done.status == 0, done.out + done.err
    done = project.sandgate("run", "--", *PYTEST.split())
    assert done.status == 7, done.out + done.err


ENDS = """
    import os

    import boto3
    import pytest

    @pytest.fixture(scope="session", autouse=True)
    def who(): boto3.client("sts").get_caller_identity()
    def test_ok(): pass
    def test_ends(): END
    def test_never(): assert 0
"""


@pytest.mark.parametrize(
    ("end", "arguments", "reported"),
    [("os._exit(0)", "", 1), ("pytest.exit('done', returncode=0)", "", 1), ("pass", "--setup-only", 0)],
    ids=["dies", "exits", "setup-only"],
)
def test_selected_tests_that_never_ran_are_red(project: Any, end: str, arguments: str, reported: int) -> None:
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": ENDS.replace("END", end)})
    done = project.sandgate("run", "--", *PYTEST.split(), *arguments.split())
    assert done.status == 7, done.out + done.err
    assert done.receipt["exit_status"] == 0
    assert done.receipt["reasons"] == [f"{3 - reported} of 3 selected tests have no outcome"]


def test_a_pytest_that_dies_before_it_has_tests_is_red_and_what_is_deselected_is_not_missed(project: Any) -> None:
    ends = ENDS.replace("END", "pass")
    project.write(
        {"pyproject.toml": "[tool.sandgate]\n", "test_it.py": ends, "dies/test_it.py": "import os; os._exit(0)\n"}
    )
    done = project.sandgate("run", "--", *PYTEST.split(), "-k", "not never", "test_it.py")
    assert done.status == 0, done.out + done.err
    both = f"{PYTEST} -k 'not never' test_it.py && {PYTEST} dies"
    done = project.sandgate("run", "--", "sh", "-c", both)
    assert (done.status, done.receipt["reasons"]) == (7, ["pytest ended before it had selected its tests"])


def test_a_test_that_starts_a_pytest_is_itself_again_afterwards(project: Any) -> None:
    around = """
        import boto3, pytest

        pytest_plugins = "pytester"
        INNER = "import boto3\\ndef test_inner(): boto3.client('sts').get_caller_identity()\\n"

        @pytest.mark.parametrize("way", ["inprocess", "subprocess"])
        def test_around(pytester, way):
            pytester.makepyfile(INNER)
            getattr(pytester, f"runpytest_{way}")("-p", "no:cacheprovider").assert_outcomes(passed=1)
            boto3.client("sts").get_caller_identity()
    """
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": around})
    done = project.pytest()
    assert done.status == 0, done.out + done.err
    inner, outer = "test_around.py::test_inner", "test_it.py::test_around"
    tests = [call.get("test") for call in done.events("call")]
    assert tests == [inner, f"{outer}[inprocess]", inner, f"{outer}[subprocess]"]
    assert done.receipt["tests"] == {"passed": 4}


def test_another_tier_than_the_runs_is_refused(project: Any, calls: str) -> None:
    project.write({"test_it.py": calls})
    done = project.sandgate("run", "--allow-empty", "--", *PYTEST.split(), "--tier", "sandbox")
    assert done.status == 2, done.out + done.err
    assert "ERROR: --tier sandbox was asked for, and this pytest belongs to a run with tier emulated" in done.err
    assert "passed" not in done.out


def test_a_run_that_has_ended_cannot_be_joined(project: Any, calls: str) -> None:
    project.write({"test_it.py": calls})
    done = project.pytest(SANDGATE_RUN_DIR=str(project.root / "gone"))
    assert done.status == 6
    assert done.err.startswith("ERROR: this run has ended")
    assert "Traceback" not in done.err
