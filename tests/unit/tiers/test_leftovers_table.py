"""The table of listings says what the AWS service models say."""

from __future__ import annotations

import pytest
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.session import Session

from sandgate.tiers._listings import LISTINGS, SHARED, Row, Service

ROWS = [(service, row) for service in LISTINGS for row in service.rows]
SESSION = Session()


def operation(service: Service, row: Row) -> OperationModel:
    """The model's operation that a row asks."""
    model = SESSION.get_service_model(service.name)
    if not service.protocol.startswith("rest"):
        return model.operation_model(row.ask)
    method, _, path = row.ask.partition(" ")
    found = [
        model.operation_model(name)
        for name in model.operation_names
        if (http := model.operation_model(name).http)["method"] == method
        and http["requestUri"].rstrip("/") == path.rstrip("/")
    ]
    # S3 tells directory buckets by the host.
    return min(found, key=lambda each: len(each.name))


def leads_to(shape: Shape, steps: list[str]) -> str:
    """The type at the end of a path of wire names; a list stands for its entries."""
    while isinstance(shape, ListShape):
        entry = shape.member
        name = entry.serialization.get("name", "member")
        steps = steps[1:] if steps[:1] == [name] else steps
        shape = entry
    if not steps:
        return str(shape.type_name)
    assert isinstance(shape, StructureShape), steps
    for name, member in shape.members.items():
        if steps[0] in {name, member.serialization.get("name")}:
            return leads_to(member, steps[1:])
    return f"no {steps[0]}"


@pytest.mark.parametrize(("service", "row"), ROWS, ids=[f"{service.name}-{row.type}" for service, row in ROWS])
def test_a_row_is_what_the_model_has(service: Service, row: Row) -> None:
    asked = operation(service, row)
    model = asked.service_model
    assert service.signed_for == model.signing_name
    if service.protocol == "json":
        assert (service.target, service.version) == (model.metadata["targetPrefix"], model.metadata["jsonVersion"])
    elif service.protocol == "query":
        assert service.version == model.api_version
    answer = asked.output_shape
    assert answer is not None
    payload = answer.serialization.get("payload")
    shape = answer.members[payload] if payload else answer
    steps = row.path.split(".")
    assert leads_to(shape, steps) == "string"
    if row.detail is None:
        for member, _ in row.but:
            at = [*steps[:-1], *member.split(".")] if member else steps
            assert leads_to(shape, at) in {"string", "boolean"}, member


def test_no_service_is_in_the_table_twice() -> None:
    names = [service.name for service in LISTINGS]
    assert len(set(names)) == len(names)
    assert set(SHARED.values()) <= set(names)
    assert not SHARED.keys() & set(names)
