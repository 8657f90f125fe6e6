"""What `expect_denied` makes of events: whose calls they are, what fits, and what is said when it does not."""

from __future__ import annotations

from typing import Any

import pytest

from sandgate.pytest_plugin.fixtures._denials import By, Seen, Wanted, complaint, fitting, look

GUARD = {
    "event": "refused",
    "id": "1",
    "rule": "outside-sandbox",
    "action": "s3:GetObject",
    "statement": "Objects",
    "value": "arn:aws:s3:::other/x",
    "service": "s3",
    "operation": "HeadObject",
    "worker": "gw0",
    "test": "t",
}
CALL = {"event": "call", "id": "2", "service": "s3", "operation": "GetObject", "worker": "gw0", "test": "t"}
DENIED = {"event": "done", "id": "2", "status": 403, "error": "AccessDenied", "denied": True}


def seen(*events: dict[str, Any]) -> Seen:
    return look(events, test="t", worker="gw0")


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:HeadObject"])
@pytest.mark.parametrize("statement", ["", "Objects"])
def test_the_gates_refusal_fits_by_action_and_by_operation(action: str, statement: str) -> None:
    wanted = Wanted(action=action, statement=statement)
    assert [denial.id for denial in fitting(seen(GUARD), wanted)] == ["1"]
    assert complaint(seen(GUARD), wanted) == ""


@pytest.mark.parametrize("change", [{"test": "another"}, {"test": ""}, {"worker": "gw1"}])
def test_what_others_did_is_not_the_tests(change: dict[str, str]) -> None:
    found = seen({**GUARD, **change}, {**CALL, **change}, DENIED)
    assert found == Seen()
    assert "no call of this test reached the gate" in complaint(found, Wanted(action="s3:GetObject"))


def test_an_answer_to_an_earlier_call_is_not_of_the_block() -> None:
    assert seen(DENIED) == Seen()


@pytest.mark.parametrize(
    ("by", "events", "said"),
    [
        ("gate", [CALL, DENIED], "the gate let it pass, and refused was s3:GetObject by the upstream (AccessDenied)"),
        ("upstream", [GUARD], "it never got there: refused was s3:GetObject by the gate's rule 'outside-sandbox'"),
        ("any", [CALL, {**DENIED, "denied": False, "status": 404}], "it was allowed, and answered with status 404"),
        ("any", [{**GUARD, "action": "s3:PutObject", "operation": "PutObject"}], "refused was s3:PutObject"),
        ("any", [{**CALL, "operation": "ListBuckets"}], "nothing was refused; the calls were s3:ListBuckets (0)"),
    ],
)
def test_what_does_not_fit_is_explained(by: By, events: list[dict[str, Any]], said: str) -> None:
    assert said in complaint(seen(*events), Wanted(action="s3:GetObject", by=by))


@pytest.mark.parametrize(("by", "events"), [("upstream", [CALL, DENIED]), ("any", [CALL, DENIED]), ("any", [GUARD])])
def test_who_refused_is_who_was_expected(by: By, events: list[dict[str, Any]]) -> None:
    assert complaint(seen(*events), Wanted(action="s3:GetObject", by=by)) == ""


def test_another_statement_is_not_it() -> None:
    said = complaint(seen(GUARD), Wanted(action="s3:GetObject", statement="Buckets"))
    assert "by statement 'Buckets'" in said
    assert "it was refused, but by statement 'Objects'" in said


def test_a_second_refusal_beside_it_is_told() -> None:
    more = {**GUARD, "id": "3", "action": "s3:PutObject", "operation": "PutObject"}
    assert "but so was s3:PutObject" in complaint(seen(GUARD, more), Wanted(action="s3:GetObject"))
    assert complaint(seen(GUARD, {**GUARD, "id": "4"}), Wanted(action="s3:GetObject")) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "GetObject"},
        {"action": "s3:"},
        {"action": "s3:Get*"},
        {"action": "s3:GetObject", "by": "aws"},
        {"action": "s3:GetObject", "by": "upstream", "statement": "Objects"},
    ],
)
def test_what_can_never_be_met_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Wanted(**wrong)
