"""The document that follows from a sandbox: valid, right where an example on paper is wrong, and nothing outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources

import botocore.session
import pytest

from sandgate.config.identity import IDENTITY_READS
from sandgate.core.ids import worker_namespace
from sandgate.guard.sandbox import BY_ID, Sandbox, deployer_document, sandbox_document
from sandgate.guard.services import granted, service_names
from sandgate.iam.actions.table import mapped_services
from sandgate.iam.catalog import catalog, prefixes
from sandgate.iam.compile import compile_document
from sandgate.iam.document import Document, Statement, to_json
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.scope import outside, unscoped
from sandgate.iam.verdict import Policies

ACCOUNT, REGION = "111122223333", "eu-west-1"
HERE = f"{REGION}:{ACCOUNT}"
SHARED = Sandbox(account=ACCOUNT, region=REGION)
RUN = Sandbox(account=ACCOUNT, region=REGION, namespace="k3x9q2")
SEED = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "CreateTable",
        "DeleteItem",
        "DeleteTable",
        "DescribeTable",
        "GetItem",
        "PutItem",
    }
    | {"Query", "Scan", "UpdateItem"}
)
"""Of the twelve; ListTables is granted on `*`."""
TABLE = f"arn:aws:dynamodb:{HERE}:table"


def only(*services: str) -> Document:
    return sandbox_document(Sandbox(account=ACCOUNT, region=REGION, services=services))


def allowed(document: Document, action: str, resource: str = "*", **context: str) -> bool:
    request = AccessRequest(action=action, resource=resource, context={key: (value,) for key, value in context.items()})
    return evaluate(request, Policies(identity=(compile_document(document),))).allowed


def scopable(action: str) -> bool:
    prefix, _, name = action.partition(":")
    found = catalog(prefix).action(name)
    return found is None or bool(found.types)


@pytest.mark.parametrize(
    "sandbox", [SHARED, RUN, Sandbox(account=ACCOUNT, region=REGION, adopt=("orders", f"{TABLE}/x"))]
)
def test_the_document_is_one(sandbox: Sandbox) -> None:
    document = sandbox_document(sandbox)
    assert parse_document(to_json(document)).statements == document.statements
    deployer = deployer_document(sandbox, document)
    assert parse_document(to_json(deployer)).statements == deployer.statements


@pytest.mark.parametrize("mark", ["-", "_"])
def test_it_has_what_the_example_on_paper_has_and_what_that_lacks(mark: str) -> None:
    document = only("dynamodb")
    table = f"{TABLE}/test{mark}crud"
    more = ("UpdateTimeToLive", "DescribeTimeToLive", "TagResource", "UntagResource", "ListTagsOfResource")
    for name in (*SEED, *more):
        assert allowed(document, f"dynamodb:{name}", table), name
    assert allowed(document, "dynamodb:Query", f"{table}/index/by-day")
    assert allowed(document, "dynamodb:GetRecords", f"{table}/stream/2026-01-01T00:00:00.000")
    assert allowed(document, "dynamodb:ListTables")


@pytest.mark.parametrize(
    "table",
    [
        f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/test-crud",
        f"arn:aws:dynamodb:{REGION}:000000000000:table/test-crud",
        f"arn:aws-cn:dynamodb:{HERE}:table/test-crud",
        f"{TABLE}/crud",
        f"{TABLE}/testcrud",
        f"{TABLE}/Test-crud",
        f"{TABLE}/x/test-crud",
    ],
)
def test_account_region_and_prefix_are_pinned(table: str) -> None:
    assert not allowed(only("dynamodb"), "dynamodb:PutItem", table)


def test_one_service_brings_nothing_of_another_but_who_one_is() -> None:
    actions = {action for statement in only("dynamodb").statements for action in statement.actions}
    assert {action for action in actions if not action.startswith("dynamodb:")} == {*IDENTITY_READS}


@pytest.mark.parametrize(
    ("arn", "inside"),
    [
        ("arn:aws:s3:::test-uploads", True),
        ("arn:aws:s3:::test_uploads", False),
        (f"arn:aws:rds:{HERE}:db:test-x", True),
        (f"arn:aws:rds:{HERE}:db:test_x", False),
        (f"arn:aws:cloudformation:{HERE}:stack/test-x/1", True),
        (f"arn:aws:cloudformation:{HERE}:stack/test_x/1", False),
        (f"arn:aws:sqs:{HERE}:test_x", True),
        (f"arn:aws:ssm:{HERE}:parameter/test/db/url", True),
        (f"arn:aws:secretsmanager:{HERE}:secret:test/db-??????", True),
        (f"arn:aws:logs:{HERE}:log-group:/aws/lambda/test-f:log-stream:a", True),
        (f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f", False),
        (f"arn:aws:states:{HERE}:execution:test-m:1", True),
        (f"arn:aws:lambda:{HERE}:function:test-f:live", True),
        (f"arn:aws:iam::{ACCOUNT}:role/test-r", True),
        (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/test-r", False),
    ],
)
def test_names_follow_the_rules_of_their_service(arn: str, *, inside: bool) -> None:
    prefix = arn.split(":")[2]
    entry = granted()[prefix]
    action = "iam:PassRole" if prefix == "iam" else entry.inside_actions[0].replace("*", "Anything")
    assert allowed(sandbox_document(SHARED), action, arn) is inside


def named_patterns() -> Iterator[str]:
    """Every type of the catalogue with its first variable inside; written without the table under test."""
    for prefix in prefixes():
        for kind in catalog(prefix).types.values():
            for template in kind.arn.split(", "):
                filled = template.replace("${Partition}", "aws").replace("${Region}", REGION)
                head, found, _ = filled.replace("${Account}", ACCOUNT).partition("${")
                if found and re.search(r"[:/]$", head):
                    yield from (f"{head}test{mark}*" for mark in "-_/")
    for folder in ("/", "/aws/lambda/", "/aws/apigateway/", "/aws/vendedlogs/states/"):
        yield from (f"arn:aws:logs:{HERE}:log-group:{folder}test{mark}*" for mark in "-_/")
    yield from (f"arn:aws:scheduler:{HERE}:schedule/default/test{mark}*" for mark in "-_")


HARMLESS = {"ApigatewayCollections", "ElasticacheDefaults", "RdsDefaults", "LambdaMappings"}
LISTED = {"EcrUnscoped", "ElasticacheUnscoped", "RdsUnscoped"}
"""Statements whose reads may name something, and list everything where they do not."""


def test_nothing_is_granted_outside_but_what_has_no_name() -> None:
    document = sandbox_document(SHARED)
    findings = outside(document, inside=tuple(named_patterns()), scopable=scopable, literal_actions=False)
    plain = {(item.sid, item.value) for item in findings if not item.sid.endswith(BY_ID) and item.sid not in HARMLESS}
    # Its only type is one that metrics need not be in, or a listing without names is of all.
    assert plain == {(sid, "*") for sid in ("CloudwatchUnscoped", *LISTED)}
    hints = [item.hint for item in findings if item.sid == "CloudwatchUnscoped"]
    named = ("DescribeAlarms", "GetMetricData", "ListMetrics", "PutMetricData")
    assert hints == [f"grants {', '.join(f'cloudwatch:{name}' for name in named)} everywhere; name the resources"]
    listings = [item.hint for item in findings if item.sid in LISTED]
    actions = [action for hint in listings for action in re.findall(r"\w+:(\w+)", hint)]
    assert len(actions) >= len(listings) == len(LISTED)
    assert all(action.startswith("Describe") for action in actions), actions


def test_what_stands_on_everything_cannot_be_narrowed() -> None:
    document = sandbox_document(SHARED)
    listed = {item.sid for item in unscoped(document, scopable=scopable)}
    on_all = {statement.sid for statement in document.statements if statement.resources == ("*",)}
    assert on_all == listed
    reasons = {action: why for entry in granted().values() for action, why in entry.unscoped.items()}
    for statement in document.statements:
        for action in statement.actions if statement.sid.endswith("Unscoped") else ():
            prefix, _, name = action.partition(":")
            entry = catalog(prefix).action(name)
            assert entry is not None
            assert "Write" not in entry.level or reasons[action]


def test_ids_are_those_of_their_service() -> None:
    for statement in sandbox_document(SHARED).statements:
        if statement.sid.endswith(BY_ID):
            assert all(
                re.fullmatch(rf"arn:aws:[a-z0-9-]+:{REGION}:({ACCOUNT})?:\S+", arn) for arn in statement.resources
            )
            assert "*" not in statement.resources


@pytest.mark.parametrize(
    "action",
    [
        "s3:PutAccountPublicAccessBlock",
        "iam:UpdateAccountPasswordPolicy",
        "iam:CreateAccountAlias",
        "iam:CreateServiceLinkedRole",
        "iam:EnableOrganizationsRootSessions",
        "iam:CreateLoginProfile",
        "iam:GetAccountAuthorizationDetails",
        "sns:SetSMSAttributes",
        "dynamodb:PurchaseReservedCapacityOfferings",
        "ec2:ModifyVpcAttribute",
        "ec2:DescribeInstances",
        "cloudformation:ActivateOrganizationsAccess",
        "cloudformation:CreateStackSet",
        "logs:PutAccountPolicy",
        "logs:PutResourcePolicy",
        "ecr:PutRegistryPolicy",
        "kms:CreateCustomKeyStore",
        "events:PutPermission",
        "ssm:CreateActivation",
        "ssm:UpdateServiceSetting",
        "sts:GetServiceBearerToken",
        "tag:TagResources",
        "cognito-identity:GetCredentialsForIdentity",
        "organizations:LeaveOrganization",
        "account:CloseAccount",
    ],
)
def test_administration_is_never_granted(action: str) -> None:
    document = sandbox_document(SHARED)
    assert not allowed(document, action)
    assert not allowed(document, action, f"arn:aws:ssm:{HERE}:servicesetting/ssm/x")
    assert not allowed(document, action, f"arn:aws:ec2:{HERE}:vpc/vpc-1")


@pytest.mark.parametrize(
    ("policy", "may"),
    [
        (f"arn:aws:iam::{ACCOUNT}:policy/test-p", True),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", True),
        ("arn:aws:iam::aws:policy/AdministratorAccess", False),
        (f"arn:aws:iam::{ACCOUNT}:policy/admin", False),
        (f"arn:aws:iam::{ACCOUNT}:policy/service-role/AWSLambdaBasicExecutionRole", False),
    ],
)
def test_a_role_inside_gets_no_policy_from_outside(policy: str, *, may: bool) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/test-r"
    request = AccessRequest(action="iam:AttachRolePolicy", resource=role, context={"iam:policyarn": (policy,)})
    policies = Policies(identity=(compile_document(sandbox_document(SHARED)),))
    assert evaluate(request, policies).allowed is may


def test_a_mapping_feeds_a_function_inside() -> None:
    document = sandbox_document(SHARED)
    for name, may in (("test-f", True), ("f", False)):
        arn = f"arn:aws:lambda:{HERE}:function:{name}"
        found = AccessRequest(action="lambda:CreateEventSourceMapping", context={"lambda:functionarn": (arn,)})
        assert evaluate(found, Policies(identity=(compile_document(document),))).allowed is may


def test_a_run_keeps_to_its_namespace() -> None:
    document = sandbox_document(RUN)
    worker = worker_namespace("k3x9q2", "gw1")
    for name in ("test-k3x9q2-x", "test_k3x9q2_x", f"test-{worker}-x"):
        assert allowed(document, "dynamodb:PutItem", f"{TABLE}/{name}")
    for name in ("test-x", "test-k3x9q3-x", "test-k3x9q"):
        assert not allowed(document, "dynamodb:PutItem", f"{TABLE}/{name}")
    assert allowed(document, "s3:PutObject", "arn:aws:s3:::test-k3x9q2-artifacts/code.zip")
    assert allowed(document, "ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/test/k3x9q2/x")


def test_adopted_names_are_whole_names() -> None:
    sandbox = Sandbox(account=ACCOUNT, region=REGION, adopt=("orders", "/app/db"))
    document = sandbox_document(sandbox)
    for arn in (f"{TABLE}/orders", f"{TABLE}/orders/index/i", "arn:aws:s3:::orders", "arn:aws:s3:::orders/k"):
        assert allowed(document, f"{arn.split(':')[2]}:Anything", arn), arn
    for arn in (f"{TABLE}/orders2", "arn:aws:s3:::orders2", "arn:aws:s3:::orders2/k", f"{TABLE}/x-orders"):
        assert not allowed(document, f"{arn.split(':')[2]}:Anything", arn), arn
    assert allowed(document, "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:orders-a1B2c3")
    assert allowed(document, "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/app/db")
    assert allowed(document, "logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/app/db:log-stream:s")


def test_an_adopted_arn_brings_what_is_in_it_and_no_more_than_its_service_grants() -> None:
    api, role = f"arn:aws:apigateway:{REGION}::/restapis/a1", f"arn:aws:iam::{ACCOUNT}:role/app"
    document = sandbox_document(Sandbox(account=ACCOUNT, region=REGION, services=("sqs",), adopt=(api, role)))
    assert allowed(document, "apigateway:GET", f"{api}/resources/b")
    assert not allowed(document, "apigateway:GET", f"{api}b")
    assert allowed(document, "sts:AssumeRole", role)
    assert not allowed(document, "iam:AttachRolePolicy", role)


def test_the_deployer_has_stacks_artifacts_and_logs_beside() -> None:
    sandbox = Sandbox(account=ACCOUNT, region=REGION, namespace="k3x9q2", services=("dynamodb",))
    document = sandbox_document(sandbox)
    deployer = deployer_document(sandbox, document)
    stack = f"arn:aws:cloudformation:{HERE}:stack/test-k3x9q2-app/*"
    needs = [
        ("cloudformation:CreateStack", stack),
        ("cloudformation:ValidateTemplate", "*"),
        ("s3:PutObject", "arn:aws:s3:::test-k3x9q2-artifacts/code.zip"),
        ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/test-k3x9q2-f:log-stream:s"),
    ]
    for action, resource in needs:
        assert allowed(deployer, action, resource), action
        assert not allowed(document, action, resource), action
    for action, resource in (
        ("s3:PutObject", "arn:aws:s3:::test-k3x9q2-data/x"),
        ("cloudformation:CreateStack", f"arn:aws:cloudformation:{HERE}:stack/prod/*"),
        ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/test-k3x9q2-f"),
        ("sqs:SendMessage", f"arn:aws:sqs:{HERE}:test-k3x9q2-q"),
    ):
        assert not allowed(deployer, action, resource), action


def test_without_a_list_of_services_the_deployer_needs_nothing_more() -> None:
    document = sandbox_document(SHARED)
    assert deployer_document(SHARED, document) is document


def test_own_statements_come_last() -> None:
    own = Statement(effect="Allow", sid="Allow1", actions=("ses:SendEmail",), resources=("*",))
    document = sandbox_document(Sandbox(account=ACCOUNT, region=REGION, allow=(own,)))
    assert document.statements[-1] == own


# -- the table ---------------------------------------------------------------------------------------------------------

RAW = json.loads(resources.files("sandgate.guard").joinpath("data", "services.json").read_text())["prefixes"]


@pytest.mark.parametrize("prefix", sorted(RAW))
def test_the_table_names_what_iam_knows_and_gives_reasons(prefix: str) -> None:
    entry, known = RAW[prefix], catalog(prefix)
    assert prefix in prefixes()
    for key in ("inside_actions", "by_id_actions", "only_read", "also", "not_read"):
        for name in entry.get(key, ()):
            assert known.action(name), f"{key}: {name}"
    for key in ("also", "not_read"):
        assert all(len(reason) > 10 for reason in entry.get(key, {}).values())
    assert "only_read" not in entry or entry["only_read_reason"]
    for extra in entry.get("grants", ()):
        assert extra["reason"]
        for action in extra["actions"]:
            assert catalog(action.partition(":")[0]).action(action.partition(":")[2]), action


IN_A_FOLDER = ("log-group:/", "schedule/default/")
"""Names that stand deeper than the reference's template says."""


@pytest.mark.parametrize("prefix", sorted(RAW))
def test_patterns_begin_as_the_reference_has_them(prefix: str) -> None:
    place = {"p": "${Partition}", "r": "${Region}", "a": "${Account}"}
    known = {
        template[: found.start()]
        for other in (prefix, "iam", "sts")
        for kind in catalog(other).types.values()
        for template in kind.arn.split(", ")
        for found in re.finditer(r"\$\{", template)
    }
    entry = granted()[prefix]
    for arn in (*(named.arn for named in entry.inside), *(item.arn for item in entry.by_id)):
        head = re.sub(r"\{([pra])\}", lambda found: place[found[1]], re.split(r"\{(?:name|dash|path|any|id)\}", arn)[0])
        assert head in known or any(folder in head for folder in IN_A_FOLDER) or head.endswith("/tags/"), arn


def test_every_mapped_service_is_in_the_table() -> None:
    assert mapped_services() <= service_names()


def test_services_are_named_as_botocore_names_them() -> None:
    assert service_names() - {"execute-api"} <= set(botocore.session.get_session().get_available_services())
