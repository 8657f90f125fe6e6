"""`sandgate stack` inside a run: what it prints, what it leaves, and what it says about mistakes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandgate.cli.main import run as sandgate
from sandgate.run import Run
from sandgate.stacks.host import delete_stack

QUEUE = """Parameters:
  Wait: {Type: Number, Default: 5}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Wait}}
Outputs:
  Url: {Value: !Ref Queue}
  Name: {Value: !GetAtt Queue.QueueName}
"""
NO_FOLDER = """Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: nowhere, Handler: a.b, Runtime: python3.12}
"""


@pytest.fixture
def name(run: Run) -> Iterator[str]:
    made = f"test-{run.namespace}-{secrets.token_hex(3)}"
    yield made
    delete_stack(run, made)


@pytest.fixture
def command(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`command("deploy", ...)` runs `sandgate stack deploy ...` as a child of the run would, beside a template."""
    monkeypatch.setenv("SANDGATE_RUN_DIR", str(run.directory))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "template.yaml").write_text(QUEUE)
    return lambda *arguments: sandgate(["stack", *arguments])


def test_deploy_outputs_delete(
    command: Callable[..., int], name: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("deploy", "template.yaml", "--name", name, "--parameter", "Wait=7") == 0
    said = capsys.readouterr()
    outputs = dict(line.split("=", 1) for line in said.out.splitlines())
    assert outputs["Name"].startswith(name)
    assert "CREATE_COMPLETE Queue (AWS::SQS::Queue)" in said.err.splitlines()
    attributes = run.clients()("sqs").get_queue_attributes(QueueUrl=outputs["Url"], AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "7"

    assert command("outputs", name, "--json") == 0
    assert json.loads(capsys.readouterr().out) == outputs
    assert command("outputs", name) == 0
    assert dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines()) == outputs

    assert command("delete", name) == 0
    said = capsys.readouterr()
    assert said.out == f"deleted {name}\n"
    assert "DELETE_COMPLETE Queue (AWS::SQS::Queue)" in said.err
    assert command("delete", name) == 0
    assert capsys.readouterr().out == f"there was no stack {name}\n"


def test_the_artifact_bucket_is_noted_before_it_is_made(
    command: Callable[..., int], name: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context): return 1\n")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Handler: app.handler, Runtime: python3.12}\n"
    )
    assert command("deploy", "template.yaml", "--name", name) == 0
    assert (run.directory / "artifacts").exists()
    listed = run.clients()("s3").list_objects_v2(Bucket=run.artifact_bucket)["Contents"]
    assert all(item["Key"].startswith(f"{run.namespace}/") for item in listed)


MISTAKES = {
    "syntax": ("Resources:\n  A: [\n", (), "template.yaml:3:1"),
    "reference": ("Resources:\n  A: {Type: T, DependsOn: Gone}\n", (), "'Gone'"),
    "unknown parameter": (QUEUE, ("--parameter", "Wiat=1"), "'Wait'"),
    "no folder": (NO_FOLDER, (), "Resources.Fn.Properties.CodeUri"),
    "failing resource": (
        "Resources: {A: {Type: AWS::SQS::Queue}}\nOutputs: {X: {Value: !GetAtt A.Nope}}\n",
        (),
        "Requested attribute Nope",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_a_sentence_with_its_place(
    command: Callable[..., int], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    text, options, words = MISTAKES[case]
    (tmp_path / "template.yaml").write_text(text)
    assert command("deploy", "template.yaml", "--name", name, *options) == 5
    said = capsys.readouterr()
    assert (said.out, words in said.err, "Traceback" in said.err) == ("", True, False)


def test_a_name_outside_the_prefix_is_refused_with_a_better_one(
    command: Callable[..., int], run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("deploy", "template.yaml", "--name", "users") == 5
    assert f"test-{run.namespace}-users" in capsys.readouterr().err
    assert command("deploy", "template.yaml", "--name", "te_st") == 5
    assert "not a legal stack name" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--parameter", "hunter2"), ("--parameter", "A=1", "--parameter", "A=hunter2")])
def test_a_wrong_parameter_is_a_usage_error_that_keeps_the_value(
    command: Callable[..., int], name: str, capsys: pytest.CaptureFixture[str], option: tuple[str, ...]
) -> None:
    assert command("deploy", "template.yaml", "--name", name, *option) == 2
    assert "hunter2" not in capsys.readouterr().err


def test_outside_a_run_it_says_how_to_be_inside(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SANDGATE_RUN_DIR")
    assert command("outputs", "test-x") == 2
    assert "sandgate run -- COMMAND" in capsys.readouterr().err
