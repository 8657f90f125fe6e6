"""What sandgate loads into Node.js: AWS's own host names lead to the gate, and what goes elsewhere is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandgate.control.elsewhere import Sighting, seen
from sandgate.run import Run

Call = Callable[..., Any]


def test_a_bucket_under_its_own_host_name(javascript: Call, bucket: str, run: Run) -> None:
    done = javascript("preload", "virtualHost", Bucket=bucket, Key="a/ä b", Body="grüße")
    assert done == {
        "read": "grüße",
        "status": 200,
        "fetched": "grüße",
        "host": f"{bucket}.s3.{run.region}.amazonaws.com",
    }


def test_a_service_under_its_host_name_at_aws(javascript: Call, table: str) -> None:
    assert table in javascript("preload", "tables")


def test_the_gate_under_a_host_prefix(javascript: Call, table: str, run: Run) -> None:
    assert table in javascript("preload", "tables", endpoint=run.gate_url, prefix="sync-")
    assert table in javascript("preload", "tables", endpoint=run.gate_url, prefix="111122223333.")


def test_calls_to_somebody_else_are_seen_and_nothing_more(javascript: Call, run: Run) -> None:
    done = javascript("preload", "elsewhere")
    assert done["statuses"] == [500, 500]
    host = f"127.0.0.1:{done['port']}"
    found = {sighting for sighting in seen(run.directory) if sighting.host == host}
    assert found == {Sighting(host=host, by="Node.js", service=service) for service in ("dynamodb", "s3")}
