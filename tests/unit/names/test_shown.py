"""What may be written of parameters: every path fits the service model, and leads to nothing that the model guards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import botocore.session
import pytest

from sandgate.names.shown import shown_members

TABLE: dict[str, list[str]] = json.loads(
    resources.files("sandgate.names").joinpath("shown.json").read_text(encoding="utf-8")
)["services"]
KINDS = {"*": "list", "@": "map"}


@pytest.fixture(scope="module")
def loader() -> botocore.session.Session:
    """botocore's own models, to judge ours by."""
    return botocore.session.Session()


def along(shape: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """The shape that a path starts at, and what each step leads to; ends early where a structure lacks the member."""
    yield shape
    if not path:
        return
    assert shape.type_name == KINDS.get(path[0], "structure"), (shape, path)
    if path[0] == "*":
        yield from along(shape.member, path[1:])
    elif path[0] == "@":
        yield from along(shape.key, path[1:])
    elif path[0] in shape.members:
        yield from along(shape.members[path[0]], path[1:])


@pytest.mark.parametrize("service", sorted({*TABLE, "ecr"}))
def test_every_path_fits_and_leads_to_text_that_is_not_sensitive(
    service: str, loader: botocore.session.Session
) -> None:
    model = loader.get_service_model(service)
    reached = set()
    for operation in model.operation_names:
        inputs = model.operation_model(operation).input_shape
        for path in shown_members(service, operation) if inputs else ():
            passed = list(along(inputs, path))
            if len(passed) <= len(path):
                continue  # another operation has it
            assert passed[-1].type_name == "string", (operation, path)
            if ".".join(path) in TABLE.get(service, ()):
                reached.add(".".join(path))
                assert not any("sensitive" in shape.metadata for shape in passed), path
    assert reached == set(TABLE.get(service, ())), "paths that no operation has"


def test_what_is_bound_is_shown() -> None:
    assert ("TableName",) in shown_members("dynamodb", "PutItem")
    assert ("Item", "@") in shown_members("dynamodb", "PutItem")
    assert ("Name",) in shown_members("secretsmanager", "CreateSecret")
    assert ("Name",) not in shown_members("secretsmanager", "PutResourcePolicy")
    assert shown_members("braket", "GetJob") == frozenset()
