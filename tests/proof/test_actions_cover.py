"""The proof of the action map: every operation of a supported service is mapped, or listed with a reason.

Parameters are built from the service models; texts that name things have forms that the tables read. What comes out
must be actions of the catalogue on well-formed ARNs. One service: `pytest tests/proof/test_actions_cover.py -k sqs`.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.model import OperationModel, ServiceModel, Shape

from sandgate.core.call import Call, Principal
from sandgate.core.registry import discover
from sandgate.iam.actions import Place, Unmapped, Unresolvable, requests_of
from sandgate.iam.actions.plan import plan
from sandgate.iam.actions.table import mapped_services, table, unmapped
from sandgate.iam.catalog import catalog
from sandgate.routes._model import Route

ROUTES = [(route.service, route.operation) for route in discover("sandgate.routes", "ROUTE", Route).values()]
OUTSIDE_THE_MODELS = {
    service: [operation for owner, operation in [*ROUTES, ("s3", "PostObject")] if owner == service]
    for service in [*dict(ROUTES), "s3"]
}
SERVICES = sorted(mapped_services() - {"execute-api"})
MOST_UNMAPPED = 60
MOST_UNMAPPED_OF_EC2 = 30
"""Counted apart: of EC2, only Describe and the security groups are promised, and it grows in every release."""
ACCOUNT = "111122223333"
PLACE = Place(account=ACCOUNT)
ARN = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|aws|):[^\s\x00-\x1f][^\x00-\x1f]*")
SAMPLES = Path(__file__).parent / "samples"
"""One file for a service: member, or `Operation.Member`, to a value, where a plain name is none that it takes."""


def call(service: str, operation: str, parameters: Mapping[str, object]) -> Call:
    principal = Principal(kind="identity", name="main")
    return Call(
        id="1", service=service, operation=operation, parameters=parameters, region="eu-west-1", principal=principal
    )


def built(service: str, operation: OperationModel) -> dict[str, Any]:
    """A value for every member, as plain as can be."""
    file = SAMPLES / f"{service}.json"
    known = json.loads(file.read_text()) if file.exists() else {}

    def value(shape: Any, name: str, above: tuple[str, ...]) -> Any:
        special = known.get(f"{operation.name}.{name}", known.get(name))
        if special is not None:
            return special
        if shape.name in above:
            return None
        above = (*above, shape.name)
        match shape.type_name:
            case "structure":
                found = {key: value(member, key, above) for key, member in shape.members.items()}
                return {key: entry for key, entry in found.items() if entry is not None}
            case "list":
                entry = value(shape.member, name, above)
                return [] if entry is None else [entry]
            case "map":
                return {value(shape.key, f"{name}.@", above): value(shape.value, name, above)}
            case _:
                return scalar(shape, name)

    shape = operation.input_shape
    return value(shape, "", ()) if shape else {}


def scalar(shape: Shape, name: str) -> object:
    enum = getattr(shape, "enum", None)
    if enum:
        return enum[0]
    if re.search(r"role(_?arn)?$", name, re.IGNORECASE):
        return f"arn:aws:iam::{ACCOUNT}:role/test_role"
    if re.search(r"kms.*key|KmsKeyArn", name, re.IGNORECASE):
        return f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    return {"boolean": True, "integer": 1, "long": 1, "float": 1.0, "double": 1.0, "blob": b"x", "timestamp": 0}.get(
        shape.type_name, "test-1"
    )


@pytest.fixture
def operations(service_model: Callable[[str], ServiceModel]) -> Callable[[str], Iterator[OperationModel]]:
    """Every operation of a service in the installed botocore."""

    def of(service: str) -> Iterator[OperationModel]:
        model = service_model(service)
        return (model.operation_model(name) for name in model.operation_names)

    return of


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_mapped_or_listed(
    service: str, operations: Callable[[str], Iterator[OperationModel]]
) -> None:
    listed, missing = unmapped().get(service, {}), []
    for operation in operations(service):
        try:
            plan(service, operation.name)
        except Unmapped as error:
            if operation.name not in listed:
                missing.append(str(error))
        else:
            assert operation.name not in listed, f"{operation.name} is mapped; take it out of unmapped.json"
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(("service", "operation"), [entry for entry in ROUTES if entry[0] in mapped_services()])
def test_every_route_is_mapped(service: str, operation: str) -> None:
    known = plan(service, operation)
    assert known.asks or table(service).free[operation]


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_full_call_needs_is_well_formed(
    service: str, operations: Callable[[str], Iterator[OperationModel]]
) -> None:
    wrong = []
    for operation in operations(service):
        if operation.name in unmapped().get(service, {}):
            continue
        try:
            found = requests_of(call(service, operation.name, built(service, operation)), PLACE)
        except Unresolvable as error:
            wrong.append(f"{error} {error.value!r}")
            continue
        for request in found:
            prefix, _, action = request.action.partition(":")
            entry = catalog(prefix).action(action)
            if entry is None or entry.name != action:
                wrong.append(f"{operation.name}: {request.action} is not in the catalogue")
            if request.resource != "*" and not ARN.fullmatch(request.resource):
                wrong.append(f"{operation.name}: {request.resource} is not an ARN")
            if any(name != name.lower() for name in request.context):
                wrong.append(f"{operation.name}: a key is not in lower case: {sorted(request.context)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_wild_parameters_are_refused_or_name_something(
    service: str, operations: Callable[[str], Iterator[OperationModel]], builder: Any
) -> None:
    """Whatever a client writes, the answer is a request on one well-formed ARN, or a refusal; never another error."""
    for operation in operations(service):
        for minimal in (False, True):
            seed = f"{service}.{operation.name}"
            parameters = builder(seed, operation.service_model.metadata["protocol"], minimal=minimal).parameters(
                operation
            )
            try:
                found = requests_of(call(service, operation.name, parameters), PLACE)
            except Unmapped:
                continue
            assert found or operation.name in {**table(service).free, **table(service).bearer}
            for request in found:
                assert request.resource == "*" or ARN.fullmatch(request.resource), (operation.name, request.resource)


@pytest.mark.parametrize("service", sorted(mapped_services()))
def test_a_star_stands_only_where_the_catalogue_has_no_type(
    service: str, operations: Callable[[str], Iterator[OperationModel]]
) -> None:
    names = OUTSIDE_THE_MODELS[service] if service == "execute-api" else [entry.name for entry in operations(service)]
    wrong = []
    for name in names:
        if name in unmapped().get(service, {}):
            continue
        for ask in plan(service, name).asks:
            prefix, _, action = ask.action.partition(":")
            entry = catalog(prefix).action(action)
            assert entry is not None
            if not ask.resources and entry.types and not ask.refuse and name not in table(service).star:
                wrong.append(f"{service}.{name}: {ask.action} has {sorted(entry.types)}")
    assert not wrong, "\n".join(wrong)


def test_the_list_of_unmapped_operations_is_short_and_says_why() -> None:
    reasons = [reason for entries in unmapped().values() for reason in entries.values()]
    ec2 = unmapped()["ec2"]
    assert len(ec2) <= MOST_UNMAPPED_OF_EC2
    assert not [name for name in ec2 if "SecurityGroup" in name]
    assert len(reasons) - len(ec2) <= MOST_UNMAPPED
    assert all(len(reason) > 20 for reason in reasons)


@pytest.mark.parametrize("service", sorted(unmapped()))
def test_the_list_names_operations_that_exist(service: str, service_model: Callable[[str], ServiceModel]) -> None:
    assert set(unmapped()[service]) <= set(service_model(service).operation_names)


@pytest.mark.parametrize("service", SERVICES)
def test_tables_name_operations_that_exist(service: str, service_model: Callable[[str], ServiceModel]) -> None:
    text = resources.files("sandgate.iam").joinpath("data", "operations", f"{service}.json").read_text(encoding="utf-8")
    held = json.loads(text)
    known = {*service_model(service).operation_names, *OUTSIDE_THE_MODELS.get(service, ()), "*"}
    for part in ("operations", "free", "free-unsigned", "roles", "tag-with", "passed-to", "star"):
        names = held.get(part, {})
        assert isinstance(names, str) or set(names) - known == set(), part


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "scripts" / "refresh_iam_data.py"
    spec = importlib.util.spec_from_file_location("refresh_iam_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("service", [service for service in SERVICES if service not in ("iam", "sts")])
def test_members_that_hold_roles_are_those_of_the_models(
    service: str, service_model: Callable[[str], ServiceModel], script: ModuleType
) -> None:
    text = resources.files("sandgate.iam").joinpath("data", "roles.json").read_text(encoding="utf-8")
    assert json.loads(text)["services"].get(service, {}) == script.role_members(service_model(service))
