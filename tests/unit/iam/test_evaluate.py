"""The documented evaluation logic: kinds of policy, principals, accounts; and the traps that others fall into."""

from __future__ import annotations

from typing import Any

import pytest

from sandgate.iam.evaluate import evaluate
from sandgate.iam.principal import Caller
from sandgate.iam.verdict import Policies

ACCOUNT, OTHER = "111122223333", "000000000000"
USER = Caller(arn=f"arn:aws:iam::{ACCOUNT}:user/bob", id="AIDA1234567890ABCDEF")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = Caller(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci", id="AROA1234567890ABCDEF")
FEDERATED_USER = Caller(arn=f"arn:aws:sts::{ACCOUNT}:federated-user/bob", issuer=USER.arn)
ROOT = Caller(arn=f"arn:aws:iam::{ACCOUNT}:root")
FOREIGN = Caller(arn=f"arn:aws:iam::{OTHER}:user/eve")
SERVICE = Caller(service="lambda.amazonaws.com")
WEB = Caller(federated="token.actions.githubusercontent.com")
NOBODY = Caller()
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:test-q"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd"
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
DENY = SEND | {"Effect": "Deny"}


@pytest.fixture
def queue_policy(compiled: Any) -> Any:
    """A policy of the queue that names the principal."""

    def make(principal: Any, effect: str = "Allow", element: str = "Principal") -> Any:
        return compiled(SEND | {"Effect": effect, element: principal}, kind="resource", label="queue")

    return make


@pytest.mark.parametrize(
    ("caller", "principal", "without_identity", "past_boundary"),
    [
        (USER, {"AWS": USER.arn}, True, True),
        (USER, {"AWS": USER.id}, True, True),
        (USER, "*", True, False),
        (USER, {"AWS": ROOT.arn}, False, False),
        (USER, {"AWS": ACCOUNT}, False, False),
        (USER, {"AWS": ROLE}, False, False),
        (USER, {"AWS": FOREIGN.arn}, False, False),
        (USER, {"Service": "sqs.amazonaws.com"}, False, False),
        (SESSION, {"AWS": SESSION.arn}, True, True),
        (SESSION, {"AWS": ROLE}, True, False),
        (SESSION, {"AWS": SESSION.id}, True, False),
        (SESSION, {"AWS": [ROOT.arn, ROLE]}, True, False),
        (FEDERATED_USER, {"AWS": FEDERATED_USER.arn}, True, True),
        (FEDERATED_USER, {"AWS": USER.arn}, True, False),
    ],
)
def test_a_grant_by_the_resource_in_the_same_account(
    caller: Caller,
    principal: Any,
    without_identity: bool,
    past_boundary: bool,
    queue_policy: Any,
    compiled: Any,
    ask: Any,
) -> None:
    """User Guide, single-account logic: who is named directly needs no policy; a boundary limits roles, not users."""
    resource = queue_policy(principal)
    request = ask("sqs:SendMessage", QUEUE)
    verdict = evaluate(request, Policies(resource=resource), caller)
    assert verdict.allowed is without_identity
    assert verdict.kind == ("resource" if without_identity else "identity")
    boundary = compiled(SEND | {"Action": "s3:*"})
    assert evaluate(request, Policies(resource=resource, boundary=boundary), caller).allowed is past_boundary
    assert evaluate(request, Policies(resource=resource, session=(boundary,)), caller).allowed is past_boundary
    both = evaluate(request, Policies(identity=(compiled(SEND),), resource=resource), caller)
    assert both.allowed


@pytest.mark.parametrize("caller", [USER, SESSION, ROOT])
@pytest.mark.parametrize("principal", ["*", {"AWS": ACCOUNT}, {"AWS": ROOT.arn}])
def test_another_account_needs_both_sides(
    caller: Caller, principal: Any, queue_policy: Any, compiled: Any, ask: Any
) -> None:
    request = ask("sqs:SendMessage", QUEUE.replace(ACCOUNT, OTHER))
    identity = (compiled(SEND),)
    assert evaluate(request, Policies(identity=identity, resource=queue_policy(principal)), caller).allowed
    alone = evaluate(request, Policies(identity=identity), caller)
    assert (alone.effect, alone.kind) == ("implicit_deny", "resource")
    if not caller.root:
        alone = evaluate(request, Policies(resource=queue_policy({"AWS": caller.arn})), caller)
        assert (alone.effect, alone.kind) == ("implicit_deny", "identity")


@pytest.mark.parametrize(
    ("owner", "allowed"),
    [({"aws:resourceaccount": ACCOUNT}, True), ({"aws:resourceaccount": OTHER}, False), ({}, False)],
    ids=["same", "other", "unknown"],
)
def test_a_bucket_belongs_to_whom_the_context_says(owner: Any, allowed: bool, compiled: Any, ask: Any) -> None:
    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": USER.arn},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
    }
    policies = Policies(resource=compiled(grant, kind="resource"))
    assert evaluate(ask("s3:GetObject", "arn:aws:s3:::b/k", owner), policies, USER).allowed is allowed


@pytest.mark.parametrize(
    ("caller", "principal", "allowed"),
    [
        (SERVICE, {"Service": "lambda.amazonaws.com"}, True),
        (SERVICE, {"Service": "sns.amazonaws.com"}, False),
        (SERVICE, {"AWS": ACCOUNT}, False),
        (WEB, {"Federated": WEB.federated}, True),
        (WEB, {"Service": WEB.federated}, False),
        (NOBODY, "*", True),
        (NOBODY, {"AWS": ACCOUNT}, False),
        (Caller(arn=USER.arn, canonical="79a59d"), {"CanonicalUser": "79a59d"}, False),
    ],
)
def test_callers_without_policies_of_their_own(
    caller: Caller, principal: Any, allowed: bool, queue_policy: Any, ask: Any
) -> None:
    assert (
        evaluate(ask("sqs:SendMessage", QUEUE), Policies(resource=queue_policy(principal)), caller).allowed is allowed
    )


def test_a_canonical_user_is_the_account(queue_policy: Any, compiled: Any, ask: Any) -> None:
    caller = Caller(arn=f"arn:aws:iam::{OTHER}:user/eve", canonical="79a59d")
    policies = Policies(identity=(compiled(SEND),), resource=queue_policy({"CanonicalUser": "79a59d"}))
    assert evaluate(ask("sqs:SendMessage", QUEUE), policies, caller).allowed


@pytest.mark.parametrize(
    ("caller", "listed", "denied"),
    [
        (USER, [USER.arn, ROOT.arn], False),
        (USER, [USER.arn], True),
        (USER, [ROOT.arn], True),
        (USER, [SESSION.arn, ROOT.arn], True),
        (SESSION, [SESSION.arn, ROLE, ACCOUNT], False),
        (SESSION, [ROLE, ROOT.arn], True),
        (SESSION, [SESSION.arn, ROOT.arn], True),
        (ROOT, [ROOT.arn], False),
        (NOBODY, [ROOT.arn], True),
        (SERVICE, [ROOT.arn], True),
        (USER, ["*"], False),
    ],
)
def test_not_principal_leaves_out_only_who_is_listed_wholly(
    caller: Caller, listed: list[str], denied: bool, queue_policy: Any, ask: Any
) -> None:
    policies = Policies(resource=queue_policy({"AWS": listed}, "Deny", "NotPrincipal"))
    effect = evaluate(ask("sqs:SendMessage", QUEUE), policies, caller).effect
    assert (effect == "explicit_deny") is denied


@pytest.mark.parametrize(
    ("principal", "identity", "allowed", "kind"),
    [
        ({"AWS": ROOT.arn}, True, True, "identity"),
        ({"AWS": ROOT.arn}, False, False, "identity"),
        ({"AWS": USER.arn}, False, True, "resource"),
        ({"AWS": FOREIGN.arn}, True, False, "resource"),
    ],
)
def test_a_key_policy_must_allow(
    principal: Any, identity: bool, allowed: bool, kind: str, compiled: Any, ask: Any
) -> None:
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    key = compiled(statement | {"Principal": principal}, kind="resource")
    policies = Policies(identity=(compiled(statement),) if identity else (), resource=key)
    verdict = evaluate(ask("kms:Decrypt", KEY), policies, USER)
    assert (verdict.allowed, verdict.kind) == (allowed, kind)


@pytest.mark.parametrize(
    ("caller", "action", "principal", "allowed"),
    [
        (USER, "sts:AssumeRole", {"AWS": ROOT.arn}, True),
        (USER, "sts:AssumeRole", {"AWS": SESSION.arn}, False),
        (WEB, "sts:AssumeRoleWithWebIdentity", {"Federated": WEB.federated}, True),
        (WEB, "sts:AssumeRoleWithWebIdentity", {"AWS": "*"}, True),
        (SERVICE, "sts:AssumeRole", {"Service": "ecs.amazonaws.com"}, False),
        (SESSION, "sts:TagSession", {"AWS": USER.arn}, False),
    ],
)
def test_a_trust_policy_must_allow(
    caller: Caller, action: str, principal: Any, allowed: bool, compiled: Any, ask: Any
) -> None:
    trust = compiled({"Effect": "Allow", "Action": "sts:*", "Principal": principal}, kind="trust")
    policies = Policies(identity=(compiled({"Effect": "Allow", "Action": "sts:*", "Resource": "*"}),), resource=trust)
    assert evaluate(ask(action, ROLE), policies, caller).allowed is allowed


@pytest.mark.parametrize("kind", ["boundary", "session", "scp", "rcp"])
def test_every_ceiling_must_allow_and_may_deny(kind: str, compiled: Any, ask: Any) -> None:
    def verdict(*statements: Any) -> Any:
        principal = {"Principal": "*"} if kind == "rcp" else {}
        made = compiled(
            *[one | principal for one in statements], kind="resource" if kind == "rcp" else "identity", label="top"
        )
        given: Any = {"boundary": made, "session": (made,), "scps": ((made,),), "rcps": ((made,),)}
        name = {"scp": "scps", "rcp": "rcps"}.get(kind, kind)
        return evaluate(
            ask("sqs:SendMessage", QUEUE), Policies(identity=(compiled(SEND),), **{name: given[name]}), USER
        )

    assert verdict(SEND).allowed
    silent = verdict(SEND | {"Action": "s3:*"})
    assert (silent.effect, silent.kind, silent.statement) == ("implicit_deny", kind, "")
    denied = verdict(SEND | {"Action": "*"}, DENY | {"Sid": "No"})
    assert (denied.effect, denied.kind, denied.document, denied.statement) == ("explicit_deny", kind, "top", "No")
    assert "denied by top, No" in denied.text()


def test_each_level_of_an_organisation_must_allow(compiled: Any, ask: Any) -> None:
    yes, other = compiled(SEND), compiled(SEND | {"Action": "s3:*"})
    request = ask("sqs:SendMessage", QUEUE)
    assert evaluate(request, Policies(identity=(yes,), scps=((yes, other), (other, yes)))).allowed
    assert evaluate(request, Policies(identity=(yes,), scps=((yes,), (other,)))).kind == "scp"


def test_root_needs_no_identity_policy(compiled: Any, ask: Any) -> None:
    request = ask("sqs:SendMessage", QUEUE)
    verdict = evaluate(request, Policies(), ROOT)
    assert (verdict.effect, verdict.statement) == ("allowed", "")
    assert evaluate(request, Policies(scps=((compiled(DENY),),)), ROOT).effect == "explicit_deny"


@pytest.mark.parametrize("action", ["sts:GetCallerIdentity", "sts:GetSessionToken"])
def test_what_no_policy_controls(action: str, compiled: Any, ask: Any) -> None:
    policies = Policies(identity=(compiled(DENY | {"Action": "*"}),))
    assert evaluate(ask(action), policies).allowed
    assert not evaluate(ask("sts:AssumeRole"), policies).allowed


def test_the_first_documents_denial_beats_every_grant(compiled: Any, queue_policy: Any, ask: Any) -> None:
    policies = Policies(identity=(compiled(SEND), compiled(DENY, label="no")), resource=queue_policy({"AWS": USER.arn}))
    verdict = evaluate(ask("sqs:SendMessage", QUEUE), policies, USER)
    assert (verdict.effect, verdict.kind, verdict.document, verdict.index) == ("explicit_deny", "identity", "no", 0)


def test_the_reasons_of_a_refusal(compiled: Any, ask: Any) -> None:
    mine = compiled(
        {"Sid": "Tables", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
        SEND | {"Sid": "Queues", "Resource": QUEUE.replace("test-q", "test-x")},
        SEND
        | {"Sid": "Here", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1", "aws:username": "ann"}}},
        DENY | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        label="sandbox.json",
    )
    verdict = evaluate(ask("sqs:SendMessage", QUEUE, {"aws:username": "bob"}), Policies(identity=(mine,)))
    assert [(one.statement, one.mismatches[0].element) for one in verdict.explain()] == [
        ("Tables", "action"),
        ("Queues", "resource"),
        ("Here", "condition"),
        ("Statement[3]", "condition"),
    ]
    assert verdict.text() == (
        f"sqs:SendMessage on {QUEUE} is allowed by no identity policy; nearest: sandbox.json, Here (Allow): "
        "StringEquals aws:RequestedRegion wants eu-west-1, the request lacks it; "
        "StringEquals aws:username wants ann, the request has bob"
    )


def test_a_principal_that_is_not_meant_is_a_reason(queue_policy: Any, ask: Any) -> None:
    verdict = evaluate(ask("sqs:SendMessage", QUEUE), Policies(resource=queue_policy({"AWS": ROLE})), FOREIGN)
    (reason,) = verdict.explain()
    assert reason.text() == f"queue, Statement[0] (Allow): Principal wants {ROLE}, the request has {FOREIGN.arn}"


TRAPS: list[tuple[str, dict[str, Any], str, str, dict[str, Any], str]] = [
    # name, statement over the grant of everything (or Allow alone), action, resource, context, effect
    (
        "a wildcard in the user's name is a letter",
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
        "s3:GetObject",
        "arn:aws:s3:::home/ann/x",
        {"aws:username": "*"},
        "implicit_deny",
    ),
    (
        "a variable without a value matches nothing",
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}*"},
        "s3:GetObject",
        "arn:aws:s3:::home/x",
        {},
        "implicit_deny",
    ),
    (
        "nor does an Allow for all but such a resource",
        {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:username}*"},
        "s3:GetObject",
        "arn:aws:s3:::other",
        {},
        "implicit_deny",
    ),
    (
        "but a Deny for all but it does",
        {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:username}*"},
        "s3:GetObject",
        "arn:aws:s3:::home/x",
        {},
        "explicit_deny",
    ),
    (
        "ForAllValues is true for a Scan, which has no leading keys",
        {
            "Effect": "Allow",
            "Action": "dynamodb:Scan",
            "Resource": "*",
            "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"}},
        },
        "dynamodb:Scan",
        "*",
        {"aws:username": "bob"},
        "allowed",
    ),
    (
        "a Null beside it closes the gap",
        {
            "Effect": "Allow",
            "Action": "dynamodb:Scan",
            "Resource": "*",
            "Condition": {
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        },
        "dynamodb:Scan",
        "*",
        {"aws:username": "bob"},
        "implicit_deny",
    ),
    (
        "one foreign leading key of several is too many",
        {
            "Effect": "Allow",
            "Action": "dynamodb:BatchGetItem",
            "Resource": "*",
            "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"}},
        },
        "dynamodb:BatchGetItem",
        "*",
        {"aws:username": "bob", "dynamodb:leadingkeys": ("bob", "ann")},
        "implicit_deny",
    ),
    (
        "a region that is missing is not the wanted one, so the Deny bites",
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
        },
        "s3:GetObject",
        "*",
        {},
        "explicit_deny",
    ),
    (
        "NotAction with Deny leaves the named action alone",
        {"Effect": "Deny", "NotAction": "S3:get*", "Resource": "*"},
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        {},
        "allowed",
    ),
    (
        "an object is not its bucket",
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"},
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        {},
        "implicit_deny",
    ),
    (
        "an ARN grants nothing to an action without resources",
        {"Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "arn:aws:dynamodb:*:*:table/test_*"},
        "dynamodb:ListTables",
        "*",
        {},
        "implicit_deny",
    ),
    (
        "a star does not run across segments",
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:eu-west-1:1*:test-*"},
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-1:1:x:test-q",
        {},
        "implicit_deny",
    ),
]


@pytest.mark.parametrize(
    ("statement", "action", "resource", "context", "effect"), [row[1:] for row in TRAPS], ids=[row[0] for row in TRAPS]
)
def test_traps(statement: Any, action: str, resource: str, context: Any, effect: str, compiled: Any, ask: Any) -> None:
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}] if statement["Effect"] == "Deny" else []
    policies = Policies(identity=(compiled(*everything, statement),))
    assert evaluate(ask(action, resource, context), policies).effect == effect


def test_an_old_documents_variable_is_text(compiled: Any, ask: Any) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}"}
    policies = Policies(identity=(compiled(statement, version="2008-10-17"),))
    context = {"aws:username": "bob"}
    assert not evaluate(ask("s3:GetObject", "arn:aws:s3:::home/bob", context), policies).allowed
    assert evaluate(ask("s3:GetObject", "arn:aws:s3:::home/${aws:username}", context), policies).allowed


def test_actions_beyond_what_is_remembered(compiled: Any, ask: Any) -> None:
    """A flood of made-up actions neither grows the memory without end nor changes an answer."""
    made = compiled(SEND)
    policies = Policies(identity=(made,))
    for number in range(5000):
        assert not evaluate(ask(f"sqs:Made{number}"), policies).allowed
    assert evaluate(ask("SQS:sendmessage", QUEUE), policies).allowed
    assert len(made._known) < 5000
