"""Other targets than the gate, in words."""

from __future__ import annotations

from sandgate.reports.places import places


def test_each_place_is_told_once_with_its_services() -> None:
    seen = [
        {"host": "a:1", "service": "s3", "by": "Node.js"},
        {"host": "b:2", "service": "", "by": "botocore"},
        {"host": "a:1", "service": "sqs", "by": "Node.js"},
        {"host": "a:1", "service": "s3", "by": "botocore"},
    ]
    assert places(seen) == ("a:1 (s3, sqs, seen by Node.js and botocore)", "b:2 (seen by botocore)")


def test_nowhere_else_is_nothing() -> None:
    assert places([]) == ()
