"""What is there in an emulator, read as root by the tier that owns it, and what nobody can tell.

Only services that a run has called are listed: an emulator that loads a service to say "nothing" takes a second over
all of them; stack calls, which can make anything, list everything.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from xml.etree import ElementTree as ET

from sandgate.errors import RunError
from sandgate.tiers._listings import LISTINGS, SHARED, Row, Service
from sandgate.tiers._model import Leftover
from sandgate.tiers._unix_http import SignedClient

__all__ = ["LISTING_ERRORS", "called_services", "list_service", "listed_services", "unlisted"]

LISTING_ERRORS = (RunError, OSError, ValueError, ET.ParseError, http.client.HTTPException)
"""What a listing may raise; each means that nobody knows what is there."""

_BY_NAME = {service.name: service for service in LISTINGS}
_MAKES_ANYTHING = frozenset({"cloudformation", "cloudcontrol"})
_MAKES = frozenset({
    "Add", "Allocate", "Build", "Clone", "Copy", "Create", "Deploy", "Import", "Initiate", "Launch", "Provision",
    "Publish", "Purchase", "Put", "Register", "Request", "Reserve", "Restore", "Run", "Start", "Submit", "Subscribe",
    "Upload",
})  # fmt: skip
"""First words of the operations that may leave something. `Send`, `Set`, `Update` and the like change what is there."""
_HOLDS_NOTHING = frozenset({
    "apigatewaymanagementapi", "bedrock-agent-runtime", "bedrock-runtime", "execute-api", "iot-data", "rds-data", "sts",
    "translate",
})  # fmt: skip
"""Data planes and token services: they answer, and keep nothing that has a name."""
_FIRST_WORD = re.compile(r"[A-Z][a-z]+")


def listed_services() -> frozenset[str]:
    """The services whose resources can be listed, by botocore's names."""
    return frozenset(_BY_NAME) | SHARED.keys()


def called_services(called: Iterable[tuple[str, str, str]]) -> Mapping[str, frozenset[str]]:
    """The services to list, by region.

    Args:
        called: service, region and operation of calls; where stack calls are among them, every service is listed.
    """
    regions: dict[str, set[str]] = {}
    for service, region, _ in called:
        regions.setdefault(region, set()).add(SHARED.get(service, service))
    return {
        region: frozenset(_BY_NAME if not names.isdisjoint(_MAKES_ANYTHING) else names & _BY_NAME.keys())
        for region, names in regions.items()
    }


def unlisted(called: Iterable[tuple[str, str, str]]) -> Iterator[Leftover]:
    """An entry for each service that may hold something and that no call lists.

    Args:
        called: service, region and operation; only those operations count that may have made something.
    """
    known = listed_services() | _MAKES_ANYTHING | _HOLDS_NOTHING
    made: dict[str, set[str]] = {}
    for service, _, operation in called:
        word = _FIRST_WORD.match(operation)
        if service not in known and word and word[0] in _MAKES:
            made.setdefault(service, set()).add(operation)
    for service, operations in sorted(made.items()):
        names = ", ".join(sorted(operations))
        why = f"{names} succeeded, and sandgate knows no call that lists what is there"
        yield Leftover(type="", name=service, unknown=why)


def list_service(client: SignedClient, name: str) -> Iterator[Leftover]:
    """Every resource of one service, in one region.

    Args:
        client: calls as root.
        name: botocore's name of a listed service.

    Raises:
        RunError: the first listing is refused; "could not list" is not "nothing there". A further one that is refused
            becomes an entry that says so, as many emulators have the main type of a service only.
    """
    service = _BY_NAME[SHARED.get(name, name)]
    for row in service.rows:
        try:
            found = [Leftover(type=row.type, name=each) for each in _names(client, service, row)]
        except RunError as error:
            if row is service.rows[0]:
                raise
            found = [Leftover(type="", name=name, unknown=str(error))]
        yield from found


def _names(client: SignedClient, service: Service, row: Row) -> Iterator[str]:
    *way, last = row.path.split(".")
    for page in _pages(client, service, row):
        for entry in _walk(page, way):
            for name in _walk(entry, [last]):
                if isinstance(name, str) and name and not _excluded(client, service, row, entry, name):
                    yield name


def _pages(client: SignedClient, service: Service, row: Row) -> Iterator[object]:
    if service.protocol == "json":
        yield from client.json_pages(service.signed_for, f"{service.target}.{row.ask}", service.version, row.parameters)
    elif service.protocol == "query":
        parameters = {key: str(value) for key, value in row.parameters.items()}
        for answer in client.query_pages(service.signed_for, row.ask, service.version, parameters):
            page = _plain(answer)
            yield page.get(f"{row.ask}Result", page) if isinstance(page, dict) else page
    elif service.protocol == "rest-xml":
        for answer in client.rest_xml_pages(service.signed_for, row.ask.partition(" ")[2]):
            yield _plain(answer)
    else:
        method, _, path = row.ask.partition(" ")
        yield from client.rest_pages(service.signed_for, path, method=method)


def _plain(element: ET.Element) -> object:
    """XML as JSON would have it: a leaf is its text, all else the lists of its children by their names."""
    if not len(element):
        return element.text or ""
    found: dict[str, list[object]] = {}
    for child in element:
        found.setdefault(child.tag.rpartition("}")[2], []).append(_plain(child))
    return found


def _walk(node: object, steps: list[str]) -> Iterator[object]:
    if isinstance(node, list):
        for each in node:
            yield from _walk(each, steps)
    elif not steps:
        yield node
    elif isinstance(node, dict) and steps[0] in node:
        yield from _walk(node[steps[0]], steps[1:])


def _excluded(client: SignedClient, service: Service, row: Row, entry: object, name: str) -> bool:
    if row.detail:
        operation, parameter, member = row.detail
        target = f"{service.target}.{operation}"
        entry = client.json(service.signed_for, target, service.version, {parameter: name}).get(member)
    return any(
        fnmatchcase(str(value), pattern)
        for member, pattern in row.but
        for value in (_walk(entry, member.split(".")) if member else (name,))
    )
