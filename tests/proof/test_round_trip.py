"""The proof of identification: what botocore writes for an operation is read back as that operation.

Every operation of every service model is built twice, with every member and with the required ones alone, and
written in every protocol of the model that botocore can write. `cannot_round_trip.json` holds what the models
themselves leave ambiguous; `service.*` excuses only operations whose very bytes another service claims.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from sandgate.wire.http import WireError
from sandgate.wire.identify import Identified, match, parse
from sandgate.wire.models import Models

_LOADER = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
AMBIGUOUS: dict[str, str] = json.loads((Path(__file__).parent / "cannot_round_trip.json").read_text())
BOUND = 22
"""As many entries as there are; an entry that goes takes this number down with it."""
SERVICES = _LOADER.list_available_services("service-2")
LEAST_OPERATIONS = 19_000


class Trip:
    """One operation's way out and back."""

    def __init__(self, operation: OperationModel, sent: Any, parameters: Mapping[str, Any], models: Models) -> None:
        self.operation = operation
        self.sent = sent
        self.parameters = parameters
        self.models = models

    def back(self) -> Identified:
        """Identified from the bytes."""
        found = match(self.sent.request, self.models, signing_name=self.operation.service_model.signing_name)
        held = None if found.body == "stream" and not self.sent.body else self.sent.body
        return parse(found, self.sent.request, self.models, held)

    def difference(self, found: Identified) -> str:
        """What differs between what was sent and what was understood; empty for nothing."""
        name = f"{self.operation.service_model.service_name}.{self.operation.name}"
        if f"{found.service}.{found.operation}" != name:
            return f"taken for {found.service}.{found.operation}"
        got = dict(found.parameters)
        for member in self._of_the_client():
            got.pop(member, None)
        wrong = sorted(key for key in {*got, *self.parameters} if got.get(key) != self.parameters.get(key))
        return f"members differ: {', '.join(wrong)}" if wrong else ""

    def _of_the_client(self) -> Iterator[str]:
        """Members that stand for headers which every client sends by itself."""
        shape = self.operation.input_shape
        for name, member in shape.members.items() if shape else ():
            header = member.serialization.get("name", "").lower()
            if name not in self.parameters and header in ("content-type", "content-length"):
                yield name


@pytest.fixture
def trips(
    models: Models,
    service_model: Callable[[str], ServiceModel],
    builder: Any,
    send: Any,
    protocols_of: Callable[[ServiceModel], Iterator[str]],
) -> Callable[[str], Iterator[Trip]]:
    """Every trip of a service."""

    def of(service: str) -> Iterator[Trip]:
        model = service_model(service)
        for protocol in protocols_of(model):
            for name in model.operation_names:
                operation = model.operation_model(name)
                for minimal in (False, True):
                    parameters = builder(f"{service}.{name}", protocol, minimal=minimal).parameters(operation)
                    yield Trip(operation, send(operation, parameters, protocol), parameters, models)

    return of


def same_bytes(trip: Trip, found: Identified, load: Callable[[str], ServiceModel], send: Any) -> bool:
    """Whether the operation that was found writes the very request that was sent."""
    other = load(found.service).operation_model(found.operation)
    again = send(other, found.parameters, found.protocol)
    first, second = trip.sent.request, again.request
    return (first.method, first.path, sorted(first.query.split("&")), dict(first.fields), _loose(trip.sent.body)) == (
        second.method,
        second.path,
        sorted(second.query.split("&")),
        dict(second.fields),
        _loose(again.body),
    )


def _loose(body: bytes) -> object:
    """A body apart from the order of its members."""
    if body.startswith(b"{"):
        return json.loads(body)
    return sorted(body.split(b"&"))


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_round_trips(
    service: str, trips: Callable[[str], Iterator[Trip]], service_model: Callable[[str], ServiceModel], send: Any
) -> None:
    wrong, excused = [], set()
    for trip in trips(service):
        name = f"{service}.{trip.operation.name}"
        try:
            found = trip.back()
        except WireError as error:
            wrong.append(f"{name}: {error}")
            continue
        problem = trip.difference(found)
        if not problem:
            continue
        if name in AMBIGUOUS:
            excused.add(name)
        elif f"{service}.*" in AMBIGUOUS and same_bytes(trip, found, service_model, send):
            excused.add(f"{service}.*")
        else:
            wrong.append(f"{name}: {problem}")
    stale = {entry for entry in AMBIGUOUS if entry.partition(".")[0] == service} - excused
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert not stale, f"these round-trip, so take them out of the list: {sorted(stale)}"


def test_the_list_only_shrinks() -> None:
    assert len(AMBIGUOUS) == BOUND <= 40
    assert all(len(reason) > 20 for reason in AMBIGUOUS.values())


def test_the_list_names_operations_that_exist(models: Models) -> None:
    for entry in AMBIGUOUS:
        service, _, operation = entry.partition(".")
        assert operation == "*" or operation in models.service(service).operations, entry


def test_the_proof_is_over_all_operations(models: Models) -> None:
    assert sum(len(models.service(name).operations) for name in models.services) > LEAST_OPERATIONS
