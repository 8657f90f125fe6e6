"""What carries the prefix and is in no ledger: what suites left that ran without sandgate."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sandgate.ledger.entry import Identity, identity_of
from sandgate.resources._model import ResourceType, resource_types
from sandgate.sweep.found import CannotListError, Found, detailed, list_all

__all__ = ["Known", "Listed", "carries", "list_types", "strays", "types_of"]

_WORKERS = 16
_SERVICE_PATH = re.compile(r"/aws/[\w-]+/")
"""What services put before the name of the function or stream whose logs they keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a listing of one type showed."""

    kind: ResourceType
    found: tuple[Found, ...] = ()
    failure: str = ""
    """Why nobody knows what is there, or what else is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What ledgers know, read after everything was listed: who makes something writes that down first."""

    identities: Collection[Identity] = ()
    """What is a run's business: alive in a ledger, or ever that of a run that lives."""
    namespaces: Collection[str] = ()
    """Of runs that live: what carries one is theirs, whatever ledgers say."""

    def has(self, type_: str, region: str, key: Mapping[str, Any], name: str) -> bool:
        """Whether a resource is a run's business.

        Args:
            type_: name of its type.
            region: where it is.
            key: its key.
            name: what people gave it.
        """
        texts = (name, *map(str, key.values()))
        return identity_of(type_, region, key) in self.identities or any(
            space in text for space in self.namespaces for text in texts
        )


def _lists_by_itself(kind: ResourceType) -> bool:
    """Whether a type is looked for: what is inside of something goes with that."""
    return not kind.within and (not kind.listing.within or kind.listing.over is not None)


def list_types(kinds: Iterable[ResourceType], client: Callable[[str], Any]) -> Sequence[Listed]:
    """List types, several at a time.

    Args:
        kinds: the types.
        client: service to a boto3 client of the region that is meant.
    """
    kinds = tuple(kinds)
    clients = {kind.service: client(kind.service) for kind in kinds}

    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="list") as pool:
        return tuple(pool.map(lambda kind: _listed(clients[kind.service], kind), kinds))


def _listed(client: Any, kind: ResourceType) -> Listed:
    """A listing, with what only a read of each entry tells: a key's name is its description."""
    found: list[Found] = []
    refused: list[str] = []
    try:
        for one in list_all(client, kind):
            try:
                found.append(detailed(client, kind, one))
            except CannotListError as error:  # one that nobody may look at does not hide the others
                refused.append(": ".join(str(error).split(": ")[:2]))
    except CannotListError as error:
        return Listed(kind=kind, failure=str(error))
    failure = f"{len(refused)} of {len(refused) + len(found)} could not be looked at ({refused[0]})" if refused else ""
    return Listed(kind=kind, found=tuple(found), failure=failure)


def strays(
    listed: Iterable[Listed], *, prefixes: Sequence[str], region: str, known: Known
) -> Iterator[Mapping[str, Any]]:
    """What may be taken, as the ledger names it: type, region and key; and the name that people gave it.

    Args:
        listed: the listings; those that failed show nothing, and are for the caller to tell.
        prefixes: of the sandbox.
        region: that was listed.
        known: what ledgers know.
    """
    for one in listed:
        for found in one.found:
            key = dict(found.key)
            if found.gone or set(key) != set(one.kind.key) or not carries(found.name, prefixes):
                continue
            if known.has(one.kind.name, region, key, found.name):
                continue
            yield {"type": one.kind.name, "region": region, "key": key, "name": found.name}


def carries(name: str, prefixes: Iterable[str]) -> bool:
    """Whether a name begins with a prefix as the sandbox has it: `test-…`, `test_…`, `/test/…`.

    Args:
        name: as a listing shows it; also that of a log group, `/aws/lambda/test-…`.
        prefixes: of the sandbox.
    """
    plain = _SERVICE_PATH.sub("", name, count=1) if _SERVICE_PATH.match(name) else name
    return any(plain.startswith((f"{prefix}-", f"{prefix}_", f"{prefix}/", f"/{prefix}/")) for prefix in prefixes)


def types_of(services: Iterable[str]) -> tuple[ResourceType, ...]:
    """The types of some services that are looked for.

    Args:
        services: as botocore names them.
    """
    wanted = frozenset(services)
    return tuple(kind for kind in resource_types().values() if kind.service in wanted and _lists_by_itself(kind))
