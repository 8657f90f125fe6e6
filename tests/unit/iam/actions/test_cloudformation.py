"""CloudFormation: stacks by name and id, change sets, what a call reads from S3, and roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
HEAD = "arn:aws:cloudformation:eu-west-1:111122223333"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
FOREIGN = f"arn:aws:cloudformation:us-east-1:000000000000:stack/prod/{ID}"
CHANGE_SET = f"arn:aws:cloudformation:us-east-1:000000000000:changeSet/c/{ID}"
ADMIN = "arn:aws:iam::000000000000:role/admin"
STACK = "arn:aws:cloudformation:::stack/test-s/*"


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("test-s", f"{HEAD}:stack/test-s/*"),
        (f"{HEAD}:stack/test-s/{ID}", f"{HEAD}:stack/test-s/{ID}"),
        (FOREIGN, FOREIGN),
    ],
)
@pytest.mark.parametrize("operation", ["DeleteStack", "DescribeStacks", "UpdateStack", "DescribeStackResources"])
def test_a_stack_by_name_and_by_id(asked: Asked, operation: str, name: str, resource: str) -> None:
    (request,) = asked(f"cloudformation.{operation}", StackName=name)
    assert (request.action, request.resource) == (f"cloudformation:{operation}", resource)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "test-*",
        "test_s",
        "test-s/x",
        "-a",
        f"{HEAD}:stack/test-s",
        f"{HEAD}:stack/test-s/",
        f"{HEAD}:stack/test-s/*",
        f"{HEAD}:stack/*/{ID}",
        f"{HEAD}:stackset/test-s:{ID}",
        "arn:aws:sqs:eu-west-1:111122223333:q",
        "test-s\n",
        7,
    ],
)
@pytest.mark.parametrize(
    "operation", ["CreateStack", "DeleteStack", "DescribeStacks", "GetTemplate", "ExecuteChangeSet"]
)
def test_what_names_no_stack_is_refused(needs: Needs, operation: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"cloudformation.{operation}", StackName=name, ChangeSetName="c")


def test_all_stacks(needs: Needs) -> None:
    assert needs("cloudformation.DescribeStacks") == ["cloudformation:DescribeStacks *"]
    assert needs("cloudformation.DescribeStackResources", PhysicalResourceId="x") == [
        "cloudformation:DescribeStackResources arn:aws:cloudformation:::stack/*"
    ]
    assert needs("cloudformation.DescribeEvents", OperationId="x") == [
        "cloudformation:DescribeEvents arn:aws:cloudformation:::stack/*"
    ]
    with pytest.raises(Unresolvable):
        needs("cloudformation.DeleteStack")


def test_a_new_stack_with_everything(asked: Asked) -> None:
    topic = "arn:aws:sns:eu-west-1:000000000000:events"
    found = asked(
        "cloudformation.CreateStack",
        StackName="test-s",
        TemplateURL="https://prod.s3.eu-west-1.amazonaws.com/t.yaml",
        StackPolicyURL="https://s3.amazonaws.com/test-b/p.json?versionId=v1",
        RoleARN=ADMIN,
        NotificationARNs=[topic],
        ResourceTypes=["AWS::SQS::*"],
        Tags=[{"Key": "team", "Value": "a"}],
    )
    assert [(request.action, request.resource) for request in found] == [
        ("cloudformation:CreateStack", f"{HEAD}:stack/test-s/*"),
        ("s3:GetObject", "arn:aws:s3:::prod/t.yaml"),
        ("s3:GetObjectVersion", "arn:aws:s3:::test-b/p.json"),
        ("sns:Publish", topic),
        ("cloudformation:TagResource", f"{HEAD}:stack/test-s/*"),
        ("iam:PassRole", ADMIN),
    ]
    context = found[0].context
    assert context["cloudformation:templateurl"] == ("https://prod.s3.eu-west-1.amazonaws.com/t.yaml",)
    assert context["cloudformation:stackpolicyurl"] == ("https://s3.amazonaws.com/test-b/p.json?versionId=v1",)
    assert context["cloudformation:rolearn"] == (ADMIN,)
    assert context["cloudformation:resourcetypes"] == ("AWS::SQS::*",)
    assert context["aws:requesttag/team"] == ("a",)
    assert found[-1].context["iam:passedtoservice"] == ("cloudformation.amazonaws.com",)


@pytest.mark.parametrize(
    "operation",
    ["CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "RollbackStack", "ContinueUpdateRollback"],
)
def test_a_role_of_a_stack_is_passed(asked: Asked, operation: str) -> None:
    found = asked(f"cloudformation.{operation}", StackName="test-s", ChangeSetName="c", RoleARN=ADMIN)
    assert (found[-1].action, found[-1].resource) == ("iam:PassRole", ADMIN)
    with pytest.raises(Unresolvable):
        asked(f"cloudformation.{operation}", StackName="test-s", ChangeSetName="c", RoleARN="arn:aws:iam::*:role/x")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://s3.eu-west-1.amazonaws.com/b-1/a/t.yaml", "b-1/a/t.yaml"),
        ("https://s3-eu-west-1.amazonaws.com/b-1/t", "b-1/t"),
        ("https://s3.amazonaws.com/b-1/t", "b-1/t"),
        ("https://S3.AmazonAWS.com:443/b-1/t", "b-1/t"),
        ("https://s3.dualstack.eu-west-1.amazonaws.com/b-1/t", "b-1/t"),
        ("https://s3.cn-north-1.amazonaws.com.cn/b-1/t", "b-1/t"),
        ("https://s3-fips.us-gov-west-1.amazonaws.com/b-1/t", "b-1/t"),
        ("https://b-1.s3.eu-west-1.amazonaws.com/a/t", "b-1/a/t"),
        ("https://b.1.s3.dualstack.eu-west-1.amazonaws.com/t", "b.1/t"),
        ("https://b-1.s3-eu-west-1.amazonaws.com/t", "b-1/t"),
        ("https://b-1.s3.amazonaws.com/t", "b-1/t"),
        ("https://b-1.s3.amazonaws.com/a%20b%2Ft", "b-1/a b/t"),
        ("http://127.0.0.1:4566/b-1/t", "b-1/t"),
        ("http://localhost:4566/b-1/t", "b-1/t"),
        ("s3://b-1/a/t", "b-1/a/t"),
    ],
)
def test_an_object_by_its_url(needs: Needs, url: str, place: str) -> None:
    assert needs("cloudformation.ValidateTemplate", TemplateURL=url) == [
        "cloudformation:ValidateTemplate *",
        f"s3:GetObject arn:aws:s3:::{place}",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "*",
        "template.yaml",
        "file:///etc/passwd",
        "https://example.com/b/t",
        "https://s3.eu-west-1.amazonaws.com.example.com/b/t",
        "https://b-1.s3.eu-west-1.amazonaws.com",
        "https://b-1.s3.eu-west-1.amazonaws.com/",
        "https://s3.eu-west-1.amazonaws.com/b-1",
        "https://s3.eu-west-1.amazonaws.com/b-1/",
        "https://s3.eu-west-1.amazonaws.com//b-1/t",
        "https://s3.eu-west-1.amazonaws.com/b-1/../prod/t",
        "https://s3.eu-west-1.amazonaws.com/b-1/%2e%2e/prod/t",
        "https://s3.eu-west-1.amazonaws.com/%2Fprod/t",
        "https://s3.eu-west-1.amazonaws.com/b-1/t#x",
        "https://s3.eu-west-1.amazonaws.com/b-1/t?versionId=",
        "https://s3.eu-west-1.amazonaws.com/b-1/t?versionId=a&versionId=b",
        "https://s3.eu-west-1.amazonaws.com/b-1/t?X-Amz-Signature=a",
        "https://s3.eu-west-1.amazonaws.com/b-1/%ff",
        "https://s3.eu-west-1.amazonaws.com/b-1/t%0a",
        "https://s3.eu-west-1.amazonaws.com/b-1\\prod/t",
        "https://user@s3.eu-west-1.amazonaws.com/b-1/t",
        "https://s3.eu-west-1.amazonaws.com:444/b-1/t",
        "https://s3.eu-west-1.amazonaws.com/b*/t",
        "https://b-1.s3-website-eu-west-1.amazonaws.com/t",
        "https://b-1.s3-accesspoint.eu-west-1.amazonaws.com/t",
        "ssm-doc://arn:aws:ssm:eu-west-1:111122223333:document/x",
        7,
    ],
)
@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("CreateStack", "TemplateURL"),
        ("UpdateStack", "StackPolicyURL"),
        ("UpdateStack", "StackPolicyDuringUpdateURL"),
        ("CreateChangeSet", "TemplateURL"),
        ("SetStackPolicy", "StackPolicyURL"),
        ("GetTemplateSummary", "TemplateURL"),
        ("EstimateTemplateCost", "TemplateURL"),
    ],
)
def test_a_url_that_names_no_object_is_refused(needs: Needs, operation: str, member: str, url: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"cloudformation.{operation}", StackName="test-s", ChangeSetName="c", **{member: url})


@pytest.mark.parametrize("operation", ["ExecuteChangeSet", "DescribeChangeSet", "DeleteChangeSet", "GetTemplate"])
def test_a_change_set_that_an_arn_names_is_asked_for_itself(needs: Needs, operation: str) -> None:
    action = f"cloudformation:{operation}"
    assert needs(f"cloudformation.{operation}", StackName="test-s", ChangeSetName="c") == [f"{action} {STACK}"]
    assert needs(f"cloudformation.{operation}", StackName="test-s", ChangeSetName=CHANGE_SET) == [
        f"{action} {STACK}",
        f"{action} {CHANGE_SET}",
    ]
    assert needs(f"cloudformation.{operation}", ChangeSetName=CHANGE_SET) == [f"{action} {CHANGE_SET}"]
    for wrong in ("*", f"{CHANGE_SET}*", "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/*/x", "c/../d", ""):
        with pytest.raises(Unresolvable):
            needs(f"cloudformation.{operation}", StackName="test-s", ChangeSetName=wrong)
    with pytest.raises(Unresolvable):
        needs(f"cloudformation.{operation}", ChangeSetName="c")


def test_the_name_of_a_change_set_is_a_key(asked: Asked) -> None:
    found = asked("cloudformation.CreateChangeSet", StackName="test-s", ChangeSetName="c")
    assert found[0].context["cloudformation:changesetname"] == ("c",)


def test_stack_sets_and_their_targets(needs: Needs) -> None:
    targets = {"Accounts": ["000000000000", "111122223333"], "Regions": ["us-east-1"]}
    assert needs("cloudformation.CreateStackInstances", StackSetName="test-s", **targets) == [
        "cloudformation:CreateStackInstances arn:aws:cloudformation:::stackset/test-s:*",
        "cloudformation:CreateStackInstances arn:aws:cloudformation:::stackset-target/test-s:*/000000000000",
        "cloudformation:CreateStackInstances arn:aws:cloudformation:::stackset-target/test-s:*/111122223333",
    ]
    assert needs("cloudformation.DeleteStackSet", StackSetName=f"test-s:{ID}") == [
        f"cloudformation:DeleteStackSet arn:aws:cloudformation:::stackset/test-s:{ID}"
    ]
    assert needs(
        "cloudformation.CreateStackSet", StackSetName="test-s", StackId=FOREIGN, AdministrationRoleARN=ADMIN
    ) == [
        "cloudformation:CreateStackSet arn:aws:cloudformation:::stackset/test-s:*",
        f"cloudformation:GetTemplate {FOREIGN}",
        f"iam:PassRole {ADMIN}",
    ]
    for wrong in ("", "*", "test-s:*", FOREIGN):
        with pytest.raises(Unresolvable):
            needs("cloudformation.DescribeStackSet", StackSetName=wrong)


def test_stacks_that_are_imported_or_refactored(needs: Needs) -> None:
    assert needs("cloudformation.ImportStacksToStackSet", StackSetName="test-s", StackIds=[FOREIGN])[1:] == [
        f"cloudformation:GetTemplate {FOREIGN}"
    ]
    url = "https://prod.s3.eu-west-1.amazonaws.com/t"
    definitions = [{"StackName": "test-s"}, {"StackName": "prod", "TemplateURL": url}]
    assert needs("cloudformation.CreateStackRefactor", StackDefinitions=definitions) == [
        f"cloudformation:CreateStackRefactor {STACK}",
        "cloudformation:CreateStackRefactor arn:aws:cloudformation:::stack/prod/*",
        "s3:GetObject arn:aws:s3:::prod/t",
    ]


def test_a_type_is_registered_from_a_package(needs: Needs) -> None:
    assert needs("cloudformation.RegisterType", TypeName="A::B::C", SchemaHandlerPackage="s3://prod/p.zip") == [
        "cloudformation:RegisterType *",
        "s3:GetObject arn:aws:s3:::prod/p.zip",
    ]


def test_callbacks_need_nothing(needs: Needs) -> None:
    assert needs("cloudformation.Callback", kind="anonymous") == []
