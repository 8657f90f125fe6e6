"""Addresses that need no key name the port of whoever asked, so that unsigned calls belong to a worker and its test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandgate.run import Run

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Callback: {Type: String, Default: none}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: test-ports
      Runtime: python3.13
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": "here"}
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        A: {Type: Api, Properties: {Path: /x, Method: get, RestApiId: !Ref Api}}
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: live}
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  Api: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live", Export: {Name: test-ports-api}}
  Callback: {Value: !Ref Callback}
  Queue: {Value: !Ref Queue}
"""
WORKERS = ("gw0", "gw1")


@pytest.fixture(scope="module")
def outputs(run: Run, upstream_clients: Any) -> Iterator[Callable[[str], dict[str, str]]]:
    """What the stack's outputs are for a worker, who asks through its own port."""
    cloudformation = upstream_clients("cloudformation")
    own = f"{run.facts('gw0').gate_url}/_aws/execute-api/abc123/live"
    cloudformation.create_stack(
        StackName="test-ports",
        TemplateBody=TEMPLATE,
        Parameters=[{"ParameterKey": "Callback", "ParameterValue": own}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="test-ports", WaiterConfig={"Delay": 1})

    def read(worker: str) -> dict[str, str]:
        (stack,) = run.clients(worker)("cloudformation").describe_stacks(StackName="test-ports")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    yield read
    cloudformation.delete_stack(StackName="test-ports")


def _last_call(run: Run, operation: str) -> dict[str, Any]:
    lines = (run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return dict([event for event in map(json.loads, lines) if event.get("operation") == operation][-1])


@pytest.mark.parametrize("worker", WORKERS)
def test_a_call_of_an_api_belongs_to_the_worker_that_read_the_address(run: Run, outputs: Any, worker: str) -> None:
    url = run.facts(worker).gate_url
    address = outputs(worker)["Api"]
    assert address.startswith(f"{url}/_aws/execute-api/")
    exports = run.clients(worker)("cloudformation").list_exports()["Exports"]
    assert [export["Value"] for export in exports if export["Name"] == "test-ports-api"] == [address]
    run.set_test(f"test_api[{worker}]", worker)
    assert requests.get(f"{address}/x", timeout=30).text == "here"
    call = _last_call(run, "Invoke")
    assert (call["principal"], call["worker"], call["test"]) == ("anonymous", worker, f"test_api[{worker}]")


@pytest.mark.parametrize("worker", WORKERS)
def test_a_call_of_a_function_url_belongs_to_the_worker_that_read_it(run: Run, outputs: Any, worker: str) -> None:
    assert outputs(worker)
    address = run.clients(worker)("lambda").get_function_url_config(FunctionName="test-ports")["FunctionUrl"]
    assert address.startswith(f"{run.facts(worker).gate_url}/_aws/lambda-url/")
    run.set_test(f"test_url[{worker}]", worker)
    assert requests.get(address, timeout=30).text == "here"
    call = _last_call(run, "InvokeFunctionUrl")
    assert (call["principal"], call["worker"], call["test"]) == ("anonymous", worker, f"test_url[{worker}]")


@pytest.mark.parametrize("worker", WORKERS)
def test_an_http_api_is_at_the_port_of_who_made_it(run: Run, worker: str) -> None:
    gateway = run.clients(worker)("apigatewayv2")
    made = gateway.create_api(Name=f"test-{worker}", ProtocolType="HTTP")
    try:
        assert made["ApiEndpoint"] == f"{run.facts(worker).gate_url}/_aws/execute-api/{made['ApiId']}"
        other = run.clients("main")("apigatewayv2").get_api(ApiId=made["ApiId"])
        assert other["ApiEndpoint"] == f"{run.gate_url}/_aws/execute-api/{made['ApiId']}"
    finally:
        gateway.delete_api(ApiId=made["ApiId"])


def test_an_address_of_another_workers_port_becomes_ones_own(run: Run, outputs: Any) -> None:
    for worker in WORKERS:
        assert outputs(worker)["Callback"] == f"{run.facts(worker).gate_url}/_aws/execute-api/abc123/live"


def test_calls_with_a_key_need_no_port_of_their_own(run: Run, outputs: Any) -> None:
    """A queue's address is the same for all: workers compare and share it, and the key tells who calls."""
    (address,) = {outputs(worker)["Queue"] for worker in WORKERS}
    assert address.startswith(f"{run.gate_url}/")
    run.clients("gw1")("sqs").send_message(QueueUrl=address, MessageBody="x")
    assert _last_call(run, "SendMessage")["worker"] == "gw1"
