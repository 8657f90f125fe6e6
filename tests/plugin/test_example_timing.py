"""The example `timing`: the suite that forgets to wait is red when AWS's timing is simulated, its mended twin green.

That both are green without it is shown by its README, whose commands `tests/meta/test_docs.py` runs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "timing"
TESTS = (
    "test_an_order_is_kept",
    "test_every_day_begins_with_an_empty_queue",
    "test_a_function_has_its_role",
    "test_a_clerk_is_known",
)


def _run(project: Any, suite: str, timing: str) -> Any:
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (project.root / "pytest.ini").unlink()
    return project.pytest(suite, "--timing", timing)


def _outcomes(done: Any) -> Mapping[str, str]:
    return {event["id"].rpartition("::")[2]: event["outcome"] for event in done.events("test")}


def test_the_suite_that_never_waits_is_red(new_project: Callable[[], Any]) -> None:
    done = _run(new_project(), "hasty", "aws=3600")
    assert _outcomes(done) == dict.fromkeys(TESTS, "failed"), done.out
    assert {"key-propagation", "queue-name-reuse", "role-propagation", "table-creating"} <= set(done.receipt["faults"])
    # What the failed test could not delete any more was swept, whatever was simulated for tests.
    assert all(left["swept"] for left in done.receipt["leftovers"])
    assert [left["type"] for left in done.receipt["leftovers"]] == ["AWS::DynamoDB::Table"]


def test_its_mended_twin_is_green(new_project: Callable[[], Any]) -> None:
    done = _run(new_project(), "patient", "aws=0.3")
    assert done.status == 0, done.out
    assert _outcomes(done) == dict.fromkeys(TESTS, "passed")
    assert "table-creating" in done.receipt["faults"]
