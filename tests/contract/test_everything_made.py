"""No operation of the guard's services makes anything that no resource type knows of, or changes it unnoticed."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import botocore.session
import pytest

from sandgate.core.call import Call, Principal
from sandgate.iam.catalog import catalog
from sandgate.ledger.track import made_by, tracked
from sandgate.resources._changes import changes_of, harmless
from sandgate.resources._elsewhere import made_elsewhere, makes
from sandgate.resources._model import resource_types

_PREFIXES = json.loads(resources.files("sandgate.guard").joinpath("data", "services.json").read_text())["prefixes"]
_SERVICES = sorted({name for entry in _PREFIXES.values() for name in entry["services"]})


@pytest.mark.parametrize("service", _SERVICES)
def test_each_making_operation_is_of_a_type_or_has_a_reason(service: str) -> None:
    """A new botocore with a new create turns this red until somebody says what it makes."""
    if service not in botocore.session.Session().get_available_services():
        pytest.skip("not a service of botocore's")
    model = botocore.session.Session().get_service_model(service)
    created = {
        create.operation for kind in resource_types().values() if kind.service == service for create in kind.creates
    }
    reasons = made_elsewhere().get(service, {})
    unknown = {name for name in model.operation_names if makes(name)} - created
    explained = {pattern: set(fnmatch.filter(model.operation_names, pattern)) for pattern in reasons}
    assert unknown - set().union(*explained.values()) == set()
    assert all(explained.values()), "a reason for an operation that does not exist"
    assert not created & set(reasons), "an operation with a type needs no reason"
    assert all(reason.strip() for reason in reasons.values())


def test_what_no_type_knows_is_told() -> None:
    """What may stay and what nobody can remove is written down, so that the sweep says so; a mere setting is not."""

    def call(operation: str) -> Call:
        principal = Principal(kind="identity", name="main")
        return Call(id="1", service="cloudwatch", operation=operation, principal=principal)

    assert tracked(call("PutInsightRule"))
    ((kind, made),) = made_by(call("PutInsightRule"))
    assert (kind, made.type, made.key["call"]) == (None, "", "cloudwatch:PutInsightRule")
    assert not tracked(call("PutMetricData"))
    assert list(made_by(call("PutMetricData"))) == []


_TYPED = sorted({kind.service for kind in resource_types().values()})
_TOLD = json.loads(resources.files("sandgate.gate").joinpath("told.json").read_text(encoding="utf-8"))
_READS = ("Get", "List", "Describe", "BatchGet", "Head", "TransactGet")
_LABELS = ("Tag", "Untag", "AddTags", "RemoveTags")
_PART = ("part of", "goes with")
"""In the reason of a making operation: what it is part of may be somebody else's."""


def _changes(service: str) -> Mapping[str, Any]:
    file = resources.files("sandgate.resources").joinpath("changes", f"{service}.json")
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _may_change(service: str, operation: str) -> bool:
    """Whether IAM calls an operation more than a read, or does not know it and its name sounds so."""
    prefix = next(prefix for prefix, entry in _PREFIXES.items() if service in entry["services"])
    action = catalog(prefix).action(operation)
    if operation.startswith(_LABELS):
        return False
    return action.level not in {"Read", "List", "Tagging"} if action else not operation.startswith(_READS)


@pytest.mark.parametrize("service", _TYPED)
def test_each_changing_operation_is_told_or_has_a_reason(service: str) -> None:
    """A new botocore with a new update turns this red until somebody says what it changes."""
    names = botocore.session.Session().get_service_model(service).operation_names
    kinds = [kind for kind in resource_types().values() if kind.service == service]
    wholes = {create.operation for kind in kinds for create in kind.creates}
    wholes |= {name for kind in kinds for name in (kind.removal.operation, *kind.removal.also)}
    reasons = made_elsewhere().get(service, {})
    made = {
        name
        for pattern, why in reasons.items()
        if not any(part in why for part in _PART)
        for name in fnmatch.filter(names, pattern)
    }
    rest = {name for name in names if _may_change(service, name)} - wholes - made - set(_TOLD.get(service, ()))
    assert {name for name in rest if not changes_of(service, name) and harmless(service, name) is None} == set()


@pytest.mark.parametrize("service", _TYPED)
def test_what_changes_something_says_where_it_is_named(service: str) -> None:
    """Every rule is of a type and members that exist, is used, and does not contradict another one."""
    model = botocore.session.Session().get_service_model(service)
    table = _changes(service)
    assert set(table) == {"changes", "harmless"}
    assert all(why.strip() and fnmatch.filter(model.operation_names, name) for name, why in table["harmless"].items())
    matched: dict[str, set[str]] = {}
    for number, rule in enumerate(table["changes"]):
        assert set(rule["key"]) <= set(resource_types()[rule["type"]].key)
        assert all(other in resource_types() for other in rule.get("or", ()))
        for name in rule["operations"]:
            found = [one for one in fnmatch.filter(model.operation_names, name) if changes_of(service, one)]
            assert found, f"{name} changes nothing"
            for one in found:
                matched.setdefault(one, set()).add(str(number))
    for operation in matched:
        shape: Any = model.operation_model(operation).input_shape
        for change in changes_of(service, operation):
            at = change.entries if change.entries != "@" else ""
            members = set(shape.members[at].member.members if _is_list(shape, at) else shape.members)
            for path in change.key.values():
                roots = {re.split(r"[().|]+", way.rpartition("(")[2])[0] for way in path.split("|")}
                assert any(root in {*members, "@"} or root.startswith("=") for root in roots), f"{operation}: {path}"


def _is_list(shape: Any, at: str) -> bool:
    return bool(at) and shape.members[at].member.type_name == "structure"


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("apigateway", "DeleteRestApi"),
        ("cognito-idp", "AdminDeleteUser"),
        ("lambda", "CreateFunction"),
        ("lambda", "GetFunction"),
        ("lambda", "Invoke"),
        ("s3", "DeleteBucket"),
        ("s3", "PutBucketTagging"),
        ("sqs", "PurgeQueue"),
    ],
)
def test_what_makes_removes_reads_or_runs_changes_nothing(service: str, operation: str) -> None:
    assert changes_of(service, operation) == ()
