"""Policies as the emulator is told them; what it then does, tests/emulated/test_known_differences.py shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandgate.guard.policy import policy_of
from sandgate.guard.sandbox import Sandbox
from sandgate.iam.document import Condition, Document, Statement
from sandgate.iam.parse import parse_document
from sandgate.tiers._differences import Moved, Tables, tables
from sandgate.tiers._translate import UNSEEN, translate

ARN = "arn:aws:sqs:eu-west-1:000000000000:test-*"
TABLE = "arn:aws:dynamodb:eu-west-1:000000000000:table/test-*"
NONE = Tables(
    version="0", literal={}, unseen=frozenset(), moved=(), free=frozenset(), keys=frozenset({"aws:tagkeys", "s3:x-"})
)
DEFAULT = policy_of(Sandbox(namespace="k3x9q2", account="000000000000", region="eu-west-1")).document


def statement(effect: Any = "Allow", **more: Any) -> Statement:
    return Statement(effect=effect, **{"actions": ("sqs:SendMessage",), "resources": (ARN,), **more})


def told(*statements: Statement, **variables: str) -> tuple[Statement, ...]:
    named = {f"aws:{name}": value for name, value in variables.items()}
    return translate(Document(statements=statements), variables=named).statements


def test_a_literal_name_stands_beside_the_action_on_the_same_arns() -> None:
    (found,) = told(statement())
    assert found.actions == ("sqs:SendMessage", "sqs:SendMessageBatch")
    assert found.resources == (ARN,)


@pytest.mark.parametrize("actions", [("sqs:*",), ("sqs:Send*",), ("*",)])
def test_a_pattern_that_has_the_name_already_stays(actions: tuple[str, ...]) -> None:
    assert actions in [one.actions for one in told(statement(actions=actions))]


def test_what_is_denied_is_denied_under_the_literal_name_too() -> None:
    (found,) = told(statement("Deny"))
    assert found.actions == ("sqs:SendMessage", "sqs:SendMessageBatch")


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_an_exempt_action_is_exempt_under_the_literal_name_too(effect: str) -> None:
    found = told(statement(effect, actions=(), not_actions=("sqs:SendMessage",)))
    assert ("sqs:SendMessage", "sqs:SendMessageBatch") in [one.not_actions for one in found]


def test_unseen_resources_are_allowed_where_the_action_is_allowed_somewhere() -> None:
    found = told(statement(actions=("dynamodb:PartiQLSelect", "dynamodb:PutItem"), resources=(TABLE,), sid="Mine"))
    unseen = {one.sid: set(one.actions) for one in found if one.resources == (UNSEEN,)}
    names = ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction")
    assert unseen == {"MineUnseen": {f"dynamodb:{name}" for name in names}}


def test_nothing_unseen_is_added_to_what_everything_fits_or_what_is_denied() -> None:
    named = {"actions": ("dynamodb:PartiQLSelect",)}
    assert [one.resources for one in told(statement(**named, resources=("*",))) if one.sid != "Free"] == [("*",)]
    assert {one.resources for one in told(statement("Deny", **named, resources=(TABLE,)))} == {(TABLE,)}


@pytest.mark.parametrize(
    ("action", "means"),
    [
        ("*", True),
        ("*:Scan", True),
        ("dynamo*:s*", True),
        ("?ynamodb:Scan", True),
        ("DynamoDB:sCAN", True),
        ("dynamodb:*", True),
        ("dynamo:*", False),
        ("sqs:*", False),
        ("dynamo??:Query", False),
    ],
)
def test_wildcards_and_case_of_a_service_mean_what_they_mean_in_iam(action: str, *, means: bool) -> None:
    known = replace(NONE, unseen=frozenset({"dynamodb:Scan"}))
    document = Document(statements=(statement(actions=(action,), resources=(TABLE,)),))
    found = translate(document, variables={}, known=known).statements
    assert [one.actions for one in found if one.resources == (UNSEEN,)] == [("dynamodb:Scan",)] * means
    document = Document(statements=(statement(actions=(), not_actions=(action,), resources=(TABLE,)),))
    found = translate(document, variables={}, known=known).statements
    assert [one.actions for one in found if one.resources == (UNSEEN,)] == [("dynamodb:Scan",)] * (not means)


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        ("arn:aws:events:r:1:connection/test-*", "arn:aws:events:r:1:rule/test-*"),
        ("arn:aws:events:r:1:connection/name/id", "arn:aws:events:r:1:rule/name"),
        ("arn:aws:events:r:1:connection/name-??????", "arn:aws:events:r:1:rule/name"),
        ("arn:aws:events:r:1:archive/name", None),
        ("*", None),
    ],
)
def test_the_other_arn_has_the_same_name(arn: str, found: str | None) -> None:
    rule = Moved(old="connection/", new="rule/", cut="/", drop="-??????", actions=frozenset())
    assert rule.of(arn) == found


def test_an_arn_that_is_moved_already_is_not_moved_again() -> None:
    rule = Moved(old="rule/", new="rule/default/", actions=frozenset())
    assert rule.of("arn:aws:events:r:1:rule/default/x") is None


def test_variables_of_the_identity_are_written_in() -> None:
    (found,) = told(statement(resources=(f"{ARN}${{aws:username}}",), actions=("sqs:x",)), username="me")
    assert found.resources == (f"{ARN}me",)


@pytest.mark.parametrize(("text", "found"), [("a${*}b", "a?b"), ("a${?}b", "a?b"), ("a${$}b", "a$b")])
def test_escapes_become_the_narrowest_pattern(text: str, found: str) -> None:
    assert told(statement(resources=(f"{ARN}{text}",), actions=("sqs:x",)))[0].resources == (f"{ARN}{found}",)


def test_variables_of_the_request_open_what_is_allowed_and_nothing_that_is_denied() -> None:
    text = "arn:aws:s3:::b/${aws:userid}"
    named: dict[str, Any] = {"actions": ("s3:x",)}
    assert told(statement(**named, resources=(text,)))[0].resources == ("arn:aws:s3:::b/*",)
    assert told(statement("Deny", **named, resources=(text,)))[0].resources == (text,)
    (denied,) = told(statement("Deny", **named, resources=(), not_resources=(text,)))
    assert denied.not_resources == ("arn:aws:s3:::b/*", UNSEEN)


def test_variables_mean_nothing_in_old_documents() -> None:
    old = Document(statements=(statement(resources=(f"{ARN}${{aws:username}}",)),), version="2008-10-17")
    found = translate(old, variables={"aws:username": "me"}, known=NONE)
    assert found.statements == old.statements


def test_conditions_that_the_emulator_cannot_judge_are_left_to_the_gate() -> None:
    unknown = Condition(operator="StringEquals", key="sqs:Colour", values=("red",))
    known = Condition(operator="StringEquals", key="aws:TagKeys", values=("a",))
    varied = Condition(operator="StringEquals", key="aws:TagKeys", values=("${aws:userid}",))
    (found,) = told(statement(conditions=(unknown, known, varied)))
    assert found.conditions == (known,)
    assert told(statement("Deny", conditions=(unknown,))) == ()
    assert told(statement("Deny", conditions=(varied,))) == ()
    assert told(statement("Deny", conditions=(known,)))[0].conditions == (known,)


@pytest.mark.parametrize(("key", "known"), [("AWS:TagKeys", True), ("s3:x-amz-acl", True), ("aws:TagKey", False)])
def test_keys_are_known_by_name_or_by_how_they_begin(key: str, *, known: bool) -> None:
    assert NONE.knows(key) is known


@pytest.mark.parametrize("services", [("sqs",), ("dynamodb", "s3"), ("kms",), ("cognito-idp", "lambda")])
def test_no_service_is_added(services: tuple[str, ...]) -> None:
    policy = policy_of(Sandbox(services=services, account="000000000000", region="eu-west-1"))

    def prefixes(document: Document) -> set[str]:
        return {action.partition(":")[0] for one in document.statements for action in one.actions}

    assert prefixes(translate(policy.document, variables={})) == prefixes(policy.document)


def test_what_names_a_resource_stays_where_it_was() -> None:
    """Beside what the document has, there are only `?`, and patterns of the tables' other ARNs."""
    before = {arn for one in DEFAULT.statements for arn in one.resources}
    after = {arn for one in translate(DEFAULT, variables={}).statements for arn in one.resources}
    moved = {rule.of(arn) for rule in tables().moved for arn in before}
    assert before <= after
    assert after - before <= moved | {UNSEEN}


def test_sids_stay_unique_and_legal() -> None:
    found = translate(DEFAULT, variables={})
    sids = [one.sid for one in found.statements]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)


def test_documents_with_resources_only_are_read_again() -> None:
    text = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": ARN}}
    assert translate(parse_document(text, where="x"), variables={}, known=NONE) == parse_document(text, where="x")
