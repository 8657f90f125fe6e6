"""Creates that nobody answered: what may be somebody else's is told; the run's own goes, whatever clocks say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandgate.ledger.entry import Claim, Entry
from sandgate.resources._model import resource_types
from sandgate.sweep.found import Found
from sandgate.sweep.others import Others
from sandgate.sweep.plan import Sight, decide, key_text

NAMESPACE = "k3f9x2"
AT = 1_800_000_000.0
DAY = 86_400.0


def _entry(type_: str, key: dict[str, Any], *, operation: str, claim: Claim = "unknown", **more: Any) -> Entry:
    return Entry(type=type_, key=key, region="eu-west-1", claims={"1": claim}, at=AT, operation=operation, **more)


def _step(entry: Entry, *found: Found, failure: str = "") -> str:
    sight = Sight(found={key_text(one.key): one for one in found}, failure=failure)
    return decide(entry, sight, namespace=NAMESPACE, others=Others()).what


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(AT + seconds, UTC)


def _table(name: str) -> Entry:
    return _entry("dynamodb-table", {"TableName": name}, operation="dynamodb:CreateTable")


def _log_group(name: str, seconds: float) -> tuple[Entry, Found]:
    key = {"logGroupName": name}
    found = Found(key=key, name=name, created=(AT + seconds) * 1000)
    return _entry("logs-log-group", key, operation="logs:CreateLogGroup"), found


def test_a_listing_that_tells_no_time_proves_nothing_of_a_shared_name() -> None:
    """CreateTable may have failed because somebody else has that table."""
    name = "test-shared"
    assert _step(_table(name), Found(key={"TableName": name}, name=name)) == "tell"
    assert _step(_table(name), failure="AccessDenied") == "tell"
    own = f"test-{NAMESPACE}-t"
    assert _step(_table(own), Found(key={"TableName": own}, name=own)) == "remove"
    assert _step(_table(own), failure="AccessDenied") == "remove"


def test_what_was_looked_for_before_the_call_may_be_somebody_elses_by_now() -> None:
    entry = _entry("sqs-queue", {"QueueName": "test-shared"}, operation="sqs:CreateQueue")
    assert _step(entry, Found(key=dict(entry.key), name="test-shared")) == "tell"


@pytest.mark.parametrize("seconds", [-DAY, -61, 0, 60, DAY])
def test_no_time_proves_whose_a_shared_name_is(seconds: float) -> None:
    """CreateSecret fails where somebody made that secret a moment ago, and the answer that says so may be lost."""
    assert _step(*_log_group("test-shared", seconds)) == "tell"
    assert _step(*_log_group(f"test-{NAMESPACE}-l", seconds)) == "remove"


@pytest.mark.parametrize("claim", ["made", "perhaps", "going"])
@pytest.mark.parametrize("seconds", [-DAY, 0, DAY])
def test_what_aws_has_confirmed_goes_whatever_clocks_say(claim: Claim, seconds: float) -> None:
    entry, found = _log_group("test-shared", seconds)
    confirmed = _entry(entry.type, dict(entry.key), operation=entry.operation, claim=claim)
    assert _step(confirmed, found) == "remove"


@pytest.mark.parametrize("seconds", [-DAY, -61, 0, DAY])
def test_an_id_that_never_came_back_is_found_by_the_runs_name_whatever_clocks_say(seconds: float) -> None:
    name = f"test-{NAMESPACE}-k"
    entry = _entry("kms-key", {}, operation="kms:CreateKey", told={"Description": name})
    found = Found(key={"KeyId": "k-1"}, name=name, created=_at(seconds), entry={"Description": name})
    assert _step(entry, found) == "remove"
    other = Found(key={"KeyId": "k-2"}, name="other", created=_at(seconds), entry={"Description": "other"})
    assert _step(entry, other) == "absent"


@pytest.mark.parametrize(("seconds", "what"), [(-901, "absent"), (-600, "tell"), (0, "tell"), (DAY, "tell")])
def test_an_id_that_never_came_back_under_a_shared_name_is_told(seconds: float, what: str) -> None:
    entry = _entry("kms-key", {}, operation="kms:CreateKey", told={"Description": "shared"})
    found = Found(key={"KeyId": "k-1"}, name="shared", created=_at(seconds), entry={"Description": "shared"})
    assert _step(entry, found) == what


def test_what_is_in_doubt_is_absent_only_where_nothing_can_be_it() -> None:
    key = {"UserPoolId": "eu-west-1_a"}
    entry = _entry("cognito-idp-user", key, operation="cognito-idp:AdminCreateUser", claim="doubt")
    assert _step(entry) == "absent", "the pool is gone, or empty"
    assert _step(entry, Found(key={**key, "Username": "one"}, name="one")) == "tell"
    assert _step(entry, failure="AccessDenied") == "tell"


@pytest.mark.parametrize(("told", "what"), [("we@x.example", "remove"), ("they@x.example", "absent")])
def test_who_signs_in_by_an_address_is_known_by_it(told: str, what: str) -> None:
    """AWS chose the name then, and the answer that said so never came."""
    (path,) = {path for create in resource_types()["cognito-idp-user"].creates for path in create.told}
    key = {"UserPoolId": "eu-west-1_a"}
    told = f"{NAMESPACE}-{told}"
    entry = _entry("cognito-idp-user", key, operation="cognito-idp:SignUp", told={path: told})
    attributes = [{"Name": "sub", "Value": "u-1"}, {"Name": "email", "Value": f"{NAMESPACE}-We@x.example"}]
    shown = {"Username": "u-1", "Attributes": attributes}
    assert _step(entry, Found(key={**key, "Username": "u-1"}, name="u-1", entry=shown)) == what
