"""Two identities at once: the project's, and that of a profile in another account.

`pytest --also-profile NAME` gives the second one; it may say who it is, and nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import boto3
import pytest
from session_manager import SessionManager
from tests.test_child_processes import ASK


@pytest.fixture
def other(sandgate: Any) -> SessionManager:
    """The second one."""
    name = sandgate.config.also_profile
    if not name:
        pytest.skip("there is no second account; --also-profile NAME gives one")
    return SessionManager(boto3.Session(profile_name=name))


def test_they_are_in_two_accounts(manager: SessionManager, other: SessionManager) -> None:
    assert manager.account != other.account
    assert manager.account in manager.arn
    assert other.account in other.arn


def test_a_child_is_who_it_was_made_for(
    manager: SessionManager, other: SessionManager, monkeypatch: pytest.MonkeyPatch, sandgate: Any
) -> None:
    # What this process would be by itself is not what its children are.
    monkeypatch.setenv("AWS_PROFILE", sandgate.config.also_profile)
    for one in (manager, other):
        done = subprocess.run(
            [sys.executable, "-c", ASK], env=one.environment(), capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == one.arn


def test_the_second_one_only_says_who_it_is(other: SessionManager, expect_denied: Any) -> None:
    with expect_denied("iam:ListUsers") as denied:
        other.client("iam").list_users()
    assert denied.rule == "second-account"
