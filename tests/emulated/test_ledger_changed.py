"""What a run changes of somebody else's is told, once for each operation; its own it may change as it likes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandgate import sweeping
from sandgate.ledger.book import NAME, read_state
from sandgate.run import Run

Clients = Callable[[str], Any]
SERVICES = ("cloudformation", "cognito-idp", "dynamodb", "iam", "kms", "lambda", "logs", "s3", "secretsmanager", "sqs")
ZIP = base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==")
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
ROLE = "test-their-role"
TABLE = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def ids(theirs: Clients) -> dict[str, str]:
    """What AWS named of theirs: a pool with a user in it, who signs in by an address, and a key."""
    pool = theirs("cognito-idp").create_user_pool(PoolName="theirs", UsernameAttributes=["email"])["UserPool"]["Id"]
    theirs("cognito-idp").admin_create_user(UserPoolId=pool, Username="they@x.example", MessageAction="SUPPRESS")
    key = theirs("kms").create_key()["KeyMetadata"]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = theirs("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    return {"pool": pool, "key": key["KeyId"], "key arn": key["Arn"], "role": role}


@pytest.fixture(scope="module")
def ours(world: Run, ids: dict[str, str], make_beside: Callable[..., Any]) -> Iterator[Run]:
    """The run."""
    pool = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{ids['pool']}"
    with make_beside(world, SERVICES, [pool, ids["key arn"]]) as run:
        yield run


@pytest.fixture
def clients(ours: Run) -> Iterator[Clients]:
    """Clients of the run, which owns nothing when a test begins."""
    yield ours.clients()
    assert sweeping.sweep(ours).left == ()


@pytest.fixture
def changed(ours: Run) -> Callable[[], list[tuple[str, str, str]]]:
    """What was changed since the test began: type, name, operation."""

    def read() -> list[tuple[str, str, str]]:
        ours.mark()
        found = read_state(ours.directory / NAME).findings
        return [(one.type, one.name, one.operation) for one in found if one.what == "changed"]

    before = len(read())
    return lambda: read()[before:]


def make(clients: Clients, who: str, role: str) -> str:
    """One of each kind; the URL of the queue."""
    clients("secretsmanager").create_secret(Name=f"test-{who}-secret", SecretString="old")
    clients("dynamodb").create_table(TableName=f"test-{who}-table", **TABLE)
    clients("dynamodb").put_item(TableName=f"test-{who}-table", Item={"pk": {"S": "a"}})
    clients("s3").create_bucket(Bucket=f"test-{who}-bucket")
    clients("lambda").create_function(
        FunctionName=f"test-{who}-function", Runtime="python3.12", Role=role, Handler="a.b", Code={"ZipFile": ZIP}
    )
    url: str = clients("sqs").create_queue(QueueName=f"test-{who}-queue")["QueueUrl"]
    return url


def change(clients: Clients, who: str, url: str) -> None:
    """Change all of them, by name and by ARN."""
    account = "us-east-1:000000000000"
    table, function = f"test-{who}-table", f"arn:aws:lambda:{account}:function:test-{who}-function"
    secret = clients("secretsmanager").describe_secret(SecretId=f"test-{who}-secret")["ARN"]
    clients("secretsmanager").put_secret_value(SecretId=f"test-{who}-secret", SecretString="new")
    clients("secretsmanager").put_secret_value(SecretId=secret, SecretString="newer")
    clients("secretsmanager").tag_resource(SecretId=secret, Tags=[{"Key": "k", "Value": "v"}])
    clients("dynamodb").update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"}
    )
    clients("dynamodb").execute_statement(Statement=f"UPDATE \"{table}\" SET v = 1 WHERE pk = 'a'")
    clients("s3").put_bucket_versioning(Bucket=f"test-{who}-bucket", VersioningConfiguration={"Status": "Enabled"})
    clients("lambda").update_function_configuration(FunctionName=function, Timeout=9)
    clients("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "9"})
    clients("sqs").purge_queue(QueueUrl=url)


def test_what_is_changed_of_theirs_is_told_once_for_each_operation(
    theirs: Clients, clients: Clients, ids: dict[str, str], changed: Callable[[], object]
) -> None:
    url = make(theirs, "their", ids["role"])
    missing = clients("secretsmanager").exceptions.ResourceNotFoundException
    with pytest.raises(missing):
        clients("secretsmanager").put_secret_value(SecretId="test-their-none", SecretString="new")
    change(clients, "their", url)
    clients("kms").update_key_description(KeyId=ids["key arn"], Description="ours")
    assert changed() == [
        ("secretsmanager-secret", "test-their-secret", "secretsmanager:PutSecretValue"),
        ("dynamodb-table", "test-their-table", "dynamodb:UpdateTimeToLive"),
        ("dynamodb-table", "test-their-table", "dynamodb:ExecuteStatement"),
        ("s3-bucket", "test-their-bucket", "s3:PutBucketVersioning"),
        ("lambda-function", "test-their-function", "lambda:UpdateFunctionConfiguration"),
        ("sqs-queue", "test-their-queue", "sqs:SetQueueAttributes"),
        ("kms-key", ids["key"], "kms:UpdateKeyDescription"),
    ]


def test_its_own_the_run_may_change(clients: Clients, ids: dict[str, str], changed: Callable[[], object]) -> None:
    change(clients, "our", make(clients, "our", ids["role"]))
    clients("kms").update_key_description(KeyId=clients("kms").create_key()["KeyMetadata"]["Arn"], Description="ours")
    assert changed() == []


def test_members_of_its_own_stack_too(clients: Clients, ours: Run, changed: Callable[[], object]) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "test-our-member"}}
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(StackName="test-our-stack", TemplateBody=json.dumps({"Resources": {"Queue": queue}}))
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName="test-our-stack", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
    url = clients("sqs").get_queue_url(QueueName="test-our-member")["QueueUrl"]
    clients("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "9"})
    cloudformation.update_termination_protection(StackName="test-our-stack", EnableTerminationProtection=False)
    assert changed() == []


def test_a_user_is_the_runs_own_under_the_address_too(
    clients: Clients, ids: dict[str, str], changed: Callable[[], object]
) -> None:
    """AWS chose the name, and tests go on with the address that they gave."""
    cognito, pool = clients("cognito-idp"), {"UserPoolId": ids["pool"]}
    cognito.admin_create_user(**pool, Username="We@x.example", MessageAction="SUPPRESS")
    for name in ("We@x.example", "they@x.example"):
        cognito.admin_set_user_password(**pool, Username=name, Password="Secret-12345!", Permanent=True)
    assert changed() == [("cognito-idp-user", f"{ids['pool']} they@x.example", "cognito-idp:AdminSetUserPassword")]
