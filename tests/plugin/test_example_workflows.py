"""The example `platform-workflows`: its suite on the embedded AWS and a real PostgreSQL; lower tiers with neither."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "platform-workflows"
LEFT = ("__pycache__", ".sandgate", ".pytest_cache")
NEEDED = {"ecr": "PutImage", "secretsmanager": "PutSecretValue", "ssm": "PutParameter"}


@pytest.fixture(scope="module")
def copy(new_project: Callable[[], Any]) -> Any:
    """A copy of the example."""
    project = new_project()
    project.patience = 600
    (project.root / "pytest.ini").unlink()
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT))
    return project


def test_its_suite_is_green_and_leaves_nothing(copy: Any) -> None:
    every = bool(os.environ.get("SANDGATE_REQUIRE_ALL"))
    done = copy.pytest("tests/integration", *(["--on-skip", "fail"] if every else []))
    assert done.status == 0, done.out + done.err
    receipt = done.receipt
    assert (receipt["green"], receipt["leftovers"], receipt["refused"]["total"]) == (True, [], 0)
    assert receipt["tests"].keys() <= ({"passed"} if every else {"passed", "skipped"})
    assert all(receipt["calls"][service][operation] for service, operation in NEEDED.items())
    assert list((copy.root / ".sandgate" / "databases").iterdir()) == []


def test_the_lower_tiers_and_the_mocks_need_no_aws(copy: Any) -> None:
    mocked = "tests/integration/test_ecr_sync_workflow.py::TestECRSyncWorkflow"
    before = copy.runs()
    done = copy.pytest("-q", "-p", "no:sandgate", "tests/contract", "tests/golden", mocked, PATH="")
    assert done.status == 0, done.out + done.err
    assert " skipped" not in done.out
    assert copy.runs() == before


def test_without_a_database_its_tests_are_skipped_with_a_reason_and_a_skip_can_mean_red(copy: Any) -> None:
    support = copy.root / "support" / "postgres.py"
    text = support.read_text()
    assert text.count("/usr/lib/postgresql") == 1
    support.write_text(text.replace("/usr/lib/postgresql", "/nowhere"))
    try:
        done = copy.pytest(
            "tests/integration", "-k", "as_on_rds or nothing_to_rotate", "--on-skip", "fail", PATH="/nowhere"
        )
    finally:
        support.write_text(text)
    assert done.receipt["tests"] == {"passed": 2, "skipped": 1}
    assert "apt-get install postgresql" in done.out
    assert "red because 1 test was skipped" in done.out
    assert done.status == done.receipt["status"] == 7
