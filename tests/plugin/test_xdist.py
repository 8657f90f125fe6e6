"""Parallel workers: one gate, one emulator, one deployment; keys, ports and namespaces of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

CONFTEST = """
    import boto3, json, os, pathlib
    name = os.environ.get("PYTEST_XDIST_WORKER", "main")
    names = ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "SANDGATE_NAMESPACE", "SANDGATE_WORKER", "SANDGATE_RUN_DIR")
    seen = {name: os.environ.get(name, "") for name in names}
    pathlib.Path(f"saw-{name}.json").write_text(json.dumps(seen))

    def pytest_collection_finish():
        pathlib.Path(f"ready-{name}").touch()
"""
TESTS = """
    import os, pathlib, pytest, time

    def test_crashes(aws):
        aws.client("sts").get_caller_identity()
        os._exit(9)

    @pytest.mark.parametrize("number", range(24))
    def test_it(number, stack, aws, namespace, eventually):
        eventually(pathlib.Path("ready-gw2").exists, message="a worker in the dead one's place")
        aws.client("sqs").send_message(QueueUrl=stack["Url"], MessageBody=namespace.id)
        assert stack.physical_id("Queue") and stack.name
        time.sleep(0.1)
"""
TEMPLATE = """
    Resources:
      Queue:
        Type: AWS::SQS::Queue
    Outputs:
      Url:
        Value: !Ref Queue
"""


@pytest.fixture(scope="module")
def ran(new_project: Callable[[], Any]) -> tuple[Any, Any]:
    """A project, and its one run with two workers, of which one dies."""
    project = new_project().write(
        {
            "pyproject.toml": '[tool.sandgate.stacks.jobs]\ntemplate = "t.yaml"\n',
            "conftest.py": CONFTEST,
            "test_it.py": TESTS,
            "t.yaml": TEMPLATE,
        }
    )
    return project, project.pytest("-n", "2", "-v")


@pytest.fixture
def saw(ran: Any) -> Mapping[str, Mapping[str, str]]:
    project, done = ran
    found = {path.stem[4:]: json.loads(path.read_text()) for path in project.root.glob("saw-*.json")}
    assert set(found) == {"main", "gw0", "gw1", "gw2"}, done.out + done.err
    return found


def test_the_crash_is_one_failed_test(ran: Any) -> None:
    _, done = ran
    assert done.status == 1, done.out + done.err
    assert done.receipt["tests"] == {"failed": 1, "passed": 24}
    assert done.receipt["leftovers"] == []
    tests = [event["id"] for event in done.events("test")]
    assert len(tests) == len(set(tests)) == 25
    assert {event["worker"] for event in done.events("test")} <= {"gw0", "gw1", "gw2"}


def test_each_worker_has_key_port_and_namespace_before_its_conftest(ran: Any, saw: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "SANDGATE_NAMESPACE"):
        assert len({seen[name] for seen in saw.values()}) == len(saw)
    assert {seen["SANDGATE_RUN_DIR"] for seen in saw.values()} == {str(ran[1].run)}
    assert {worker: seen["SANDGATE_WORKER"] for worker, seen in saw.items()} == {worker: worker for worker in saw}
    run = saw["main"]["SANDGATE_NAMESPACE"]
    assert all(seen["SANDGATE_NAMESPACE"].startswith(run) for seen in saw.values())


def test_the_worker_in_a_dead_ones_place_works_too(ran: Any) -> None:
    workers = {event["worker"] for event in ran[1].events("call") if event["service"] == "sqs"}
    assert "gw2" in workers, ran[1].out


def test_calls_belong_to_the_test_and_worker_that_made_them(ran: Any) -> None:
    calls = [event for event in ran[1].events("call") if event["service"] in ("sqs", "sts")]
    tests = {event["id"]: event["worker"] for event in ran[1].events("test")}
    assert len([call for call in calls if call["operation"] == "SendMessage"]) == 24
    assert {call["test"]: call["worker"] for call in calls if call.get("test")} == tests


def test_the_stack_is_deployed_once_and_removed_once(ran: Any) -> None:
    calls = [event for event in ran[1].events("call") if event["service"] == "cloudformation"]
    done = [call["operation"] for call in calls]
    assert (done.count("CreateStack"), done.count("DeleteStack")) == (1, 1)
    assert {call["principal"] for call in calls} == {"deployer"}


API = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Function:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: index.handler
          InlineCode: "def handler(event, context): return {'statusCode': 200, 'body': 'here'}"
          Events:
            A: {Type: Api, Properties: {Path: /x, Method: get, RestApiId: !Ref Api}}
      Api:
        Type: AWS::Serverless::Api
        Properties: {StageName: live}
    Outputs:
      APIEndpoint: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live"}
"""
API_TESTS = """
    import os, pathlib, pytest, requests

    @pytest.mark.parametrize("number", range(8))
    def test_it(number, api, stack, aws, eventually):
        for worker in ("gw0", "gw1"):
            pathlib.Path("at-" + os.environ["PYTEST_XDIST_WORKER"]).touch()
            eventually(pathlib.Path("at-" + worker).exists, message="both workers")
        found = aws.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]["Outputs"]
        assert {output["OutputKey"]: output["OutputValue"] for output in found} == stack.outputs
        assert stack["APIEndpoint"].startswith(os.environ["AWS_ENDPOINT_URL"] + "/")
        assert api.get("x").text == requests.get(stack["APIEndpoint"] + "/x", timeout=30).text == "here"
"""


def test_unsigned_calls_belong_to_their_test_too(project: Any) -> None:
    toml = '[tool.sandgate.stacks.app]\ntemplate = "t.yaml"\n'
    done = project.write({"pyproject.toml": toml, "t.yaml": API, "test_it.py": API_TESTS}).pytest("-n", "2")
    assert done.status == 0, done.out + done.err
    calls = [call for call in done.events("call") if call["service"] == "execute-api"]
    tests = {event["id"]: event["worker"] for event in done.events("test")}
    assert set(tests.values()) == {"gw0", "gw1"}
    assert sorted((call["test"], call["worker"]) for call in calls) == sorted([*tests.items()] * 2)
    assert done.receipt["calls_in_tests"] >= len(calls) == 16


def test_selection_is_known_to_the_controller(project: Any) -> None:
    project.write(
        {
            "pyproject.toml": '[tool.sandgate]\npaths = ["it"]\n',
            "unit/test_unit.py": "def test_unit(): pass\n",
            "it/test_it.py": "def test_it(): pass\n",
        }
    )
    assert project.pytest("-n", "2", "-k", "unit").status == 0
    done = project.pytest("-n", "2")
    assert done.status == 7, done.out + done.err
    assert done.events("selected")[0]["tests"] == 2
    assert [event.get("tests") for event in done.events("session")] == [None, 2]
