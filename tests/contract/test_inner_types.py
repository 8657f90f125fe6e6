"""What a run makes inside of something that it did not make: listed in there, removed, and proven gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.makers._model import World
from tests.contract.makers._world import all_makers, new_name, types_gate, world_of

from sandgate.resources._model import ResourceType, resource_types
from sandgate.run import Run
from sandgate.sweep.found import list_all
from sandgate.sweep.remove import Answer, remove

_MAKERS = all_makers()
_INNER = [kind for kind in resource_types().values() if kind.within and kind.proven == "emulator"]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A gate for all types."""
    with types_gate(tmp_path_factory.mktemp("inner")) as run:
        yield run


@pytest.fixture
def world(gate: Run) -> Iterator[World]:
    """What makers work with; containers go at the end."""
    with world_of(gate) as made:
        yield made


@pytest.mark.parametrize("kind", _INNER, ids=lambda kind: kind.name)
def test_life(world: World, kind: ResourceType) -> None:
    """One is made in a container; it is listed there under its key, goes, and going twice is no error."""
    maker = _MAKERS[kind.name]
    assert maker.container is not None
    name = new_name(maker)
    container = maker.container(world, name)
    client = (world.deployer if kind.as_deployer else world.client)(kind.service)
    before = [found.key for found in list_all(client, kind, container)]
    maker.make(world, name)
    made = [found for found in list_all(client, kind, container) if found.key not in before]
    assert len(made) == 1
    assert set(made[0].key) == set(kind.key)
    assert {mine: made[0].key[mine] for mine in kind.container.values()} == {
        mine: container[whole] for whole, mine in kind.container.items()
    }
    assert remove(client, kind, made[0]) == (Answer.ACCEPTED, "")
    assert [found.key for found in list_all(client, kind, container)] == before
    assert remove(client, kind, made[0])[0] in {Answer.ACCEPTED, Answer.ABSENT}
