"""Generated documents and requests: our answer is the plain evaluator's, and so is each statement's part in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandgate.iam.compile import compile_document
from sandgate.iam.document import to_json
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies

ACTIONS = (
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:PutObject",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "sqs:SendMessage",
)
ACTION_PATTERNS = (
    *ACTIONS,
    "*",
    "*:*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:?etObject",
    "dynamodb:*Item",
    "sqs:Send*e",
)
RESOURCES = (
    "*",
    "arn:aws:s3:::test-a",
    "arn:aws:s3:::test-a/bob/1",
    "arn:aws:s3:::test-a/*/1",
    "arn:aws:s3:::other/x:y",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/test_a",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/test_a/index/i",
    "arn:aws:dynamodb:us-east-1:000000000000:table/test_a",
    "arn:aws:sqs:eu-west-1:111122223333:test-q",
    "arn:aws:sqs",
    "arn:aws:s3:::a\nb",
)
RESOURCE_PATTERNS = (
    *RESOURCES[:-2],  # the last two are ARNs of requests only
    "arn:aws:s3:::*",
    "arn:aws:s3:::test-*",
    "arn:aws:s3:::test-a/${aws:username}/*",
    "arn:aws:s3:::test-a/${aws:username, 'bob'}/?",
    "arn:aws:s3:::test-a/${*}/1",
    "arn:aws:s3:::${aws:PrincipalTag/team}*",
    "arn:*:*:*:*:*",
    "arn:aws:*:eu-*:1111*:t*_?*",
    "arn:aws:dynamodb:*:111122223333:table/test_*",
    "arn:aws:dynamodb:*:*:table/*/index/*",
    "arn:aws:sqs:eu-west-?:111122223333:*-q",
)
KEYS = ("aws:username", "aws:PrincipalTag/team", "aws:TagKeys", "aws:SourceIp", "aws:CurrentTime", "s3:max-keys")
TEXTS = (
    "bob",
    "Bob",
    "b*",
    "*",
    "?ob",
    "${aws:username}",
    "${aws:PrincipalTag/team, 'bob'}",
    "${*}",
    "a-${aws:username}*",
    "",
)
VALUES = (
    "bob",
    "Bob",
    "*",
    "b*",
    "",
    "a-bob*",
    "10",
    "10.0",
    "9",
    "true",
    "False",
    "203.0.113.7",
    "2001:db8::1",
    "2026-11-21T09:00:00Z",
    "2026-11",
    "1700000000",
    "arn:aws:s3:::test-a",
    "arn:aws:sqs:eu-west-1:111122223333:bob",
    "Ym9i",
)
WANTED: dict[str, tuple[str, ...]] = {
    "String": TEXTS,
    "Numeric": ("10", "9.5", "-1"),
    "Date": ("2026-11-21T09:00:00Z", "2026-12", "2020", "1700000001"),
    "Bool": ("true", "false"),
    "Null": ("true", "false"),
    "Binary": ("Ym9i", "AA=="),
    "Ip": ("203.0.113.0/24", "203.0.113.7", "2001:db8::/32"),
    "Arn": ("*", "arn:aws:s3:::test-*", "arn:aws:sqs:*:*:${aws:username}", "arn:*:s3:*:*:?est-a"),
}
NAMES = {
    "String": ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"),
    "Numeric": ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
    "Date": ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
    "Arn": ("Equals", "NotEquals", "Like", "NotLike"),
}
OPERATORS = [
    *((family, family + name) for family, names in NAMES.items() for name in names),
    *(("Bool", "Bool"), ("Null", "Null"), ("Binary", "BinaryEquals"), ("Ip", "IpAddress"), ("Ip", "NotIpAddress")),
]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for _ in range(draw(st.integers(1, 2))):
        family, name = draw(st.sampled_from(OPERATORS))
        if name != "Null":
            name = draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:"))) + name
            name += draw(st.sampled_from(("", "", "IfExists")))
        wanted = draw(st.lists(st.sampled_from(WANTED[family]), min_size=1, max_size=2))
        out.setdefault(name, {})[draw(st.sampled_from(KEYS))] = wanted[0] if len(wanted) == 1 else wanted
    return out


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    out: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    name = draw(st.sampled_from(("Action", "Action", "Action", "NotAction")))
    out[name] = draw(st.lists(st.sampled_from(ACTION_PATTERNS), min_size=1, max_size=3))
    name = draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))
    out[name] = draw(st.lists(st.sampled_from(RESOURCE_PATTERNS), min_size=1, max_size=3))
    if draw(st.booleans()):
        out["Condition"] = draw(conditions())
    return out


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    version = draw(st.sampled_from(("2012-10-17", "2012-10-17", "2008-10-17")))
    return {"Version": version, "Statement": draw(st.lists(statements(), min_size=1, max_size=4))}


CONTEXTS = st.dictionaries(
    st.sampled_from([key.lower() for key in KEYS]), st.lists(st.sampled_from(VALUES), max_size=2).map(tuple), max_size=4
)


@settings(max_examples=250, deadline=None)
@given(
    groups=st.lists(st.lists(documents(), min_size=1, max_size=2), min_size=1, max_size=4),
    action=st.sampled_from((*ACTIONS, "S3:GETOBJECT")),
    resource=st.sampled_from(RESOURCES),
    context=CONTEXTS,
)
def test_answers_agree(groups: Any, action: str, resource: str, context: Any, reference: Any) -> None:
    identity, boundary, session, scp = [*groups, [], [], []][:4]
    made = [[compile_document(parse_document(document)) for document in group] for group in (identity, session, scp)]
    # One boundary at most.
    boundary = boundary[:1]
    policies = Policies(
        identity=tuple(made[0]),
        boundary=compile_document(parse_document(boundary[0])) if boundary else None,
        session=tuple(made[1]),
        scps=(tuple(made[2]),) if scp else (),
    )
    request = AccessRequest(action=action, resource=resource, context=context)
    verdict = evaluate(request, policies)
    asked = [group for group in (identity, boundary, session, scp) if group]
    assert verdict.effect == reference.decide(asked, action, resource, context)
    assert verdict.text()


@settings(max_examples=150, deadline=None)
@given(
    document=documents(),
    action=st.sampled_from(ACTIONS),
    resource=st.sampled_from(RESOURCES),
    context=CONTEXTS,
)
def test_every_statement_is_explained(document: Any, action: str, resource: str, context: Any, reference: Any) -> None:
    policies = Policies(identity=(compile_document(parse_document(document)),))
    verdict = evaluate(AccessRequest(action=action, resource=resource, context=context), policies)
    told = verdict.explain()
    version = document["Version"]
    wanted = [
        reference.statement_matches(statement, version, action, resource, context)
        for statement in document["Statement"]
    ]
    assert [reason.matches for reason in told] == wanted
    for reason, statement in zip(told, document["Statement"], strict=True):
        elements = {mismatch.element for mismatch in reason.mismatches}
        if not reference.action_matches(statement, action):
            assert elements == {"action"}
        elif not reference.resource_matches(statement, resource, context, version):
            assert elements == {"resource"}
        elif not reason.matches:
            assert elements == {"condition"}
    if verdict.statement:
        assert told[verdict.index].matches
        assert told[verdict.index].effect == ("Allow" if verdict.allowed else "Deny")


@settings(max_examples=60, deadline=None)
@given(document=documents())
def test_the_canonical_text_reads_back(document: Any) -> None:
    parsed = parse_document(document)
    for indent in (None, 2):
        assert parse_document(to_json(parsed, indent=indent)) == parsed
