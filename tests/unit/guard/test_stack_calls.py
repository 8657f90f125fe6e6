"""Calls that deploy templates: where the template is, what it was made from, and what a role makes good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandgate.core.call import Call, Decision
from sandgate.guard.fetching import MAX_PARTS
from sandgate.guard.guard import Guard
from sandgate.guard.stack_calls import StackCalls
from sandgate.guard.templates.grants import granted_outside, known_action

ACCOUNT, REGION = "111122223333", "eu-west-1"
NAME = "test-k3x9q2-app"
BUCKET = "test-k3x9q2-artifacts"
STACK_ARN = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{NAME}/0a1b2c3d"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/test-k3x9q2-deploys"


def table(name: object) -> str:
    return json.dumps({"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name}}}})


def nested(url: str) -> str:
    return json.dumps({"Resources": {"In": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}})


INSIDE = [
    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/test-k3x9q2*"},
    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/test-k3x9q2*"},
    {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
]
CLEAN, OUTSIDE = table(f"{NAME}-t"), table("prod")
UNKNOWN = table({"Fn::ImportValue": "x"})
PARAMETER = json.dumps({"Parameters": {"N": {"Type": "String"}}, **json.loads(table({"Ref": "N"}))})


class Lookups:
    """What upstream would answer."""

    def __init__(self) -> None:
        self.templates: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.objects: dict[tuple[str, str, str], str] = {}
        self.made: dict[str, str] = {}
        self.limit: object = None
        self.asked: list[str] = []

    async def template(self, stack: str, _region: str) -> bytes | None:
        found = self.templates.get(stack)
        return None if found is None else found.encode()

    async def parameters(self, _stack: str, _region: str) -> Mapping[str, str]:
        return self.values

    async def stored(self, bucket: str, key: str, version: str, _region: str) -> bytes | None:
        self.asked.append(f"{bucket}/{key}")
        found = self.objects.get((bucket, key, version))
        return None if found is None else found.encode()

    async def change_set(self, _stack: str, change_set: str, _region: str) -> str | None:
        return self.made.get(change_set)

    async def boundary(self, role: str) -> Mapping[str, object] | None:
        self.asked.append(role)
        return self.limit  # type: ignore[return-value]


class Subject:
    """The judge of template calls, and what it is told."""

    def __init__(self, guard: Guard, call: Callable[..., Call], *, acts_as_role: bool = False) -> None:
        self.lookups = Lookups()
        self._call = call
        self._judge = StackCalls(
            inside=guard.inside,
            grants_outside=granted_outside(guard.patterns),
            exceeds=guard.grants_outside,
            acts_as_role=acts_as_role,
            known_action=known_action,
            lookups=self.lookups,
            services=None,
            partition="aws",
            account=ACCOUNT,
            region=REGION,
        )

    def __call__(self, operation: str = "CreateStack", **members: Any) -> Decision:
        call = self._call(f"cloudformation:{operation}", **{"StackName": NAME, **members})
        assert self._judge.concerns(call)
        return asyncio.run(self._judge.judge(call))

    def put(self, key: str, text: str, version: str = "") -> str:
        """Store a template; its URL."""
        self.lookups.objects[BUCKET, key, version] = text
        return f"https://s3.{REGION}.amazonaws.com/{BUCKET}/{key}" + (f"?versionId={version}" if version else "")


@pytest.fixture
def judge(guard: Callable[..., Guard], call: Callable[..., Call]) -> Subject:
    return Subject(guard(), call)


@pytest.fixture
def bounded(guard: Callable[..., Guard], call: Callable[..., Call]) -> Subject:
    """On an upstream where CloudFormation acts with the role, whose boundary holds it inside."""
    subject = Subject(guard(), call, acts_as_role=True)
    subject.lookups.limit = {"Version": "2012-10-17", "Statement": INSIDE}
    return subject


def test_a_template_in_the_call(judge: Subject) -> None:
    assert judge(TemplateBody=CLEAN).allowed
    refused = judge(TemplateBody=OUTSIDE)
    assert (refused.rule, refused.value) == ("stack-template", "Resources.T.Properties.TableName: prod")


def test_a_stack_named_by_its_arn_is_the_same_stack(judge: Subject) -> None:
    own = table({"Fn::Sub": "${AWS::StackName}-t"})
    assert judge("UpdateStack", StackName=STACK_ARN, TemplateBody=own).allowed
    other = STACK_ARN.replace(NAME, "prod")
    assert not judge("UpdateStack", StackName=other, TemplateBody=own).allowed


@pytest.mark.parametrize("style", ["https://s3.amazonaws.com/{b}/{k}", "https://s3-eu-west-1.amazonaws.com/{b}/{k}",
                                   "https://{b}.s3.eu-west-1.amazonaws.com/{k}", "http://127.0.0.1:4566/{b}/{k}",
                                   "s3://{b}/{k}"])  # fmt: skip
def test_a_template_by_url(judge: Subject, style: str) -> None:
    url = style.format(b=BUCKET, k="a/b.yaml")
    judge.put("a/b.yaml", CLEAN)
    assert judge(TemplateURL=url).allowed
    judge.put("a/b.yaml", OUTSIDE)
    assert judge(TemplateURL=url).value == "Resources.T.Properties.TableName: prod"


def test_a_version_is_what_is_examined(judge: Subject) -> None:
    judge.put("a", CLEAN)
    assert not judge(TemplateURL=judge.put("a", OUTSIDE, "v1")).allowed


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/prod/a",
        "https://prod.s3.amazonaws.com/test-k3x9q2-artifacts/a",
        f"https://s3.amazonaws.com/{BUCKET}/../prod/a",
        f"https://s3.amazonaws.com/{BUCKET}/%61",
        f"https://s3.amazonaws.com/{BUCKET}%2Fa",
        f"https://example.org/{BUCKET}/a",
    ],
)
def test_a_template_elsewhere_is_refused_unread(judge: Subject, url: str) -> None:
    judge.put("a", CLEAN)
    assert not judge(TemplateURL=url).allowed
    refused = judge(TemplateBody=nested(url))
    assert (refused.allowed, refused.value.startswith("Resources.In.TemplateURL")) == (False, True)
    assert judge.lookups.asked == []


def test_a_template_that_is_not_there_is_refused(judge: Subject) -> None:
    refused = judge(TemplateURL=f"https://s3.amazonaws.com/{BUCKET}/gone")
    assert (refused.value, "cannot be read" in refused.source) == (f"s3://{BUCKET}/gone", True)


def test_nested_templates_are_read_level_by_level(judge: Subject) -> None:
    inner = judge.put("inner", CLEAN)
    outer = judge.put("outer", nested(inner))
    assert judge(TemplateBody=nested(outer)).allowed
    assert judge.lookups.asked == [f"{BUCKET}/outer", f"{BUCKET}/inner"]
    judge.put("inner", OUTSIDE)
    way = "Resources.In.TemplateURL > Resources.In.TemplateURL > Resources.T.Properties.TableName: prod"
    assert judge(TemplateBody=nested(outer)).value == way


@pytest.mark.parametrize("text", ["{", "a: [", "\x00", "- a", '{"a": "\\ue000T\\ue001"}', "x" * 1_048_577])
def test_a_nested_template_that_is_none_is_refused(judge: Subject, text: str) -> None:
    refused = judge(TemplateBody=nested(judge.put("inner", text)))
    assert (refused.allowed, refused.value) == (False, f"Resources.In.TemplateURL: s3://{BUCKET}/inner")


def test_no_more_than_so_many_parts_are_read(judge: Subject) -> None:
    inner = {"Type": "AWS::CloudFormation::Stack"}
    urls = [judge.put(f"n{n}", CLEAN.replace("-t", f"-{n}")) for n in range(MAX_PARTS + 1)]
    resources = {f"S{n}": {**inner, "Properties": {"TemplateURL": url}} for n, url in enumerate(urls)}
    refused = judge(TemplateBody=json.dumps({"Resources": resources}))
    assert "more than 50 parts" in refused.source
    assert len(judge.lookups.asked) == MAX_PARTS
    del resources["S0"]
    assert judge(TemplateBody=json.dumps({"Resources": resources})).allowed


def test_the_template_and_the_values_that_a_stack_has(judge: Subject) -> None:
    judge.lookups.templates[NAME] = PARAMETER
    previous = {"UsePreviousTemplate": True}
    assert not judge("UpdateStack", **previous).allowed
    given = [{"ParameterKey": "N", "ParameterValue": f"{NAME}-x"}]
    assert judge("UpdateStack", **previous, Parameters=given).allowed
    kept = [{"ParameterKey": "N", "UsePreviousValue": True}]
    judge.lookups.values = {"N": "prod"}
    assert "prod" in judge("UpdateStack", **previous, Parameters=kept).value
    judge.lookups.values = {"N": f"{NAME}-x"}
    assert judge("UpdateStack", **previous, Parameters=kept).allowed
    judge.lookups.values = {}
    assert not judge("UpdateStack", **previous, Parameters=kept).allowed
    judge.lookups.templates.clear()
    assert "cannot be read" in judge("UpdateStack", **previous).source


@pytest.mark.parametrize("operation", ["UpdateStack", "CreateChangeSet"])
@pytest.mark.parametrize(("now", "allowed"), [({"N": "prod"}, False), ({}, False), ({"N": f"{NAME}-x"}, True)])
def test_an_update_without_values_may_keep_those_of_the_stack(
    judge: Subject, operation: str, now: dict[str, str], allowed: bool
) -> None:
    template = json.loads(PARAMETER)
    template["Parameters"]["N"]["Default"] = f"{NAME}-x"
    body = json.dumps(template)
    assert judge(operation, ChangeSetName="c", TemplateBody=body).allowed
    judge.lookups.templates[NAME] = PARAMETER
    judge.lookups.values = now
    assert judge(operation, ChangeSetName="c", TemplateBody=body).allowed is allowed


@pytest.mark.parametrize("section", ["Parameters", "Mappings"])
def test_a_resource_must_not_take_the_name_of_what_the_stack_has(judge: Subject, section: str) -> None:
    body = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    judge.lookups.templates[NAME] = body
    assert judge("UpdateStack", TemplateBody=body).allowed
    before = {"Resources": {"R": {"Type": "AWS::SQS::Queue"}}, section: {"Q": {"Type": "String"}}}
    judge.lookups.templates[NAME] = json.dumps(before)
    assert "of this name" in judge("UpdateStack", TemplateBody=body).source


def test_a_value_that_no_parameter_takes_is_refused(judge: Subject) -> None:
    template = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    given = [{"ParameterKey": "N", "ParameterValue": "prod"}]
    assert judge(TemplateBody=template).allowed
    assert "no such parameter" in judge(TemplateBody=template, Parameters=given).source


def test_only_change_sets_of_examined_templates_are_executed(judge: Subject) -> None:
    assert not judge("ExecuteChangeSet", ChangeSetName="c").allowed
    assert not judge("CreateChangeSet", ChangeSetName="c", TemplateBody=OUTSIDE).allowed
    assert not judge("ExecuteChangeSet", ChangeSetName="c").allowed
    assert judge("CreateChangeSet", ChangeSetName="c", TemplateBody=CLEAN).allowed
    assert judge("ExecuteChangeSet", ChangeSetName="c").allowed
    assert judge("ExecuteChangeSet", ChangeSetName="c", StackName=STACK_ARN).allowed
    assert not judge("ExecuteChangeSet", ChangeSetName="c", StackName=f"{NAME}-2").allowed
    assert not judge("ExecuteChangeSet", ChangeSetName="c", region="us-east-1").allowed


def test_a_change_set_that_was_there_before_is_not_what_was_examined(judge: Subject) -> None:
    judge.lookups.made["c"] = NAME
    assert judge("CreateChangeSet", ChangeSetName="c", TemplateBody=CLEAN).allowed, "upstream says that it exists"
    assert not judge("ExecuteChangeSet", ChangeSetName="c").allowed


def test_an_arn_of_a_change_set_is_that_of_its_stack(judge: Subject) -> None:
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/c/0a1b2c3d"
    judge("CreateChangeSet", ChangeSetName="c", TemplateBody=CLEAN)
    assert not judge("ExecuteChangeSet", ChangeSetName=arn, StackName="").allowed
    judge.lookups.made[arn] = f"{NAME}-2"
    assert not judge("ExecuteChangeSet", ChangeSetName=arn).allowed, "another stack's change set of the same name"
    judge.lookups.made[arn] = NAME
    assert judge("ExecuteChangeSet", ChangeSetName=arn, StackName="").allowed


NOT_KNOWN = {
    "an import": UNKNOWN,
    "a macro": json.dumps({"Transform": "Mine", **json.loads(CLEAN)}),
    "a type": json.dumps({"Resources": {"M": {"Type": "My::Own::Thing::MODULE"}}}),
}


@pytest.mark.parametrize("case", NOT_KNOWN)
def test_a_bounded_role_makes_good_what_is_not_known(bounded: Subject, case: str) -> None:
    assert not bounded(TemplateBody=NOT_KNOWN[case]).allowed
    assert bounded(TemplateBody=NOT_KNOWN[case], RoleARN=ROLE).allowed
    assert bounded.lookups.asked == [ROLE]


def test_a_bounded_role_makes_nothing_good_that_is_known_to_be_wrong(bounded: Subject) -> None:
    assert not bounded(TemplateBody=OUTSIDE, RoleARN=ROLE).allowed
    both = json.loads(UNKNOWN)
    both["Resources"]["P"] = json.loads(OUTSIDE)["Resources"]["T"]
    assert not bounded(TemplateBody=json.dumps(both), RoleARN=ROLE).allowed
    assert not bounded(TemplateBody=nested("https://s3.amazonaws.com/prod/a"), RoleARN=ROLE).allowed
    assert bounded.lookups.asked == []


WIDE = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
OWN_ROLES = f"arn:aws:iam::{ACCOUNT}:role/test-k3x9q2-*"
BOUNDARIES: dict[str, object] = {
    "none": None,
    "everything": {"Version": "2012-10-17", "Statement": [WIDE]},
    "another region": {
        "Version": "2012-10-17",
        "Statement": {**INSIDE[0], "Resource": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/test-k3x9q2*"},
    },
    "all but": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]},
    "identities": {"Version": "2012-10-17", "Statement": [
        *INSIDE, {"Effect": "Allow", "Action": "iam:*", "Resource": OWN_ROLES},
    ]},
    "roles of its own with more rights": {"Version": "2012-10-17", "Statement": [
        *INSIDE, {"Effect": "Allow", "Action": ["iam:CreateRole", "iam:PutRolePolicy"], "Resource": OWN_ROLES},
    ]},
    "no policy": {"a": 1},
}  # fmt: skip


@pytest.mark.parametrize("case", BOUNDARIES)
def test_a_role_whose_boundary_reaches_outside_makes_nothing_good(bounded: Subject, case: str) -> None:
    bounded.lookups.limit = BOUNDARIES[case]
    assert not bounded(TemplateBody=UNKNOWN, RoleARN=ROLE).allowed
    assert bounded.lookups.asked == [ROLE]


def test_a_role_outside_makes_nothing_good(bounded: Subject) -> None:
    assert not bounded(TemplateBody=UNKNOWN, RoleARN=f"arn:aws:iam::{ACCOUNT}:role/admin").allowed
    assert bounded.lookups.asked == []


def test_a_role_makes_nothing_good_where_members_are_made_without_it(judge: Subject, bounded: Subject) -> None:
    judge.lookups.limit = bounded.lookups.limit
    assert not judge(TemplateBody=UNKNOWN, RoleARN=ROLE).allowed
    assert judge.lookups.asked == []
