"""Events by hand must be the JSON that the standard library would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandgate.core.call import Call, Decision, Outcome, Principal, ResourceRef
from sandgate.core.log import AppendLog, read_log
from sandgate.gate.recorder import Caller, Recorder

_TEXT = st.text(max_size=30)


@given(
    operation=_TEXT, name=_TEXT, test=_TEXT, region=_TEXT, resource=_TEXT, code=_TEXT, status=st.integers(0, 599),
    duration=st.floats(0, 1e6),
)  # fmt: skip
def test_lines_are_json_whatever_stands_in_them(tmp_path_factory: Any, **texts: Any) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    log = AppendLog(path)
    recorder = Recorder(log)
    call = Call(
        id="c-1",
        service="s",
        operation=texts["operation"],
        region=texts["region"],
        principal=Principal(kind="function", name=texts["name"], worker="gw0"),
        test_id=texts["test"],
        resources=(ResourceRef(type="T", name=texts["resource"]),),
    )
    assert recorder.begin(call)
    outcome = Outcome(
        status=texts["status"], duration_ms=texts["duration"], bytes_in=1, bytes_out=2, error_code=texts["code"]
    )
    recorder.end(call, outcome, reached=True)
    log.close()
    lines = path.read_bytes().splitlines()
    assert len(lines) == 2
    begun, done = (json.loads(line) for line in lines)
    assert begun["operation"] == texts["operation"]
    assert begun["name"] == texts["name"]
    assert begun.get("test", "") == texts["test"]
    assert begun["resources"] == [f"T:{texts['resource']}"]
    assert done["status"] == texts["status"]
    assert done.get("error", "") == texts["code"]


def test_what_was_called_and_counts(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "e")
    recorder = Recorder(log)
    call = Call(id="1", service="s3", operation="GetObject", region="r", principal=Principal(kind="identity", name="i"))
    for _ in range(3):
        recorder.begin(call)
    recorder.end(call, Outcome(status=200, duration_ms=1, bytes_in=0, bytes_out=0), reached=True)
    recorder.end(call, Outcome(status=503, duration_ms=1, bytes_in=0, bytes_out=0), reached=False)
    recorder.refuse(None, Decision(allowed=False, rule="r"), Caller(id="9", worker="gw1"), what="GET request")
    assert recorder.calls == {"s3:GetObject": 3}
    assert recorder.reached == {"s3": 1}
    assert recorder.called == {("s3", "r", ""), ("s3", "r", "GetObject")}
    assert recorder.refused_total == 1
    log.close()
    assert [event["event"] for event in read_log(tmp_path / "e")] == ["call"] * 3 + ["done"] * 2 + ["refused"]


def test_only_a_success_names_its_operation(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "e")
    recorder = Recorder(log)
    for operation, status, reached in (("CreateA", 404, True), ("CreateB", 200, False), ("CreateC", 201, True)):
        principal = Principal(kind="identity", name="i")
        call = Call(id="1", service="s3", operation=operation, region="r", principal=principal)
        recorder.begin(call)
        recorder.end(call, Outcome(status=status, duration_ms=1, bytes_in=0, bytes_out=0), reached=reached)
    assert recorder.called == {("s3", "r", ""), ("s3", "r", "CreateC")}
    log.close()
