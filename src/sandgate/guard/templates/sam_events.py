"""SAM's event sources: the rules, subscriptions, schedules, mappings and permissions that the transform makes.

Source: AWS SAM Developer Guide, `EventSource` of `AWS::Serverless::Function` and `AWS::Serverless::StateMachine`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandgate.guard.templates.resolve import function_in
from sandgate.guard.templates.sam_roles import execution_role

__all__ = ["events_of"]

_Resources = dict[str, dict[str, Any]]
_NOT_READABLE = "AWS::Serverless::Event"
"""No rule describes this type, so a resource of it is refused."""


def events_of(logical_id: str, events: object, owner: Mapping[str, Any], *, target: str) -> _Resources:
    """What the events of a function or state machine make.

    Args:
        logical_id: of the function or state machine.
        events: its `Events`.
        owner: its properties.
        target: `function` or `state machine`; the latter is started by a role, a function by a permission.
    """
    if not isinstance(events, Mapping):
        return {f"{logical_id}Events": {"Type": _NOT_READABLE}}
    made: _Resources = {}
    for name, event in events.items():
        own = f"{logical_id}{name}"
        maker = _MAKERS.get(str(event.get("Type"))) if isinstance(event, Mapping) else None
        properties = event.get("Properties") or {} if isinstance(event, Mapping) else None
        if maker is None or not isinstance(properties, Mapping) or function_in(properties):
            made[own] = {"Type": _NOT_READABLE}
            continue
        made |= maker(own, logical_id, properties) | _own_queue(own, properties)
        if target != "function":
            boundary = {key: owner[key] for key in ("PermissionsBoundary",) if key in owner}
            made[f"{own}Role"] = execution_role(boundary, "events.amazonaws.com")
    return made


def _plain(made_type: str) -> Callable[[str, str, Mapping[str, Any]], _Resources]:
    """Events that make one resource of their own properties, which invokes the function by a permission."""

    def make(own: str, function: str, properties: Mapping[str, Any]) -> _Resources:
        return {own: {"Type": made_type, "Properties": dict(properties)}} | _permission(own, function)

    return make


def _permission(own: str, function: str) -> _Resources:
    return {f"{own}Permission": {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": function}}}}


def _api(own: str, function: str, properties: Mapping[str, Any]) -> _Resources:
    """Routes are part of the API; what is new is that the API may invoke the function."""
    named = {key: properties[key] for key in ("RestApiId", "ApiId", "Auth") if key in properties}
    made = _permission(own, function)
    # The transform itself takes no API but one of the template; the reference is looked at all the same.
    made[f"{own}Permission"]["Properties"] |= named
    return made


def _bucket(own: str, function: str, properties: Mapping[str, Any]) -> _Resources:
    """The bucket is a member whose notifications the transform sets."""
    made = _permission(own, function)
    made[f"{own}Permission"]["Properties"]["Bucket"] = properties.get("Bucket")
    return made


def _pool(own: str, function: str, properties: Mapping[str, Any]) -> _Resources:
    made = _permission(own, function)
    made[f"{own}Permission"]["Properties"]["UserPoolId"] = properties.get("UserPool")
    return made


def _topic(own: str, function: str, properties: Mapping[str, Any]) -> _Resources:
    made = {
        own: {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": properties.get("Topic"),
                "RedrivePolicy": properties.get("RedrivePolicy"),
                "Queue": _queue_of(properties.get("SqsSubscription")),
            },
        }
    }
    return made | _permission(own, function)


def _queue_of(subscription: object) -> object:
    """A queue that the subscription names; `true` lets the transform make one."""
    return subscription if isinstance(subscription, Mapping) else None


def _own_queue(own: str, properties: Mapping[str, Any]) -> _Resources:
    """The queue that the transform makes where an event asks for one and names none."""
    letters = properties.get("DeadLetterConfig")
    asked = properties.get("SqsSubscription") or (isinstance(letters, Mapping) and "Type" in letters)
    return {f"{own}Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}} if asked else {}


def _schedule_v2(own: str, _function: str, properties: Mapping[str, Any]) -> _Resources:
    made: _Resources = {own: {"Type": "AWS::Scheduler::Schedule", "Properties": dict(properties)}}
    if "RoleArn" not in properties:
        made[f"{own}Role"] = execution_role(
            {key: properties[key] for key in ("PermissionsBoundary",) if key in properties}, "scheduler.amazonaws.com"
        )
    return made


def _mapping(own: str, function: str, properties: Mapping[str, Any]) -> _Resources:
    """The transform also gives the function's role what it needs to poll."""
    source = {f"{key}Arn": properties[key] for key in _SOURCES if key in properties}
    rest = {key: value for key, value in properties.items() if key not in _SOURCES}
    made = {**rest, **source, "FunctionName": {"Ref": function}}
    return {own: {"Type": "AWS::Lambda::EventSourceMapping", "Properties": made}}


_SOURCES = ("Broker", "Cluster", "Queue", "Stream")
_rule = _plain("AWS::Events::Rule")
_MAKERS: Mapping[str, Callable[[str, str, Mapping[str, Any]], _Resources]] = {
    "Api": _api,
    "CloudWatchEvent": _rule,
    "CloudWatchLogs": _plain("AWS::Logs::SubscriptionFilter"),
    "Cognito": _pool,
    "DynamoDB": _mapping,
    "EventBridgeRule": _rule,
    "HttpApi": _api,
    "Kinesis": _mapping,
    "S3": _bucket,
    "SNS": _topic,
    "SQS": _mapping,
    "Schedule": _rule,
    "ScheduleV2": _schedule_v2,
}
