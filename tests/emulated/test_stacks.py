"""Stacks on the embedded emulator: packaged, deployed, called, updated, failing, deleted."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandgate.errors import StackError
from sandgate.stacks import logs
from sandgate.stacks.bucket import ArtifactBucket
from sandgate.stacks.build import BuildTarget
from sandgate.stacks.deploy import delete, deploy, describe
from sandgate.stacks.model import Clients, Stack, StackEvent
from sandgate.stacks.outputs import from_cloudformation, from_ssm
from sandgate.stacks.package import template_url
from sandgate.stacks.template import parse_template
from sandgate.stacks.up import up

QUEUE = """Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: %d}
Outputs: {Url: {Value: !Ref Queue}}
"""
HERE = BuildTarget(python=Path(sys.executable))


@pytest.fixture
def name(upstream_clients: Clients) -> Iterator[str]:
    """A stack name; what has it at the end is deleted."""
    made = f"test-{secrets.token_hex(3)}-stack"
    yield made
    functions = _functions(upstream_clients, made)
    delete(upstream_clients, made)
    logs.remove_groups(upstream_clients, functions)


def _functions(clients: Clients, name: str) -> tuple[str, ...]:
    try:
        return logs.functions(describe(clients, name))
    except StackError:
        return ()


@pytest.fixture
def bucket(upstream_clients: Clients) -> Iterator[ArtifactBucket]:
    made = ArtifactBucket(upstream_clients, f"test-{secrets.token_hex(3)}-artifacts", prefix="ns")
    yield made
    made.remove()


@pytest.fixture
def deploy_text(upstream_clients: Clients, name: str) -> Callable[..., Stack]:
    """`deploy_text(template_text)` deploys under the test's stack name."""

    def run(text: str, **options: Any) -> Stack:
        return deploy(upstream_clients, name=name, template=parse_template(text, Path("t.yaml")), **options)

    return run


@pytest.fixture
def functions_stack(
    upstream_clients: Clients, name: str, bucket: ArtifactBucket, checkout: Path, tmp_path: Path
) -> Callable[..., Stack]:
    """`functions_stack()` packages and deploys the template with the three functions."""

    def run(**options: Any) -> Stack:
        path = checkout / "tests" / "data" / "stacks" / "functions" / "template.yaml"
        defaults: dict[str, Any] = {"parameters": {"Greeting": "hello"}, "cache_dir": tmp_path / "cache"}
        return up(upstream_clients, path, name=name, bucket=bucket, target=HERE, **{**defaults, **options})

    return run


def test_local_code_runs_after_deployment(functions_stack: Callable[..., Stack], upstream_clients: Clients) -> None:
    events: list[StackEvent] = []
    stack = functions_stack(progress=events.append)
    answer = logs.invoke(upstream_clients, stack.outputs["Greeter"], {})
    assert answer.payload == {"statusCode": 200, "body": "hello!"}
    assert stack.physical_id("Table") == stack.outputs["Table"]
    assert (
        upstream_clients("dynamodb").describe_table(TableName=stack.outputs["Table"])["Table"]["TableStatus"]
        == "ACTIVE"
    )
    assert [event.status for event in events if event.logical_id == "Table"] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]
    assert events[-1].physical_id == stack.id
    assert from_cloudformation(upstream_clients, stack.name) == stack.outputs


def test_unchanged_code_is_not_uploaded_again(
    functions_stack: Callable[..., Stack], upstream_clients: Clients, bucket: ArtifactBucket
) -> None:
    def uploaded() -> dict[str, object]:
        listed = upstream_clients("s3").list_objects_v2(Bucket=bucket.name)["Contents"]
        return {item["Key"]: item["LastModified"] for item in listed}

    stack = functions_stack()
    before = uploaded()
    assert len(before) == 2, "three functions share one package, the layer is the other"
    again = functions_stack(parameters={"Greeting": "good evening"})
    assert uploaded() == before
    assert logs.invoke(upstream_clients, again.outputs["Greeter"]).payload["body"] == "good evening!"
    assert again.id == stack.id


def test_an_unchanged_stack_stays_as_it_is(functions_stack: Callable[..., Stack]) -> None:
    first = functions_stack()
    events: list[StackEvent] = []
    assert functions_stack(progress=events.append) == first
    assert events == []


def test_a_failing_function_shows_its_traceback(
    functions_stack: Callable[..., Stack], upstream_clients: Clients
) -> None:
    function = functions_stack().outputs["Failing"]
    assert logs.tail(upstream_clients, function) == ()
    answer = logs.invoke(upstream_clients, function, {})
    assert "a key that is not there" in answer.error
    for lines in (answer.log, logs.tail(upstream_clients, function)):
        text = "\n".join(lines)
        assert "looking for the key" in text
        assert "Traceback" in text
        assert "failing.py" in text
        assert "RequestId" not in text
    assert len(logs.tail(upstream_clients, function, lines=1)) == 1
    assert logs.tail(upstream_clients, function, since=4e9) == ()


def test_a_function_that_does_not_import_says_why(
    functions_stack: Callable[..., Stack], upstream_clients: Clients
) -> None:
    answer = logs.invoke(upstream_clients, functions_stack().outputs["Broken"], {})
    assert "No module named 'a_module_that_nobody_has'" in answer.error
    assert "Traceback" in "\n".join(answer.log)
    assert "Traceback" in "\n".join(logs.tail(upstream_clients, functions_stack().outputs["Broken"]))


def test_the_log_of_no_function(upstream_clients: Clients) -> None:
    with pytest.raises(StackError, match="there is no function"):
        logs.tail(upstream_clients, "test-no-such-function")
    with pytest.raises(StackError, match="cannot be invoked"):
        logs.invoke(upstream_clients, "test-no-such-function")


def test_log_groups_of_functions_are_removed(functions_stack: Callable[..., Stack], upstream_clients: Clients) -> None:
    stack = functions_stack()
    names = logs.functions(stack)
    assert set(names) == {stack.outputs[key] for key in ("Greeter", "Broken", "Failing")}
    logs.invoke(upstream_clients, stack.outputs["Greeter"])
    delete(upstream_clients, stack.name)
    assert logs.remove_groups(upstream_clients, names) == (f"/aws/lambda/{stack.outputs['Greeter']}",)
    assert logs.remove_groups(upstream_clients, names) == ()


def test_an_update_changes_what_the_template_changed(
    deploy_text: Callable[..., Stack], upstream_clients: Clients
) -> None:
    stack = deploy_text(QUEUE % 10)
    again = deploy_text(QUEUE % 20, tags={"owner": "tests"})
    assert again.outputs == stack.outputs
    attributes = upstream_clients("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["Url"], AttributeNames=["VisibilityTimeout"]
    )
    assert attributes["Attributes"] == {"VisibilityTimeout": "20"}


def test_deleting_is_complete_and_idempotent(deploy_text: Callable[..., Stack], upstream_clients: Clients) -> None:
    stack = deploy_text(QUEUE % 10)
    events: list[StackEvent] = []
    assert delete(upstream_clients, stack.name, progress=events.append) is True
    assert ("Queue", "DELETE_COMPLETE") in {(event.logical_id, event.status) for event in events}
    assert delete(upstream_clients, stack.name) is False
    with pytest.raises(StackError, match="does not exist"):
        describe(upstream_clients, stack.name)


FAILURES = {
    "unknown type": ("Resources: {A: {Type: AWS::Nope::Nope}}\n", "AWS::Nope::Nope"),
    "missing attribute": (
        "Resources: {A: {Type: AWS::SQS::Queue}}\nOutputs: {X: {Value: !GetAtt A.Nope}}\n",
        "Requested attribute Nope does not exist",
    ),
    "circle": (
        "Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}, B: {Type: AWS::SQS::Queue, DependsOn: A}}\n",
        "Circular dependency",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_gives_its_reason(deploy_text: Callable[..., Stack], case: str) -> None:
    text, reason = FAILURES[case]
    with pytest.raises(StackError, match=reason):
        deploy_text(text)


def test_a_missing_capability_is_named(deploy_text: Callable[..., Stack]) -> None:
    text = "Resources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}}\n"
    with pytest.raises(StackError, match=r"InsufficientCapabilities.*CAPABILITY_IAM"):
        deploy_text(text, capabilities=())


def test_a_taken_bucket_name_names_the_resource(deploy_text: Callable[..., Stack], bucket: ArtifactBucket) -> None:
    bucket(b"x", "x")
    text = f"Resources: {{Taken: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {bucket.name}}}}}}}\n"
    with pytest.raises(StackError, match=rf"Taken \(AWS::S3::Bucket\) failed: .*{bucket.name}.* already exists"):
        deploy_text(text)


def test_a_failed_stack_is_made_anew(deploy_text: Callable[..., Stack]) -> None:
    with pytest.raises(StackError):
        deploy_text(FAILURES["missing attribute"][0])
    assert deploy_text(QUEUE % 10).outputs["Url"]


def test_a_failed_update_keeps_the_old_stack(deploy_text: Callable[..., Stack], upstream_clients: Clients) -> None:
    stack = deploy_text(QUEUE % 10)
    with pytest.raises(StackError, match="Requested attribute Nope") as caught:
        deploy_text("Resources: {Queue: {Type: AWS::SQS::Queue}}\nOutputs: {X: {Value: !GetAtt Queue.Nope}}\n")
    assert "UPDATE_ROLLBACK_COMPLETE" in caught.value.where
    assert describe(upstream_clients, stack.name).outputs == stack.outputs


def test_a_left_over_review_is_replaced(
    deploy_text: Callable[..., Stack], upstream_clients: Clients, name: str
) -> None:
    upstream_clients("cloudformation").create_change_set(
        StackName=name, ChangeSetName="old", ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}',
    )  # fmt: skip
    assert deploy_text(QUEUE % 10).outputs["Url"]


def test_a_large_template_is_uploaded(deploy_text: Callable[..., Stack], bucket: ArtifactBucket) -> None:
    pad = {f"Q{n}": "{Type: AWS::SNS::Topic, Metadata: {Padding: " + "x" * 1500 + "}}" for n in range(40)}
    text = "Resources:\n" + "".join(f"  {key}: {value}\n" for key, value in pad.items())
    assert len(deploy_text(text, upload=bucket).resources) == 40


def test_a_nested_stack_shows_its_own_reason(deploy_text: Callable[..., Stack], bucket: ArtifactBucket) -> None:
    inner = {
        "Resources": {"Deep": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"X": {"Value": {"Fn::GetAtt": ["Deep", "Nope"]}}},
    }
    _, key = bucket(json.dumps(inner).encode(), "inner.json")
    url = template_url(bucket.name, key, bucket.region)
    text = f"Resources: {{In: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: '{url}'}}}}}}\n"
    with pytest.raises(StackError, match=r"failed: .*Nope"):
        deploy_text(text)


def test_the_artifact_bucket_is_made_once_and_removed_with_everything(
    upstream_clients: Clients, tmp_path: Path
) -> None:
    name = f"test-{secrets.token_hex(3)}-artifacts"
    intents: list[str] = []
    told: list[str] = []
    bucket = ArtifactBucket(
        upstream_clients, name, prefix="/ns/", progress=told.append, before_create=lambda: intents.append(name)
    )
    (tmp_path / "f").write_bytes(b"from a file")
    assert bucket(b"bytes", "a") == (name, "ns/a")
    assert bucket(tmp_path / "f", "b") == (name, "ns/b")
    assert bucket(b"bytes", "a") == (name, "ns/a")
    assert ArtifactBucket(upstream_clients, name)(b"other", "ns/a") == (name, "ns/a")
    s3 = upstream_clients("s3")
    assert s3.get_object(Bucket=name, Key="ns/b")["Body"].read() == b"from a file"
    assert s3.get_object(Bucket=name, Key="ns/a")["Body"].read() == b"bytes"
    assert (intents, sum("uploading" in line for line in told)) == ([name], 2)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="ns/a", Body=b"newer")
    s3.delete_object(Bucket=name, Key="ns/a")
    s3.create_multipart_upload(Bucket=name, Key="unfinished")
    bucket.remove()
    bucket.remove()
    assert name not in {item["Name"] for item in s3.list_buckets()["Buckets"]}


def test_outputs_from_the_parameter_store(upstream_clients: Clients) -> None:
    ssm = upstream_clients("ssm")
    path = f"/test/{secrets.token_hex(3)}/"
    for key in ("Url", "Table"):
        ssm.put_parameter(Name=path + key, Value=key.lower(), Type="SecureString")
    try:
        assert from_ssm(upstream_clients, path) == {"Url": "url", "Table": "table"}
        assert from_ssm(upstream_clients, f"{path}Url") == {"Url": "url"}
        with pytest.raises(StackError, match="does not exist"):
            from_ssm(upstream_clients, f"{path}Gone")
    finally:
        ssm.delete_parameters(Names=[path + "Url", path + "Table"])
