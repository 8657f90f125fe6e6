"""pytest as the child of a run."""

from __future__ import annotations

import sys
from typing import Any

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
