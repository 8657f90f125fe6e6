"""Whether something is there already, asked before a call that would not say so."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

from sandgate.core.paths import nested
from sandgate.gate.asking import Asking
from sandgate.ledger.answers import all_in, found_in
from sandgate.resources._model import Key, Listing, Probe, Survey
from sandgate.wire.denials import error_code
from sandgate.wire.models import Models

__all__ = ["Presence", "Prober"]

Presence = Literal[True, False, "unknown"]
_SUCCESS = range(200, 300)
_SECONDS = 10.0
"""How long an answer may take; nobody's call shall wait for ever because the gate wants to know something."""


class _Rest(NamedTuple):
    """A read of S3, which has paths in place of operations."""

    method: str
    path: str
    query: str = ""


_REST: Mapping[str, _Rest] = {
    "GetBucketVersioning": _Rest("GET", "/{Bucket}", "versioning"),
    "HeadBucket": _Rest("HEAD", "/{Bucket}"),
    "HeadObject": _Rest("HEAD", "/{Bucket}/{Key}", "versionId={VersionId}"),
}
_PAGES = 20
_MORE = ("NextToken", "nextToken")
"""Where an answer says that it is not the whole."""
_DOTS = frozenset({".", ".."})
"""Steps of a path that servers and proxies take away."""


class Prober:
    """Asks upstream whether a resource exists.

    Args:
        asking: reads of the gate's own.
        models: to write a request as its service wants it.
        account: the upstream's.
    """

    def __init__(self, asking: Asking, models: Models, account: str) -> None:
        self._asking = asking
        self._models = models
        self._account = account

    async def exists(self, service: str, probe: Probe, key: Key, region: str) -> Presence:
        """Whether it is there; `unknown` where the answer does not tell."""
        place = {**key, "account": self._account, "region": region}
        given = {name: form.format_map(place) for name, form in probe.parameters.items()}
        status, body = await self._send(service, probe.operation, given, region)
        if status in _SUCCESS:
            shown = all_in(body, probe.shows) if probe.shows else ("",)
            if not probe.equals or probe.equals.format_map(place) in shown:
                return bool(shown)
            return "unknown" if any(all_in(body, token) for token in _MORE) else False
        return False if _is_one_of(probe.absent, status, body) else "unknown"

    async def look(self, service: str, look: Listing, key: Key, region: str) -> Presence:
        """Whether what a type's `look` reads is there; `unknown` where the answer does not tell."""
        given = {**look.parameters, **{name: key[member] for name, member in look.within.items()}}
        status, body = await self._send(service, look.operation, given, region)
        if look.elided is not None:
            name, value, codes = look.elided
            if given.get(name) == value and _is_one_of(codes, status, body):
                del given[name]
                status, body = await self._send(service, look.operation, given, region)
        if status in _SUCCESS:
            return look.entries == "@" or bool(all_in(body, look.entries))
        if _is_one_of(look.present, status, body):
            return True
        return False if _is_one_of(look.absent, status, body) else "unknown"

    async def listed(self, service: str, listing: Listing, member: str, region: str) -> list[str]:
        """What a listing shows of a key member, as far as it can be read; of services that speak JSON."""
        found: list[str] = []
        token: tuple[str, ...] = ()
        for _ in range(_PAGES):
            given = {**listing.parameters, **({_MORE[0]: token[0]} if token else {})}
            status, body = await self._send(service, listing.operation, given, region)
            if status not in _SUCCESS:
                break
            found += all_in(body, f"{listing.entries}.{listing.key[member]}")
            token = all_in(body, _MORE[0])
            if not token:
                break
        return found

    async def survey(self, service: str, survey: Survey, key: Key, region: str) -> Any:
        """What a survey shows: the value as JSON has it, or a text; None when nobody answers, or it shows nothing."""
        given = {name: key[member] for name, member in survey.parameters.items()}
        status, body = await self._send(service, survey.operation, given, region)
        if status not in _SUCCESS:
            return None
        if body[:1] == b"<":
            return found_in(body, {"it": survey.shows}).get("it", "")
        try:
            document = json.loads(body)
        except ValueError:
            return None
        for step in survey.shows.split("."):
            document = document.get(step) if isinstance(document, dict) else None
        return document

    async def _send(self, service: str, operation: str, given: Mapping[str, Any], region: str) -> tuple[int, bytes]:
        """Ask; no answer is one of status 0, and so is one that does not come in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                return await self._ask(service, operation, given, region)
        return 0, b""

    async def _ask(self, service: str, operation: str, given: Mapping[str, Any], region: str) -> tuple[int, bytes]:
        rest = _REST.get(operation) if service == "s3" else None
        if rest is not None:
            if not _DOTS.isdisjoint(f"{given['Bucket']}/{given.get('Key', '')}".split("/")):
                return 0, b""
            named = {name: quote(str(value), safe="/-_.~" if name == "Key" else "") for name, value in given.items()}
            query = rest.query.format_map({"VersionId": "", **named}).removesuffix("versionId=")
            return await self._asking.ask(
                service, rest.method, rest.path.format_map(named), query=query, region=region, operation=operation,
                parameters=given,
            )  # fmt: skip
        info = self._models.services[service]
        fields: tuple[tuple[str, str], ...]
        if info.target_prefix:
            fields = (
                ("content-type", f"application/x-amz-json-{info.json_version or '1.0'}"),
                ("x-amz-target", f"{info.target_prefix}.{operation}"),
            )
            body = json.dumps(nested(given)).encode()
        else:
            fields = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)
            body = urlencode({"Action": operation, "Version": info.api_version, **given}).encode()
        return await self._asking.ask(
            service, "POST", "/", body=body, region=region, fields=fields, operation=operation, parameters=given
        )


def _is_one_of(codes: tuple[str, ...], status: int, body: bytes) -> bool:
    code = error_code(status, (), body) if body else ""
    return code in codes or str(status) in codes
