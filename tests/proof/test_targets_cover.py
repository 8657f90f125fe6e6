"""The proof of `guard/data/targets.json`: no member of the service models that could name a target is overlooked.

A member that looks as if it held an ARN or an address is looked at by the guard, asked of IAM (what is asked changes
when its value does), or listed with the reason why it reaches nothing.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest
from botocore.model import ServiceModel, Shape
from tests.proof.test_actions_cover import PLACE, SERVICES, built, call

from sandgate.guard.beyond import spots, table
from sandgate.iam.actions import Unmapped, Unresolvable, requests_of

READS = re.compile(r"(Get|List|Describe|BatchGet|Query|Scan|Head|Search|Tag|Untag|Delete|Filter|Select)")
NAMES = re.compile(
    r"(?i)(arn|uri|url|endpoint|bucket|bucketname|loggroup|loggroupname|loggroupidentifier|deliverystream"
    r"|deliverystreamname|(?<!log)stream|(?<!log)streamname|topic|topicname|queue|queuename|function|functionname"
    r"|table|tablename|statemachine|statemachinename|bus|busname)s?$"
)
"""Of members that hold an ARN, an address, or the name of something that is read, called or written to.

Streams of a log group are in the group.
"""
POLICIES = re.compile(r"(?i)(policy|policydocument|policytext|principal)$")
STRANGE = ("arn:aws:none:xx:1:!! zz*", "!!zz")
NO_ACCESS_POLICIES = {
    ("cloudformation", "SetStackPolicy"): "which resources of a stack may be updated",
    ("ecr", "lifecyclePolicy"): "which images are removed",
    ("ecr", "lifecyclePolicyText"): "which images are removed",
    ("iam", "SimulateCustomPolicy"): "only evaluated",
    ("iam", "SimulatePrincipalPolicy"): "only evaluated",
    ("secretsmanager", "ValidateResourcePolicy"): "only evaluated",
    ("apigateway", "policy"): "the internet reaches an API anyway, its policy only narrows that",
    ("logs", "PutIndexPolicy"): "which fields are indexed",
    ("logs", "dashboardViewerPrincipals"): "no sandbox policy allows the operation",
    ("sts", "Policy"): "narrows a session",
    ("sts", "AssumeRoot"): "asked of IAM",
}  # fmt: skip


def leaves(shape: Any, path: tuple[str, ...] = (), above: frozenset[str] = frozenset()) -> Iterator[tuple[str, Shape]]:
    """Every scalar member below a shape, with its path."""
    if shape.name in above:
        return
    above |= {shape.name} if shape.type_name == "structure" else set()
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from leaves(member, (*path, name), above)
    elif shape.type_name == "list":
        yield from leaves(shape.member, (*path, "*"), above)
    elif shape.type_name == "map":
        yield from leaves(shape.value, (*path, "%"), above)
    else:
        yield ".".join(path), shape


def candidates(model: ServiceModel, names: re.Pattern[str], *, chosen: bool = True) -> Iterator[tuple[str, str]]:
    """Operation and path of every text that a call which is no read sends under such a name; also one of a few."""
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if READS.match(name) or shape is None:
            continue
        for path, leaf in leaves(shape):
            last = [step for step in path.split(".") if step not in "*%"][-1]
            if leaf.type_name != "string" or (getattr(leaf, "enum", None) and not chosen):
                continue
            if names.search(last) or names.search(leaf.name):
                yield name, path


def with_value(node: Any, steps: list[str], value: str) -> None:
    """Put a value at a path of built parameters."""
    step, *rest = steps
    key: Any = 0 if step == "*" else next(iter(node)) if step == "%" else step
    if rest:
        with_value(node[key], rest, value)
    else:
        node[key] = value


def asked(service: str, operation: str, parameters: dict[str, Any]) -> object:
    """Actions and resources that a call is asked for, or why it is refused."""
    try:
        found = requests_of(call(service, operation, parameters), PLACE)
    except Unresolvable as error:
        return error.member
    return sorted({(request.action, request.resource) for request in found})


def is_asked(service: str, model: ServiceModel, operation: str, path: str) -> bool:
    """Whether what is asked hangs on a member."""
    plain = built(service, model.operation_model(operation))
    before = asked(service, operation, plain)
    for value in STRANGE:
        changed = copy.deepcopy(plain)
        with_value(changed, path.split("."), value)
        if asked(service, operation, changed) != before:
            return True
    return False


def explained(service: str) -> set[str]:
    return {path for entry in table()["data"] for path in entry["members"].get(service, ())}


@pytest.fixture(scope="module")
def roles() -> Any:
    text = resources.files("sandgate.iam").joinpath("data", "roles.json").read_text(encoding="utf-8")
    return json.loads(text)["services"]


@pytest.mark.parametrize("service", SERVICES)
def test_no_member_that_could_name_a_target_is_overlooked(
    service: str, service_model: Callable[[str], ServiceModel], roles: Any
) -> None:
    model, known = service_model(service), explained(service)
    left = []
    for operation, path in candidates(model, NAMES):
        looked_at = {".".join(spot.steps) for spot in spots().get((service, operation), ())}
        if path in looked_at or f"{operation}.{path}" in known or path in roles.get(service, {}).get(operation, ()):
            continue
        if any(path.startswith(f"{spot}.") for spot in looked_at if spot):
            continue  # a reader takes the whole above apart
        try:
            if not is_asked(service, model, operation, path):
                left.append(f"{operation}.{path}")
        except Unmapped:
            continue  # refused as a whole
    assert not left


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "ec2"])
def test_no_policy_is_overlooked(service: str, service_model: Callable[[str], ServiceModel]) -> None:
    left = []
    for operation, path in candidates(service_model(service), POLICIES, chosen=False):
        last = [step for step in path.split(".") if step not in "*%"][-1]
        looked_at = {".".join(spot.steps) for spot in spots().get((service, operation), ())}
        reasons = {(service, operation), (service, last)}
        if path not in looked_at and "" not in looked_at and not reasons & set(NO_ACCESS_POLICIES):
            left.append(f"{operation}.{path}")
    assert not left


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_looked_at_is_there(service: str, service_model: Callable[[str], ServiceModel]) -> None:
    model = service_model(service)
    for operation in [operation for owner, operation in spots() if owner == service]:
        if operation == "PostObject":
            continue  # a route outside the models
        for spot in spots()[service, operation]:
            shape: Any = model.operation_model(operation).input_shape
            for step in spot.steps:
                below = {"map": "value", "list": "member"}.get(shape.type_name)
                shape = getattr(shape, below) if below else shape.members[step]


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_explained_is_a_candidate(service: str, service_model: Callable[[str], ServiceModel]) -> None:
    found = {f"{operation}.{path}" for operation, path in candidates(service_model(service), NAMES)}
    assert explained(service) <= found
