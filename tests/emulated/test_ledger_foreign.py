"""What a run makes inside of what is somebody else's goes again, and what was there before stays byte for byte.

An emulator holds what is theirs; the run's gate stands before it on the tier `endpoints`, so that the emulator outlives
the run and nothing in it is the run's own by itself.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandgate import sweeping
from sandgate.ledger.book import NAME, read_state
from sandgate.ledger.state import Finding
from sandgate.run import Run

Clients = Callable[[str], Any]
SERVICES = (
    "cloudformation", "cognito-idp", "dynamodb", "events", "kinesis", "lambda", "logs", "s3", "sns", "sqs", "ssm",
)  # fmt: skip
CANARY = "canaryNeverWritten7f3a"
NUMBERS = itertools.count()
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
ZIP = base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==")
TABLE = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "B"},
        {"AttributeName": "n", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def pool(theirs: Clients) -> str:
    """Their pool, with a user; the run adopts it, since an id that AWS chose says nothing of whose it is."""
    made: str = theirs("cognito-idp").create_user_pool(PoolName="test-their-pool")["UserPool"]["Id"]
    theirs("cognito-idp").admin_create_user(UserPoolId=made, Username="their-user", MessageAction="SUPPRESS")
    return made


@pytest.fixture(scope="module")
def ours(world: Run, pool: str, make_beside: Callable[..., Any]) -> Iterator[Run]:
    """The run."""
    adopted = [f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}",
               "arn:aws:events:us-east-1:000000000000:event-bus/default"]  # fmt: skip
    with make_beside(world, SERVICES, adopted) as run:
        yield run


@pytest.fixture
def clients(ours: Run) -> Iterator[Clients]:
    """Clients of the run, which owns nothing when a test begins."""
    yield ours.clients()
    assert sweeping.sweep(ours).left == ()


@pytest.fixture
def findings(ours: Run) -> Callable[[], list[tuple[str, str, str]]]:
    """What was found since the test began: what, type and name."""

    def read() -> list[Finding]:
        ours.mark()  # what was answered is written by then
        return read_state(ours.directory / NAME).findings

    before = len(read())
    return lambda: [(one.what, one.type, one.name) for one in read()[before:]]


def alive(run: Run) -> list[tuple[str, str]]:
    """Types and names of what the ledger has."""
    run.mark()
    return sorted((entry.type, entry.name) for entry in read_state(run.directory / NAME).alive.values())


def swept(run: Run) -> int:
    """How many went, nothing being left."""
    done = sweeping.sweep(run)
    assert done.left == ()
    return len(done.removed)


# -- tables -----------------------------------------------------------------------------------------------------------


def item(pk: bytes, n: str, **more: str) -> dict[str, Any]:
    return {"pk": {"B": pk}, "n": {"N": n}, **{name: {"S": value} for name, value in more.items()}}


def rows(theirs: Clients, table: str) -> list[str]:
    found = [item for page in theirs("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
             for item in page["Items"]]  # fmt: skip
    return sorted(json.dumps(row, sort_keys=True, default=repr) for row in found)


@pytest.fixture
def table(theirs: Clients) -> Iterator[str]:
    """Their table, with items."""
    name = f"test-their-table-{next(NUMBERS)}"
    theirs("dynamodb").create_table(TableName=name, **TABLE)
    for number in range(12):
        theirs("dynamodb").put_item(TableName=name, Item=item(b"\xfftheirs", str(number), v="old"))
    yield name
    theirs("dynamodb").delete_table(TableName=name)


def test_a_table_with_their_items_is_as_it_was(
    theirs: Clients, clients: Clients, ours: Run, table: str, findings: Callable[[], object]
) -> None:
    before = rows(theirs, table)
    dynamodb = clients("dynamodb")
    value = {":v": {"S": "new"}}
    dynamodb.put_item(TableName=table, Item=item(b"\xff1", "1.50", v="new"))
    dynamodb.put_item(TableName=table, Item=item(b"\xff1", "1.50", v="newer"))
    dynamodb.update_item(
        TableName=table, Key=item(b"2", "2"), UpdateExpression="SET v = :v", ExpressionAttributeValues=value
    )
    puts = [{"PutRequest": {"Item": item(b"3", str(number))}} for number in range(5)]
    dynamodb.batch_write_item(RequestItems={table: puts})
    update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": value}
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": item(b"4", "1")}},
            {"Update": {"TableName": table, "Key": item(b"4", "2"), **update}},
        ]
    )
    assert len(alive(ours)) == 9
    # What the tests take away themselves is gone.
    dynamodb.delete_item(TableName=table, Key=item(b"2", "2"))
    dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": item(b"3", "0")}}]})
    dynamodb.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": item(b"4", "1")}}])
    assert len(alive(ours)) == 6
    assert rows(theirs, table) != before
    assert swept(ours) == 6
    assert rows(theirs, table) == before
    assert findings() == []


def test_an_item_of_theirs_that_was_overwritten_is_told_and_stays(
    theirs: Clients, clients: Clients, ours: Run, table: str, findings: Callable[[], object]
) -> None:
    clients("dynamodb").put_item(TableName=table, Item=item(b"\xfftheirs", "3", v="ours"))
    with pytest.raises(clients("dynamodb").exceptions.ConditionalCheckFailedException):
        clients("dynamodb").put_item(
            TableName=table, Item=item(b"\xfftheirs", "4"), ConditionExpression="attribute_not_exists(pk)"
        )
    assert alive(ours) == []
    assert findings() == [
        ("overwritten", "dynamodb-item", f'{table} {{"n": {{"N": "3"}}, "pk": {{"B": "/3RoZWlycw=="}}}}')
    ]
    assert swept(ours) == 0
    assert len(rows(theirs, table)) == 12


def test_an_item_that_no_request_names_is_told(
    clients: Clients, theirs: Clients, table: str, findings: Callable[[], object]
) -> None:
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'n': ?}}"
    for number in ("1", "2"):
        clients("dynamodb").execute_statement(Statement=statement, Parameters=[{"B": b"p"}, {"N": number}])
    clients("dynamodb").execute_statement(Statement=f'SELECT * FROM "{table}" WHERE pk = ?', Parameters=[{"B": b"p"}])
    assert findings() == [("unnamed", "dynamodb-table", table)]
    assert len(rows(theirs, table)) == 14


def test_what_a_write_into_their_table_costs(world: Run, clients: Clients, table: str) -> None:
    """One look at the table's schema, and one at each new item; at what the run put there itself none."""

    def heard() -> list[str]:
        world.mark()
        events = (json.loads(line) for line in (world.directory / "events.jsonl").read_text().splitlines())
        return [event["operation"] for event in events if event["event"] == "call"]

    start = len(heard())
    for number in ("1", "2", "2"):
        clients("dynamodb").put_item(TableName=table, Item=item(b"cost", number))
    assert heard()[start:] == ["DescribeTable", "GetItem", "PutItem", "GetItem", "PutItem", "PutItem"]


# -- buckets ----------------------------------------------------------------------------------------------------------


def versions(theirs: Clients, bucket: str) -> list[object]:
    """Every version with its bytes, and every delete marker."""
    s3 = theirs("s3")
    page = s3.list_object_versions(Bucket=bucket)
    assert not page["IsTruncated"]
    found: list[object] = [
        (one["Key"], one["VersionId"], one["IsLatest"],
         s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read())
        for one in page.get("Versions", ())
    ]  # fmt: skip
    return [*found, *((one["Key"], one["VersionId"], one["IsLatest"]) for one in page.get("DeleteMarkers", ()))]


@pytest.fixture(params=["", "Enabled", "Suspended"])
def bucket(theirs: Clients, request: pytest.FixtureRequest) -> Iterator[str]:
    """Their bucket with objects; named after whether versions are kept."""
    status, s3 = request.param, theirs("s3")
    name = f"test-their-bucket-{status.lower()}x"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="their/first", Body=b"one")
    if status:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=name, Key="their/second", Body=b"two")
        s3.put_object(Bucket=name, Key="their/second", Body=b"two, anew")
        s3.put_object(Bucket=name, Key="their/gone", Body=b"three")
        s3.delete_object(Bucket=name, Key="their/gone")
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    yield name
    for one in (page := s3.list_object_versions(Bucket=name)).get("Versions", []) + page.get("DeleteMarkers", []):
        s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


def write_everything(s3: Any, bucket: str) -> None:
    """Objects by every way there is."""
    s3.put_object(Bucket=bucket, Key="new/a b+c", Body=b"1")
    s3.put_object(Bucket=bucket, Key="new/a b+c", Body=b"2")
    s3.copy_object(Bucket=bucket, Key="new/copied", CopySource={"Bucket": bucket, "Key": "new/a b+c"})
    upload = {"Bucket": bucket, "Key": "new/parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    tag = s3.upload_part(**upload, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    s3.create_multipart_upload(Bucket=bucket, Key="new/unfinished")
    post = s3.generate_presigned_post(bucket, "new/form")
    assert requests.post(post["url"], data=post["fields"], files={"file": b"form"}, timeout=60).ok
    s3.put_object(Bucket=bucket, Key="new/deleted", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="new/deleted")
    s3.delete_object(Bucket=bucket, Key="new/never")
    s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "new/never 1"}, {"Key": "new/<2>"}, {"Key": "new/copied"}]}
    )


def test_a_bucket_with_their_objects_is_as_it_was(
    theirs: Clients, clients: Clients, ours: Run, bucket: str, findings: Callable[[], object]
) -> None:
    before = versions(theirs, bucket)
    write_everything(clients("s3"), bucket)
    assert swept(ours) >= 4
    assert versions(theirs, bucket) == before
    assert theirs("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert findings() == []


def test_an_object_of_theirs_that_was_overwritten(
    theirs: Clients, clients: Clients, ours: Run, bucket: str, findings: Callable[[], object]
) -> None:
    """Where versions are kept, theirs is the current one again; elsewhere it is lost, which is told."""
    before = versions(theirs, bucket)
    clients("s3").put_object(Bucket=bucket, Key="their/first", Body=b"ours")
    if "enabled" in bucket:
        clients("s3").delete_object(Bucket=bucket, Key="their/second")
        assert swept(ours) == 2
        assert versions(theirs, bucket) == before
        assert findings() == []
    else:
        assert alive(ours) == []
        assert findings() == [("overwritten", "s3-object", f"their/first {bucket} null")]
        assert theirs("s3").get_object(Bucket=bucket, Key="their/first")["Body"].read() == b"ours"


# -- pools, parameters ------------------------------------------------------------------------------------------------


def test_users_of_their_pool_stay(theirs: Clients, clients: Clients, ours: Run, pool: str) -> None:
    cognito = theirs("cognito-idp")
    before = cognito.list_users(UserPoolId=pool)["Users"]
    allowed = clients("cognito-idp")
    allowed.admin_create_user(UserPoolId=pool, Username="our-user", MessageAction="SUPPRESS")
    assert alive(ours) == [("cognito-idp-user", f"{pool} our-user")]
    assert swept(ours) == 1
    assert cognito.list_users(UserPoolId=pool)["Users"] == before


def test_an_invitation_sent_again_makes_nobody(theirs: Clients, clients: Clients, ours: Run, pool: str) -> None:
    """AdminCreateUser with RESEND answers as if it had made the user, who is theirs."""
    cognito = theirs("cognito-idp")
    before = [user["Attributes"] for user in cognito.list_users(UserPoolId=pool)["Users"]]
    clients("cognito-idp").admin_create_user(UserPoolId=pool, Username="their-user", MessageAction="RESEND")
    assert alive(ours) == []
    assert swept(ours) == 0
    assert [user["Attributes"] for user in cognito.list_users(UserPoolId=pool)["Users"]] == before


def test_parameters_of_theirs_stay(
    theirs: Clients, clients: Clients, ours: Run, findings: Callable[[], object]
) -> None:
    ssm = theirs("ssm")
    for name in ("one", "two"):
        ssm.put_parameter(Name=f"/test/their/{name}", Value=name, Type="String")
    own = clients("ssm")
    own.put_parameter(Name="/test/their/three", Value="ours", Type="String")
    with pytest.raises(own.exceptions.ParameterAlreadyExists):
        own.put_parameter(Name="/test/their/one", Value="ours", Type="String")
    own.put_parameter(Name="/test/their/two", Value="ours", Type="String", Overwrite=True)
    assert alive(ours) == [("ssm-parameter", "/test/their/three")]
    assert findings() == [("overwritten", "ssm-parameter", "/test/their/two")]
    assert swept(ours) == 1
    found = ssm.get_parameters_by_path(Path="/test/their")["Parameters"]
    assert {one["Name"]: one["Value"] for one in found} == {"/test/their/one": "one", "/test/their/two": "ours"}


# -- messages ---------------------------------------------------------------------------------------------------------


def test_what_is_sent_to_theirs_is_told_once(
    theirs: Clients, clients: Clients, ours: Run, findings: Callable[[], object]
) -> None:
    """Each container and operation once, whoever deployed it; to the run's own queue anything may be sent."""
    url = theirs("sqs").create_queue(QueueName="test-their-queue")["QueueUrl"]
    topic = theirs("sns").create_topic(Name="test-their-topic")["TopicArn"]
    theirs("kinesis").create_stream(StreamName="test-their-stream", ShardCount=1)
    theirs("logs").create_log_group(logGroupName="/test/their")
    theirs("logs").create_log_stream(logGroupName="/test/their", logStreamName="s")
    own = clients("sqs").create_queue(QueueName="test-our-queue")["QueueUrl"]
    for _ in range(3):
        clients("sqs").send_message(QueueUrl=url, MessageBody="m")
        clients("sqs").send_message(QueueUrl=own, MessageBody="m")
        clients("sns").publish(TopicArn=topic, Message="m")
    clients("sqs").send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "m"}])
    event = {"Source": "test", "DetailType": "t", "Detail": "{}"}
    clients("events").put_events(Entries=[event, event])
    clients("kinesis").put_record(StreamName="test-their-stream", Data=b"d", PartitionKey="p")
    clients("logs").put_log_events(
        logGroupName="/test/their", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}]
    )
    with pytest.raises(clients("sqs").exceptions.QueueDoesNotExist):
        clients("sqs").send_message(QueueUrl=f"{url}-none", MessageBody="m")
    assert findings() == [
        ("sent", "sqs-queue", "test-their-queue"),
        ("sent", "sns-topic", "test-their-topic"),
        ("sent", "sqs-queue", "test-their-queue"),
        ("sent", "events-event-bus", "default"),
        ("sent", "kinesis-stream", "test-their-stream"),
        ("sent", "logs-log-group", "/test/their"),
    ]
    assert swept(ours) == 1


# -- what comes with something ----------------------------------------------------------------------------------------


def template(*, retained: bool) -> str:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "test-our-member", **TABLE}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "test-our-other"}}
    if retained:
        table["DeletionPolicy"] = "Retain"
    return json.dumps({"Resources": {"Table": table, "Queue": queue}})


@pytest.fixture
def deploy(ours: Run) -> Callable[[str], Any]:
    """`deploy(template)` makes the run's stack, and answers the client."""

    def make(text: str) -> Any:
        cloudformation = ours.clients()("cloudformation")
        cloudformation.create_stack(StackName="test-our-stack", TemplateBody=text)
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName="test-our-stack", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
        return cloudformation

    return make


def test_a_table_of_the_runs_own_stack_is_not_foreign(
    clients: Clients, ours: Run, deploy: Callable[[str], Any], findings: Callable[[], object]
) -> None:
    """Its items go with it; members go with their stack, and before it only what the stack retains."""
    deploy(template(retained=False))
    clients("dynamodb").put_item(TableName="test-our-member", Item=item(b"1", "1"))
    url = clients("sqs").get_queue_url(QueueName="test-our-other")["QueueUrl"]
    clients("sqs").send_message(QueueUrl=url, MessageBody="m")
    assert findings() == []
    assert alive(ours) == [
        ("cloudformation-stack", "test-our-stack"),
        ("dynamodb-table", "test-our-member"),
        ("sqs-queue", "test-our-other"),
    ]
    start = (ours.directory / "events.jsonl").stat().st_size
    assert swept(ours) >= 1
    with (ours.directory / "events.jsonl").open(encoding="utf-8") as log:
        log.seek(start)
        called = [json.loads(line).get("operation", "") for line in log]
    assert "DeleteStack" in called
    assert not {"DeleteTable", "DeleteQueue"} & set(called)


@pytest.mark.parametrize("by_the_test", [True, False])
def test_what_a_stack_retains_is_swept(
    clients: Clients, ours: Run, deploy: Callable[[str], Any], *, by_the_test: bool
) -> None:
    cloudformation = deploy(template(retained=True))
    if by_the_test:
        cloudformation.delete_stack(StackName="test-our-stack")
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName="test-our-stack", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
        assert clients("dynamodb").describe_table(TableName="test-our-member")["Table"]
    swept(ours)
    with pytest.raises(clients("dynamodb").exceptions.ResourceNotFoundException):
        clients("dynamodb").describe_table(TableName="test-our-member")


def test_the_log_group_of_a_function(theirs: Clients, clients: Clients, ours: Run) -> None:
    """It comes with the function and goes with it, unless it was there before."""
    role = theirs("iam").create_role(RoleName="test-their-role", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    theirs("logs").create_log_group(logGroupName="/aws/lambda/test-our-f1")
    for name in ("test-our-f1", "test-our-f"):  # the name of the one begins as that of the other
        clients("lambda").create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="a.b",
            Code={"ZipFile": ZIP},
        )  # fmt: skip
    assert alive(ours) == [
        ("lambda-function", "test-our-f"),
        ("lambda-function", "test-our-f1"),
        ("logs-log-group", "/aws/lambda/test-our-f"),
    ]
    theirs("logs").create_log_group(logGroupName="/aws/lambda/test-our-f")  # as the service would
    assert swept(ours) == 3
    found = theirs("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/test-our")["logGroups"]
    assert [one["logGroupName"] for one in found] == ["/aws/lambda/test-our-f1"]


def test_subscriptions_to_their_topic(theirs: Clients, clients: Clients, ours: Run) -> None:
    """The run's goes, with or without its queue; theirs stays, also when the run subscribes the same once more."""
    topic = theirs("sns").create_topic(Name="test-their-other")["TopicArn"]
    endpoints = [topic.replace(":sns:", ":sqs:").replace("their-other", name) for name in ("their-inbox", "our-inbox")]
    for number, owner in enumerate((theirs, clients)):
        owner("sqs").create_queue(QueueName=endpoints[number].rpartition(":")[2])
    theirs("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoints[0])
    before = theirs("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    for endpoint in endpoints:
        clients("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
    assert [kind for kind, _ in alive(ours)] == ["sns-subscription", "sqs-queue"]
    assert swept(ours) == 2
    assert theirs("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == before


def test_an_endpoint_with_a_password_is_written_nowhere(theirs: Clients, clients: Clients, ours: Run) -> None:
    """Two that differ in what is secret are two, and each goes."""
    topic = theirs("sns").create_topic(Name="test-their-hooks")["TopicArn"]
    for secret in ("one", "two"):
        endpoint = f"https://user:{CANARY}@hooks.example/{CANARY}-{secret}?key={CANARY}"
        clients("sns").subscribe(TopicArn=topic, Protocol="https", Endpoint=endpoint)
    names = [name for _, name in alive(ours)]
    assert len(set(names)) == 2
    assert all(name.startswith("test-their-hooks https https://hooks.example#") for name in names)
    assert swept(ours) == 2
    assert theirs("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    ours.mark()
    written = [path for path in ours.directory.iterdir() if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert written == []


def test_a_form_whose_key_the_server_completes(theirs: Clients, clients: Clients, ours: Run) -> None:
    """Nobody can name what it made, so it is told and stays."""
    theirs("s3").create_bucket(Bucket="test-their-forms")
    post = clients("s3").generate_presigned_post("test-their-forms", "f/${filename}")
    assert requests.post(post["url"], data=post["fields"], files={"file": ("a.bin", b"1")}, timeout=60).ok
    done = sweeping.sweep(ours)
    assert (done.removed, [one.entry.type for one in done.left]) == ((), ["s3-object"])
    for one in theirs("s3").list_objects_v2(Bucket="test-their-forms")["Contents"]:
        theirs("s3").delete_object(Bucket="test-their-forms", Key=one["Key"])


def test_what_a_sweep_of_items_costs(clients: Clients, ours: Run, table: str) -> None:
    """One call removes an item, and one proves that it is gone."""
    for number in range(3):
        clients("dynamodb").put_item(TableName=table, Item=item(b"cost", str(number)))
    start = (ours.directory / "events.jsonl").stat().st_size
    assert swept(ours) == 3
    with (ours.directory / "events.jsonl").open(encoding="utf-8") as log:
        log.seek(start)
        events = [json.loads(line) for line in log]
    assert sorted(event["operation"] for event in events if event["event"] == "call") == (
        ["DeleteItem"] * 3 + ["GetItem"] * 3
    )
