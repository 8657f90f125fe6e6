"""What a sweep does with what was in an emulator that has ended: only what is told to be the run's is removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.ledger.entry import Claim, Entry
from sandgate.ledger.state import fold
from sandgate.sweep.found import Found
from sandgate.sweep.others import Others
from sandgate.sweep.plan import Sight, Step, decide, key_text
from sandgate.sweep.restarted import after_restart
from sandgate.sweep.work import Line, Sweeper

SPACE = "k3f9x2"
AT = 1_800_000_000.0
SHARED, OWN = "test-x", f"test-{SPACE}-x"


def topic(name: str = SHARED, claim: Claim = "made", *, anew: bool = True) -> Entry:
    """Its listing tells no time."""
    return Entry(
        type="sns-topic", key={"Name": name}, region="eu-west-1", claims={"1": claim}, at=AT,
        operation="sns:CreateTopic", anew=anew,
    )  # fmt: skip


def group(claim: Claim = "made", **told: str) -> Entry:
    """A security group, which AWS named."""
    return Entry(
        type="ec2-security-group", key={"GroupId": "sg-1"}, region="eu-west-1", claims={"1": claim}, at=AT,
        operation="ec2:CreateSecurityGroup", told=told, anew=True,
    )  # fmt: skip


def sees(entry: Entry, /, **more: Any) -> Sight:
    return Sight(found={key_text(entry.key): Found(key=entry.key, **{"name": entry.name, **more})})


def step_of(entry: Entry, sight: Sight | None, *, touched: bool = False) -> Step:
    step = decide(entry, sight, namespace=SPACE, others=Others())
    return after_restart(step, sight, namespace=SPACE, touched=touched)


FAILED = Sight(failure="ListTopics: refused")


@pytest.mark.parametrize(
    ("entry", "sight", "what", "why"),
    [
        (topic(), Sight(), "absent", "not in ListTopics: it went with its emulator"),
        (topic(claim="unknown"), Sight(), "absent", "not in ListTopics"),
        (topic(), sees(topic(), gone=True), "absent", "as good as gone"),
        (topic(), sees(topic()), "tell", "nothing tells whose this is now"),
        (topic(claim="unknown"), sees(topic()), "tell", "was never answered"),
        (topic(claim="doubt"), sees(topic()), "tell", "before the run"),
        (topic(), FAILED, "tell", "could not be listed (ListTopics: refused)"),
        (topic(OWN), sees(topic(OWN)), "remove", "has kept it over a new start"),
        (topic(), sees(topic(), created=datetime.fromtimestamp(AT + 1, UTC)), "remove", "has kept it"),
        (topic(), sees(topic(), created=str(AT - 1)), "remove", "has kept it"),
        (topic(), sees(topic(), created=AT + 11), "tell", "nothing tells whose"),
        (topic(), sees(topic(), created=AT - 11), "tell", "nothing tells whose"),
        (group(), sees(group(), name=OWN), "remove", "has kept it"),
        (group(), sees(group(), name="default"), "tell", "nothing tells whose"),
        (group(GroupName=OWN), sees(group(), name="", entry={"GroupName": OWN}), "remove", "has kept it"),
        (group(GroupName=OWN), sees(group(), name="", entry={"GroupName": SHARED}), "tell", "nothing tells whose"),
    ],
)  # fmt: skip
def test_what_is_done(entry: Entry, sight: Sight, what: str, why: str) -> None:
    step = step_of(entry, sight)
    assert step.what == what
    assert why in step.why
    assert bool(step.found) is (what == "remove")


def test_what_cannot_be_listed_is_removed_by_the_runs_own_name_alone() -> None:
    """A table's removal needs no listing."""
    table = replace(topic(), type="dynamodb-table", key={"TableName": SHARED})
    assert step_of(table, FAILED).what == "tell"
    assert step_of(replace(table, key={"TableName": OWN}), FAILED).what == "remove"


def test_while_the_emulator_lives_nothing_is_different() -> None:
    step = step_of(topic(anew=False), sees(topic()))
    assert (step.what, step.why) == ("remove", "made by sns:CreateTopic")


def test_what_the_sweep_itself_removed_did_not_go_with_the_emulator() -> None:
    assert step_of(topic(), Sight(), touched=True).why == "not in ListTopics"


def test_a_sweep_looks_first_and_believes_nothing() -> None:
    """What is known by its whole key is else removed without a look."""
    lines: list[Mapping[str, Any]] = [
        {"ledger": "upstream", "services": {"s3": {"address": "127.0.0.1:9000", "instance": "a:1:7"}}},
        {
            "ledger": "adopted", "id": "1", "at": AT, "type": "s3-object", "region": "eu-west-1", "claim": "made",
            "key": {"Bucket": "theirs", "Key": "k", "VersionId": "null"},
        },
        {"ledger": "upstream", "services": {"s3": {"address": "127.0.0.1:9000", "instance": "a:1:8"}}},
    ]  # fmt: skip

    class Store:
        """Holds nothing, and removes nothing."""

        def can_paginate(self, _operation: str) -> bool:
            return False

        def head_object(self, **_asked: object) -> None:
            answer: Any = {"Error": {"Code": "404", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(answer, "HeadObject")

    def note(found: Sequence[Line]) -> None:
        lines.extend({"ledger": kind, **line} for kind, line in found)

    swept = Sweeper(clients=lambda _service, _region: Store(), state=lambda: fold(lines), note=note).run()
    assert (swept.removed, swept.left) == ((), ())
    assert (lines[-1]["ledger"], "it went with its emulator" in str(lines[-1]["why"])) == ("gone", True)
