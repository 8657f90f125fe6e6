"""Clients that know nothing of the stand-in: boto3 and the AWS CLI, in processes of their own, by real host names."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError
from tests.sandbox.standin.account import SOON, StandIn

PLAIN = """
import boto3, io, json
from botocore.config import Config

def client(name, **s3):
    return boto3.client(name, config=Config(retries={"total_max_attempts": 1}, s3=s3 or None))

found = {}
table = {"TableName": "si-t", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}
d = client("dynamodb")
d.create_table(**table)
d.put_item(TableName="si-t", Item={"k": {"S": "é/ü+ ~"}})
found["item"] = d.get_item(TableName="si-t", Key={"k": {"S": "é/ü+ ~"}})["Item"]["k"]["S"]
d.delete_table(TableName="si-t")

class Unseekable(io.RawIOBase):
    def __init__(self): self.left = [b"a" * 70000, b"b"]
    def readable(self): return True
    def read(self, size=-1): return self.left.pop(0) if self.left else b""

for style in ("path", "virtual"):
    s = client("s3", addressing_style=style)
    bucket, key = f"si-{style}", "a b/+~é=&?#.txt"
    s.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s.put_object(Bucket=bucket, Key=key, Body=b"x" * 10, Metadata={"two": "words  here"})
    found[style] = s.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    s.upload_fileobj(io.BytesIO(b"y" * 8_400_000), bucket, "parts")
    found[f"{style} parts"] = s.head_object(Bucket=bucket, Key="parts")["ContentLength"]
    s.put_object(Bucket=bucket, Key="stream", Body=Unseekable(), ContentLength=70001)
    found[f"{style} stream"] = s.head_object(Bucket=bucket, Key="stream")["ContentLength"]
    for each in s.list_objects_v2(Bucket=bucket)["Contents"]:
        s.delete_object(Bucket=bucket, Key=each["Key"])
    s.delete_bucket(Bucket=bucket)

found["who"] = client("sts").get_caller_identity()["Arn"]
found["admin"] = "admin" in [user["UserName"] for user in client("iam").list_users()["Users"]]
q = client("sqs")
url = found["queue"] = q.create_queue(QueueName="si-q")["QueueUrl"]
q.send_message(QueueUrl=url, MessageBody="hello")
found["message"] = q.receive_message(QueueUrl=url)["Messages"][0]["Body"]
q.delete_queue(QueueUrl=url)
print(json.dumps(found))
"""


def _run(standin: StandIn, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = standin.env(folder, AWS_PROFILE=standin.admin_profile)
    return subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def _python(standin: StandIn, folder: Path, text: str) -> Any:
    said = _run(standin, folder, sys.executable, "-c", text)
    assert said.returncode == 0, said.stderr + str([each for each in standin.front.seen if each.refused])
    return json.loads(said.stdout)


def test_boto3(standin: StandIn, tmp_path: Path) -> None:
    size = {
        f"{style} {what}": n for style in ("path", "virtual") for what, n in (("parts", 8_400_000), ("stream", 70001))
    }
    assert _python(standin, tmp_path, PLAIN) == {
        "item": "é/ü+ ~",
        "path": "x" * 10,
        "virtual": "x" * 10,
        **size,
        "who": "arn:aws:iam::111122223333:user/admin",
        "admin": True,
        "queue": "https://sqs.eu-west-1.amazonaws.com/111122223333/si-q",
        "message": "hello",
    }
    hosts = {each.host for each in standin.front.seen}
    assert {"s3.eu-west-1.amazonaws.com", "si-virtual.s3.eu-west-1.amazonaws.com", "iam.amazonaws.com"} <= hosts
    uploads = {each.operation for each in standin.front.calls("s3")}
    assert {"CreateMultipartUpload", "UploadPart", "CreateBucket", "PutObject", "ListObjectsV2"} <= uploads


@pytest.mark.needs("aws")
def test_the_aws_cli(standin: StandIn, tmp_path: Path) -> None:
    stacks = standin.admin_client("cloudformation")
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Url": {"Value": {"Ref": "Q"}}}}
    stacks.create_stack(StackName="si-cli", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="si-cli", WaiterConfig=SOON)
    look = ("--stack-name", "si-cli", "--query", "Stacks[0].Outputs[0].OutputValue", "--output", "text")
    said = _run(standin, tmp_path, "aws", "cloudformation", "describe-stacks", *look)
    assert said.stdout.startswith("https://sqs.eu-west-1.amazonaws.com/111122223333/si-cli-Q-"), said.stderr
    stacks.delete_stack(StackName="si-cli")


HANDLER = """
import boto3, json, urllib.request

def handler(event, context):
    if "ResponseURL" in event:
        answer = {"Status": "SUCCESS", "PhysicalResourceId": "it", "Data": {"Who": "function"},
                  **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}}
        request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
        urllib.request.urlopen(request)
    return {"arn": boto3.client("sts").get_caller_identity()["Arn"]}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


@pytest.fixture
def function(standin: StandIn) -> Iterator[str]:
    """The ARN of a function that calls AWS."""
    iam, functions = standin.admin_client("iam"), standin.admin_client("lambda")
    role = iam.create_role(RoleName="si-function", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", HANDLER)
    yield functions.create_function(
        FunctionName="si-f",
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )["FunctionArn"]
    functions.delete_function(FunctionName="si-f")
    iam.delete_role(RoleName="si-function")


def test_functions_call_aws(standin: StandIn, function: str) -> None:
    answer = standin.admin_client("lambda").invoke(FunctionName="si-f", Payload=b"{}")
    assert json.loads(answer["Payload"].read())["arn"].startswith("arn:aws:sts::111122223333:assumed-role/si-function/")
    assert [each.status for each in standin.front.seen if each.access_key_id.startswith("ASIA")] == [200]


def test_custom_resources_answer(standin: StandIn, function: str) -> None:
    stacks = standin.admin_client("cloudformation")
    template = {
        "Resources": {"C": {"Type": "Custom::It", "Properties": {"ServiceToken": function}}},
        "Outputs": {"Who": {"Value": {"Fn::GetAtt": ["C", "Who"]}}},
    }
    stacks.create_stack(StackName="si-custom", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="si-custom", WaiterConfig=SOON)
    outputs = stacks.describe_stacks(StackName="si-custom")["Stacks"][0]["Outputs"]
    assert [each["OutputValue"] for each in outputs] == ["function"]
    stacks.delete_stack(StackName="si-custom")
    stacks.get_waiter("stack_delete_complete").wait(StackName="si-custom", WaiterConfig=SOON)


ELSEWHERE = """
import asyncio, json, socket, ssl, urllib.request, uvloop
found = {}

def name(call):
    try:
        return repr(call())
    except BaseException as error:
        return type(error).__name__

async def connect(host):
    _, writer = await asyncio.open_connection(host, 443, ssl=ssl.create_default_context())
    writer.close()
    return "in"

found["metadata"] = name(lambda: socket.create_connection(("169.254.169.254", 80)))
found["literal"] = name(lambda: socket.socket().connect(("203.0.113.7", 80)))
found["name"] = name(lambda: urllib.request.urlopen("https://example.org/"))
found["uvloop"] = name(lambda: uvloop.run(connect("example.org")))
found["asyncio"] = name(lambda: asyncio.run(connect("example.org")))
found["aws by uvloop"] = uvloop.run(connect("lambda.eu-west-1.amazonaws.com"))
found["aws by asyncio"] = asyncio.run(connect("lambda.eu-west-1.amazonaws.com"))
print(json.dumps(found))
"""


def test_nothing_leaves_the_machine(standin: StandIn, tmp_path: Path) -> None:
    assert _python(standin, tmp_path, ELSEWHERE) == {
        "metadata": "ConnectionRefusedError",
        **dict.fromkeys(("literal", "name", "uvloop", "asyncio"), "LeftTheMachine"),
        **dict.fromkeys(("aws by uvloop", "aws by asyncio"), "in"),
    }
    told = standin.escapes.read_text(encoding="utf-8").splitlines()
    assert [line.partition(" ")[0] for line in told] == ["203.0.113.7", "example.org", "example.org", "example.org"]
    standin.escapes.unlink()


def test_hosts_that_aws_has_not_are_told(standin: StandIn) -> None:
    with pytest.raises(BotoCoreError):
        standin.client("sqs", standin.profiles["admin"], region="eu-nowhere-9").list_queues()
    assert set(standin.front.strangers) == {"sqs.eu-nowhere-9.amazonaws.com"}
    standin.front.strangers.clear()


def test_the_proxy_leads_nowhere_else(standin: StandIn) -> None:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", standin.front.proxy_port)
        writer.write(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 403 ")
    assert standin.front.strangers == ["example.org:443"]
    standin.front.strangers.clear()
