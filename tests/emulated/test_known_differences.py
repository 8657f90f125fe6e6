"""Every known difference between IAM and the emulator's own IAM, one by one, against the emulator itself.

Calls go straight to it, with the keys of users that have one document each: as it is written, and translated.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from sandgate.config.load import load
from sandgate.errors import PolicyError
from sandgate.guard.policy import load_policy
from sandgate.iam.compile import compile_document
from sandgate.iam.document import Document, to_json
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies
from sandgate.session import cache_directory
from sandgate.tiers._differences import differences, tables
from sandgate.tiers._model import Aim, TierContext, Upstream
from sandgate.tiers._translate import UNSEEN, translate
from sandgate.tiers.emulated import TIER

Clients = Callable[[str], Any]
ACCOUNT, REGION = "000000000000", "eu-west-1"
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
})  # fmt: skip
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Emulator(NamedTuple):
    """A running tier without a gate, reachable over TCP for boto3."""

    upstream: Upstream
    url: str

    def clients(self, key: str, secret: str) -> Clients:
        """boto3 clients with these keys."""
        session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)
        options = BotoConfig(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return lambda service: session.client(service, endpoint_url=self.url, config=options)

    def root(self, service: str) -> Any:
        """A client that may do everything."""
        return self.clients(ACCOUNT, "test")(service)

    def user(self, document: str) -> Clients:
        """Clients of a new user with one document."""
        name, iam = f"u{next(NUMBERS)}", self.root("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.clients(key["AccessKeyId"], key["SecretAccessKey"])


NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    root = tmp_path_factory.mktemp("run")
    (root / "pyproject.toml").write_text(f'[tool.sandgate]\nregion = "{REGION}"\nisolation = "prefix"\n')
    config = load(cwd=root, environ={}, overrides={})
    (root / "work").mkdir(mode=0o700)

    def policy_for(account: str) -> dict[str, Document]:
        policy = load_policy(config, account=account, namespace="")
        return {"identity": policy.document, "deployer": policy.deployer}

    context = TierContext(
        config=config,
        run_dir=root,
        work_dir=root / "work",
        cache_dir=cache_directory(config),
        gate_host="127.0.0.1",
        gate_port=4566,
        progress=lambda _text: None,
        policy_for=policy_for,
    )
    ready: queue.SimpleQueue[Emulator | BaseException] = queue.SimpleQueue()
    done: queue.SimpleQueue[None] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(context, ready, done)), daemon=True)
    thread.start()
    found = ready.get(timeout=60)
    if isinstance(found, BaseException):
        raise found
    yield found
    done.put(None)
    thread.join(timeout=120)


async def _serve(context: TierContext, ready: Any, done: Any) -> None:
    """Keep a tier, and a TCP port for boto3, which knows no unix sockets."""
    try:
        upstream = await TIER.start(context)
        server = await asyncio.start_server(
            _relay(upstream.target(Aim(service="sqs", signing_name="sqs", region=REGION)).unix), "127.0.0.1", 0
        )
    except BaseException as error:
        ready.put(error)
        raise
    ready.put(Emulator(upstream, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    await asyncio.to_thread(done.get)
    server.close()
    await upstream.stop()


def _relay(path: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True)

    return serve


def document(*statements: dict[str, Any]) -> Document:
    return parse_document({"Version": "2012-10-17", "Statement": list(statements)}, where="test")


def allow(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def translated(of: Document, user: str = "") -> str:
    return to_json(translate(of, variables={"aws:username": user} if user else {}))


def code_of(call: Callable[[], object]) -> str:
    """The error's code; empty where the call passes."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def refused(call: Callable[[], object]) -> bool:
    return code_of(call) in {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}


def differs(emulator: Emulator, of: Document, call: Callable[[Clients], object]) -> None:
    """Assert that the emulator refuses the call with the document, and lets it pass with the translated one."""
    plain, told = emulator.user(to_json(of)), emulator.user(translated(of))
    assert refused(lambda: call(plain))
    assert code_of(lambda: call(told)) == ""


def verdict(of: Document, action: str, resource: str) -> bool:
    return evaluate(AccessRequest(action=action, resource=resource), Policies(identity=(compile_document(of),))).allowed


@pytest.mark.parametrize("service", ["sqs", "sns", "kms"])
def test_literal_name(emulator: Emulator, service: str) -> None:
    if service == "sqs":
        url = emulator.root("sqs").create_queue(QueueName="literal")["QueueUrl"]
        of = document(allow("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:literal"))
        entries = [{"Id": "1", "MessageBody": "x"}]
        differs(emulator, of, lambda as_: as_("sqs").send_message_batch(QueueUrl=url, Entries=entries))
    elif service == "sns":
        topic = emulator.root("sns").create_topic(Name="literal")["TopicArn"]
        messages = [{"Id": "1", "Message": "x"}]
        of = document(allow("sns:Publish", topic))
        differs(emulator, of, lambda as_: as_("sns").publish_batch(TopicArn=topic, PublishBatchRequestEntries=messages))
    else:
        root = emulator.root("kms")
        old, new = (root.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
        blob = root.encrypt(KeyId=old, Plaintext=b"x")["CiphertextBlob"]
        of = document(allow("kms:ReEncryptFrom", old), allow("kms:ReEncryptTo", new))
        differs(emulator, of, lambda as_: as_("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=new))
        again = root.re_encrypt(CiphertextBlob=blob, DestinationKeyId=new)
        assert (again["SourceKeyId"], again["KeyId"]) == (old, new)
        assert root.decrypt(CiphertextBlob=again["CiphertextBlob"], KeyId=new)["Plaintext"] == b"x"


def test_no_resource(emulator: Emulator) -> None:
    emulator.root("dynamodb").create_table(TableName="unseen", **TABLE)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/unseen"
    of = document(allow("dynamodb:PartiQLSelect", arn))
    differs(emulator, of, lambda as_: as_("dynamodb").execute_statement(Statement='SELECT * FROM "unseen"'))
    statements = [{"Statement": """SELECT * FROM "unseen" WHERE id = 'a'"""}]
    differs(emulator, of, lambda as_: as_("dynamodb").batch_execute_statement(Statements=statements))
    differs(emulator, of, lambda as_: as_("dynamodb").execute_transaction(TransactStatements=statements))
    of = document(allow("dynamodb:TagResource", arn))
    differs(emulator, of, lambda as_: as_("dynamodb").tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}]))


def test_what_stands_for_no_resource_fits_no_arn(emulator: Emulator) -> None:
    """The same action stays closed for every call that names what it works on."""
    url = emulator.root("sqs").create_queue(QueueName="other")["QueueUrl"]
    raw = {"Version": "2012-10-17", "Statement": allow("sqs:*", UNSEEN)}
    as_ = emulator.user(json.dumps(raw))
    assert refused(lambda: as_("sqs").send_message(QueueUrl=url, MessageBody="x"))
    assert code_of(lambda: as_("sqs").list_queues()) == ""


@pytest.mark.parametrize("service", ["events", "lambda", "secretsmanager"])
def test_other_resource(emulator: Emulator, service: str) -> None:
    if service == "events":
        of = document(allow("events:CreateEventBus", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/moved"))
        differs(emulator, of, lambda as_: as_("events").create_event_bus(Name="moved"))
    elif service == "lambda":
        # There is no such function: what is asked comes before that is found.
        of = document(allow("lambda:GetPolicy", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:moved:live"))
        plain, told = emulator.user(to_json(of)), emulator.user(translated(of))
        assert refused(lambda: plain("lambda").get_policy(FunctionName="moved", Qualifier="live"))
        assert code_of(lambda: told("lambda").get_policy(FunctionName="moved", Qualifier="live")) == (
            "ResourceNotFoundException"
        )
        assert refused(lambda: told("lambda").get_policy(FunctionName="else"))
    else:
        of = document(
            allow("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:moved-??????")
        )
        differs(emulator, of, lambda as_: as_("secretsmanager").create_secret(Name="moved", SecretString="x"))


def test_needs_none(emulator: Emulator) -> None:
    of = document(allow("cognito-idp:ListUserPools", "*"))
    plain, told = emulator.user(to_json(of)), emulator.user(translated(of))

    def call(as_: Clients) -> str:
        client = as_("cognito-idp")
        # boto3 signs no such call; a client that does must not be refused for it.
        client.meta.events.register_first("choose-signer.cognito-idp.GetUser", lambda **_: "v4")
        return code_of(lambda: client.get_user(AccessToken="x"))

    assert call(plain) == "AccessDeniedException"
    assert call(told) == "NotAuthorizedException"


def test_variables(emulator: Emulator) -> None:
    of = document(allow("sqs:CreateQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:${{aws:username}}-*"))
    plain = emulator.user(to_json(of))
    name = f"u{next(NUMBERS) + 1}"
    told = emulator.user(translated(of, name))
    assert refused(lambda: plain("sqs").create_queue(QueueName=f"{name}-a"))
    assert told("sts").get_caller_identity()["Arn"].endswith(f"/{name}")
    assert code_of(lambda: told("sqs").create_queue(QueueName=f"{name}-a")) == ""
    assert refused(lambda: told("sqs").create_queue(QueueName="somebody-a"))


def test_unknown_key(emulator: Emulator) -> None:
    emulator.root("iam").create_role(RoleName="keyed", AssumeRolePolicyDocument=TRUST)
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    condition = {"ArnEquals": {"iam:PolicyARN": managed}}
    of = document(allow("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/keyed", Condition=condition))
    differs(emulator, of, lambda as_: as_("iam").attach_role_policy(RoleName="keyed", PolicyArn=managed))


def test_deny_all_but(emulator: Emulator) -> None:
    arn = emulator.root("dynamodb").create_table(TableName="but", **TABLE)["TableDescription"]["TableArn"]
    of = document(allow("*", "*"), {"Effect": "Deny", "Action": "dynamodb:*", "NotResource": arn})
    differs(emulator, of, lambda as_: as_("dynamodb").list_tags_of_resource(ResourceArn=arn))
    told = emulator.user(translated(of))
    assert refused(lambda: told("dynamodb").describe_table(TableName="else"))


def test_unknown_operator(emulator: Emulator) -> None:
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"StringSounds": {"aws:username": "u"}}}
    raw = {"Version": "2012-10-17", "Statement": [allow("*", "*"), deny]}
    as_ = emulator.user(json.dumps(raw))
    assert code_of(lambda: as_("sqs").list_queues()) == ""
    with pytest.raises(PolicyError):
        parse_document(raw, where="test")


def test_one_glob(emulator: Emulator) -> None:
    of = document(allow("logs:CreateLogGroup", "arn:aws:logs:*:log-group:glob"))
    told = emulator.user(translated(of))
    assert code_of(lambda: told("logs").create_log_group(logGroupName="glob")) == ""
    assert not verdict(of, "logs:CreateLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:glob")


def test_pass_role(emulator: Emulator) -> None:
    role = emulator.root("iam").create_role(RoleName="passed", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    of = document(allow("states:CreateStateMachine", "*"))
    definition = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
    told = emulator.user(translated(of))
    assert (
        code_of(lambda: told("stepfunctions").create_state_machine(name="p", definition=definition, roleArn=role)) == ""
    )
    assert not verdict(of, "iam:PassRole", role)


def test_unasked(emulator: Emulator) -> None:
    of = document(allow("sqs:ListQueues", "*"))
    as_ = emulator.user(translated(of))
    assert code_of(lambda: as_("lambda").list_code_signing_configs()) == ""
    assert not verdict(of, "lambda:ListCodeSigningConfigs", "*")


def test_every_kind_has_its_test() -> None:
    names = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert {one.code for one in differences()} <= names
    assert {one.version for one in differences()} == {tables().version}


def test_the_tables_are_of_the_version_that_runs(emulator: Emulator) -> None:
    assert dict(emulator.upstream.versions) == {"ministack": tables().version}


@pytest.fixture(scope="module")
def identity(emulator: Emulator) -> Clients:
    """With the keys that the gate holds, past the gate: the emulator is a judge of its own."""
    key = emulator.upstream.credential("identity", "sqs")
    return emulator.clients(key.access_key_id, key.secret_access_key)


@pytest.fixture(params=["emulator", "gate"])
def identity_or_gate(request: pytest.FixtureRequest) -> Clients:
    """The tests' identity, past the gate and through it."""
    found: Clients = request.getfixturevalue({"emulator": "identity", "gate": "clients"}[request.param])
    return found


def test_batches_inside_pass(identity_or_gate: Clients) -> None:
    sqs, sns, kms, table = (identity_or_gate(name) for name in ("sqs", "sns", "kms", "dynamodb"))
    url = sqs.create_queue(QueueName="test-batch")["QueueUrl"]
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    assert sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": handle}])["Successful"]
    topic = sns.create_topic(Name="test-batch")["TopicArn"]
    sent = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "x"}])
    assert sent["Successful"]
    old, new = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    blob = kms.encrypt(KeyId=old, Plaintext=b"x")["CiphertextBlob"]
    again = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=new)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=again, KeyId=new)["Plaintext"] == b"x"
    table.create_table(TableName="test-items", **TABLE)
    table.execute_statement(Statement="""INSERT INTO "test-items" VALUE {'id': 'a'}""")
    select = [{"Statement": """SELECT * FROM "test-items" WHERE id = 'a'"""}]
    assert table.batch_execute_statement(Statements=select)["Responses"][0]["Item"] == {"id": {"S": "a"}}
    assert table.execute_transaction(TransactStatements=select)["Responses"]
    put = [{"Put": {"TableName": "test-items", "Item": {"id": {"S": "b"}}}}]
    table.transact_write_items(TransactItems=put)
    assert table.scan(TableName="test-items")["Count"] == 2


def test_what_is_outside_is_refused_by_the_emulator_too(emulator: Emulator, identity: Clients) -> None:
    url = emulator.root("sqs").create_queue(QueueName="prod-batch")["QueueUrl"]
    topic = emulator.root("sns").create_topic(Name="prod-batch")["TopicArn"]
    put = [{"Put": {"TableName": "prod-items", "Item": {"id": {"S": "b"}}}}]
    entries = [{"Id": "1", "MessageBody": "x"}]
    calls: list[Callable[[], object]] = [
        lambda: identity("sqs").send_message_batch(QueueUrl=url, Entries=entries),
        lambda: identity("sqs").delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "x"}]),
        lambda: identity("sns").publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "x"}]),
        lambda: identity("dynamodb").transact_write_items(TransactItems=put),
        lambda: identity("dynamodb").put_item(TableName="prod-items", Item={"id": {"S": "b"}}),
        lambda: identity("s3").create_bucket(Bucket="prod-bucket"),
        lambda: identity("iam").create_user(UserName="prod-user"),
        lambda: identity("iam").create_account_alias(AccountAlias="prod"),
    ]
    assert [refused(call) for call in calls] == [True] * len(calls)
