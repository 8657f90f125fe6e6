"""Every resource type keeps its promises: made, found by listing, emptied, removed, proven gone, removed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import boto3
import pytest
from botocore import xform_name
from tests.contract.makers._model import World
from tests.contract.makers._world import all_makers, new_name, types_gate, world_of

from sandgate.ledger.entry import identity_of
from sandgate.resources._model import ResourceType, resource_types
from sandgate.run import Run
from sandgate.sweep.found import Found, detailed, list_all
from sandgate.sweep.remove import Answer, remove, remove_batch
from sandgate.wire.s3 import POST_OBJECT

_FOUND_WITHIN = 10.0


_MAKERS = all_makers()
_LIVE = [kind for kind in resource_types().values() if kind.proven == "emulator" and not kind.within]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A gate for all types."""
    with types_gate(tmp_path_factory.mktemp("types")) as run:
        yield run


@pytest.fixture
def world(gate: Run) -> Iterator[World]:
    """What makers work with; what they need around a resource goes at the end."""
    with world_of(gate) as made:
        yield made


def _wait(look: Callable[[], Any], *, seconds: float = _FOUND_WITHIN) -> Any:
    """The first answer that is something; the last one when time is up."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return seen


def _one_by_one(client: Any, kind: ResourceType) -> ResourceType:
    """The type with the smallest pages that its listing can have, so that two resources are more than a page."""
    listing = kind.listing
    shape = client.meta.service_model.operation_model(listing.operation).input_shape
    limits = [name for name in ("MaxResults", "maxResults", "Limit", "limit", "MaxItems", "MaxRecords", "maxItems",
                          "MaxBuckets")
              if shape is not None and name in shape.members]  # fmt: skip
    if not limits or not _MAKERS[kind.name].paged:
        return kind
    smallest = max(1, int(shape.members[limits[0]].metadata.get("min", 1)))
    small = str(smallest) if shape.members[limits[0]].type_name == "string" else smallest
    return replace(kind, listing=replace(listing, parameters={**listing.parameters, limits[0]: small}))


def _present(client: Any, kind: ResourceType, name: str) -> Found | None:
    for found in list_all(client, kind):
        if kind.listing.detail is None and not _is(found, name):
            continue
        whole = detailed(client, kind, found)
        if _is(whole, name) and not whole.gone:
            return whole
    return None


def _is(found: Found, name: str) -> bool:
    return found.name == name or name in found.key.values()


def _client(world: World, kind: ResourceType) -> Any:
    return (world.deployer if kind.as_deployer else world.client)(kind.service)


def test_every_type_has_a_maker() -> None:
    """A type that nothing makes is one that nobody has tried."""
    assert {kind.name for kind in _LIVE} <= set(_MAKERS)


@pytest.mark.parametrize("kind", _LIVE, ids=lambda kind: kind.name)
def test_life(world: World, kind: ResourceType) -> None:
    """Two are made and in the ledger; both are listed over several pages, one is filled, both go, twice if need be."""
    maker = _MAKERS[kind.name]
    client = _client(world, kind)
    names = [new_name(maker), new_name(maker)]
    for name in names:
        maker.make(world, name)
    if maker.fill is not None:
        maker.fill(world, names[0])
    small = _one_by_one(client, kind)
    found = [_wait(partial(_present, client, small, name)) for name in names]
    assert all(found), f"{kind.name}: not found by {kind.listing.operation}: {names}"
    assert found[0].key != found[1].key
    assert [_claim(world, kind, one) for one in found] == ["made", "made"], "the ledger does not know them"
    for one in found:
        answer = _removed(client, kind, one)
        assert answer is Answer.ACCEPTED, answer
    still = _wait(lambda: not any(_present(client, kind, name) for name in names), seconds=kind.patience)
    assert still, f"{kind.name}: {kind.removal.operation} succeeded, and it is still listed"
    assert {_claim(world, kind, one) for one in found} <= {"", "going"}, "the ledger does not know that they went"
    for one in found:
        assert _removed(client, kind, one) in {Answer.ACCEPTED, Answer.ABSENT}


def _claim(world: World, kind: ResourceType, one: Found) -> str:
    """How the ledger knows a resource; empty when it does not."""
    entry = world.ledger().alive.get(identity_of(kind.name, world.region, one.key))
    return entry.claim if entry is not None else ""


def _removed(client: Any, kind: ResourceType, one: Found) -> Answer:
    """Its removal, tried again for as long as something must be over first."""

    def attempt() -> Answer | None:
        answer, why = remove(client, kind, one)
        last.append(why)
        return None if answer is Answer.LATER else answer

    last: list[str] = []
    answer = _wait(attempt, seconds=kind.patience)
    assert answer is not None, last[-1]
    found: Answer = answer
    return found


@pytest.mark.parametrize("kind", [kind for kind in _LIVE if kind.removal.batch > 1], ids=lambda kind: kind.name)
def test_several_at_once(world: World, kind: ResourceType) -> None:
    """A removal that takes a list removes all of it."""
    maker = _MAKERS[kind.name]
    client = _client(world, kind)
    names = [new_name(maker) for _ in range(3)]
    for name in names:
        maker.make(world, name)
    found = [_wait(partial(_present, client, kind, name)) for name in names]
    assert remove_batch(client, kind, found)[0] is Answer.ACCEPTED
    assert _wait(lambda: not any(_present(client, kind, name) for name in names), seconds=kind.patience)


@pytest.mark.parametrize("kind", resource_types().values(), ids=lambda kind: kind.name)
def test_the_model_knows_all_of_it(kind: ResourceType) -> None:
    """Operations, parameters, paths and types that a case names exist."""
    client = boto3.client(
        kind.service,
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    model = client.meta.service_model
    listing, removal = kind.listing, kind.removal
    asked = [(listing.operation, {*listing.parameters, *listing.within})]
    if kind.look is not None:
        asked.append((kind.look.operation, {*kind.look.parameters, *kind.look.within}))
        assert set(kind.look.within.values()) == set(kind.key), "a look names the one that it looks for"
    if kind.survey is not None:
        asked.append((kind.survey.operation, set(kind.survey.parameters)))
    asked[0][1].update(listing.narrow)
    if listing.over is not None:
        asked.append((listing.over.operation, set(listing.over.parameters)))
    asked.append((removal.operation, {*(name.partition(".")[0] for name in removal.parameters), *removal.fixed}))
    asked += [(step[0], {*(name.partition(".")[0] for name in step[1]), *step[2]}) for step in kind.prepare]
    for part in kind.parts:
        asked.append((part.listing, {*part.given, *part.fixed_listing}))
        asked.append((part.removal, {*(name.partition(".")[0] for name in part.parameters), *part.fixed}))
    for operation, parameters in asked:
        shape = model.operation_model(operation).input_shape
        assert parameters <= set(shape.members if shape else ()), operation
        assert callable(getattr(client, xform_name(operation)))
    for operation in (*(create.operation for create in kind.creates), *removal.also):
        if operation != POST_OBJECT:  # which no model has
            model.operation_model(operation)
    for create in kind.creates:
        made = set(create.names) | set(create.ids)
        assert made == set(kind.key), f"{create.operation} does not say the whole key"
    sources = {source for source in removal.parameters.values() if not source.startswith(".")}
    assert sources <= set(kind.key)
    known = resource_types()
    named = {*kind.after, *(one.type for one in kind.silent), *((kind.within,) if kind.within else ())}
    assert named <= set(known)
    for one in kind.silent:
        assert set(one.key) == set(known[one.type].key)
    assert set(kind.container) <= (set(known[kind.within].key) if kind.within else set())


def test_enough_types() -> None:
    """At least forty-five, of which at most five were only held against the model."""
    kinds = resource_types().values()
    assert len([kind for kind in kinds if not kind.within]) >= 45
    assert len([kind for kind in kinds if kind.proven == "model"]) <= 5
