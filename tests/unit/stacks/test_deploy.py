"""Deployment against a scripted CloudFormation: states and faults that no emulator shows on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from sandgate.errors import RunError, StackError
from sandgate.stacks import deploy as module
from sandgate.stacks.deploy import check_name, delete, deploy
from sandgate.stacks.model import StackEvent
from sandgate.stacks.template import Template, parse_template

ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/test-x/1"
TEMPLATE = parse_template("Resources: {Q: {Type: AWS::SQS::Queue}}\n", Path("t.yaml"))


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class Pages:
    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return iter(self._pages)


class CloudFormation:
    """Answers DescribeStacks from a script; the last state stays. Events are newest first, as AWS gives them."""

    class exceptions:  # noqa: N801 - botocore's spelling
        ClientError = ClientError

    class meta:  # noqa: N801
        region_name = "eu-west-1"

    def __init__(self, *states: Any, events: tuple[dict[str, Any], ...] = (), nested: Any = ()) -> None:
        self.states = list(states)
        self.events = list(events)
        self.nested = list(nested)
        self.calls: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.update_error: Exception | None = None

    def __call__(self, service: str) -> CloudFormation:
        assert service == "cloudformation"
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        if state is None:
            raise refusal("ValidationError", "Stack with id test-x does not exist")
        outputs = [{"OutputKey": "Url", "OutputValue": "u"}]
        return {"Stacks": [{"StackName": "test-x", "StackId": ID, "StackStatus": state, "Outputs": outputs}]}

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        return {"StackEvents": []}

    def get_paginator(self, operation: str) -> Any:
        if operation == "list_stack_resources":
            item = {"LogicalResourceId": "Q", "ResourceType": "AWS::SQS::Queue", "ResourceStatus": "CREATE_COMPLETE"}
            return Pages({"StackResourceSummaries": [item]}, {"StackResourceSummaries": [item]})
        return EventPages(self)

    def create_stack(self, **request: Any) -> dict[str, Any]:
        self.calls.append("create")
        self.requests.append(request)
        return {"StackId": ID}

    def update_stack(self, **request: Any) -> None:
        self.calls.append("update")
        self.requests.append(request)
        if self.update_error:
            raise self.update_error

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete")


class EventPages:
    def __init__(self, owner: CloudFormation) -> None:
        self._owner = owner

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's spelling
        events = self._owner.nested if "inner" in StackName else self._owner.events
        middle = len(events) // 2
        yield {"StackEvents": events[:middle]}
        yield {"StackEvents": events[middle:]}


def event(number: int, name: str, status: str, reason: str = "", **fields: str) -> dict[str, Any]:
    return {
        "EventId": str(number), "LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue",
        "ResourceStatus": status, "ResourceStatusReason": reason, **fields,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.0)


@pytest.fixture
def run() -> Callable[..., Any]:
    def call(cloudformation: CloudFormation, template: Template = TEMPLATE, **options: Any) -> Any:
        return deploy(cloudformation, name="test-x", template=template, **options)

    return call


def test_a_new_stack_is_created(run: Callable[..., Any]) -> None:
    cf = CloudFormation(None, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    stack = run(cf, tags={"run": "1"})
    assert cf.calls == ["create"]
    assert cf.requests[0]["Tags"] == [{"Key": "run", "Value": "1"}]
    assert "CAPABILITY_AUTO_EXPAND" in cf.requests[0]["Capabilities"]
    assert (stack.outputs, len(stack.resources)) == ({"Url": "u"}, 2)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_an_existing_stack_is_updated(run: Callable[..., Any], status: str) -> None:
    cf = CloudFormation(status, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE")
    run(cf)
    assert cf.calls == ["update"]


def test_nothing_to_update_is_fine(run: Callable[..., Any]) -> None:
    cf = CloudFormation("CREATE_COMPLETE")
    cf.update_error = refusal("ValidationError", "No updates are to be performed.")
    assert run(cf).outputs == {"Url": "u"}


@pytest.mark.parametrize(
    "status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"]
)
def test_a_stack_that_never_worked_is_made_anew(run: Callable[..., Any], status: str) -> None:
    cf = CloudFormation(status, "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "CREATE_COMPLETE")
    run(cf)
    assert cf.calls == ["delete", "create"]


def test_what_is_under_way_is_waited_for(run: Callable[..., Any]) -> None:
    cf = CloudFormation("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_COMPLETE")
    run(cf)
    assert cf.calls == ["update"]
    cf = CloudFormation("DELETE_IN_PROGRESS", "DELETE_COMPLETE", None, "CREATE_COMPLETE")
    run(cf)
    assert cf.calls == ["create"]


def test_a_stuck_update_says_what_helps(run: Callable[..., Any]) -> None:
    cf = CloudFormation("UPDATE_ROLLBACK_FAILED")
    with pytest.raises(StackError, match="UPDATE_ROLLBACK_FAILED") as caught:
        run(cf)
    assert "stack delete test-x" in caught.value.hint
    assert cf.calls == []


def test_events_are_told_once_and_oldest_first(run: Callable[..., Any]) -> None:
    events = tuple(event(n, "Q", status) for n, status in ((2, "CREATE_COMPLETE"), (1, "CREATE_IN_PROGRESS")))
    cf = CloudFormation(None, "CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", events=events)
    told: list[StackEvent] = []
    run(cf, progress=told.append)
    assert [item.status for item in told] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_the_first_cause_is_named_not_its_consequences(run: Callable[..., Any]) -> None:
    events = (
        event(5, "test-x", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [B, A].", PhysicalResourceId=ID),
        event(4, "C", "CREATE_FAILED", "and another thing"),
        event(3, "B", "CREATE_FAILED", "bucket name is taken"),
        event(2, "A", "CREATE_FAILED", "Resource creation cancelled"),
    )  # fmt: skip
    cf = CloudFormation(None, "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", events=events)
    with pytest.raises(StackError) as caught:
        run(cf)
    assert caught.value.message == "B (AWS::SQS::Queue) failed: bucket name is taken"
    assert "ROLLBACK_COMPLETE" in caught.value.where


def test_the_cause_inside_a_nested_stack_is_found(run: Callable[..., Any]) -> None:
    inner = "arn:aws:cloudformation:eu-west-1:111122223333:stack/inner/2"
    outer = event(
        1, "In", "CREATE_FAILED", f"Embedded stack {inner} was not successfully created", PhysicalResourceId=inner
    )
    outer["ResourceType"] = "AWS::CloudFormation::Stack"
    nested = (event(2, "Deep", "CREATE_FAILED", "limit exceeded"),)
    with pytest.raises(StackError, match=r"Deep \(AWS::SQS::Queue\) failed: limit exceeded"):
        run(CloudFormation(None, "ROLLBACK_COMPLETE", events=(outer,), nested=nested))


def test_what_validation_found_first_is_named(run: Callable[..., Any]) -> None:
    class Validating(CloudFormation):
        def describe_events(self, **_: Any) -> dict[str, Any]:
            found = [
                {"EventType": "STACK_EVENT", "LogicalResourceId": "Other"},
                *(
                    {
                        "EventType": "VALIDATION_ERROR", "ValidationStatus": "FAILED", "LogicalResourceId": name,
                        "ResourceType": "AWS::S3::Bucket", "ValidationStatusReason": "name is taken",
                        "ValidationPath": f"/Resources/{name}",
                    }
                    for name in ("Second", "First")
                ),
            ]  # fmt: skip
            return {"OperationEvents": found}

    events = (event(1, "test-x", "CREATE_FAILED", "Validation failed. Call DescribeEvents", PhysicalResourceId=ID),)
    with pytest.raises(StackError, match=r"First \(AWS::S3::Bucket\) failed: name is taken \(/Resources/First\)"):
        run(Validating(None, "ROLLBACK_COMPLETE", events=events))


def test_a_failure_without_any_reason_says_the_status(run: Callable[..., Any]) -> None:
    with pytest.raises(StackError, match="ended in ROLLBACK_COMPLETE"):
        run(CloudFormation(None, "ROLLBACK_COMPLETE"))


def test_throttling_is_waited_out(run: Callable[..., Any]) -> None:
    throttled = refusal("Throttling", "Rate exceeded")
    run(CloudFormation(None, throttled, throttled, "CREATE_COMPLETE"))


def test_time_runs_out(run: Callable[..., Any]) -> None:
    with pytest.raises(StackError, match="not finished") as caught:
        run(CloudFormation(None, "CREATE_IN_PROGRESS"), timeout=-1)
    assert "CREATE_IN_PROGRESS" in caught.value.where


def test_waits_grow_from_an_emulators_to_awss(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]) -> None:
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.05)
    waits: list[float] = []
    watch = module._Watch(
        clients=CloudFormation(*["CREATE_IN_PROGRESS"] * 20, "CREATE_COMPLETE"), progress=lambda _: None,
        deadline=float("inf"), sleep=waits.append,
    )  # fmt: skip
    assert module._settle(watch, "test-x", ID) == "CREATE_COMPLETE"
    assert (waits[0], waits[-1]) == (0.05, 5.0)
    assert waits == sorted(waits)


def test_a_refusal_keeps_what_the_service_said(run: Callable[..., Any]) -> None:
    cf = CloudFormation("CREATE_COMPLETE")
    cf.update_error = refusal("AccessDenied", "refused by rule names")
    with pytest.raises(StackError, match="AccessDenied: refused by rule names"):
        run(cf)


def test_a_dead_gate_is_no_fault_of_the_stack(run: Callable[..., Any]) -> None:
    with pytest.raises(RunError, match="Could not connect"):
        run(CloudFormation(EndpointConnectionError(endpoint_url="http://127.0.0.1:1")))


def test_half_an_answer_is_told_and_not_quoted(run: Callable[..., Any]) -> None:
    with pytest.raises(RunError, match="an answer that cannot be read") as caught:
        run(CloudFormation(ResponseParserError("Unable to parse response: <Value>canary")))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("count", "where"), [(1000, "TemplateBody"), (3000, "TemplateURL")])
def test_a_large_template_goes_through_the_bucket(run: Callable[..., Any], count: int, where: str) -> None:
    text = "Resources:\n" + "".join(f"  Q{n}: {{Type: AWS::SQS::Queue}}\n" for n in range(count))
    cf = CloudFormation(None, "CREATE_COMPLETE")
    uploaded: list[bytes] = []

    def upload(content: bytes, key: str) -> tuple[str, str]:
        uploaded.append(content)
        return "bucket", f"ns/{key}"

    run(cf, parse_template(text, Path("t.yaml")), upload=upload)
    assert where in cf.requests[0]
    assert bool(uploaded) == (where == "TemplateURL")
    if uploaded:
        assert cf.requests[0]["TemplateURL"].startswith("https://s3.eu-west-1.amazonaws.com/bucket/ns/")


def test_a_template_over_the_limit_or_without_bucket(run: Callable[..., Any]) -> None:
    def template(count: int) -> Template:
        text = "Resources:\n" + "".join(f"  Q{n}: {{Type: AWS::SQS::Queue}}\n" for n in range(count))
        return parse_template(text, Path("t.yaml"))

    with pytest.raises(StackError, match="no bucket"):
        run(CloudFormation(None), template(3000))
    with pytest.raises(StackError, match="CloudFormation takes 1,000,000"):
        run(CloudFormation(None), template(33_000), upload=lambda *_: ("b", "k"))


@pytest.mark.parametrize("name", ["", "1x", "a_b", "a.b", "a" * 129, "ä"])
def test_illegal_names(name: str) -> None:
    with pytest.raises(StackError, match="not a legal stack name"):
        check_name(name)


def test_deleting_says_what_could_not_be_deleted() -> None:
    events = (event(1, "Bucket", "DELETE_FAILED", "The bucket you tried to delete is not empty"),)
    cf = CloudFormation("CREATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED", events=events)
    with pytest.raises(StackError, match=r"Bucket \(AWS::SQS::Queue\) cannot be deleted: .*not empty"):
        delete(cf, "test-x")


def test_deleting_twice_is_fine() -> None:
    assert delete(CloudFormation("CREATE_COMPLETE", "DELETE_COMPLETE"), "test-x") is True
    assert delete(CloudFormation(None), "test-x") is False
    assert delete(CloudFormation("CREATE_COMPLETE", None), "test-x") is True
