"""What is there: resources of a type as AWS lists them, page by page, and nothing that only looks like a listing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sandgate.core.paths import every, first
from sandgate.resources._model import Key, Listing, ResourceType
from sandgate.sweep.unread import unread

__all__ = ["CannotListError", "Found", "born", "detailed", "list_all", "listing_for", "pages"]

_MISSING_CONTAINER = ("NoSuch", "NotFound", "NonExistent", "DoesNotExist")


class CannotListError(Exception):
    """Nobody knows what is there: that is a state, never "nothing there"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One resource in a listing."""

    key: Key
    name: str
    """What people called it."""
    created: object = None
    """When it was made, as botocore parsed it; None where listings do not tell."""
    gone: bool = False
    """Whether it is as good as gone."""
    seen: bool = True
    """Whether a listing shows it; else only the ledger says that it is there."""
    entry: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The listing's entry; one that is a mere text is `{"@": text}`."""


def list_all(client: Any, kind: ResourceType, container: Key | None = None) -> Iterator[Found]:
    """Every resource of a type that a client's account and region have.

    Args:
        client: boto3's, of the type's service.
        kind: the type.
        container: key of what to look into, for types that are listed container by container; without one those with
            `over` are listed in all.

    Raises:
        CannotListError: a page could not be read.
    """
    listing = listing_for(kind, container or {})
    for place in _containers(client, listing, container or {}):
        said = kind.spelled(place) if kind.spelled and set(kind.key) <= set(place) else place
        if not set(listing.within.values()) <= set(said):
            raise CannotListError("nobody knows what to look for")
        given = {name: said[member] for name, member in listing.within.items()}
        given |= {name: said[member] for name, member in listing.narrow.items() if member in said}
        for page in _read(client, listing, given):
            for entry in every(page, listing.entries):
                yield _found(listing, entry, place)


def listing_for(kind: ResourceType, key: Key) -> Listing:
    """What shows a resource: its type's `look` where the whole key is known, else the listing.

    Args:
        kind: the type.
        key: of the resource or of its container, as far as it is known.
    """
    return kind.look if kind.look is not None and set(kind.look.within.values()) <= set(key) else kind.listing


def _read(client: Any, listing: Listing, given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The pages of a listing that may say by an error what is there.

    Raises:
        CannotListError: a page could not be read.
    """
    try:
        yield from pages(client, listing.operation, {**listing.parameters, **given}, listing.more)
    except CannotListError as error:
        codes = _codes(error.__cause__)
        name, value, unknown = listing.elided or ("", "", ())
        if value and given.get(name) == value and not codes.isdisjoint(unknown):
            yield from _read(client, listing, {at: said for at, said in given.items() if at != name})
        elif not codes.isdisjoint(listing.present):
            yield {}
        elif codes.isdisjoint(listing.absent):
            raise


def _codes(error: BaseException | None) -> frozenset[str]:
    """Error code and HTTP status of an answer."""
    if not isinstance(error, ClientError):
        return frozenset()
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return frozenset({str(error.response.get("Error", {}).get("Code", "")), str(status)})


def detailed(client: Any, kind: ResourceType, found: Found) -> Found:
    """A resource with what its listing alone does not tell.

    Raises:
        CannotListError: it could not be read.
    """
    listing = kind.listing
    if listing.detail is None or listing_for(kind, found.key) is not listing:
        return found
    operation, parameters, path = listing.detail
    given = {name: first(found.entry, at) for name, at in parameters.items()}
    try:
        answer = getattr(client, xform_name(operation))(**given)
    except (ClientError, BotoCoreError, unread()) as error:
        raise CannotListError(_why(error)) from error
    more = first(answer, path)
    entry = {**found.entry, **(more if isinstance(more, Mapping) else {})}
    return _found(listing, entry, found.key)


def born(client: Any, kind: ResourceType, found: Found) -> Found:
    """A resource with the time when it was made, for types whose listing does not tell.

    Raises:
        CannotListError: it could not be read.
    """
    birth = kind.birth
    if birth is None or found.created is not None:
        return found
    entry = found.entry.get("@", found.entry)
    given = {
        name: first(entry, source[1:]) if source.startswith(".") else found.key[source]
        for name, source in birth.parameters.items()
    }
    try:
        answer = getattr(client, xform_name(birth.operation))(**given, **birth.fixed)
    except (ClientError, BotoCoreError, unread()) as error:
        raise CannotListError(_why(error)) from error
    return replace(found, created=first(answer, birth.path))


def pages(
    client: Any, operation: str, given: Mapping[str, Any], more: tuple[str, str, str] | None = None
) -> Iterator[Mapping[str, Any]]:
    """The pages of a listing.

    Args:
        client: boto3's.
        operation: the listing's, as AWS writes it.
        given: its parameters.
        more: how it pages, where botocore does not know and it is not by NextToken.

    Raises:
        CannotListError: a page could not be read.
    """
    method = xform_name(operation)
    try:
        if more is None and client.can_paginate(method):
            yield from client.get_paginator(method).paginate(**given)
            return
        path, parameter, last = more or ("NextToken", "NextToken", "")
        call = getattr(client, method)
        token: object = None
        while True:
            page = call(**given, **({parameter: token} if token else {}))
            yield page
            following = first(page, path)
            if last and following:
                following = list(every(page, last))[-1:]
                following = following[0] if following else None
            if not following or following == token:
                return
            token = following
    except (ClientError, BotoCoreError, unread()) as error:
        if given and isinstance(error, ClientError) and _is_missing(error):
            return  # what is asked about is gone, and so is what was in it
        raise CannotListError(_why(error)) from error
    except (AttributeError, TypeError, ValueError) as error:  # botocore's parser, on an answer of another form
        raise CannotListError(f"{operation}: {_why(error)}") from error


def _containers(client: Any, listing: Listing, container: Key) -> Iterator[Key]:
    if listing.over is None or set(listing.within.values()) <= set(container):
        yield container
        return
    over = listing.over
    for page in pages(client, over.operation, over.parameters, over.more):
        for entry in every(page, over.entries):
            place = {member: first(entry, path) for member, path in over.key.items()}
            if all(place.get(member, value) == value for member, value in container.items()):
                yield {**container, **place}


def _found(listing: Listing, entry: object, container: Key) -> Found:
    shown = entry if isinstance(entry, Mapping) else {"@": entry}
    if listing.over is not None:
        shown = {**container, **shown}
    key = {
        member: value
        for member, path in listing.key.items()
        if (value := _at(entry, path) if path else None) is not None or (value := container.get(member)) is not None
    }
    name = (_at(entry, listing.name) if listing.name else None) or next(iter(key.values()), "")
    return Found(
        key=key,
        name=str(name),
        created=_at(entry, listing.created) if listing.created else None,
        gone=any(str(value) in values for path, values in listing.gone.items() for value in every(entry, path)),
        entry=shown,
    )


def _at(entry: object, path: str) -> object:
    return first(entry.get("@", entry) if isinstance(entry, Mapping) else entry, path)


def _is_missing(error: ClientError) -> bool:
    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", ""))
    if code == "ValidationError":  # CloudFormation's for a stack that is not there
        return message.endswith("does not exist")
    return any(word in code for word in _MISSING_CONTAINER)


def _why(error: Exception) -> str:
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        return f"{error.operation_name}: {told.get('Code', '')}: {told.get('Message', '')}".rstrip(": ")
    if isinstance(error, unread()):
        # Its text quotes the whole answer.
        return "an answer that cannot be read"
    return f"{type(error).__name__}: {error}"
