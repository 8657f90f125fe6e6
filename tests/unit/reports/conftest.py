"""A run that is green in every respect; tests change one thing."""

from __future__ import annotations

import pytest

from sandgate.reports.facts import RunFacts


@pytest.fixture
def facts() -> RunFacts:
    """Facts of a green run."""
    return RunFacts(
        run="20260131-120000-k3x9q2",
        tier="emulated",
        account="000000000000",
        caller="arn:aws:iam::000000000000:user/sandgate-identity",
        region="eu-west-1",
        namespace="abc123",
        commit="0123456789abcdef0123456789abcdef01234567",
        dirty=True,
        command=("pytest",),
        exit_status=0,
        started=1.0,
        ready_s=0.5,
        tests_s=2.0,
        stop_s=0.1,
        versions={"sandgate": "0"},
    )


@pytest.fixture
def log() -> list[dict[str, object]]:
    """Events of a green run: one call, answered, in one passing test."""
    call: dict[str, object] = {"event": "call", "id": "1", "service": "dynamodb", "operation": "PutItem", "test": "t"}
    return [
        {"event": "ready"},
        call,
        {"event": "done", "id": "1", "status": 200, "reached": True},
        {"event": "test", "id": "t", "outcome": "passed"},
    ]
