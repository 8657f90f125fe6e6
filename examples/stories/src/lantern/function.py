"""The function in AWS: runs the service for one part of a session."""

from __future__ import annotations

import os
from typing import Any

import boto3
import service
from lantern_kit import Session


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Run `service.main`.

    Args:
        event: `session` and `part`.
    """
    table = boto3.resource("dynamodb").Table(os.environ["LANTERN_TABLE"])
    name = os.environ.get("LANTERN_BUCKET", "")
    bucket = boto3.resource("s3").Bucket(name) if name else None
    session = Session(event["session"], event["part"], table, bucket)
    session.event(f"part {session.part} started")
    result = service.main(session)
    session.event(f"part {session.part} ended")
    session.done()
    return {"result": result}
