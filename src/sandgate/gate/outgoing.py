"""The upstream request of a call: signed with the real credentials, or forwarded with its own signature."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body, Outgoing
from sandgate.gate.headers import HOP_BY_HOP
from sandgate.gate.parts import Parts
from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.sign import hoisted_headers, sign, strip_query_auth

__all__ = ["client_headers", "signed", "verbatim"]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def client_headers(request: Request) -> list[tuple[str, str]]:
    """The client's headers without Host and those of its connection."""
    return [(n, v) for n, v in request.headers if n not in HOP_BY_HOP and n != "host"]


def signed(flow: Flow, parts: Parts, headers: list[tuple[str, str]], body: Body) -> Outgoing:
    """Sign what arrived with a valid signature; what arrived unsigned goes on unsigned.

    Args:
        flow: the call, admitted.
        parts: upstream and its credentials.
        headers: what goes on of the client's.
        body: what goes on as the body.
    """
    request, upstream = flow.request, parts.upstream
    info = parts.models.services.get(flow.service)
    target = upstream.target(flow.service, info.signing_names[0] if info else flow.service, flow.region)
    headers.append(("host", target.host))
    query = request.query
    if flow.claim is not None and flow.entry is not None:
        if flow.claim.scheme.endswith("-query"):
            present = {n for n, _ in headers}
            headers += [(n, v) for n, v in _sendable(hoisted_headers(query)) if n not in present]
            query = strip_query_auth(query)
        headers = sign(
            request.method,
            target.base_path + request.path,
            query,
            headers,
            flow.entry.upstream or upstream.credential(flow.entry.principal.kind, flow.service),
            region=target.region,
            service=target.signing_name,
            payload=body.payload,
            now=datetime.now(UTC),
            token_name=flow.claim.token_name,
        )
    return Outgoing(
        method=request.method, path=request.path, query=query, headers=headers, body=body.data,
        length=body.length, target=target,
    )  # fmt: skip


def verbatim(flow: Flow, parts: Parts, data: bytes | AsyncIterator[bytes], length: int | None) -> Outgoing:
    """Host, path and signature as they came: a call of a function in the emulator, or an unsigned route."""
    request = flow.request
    headers = [(n, v) for n, v in request.headers if n not in HOP_BY_HOP]
    return Outgoing(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=headers,
        body=data,
        length=length,
        target=parts.upstream.target(flow.service, flow.service, flow.region),
    )


def _sendable(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers out of a query: decoded, they could hold line ends, which the parser keeps out of all others.

    Raises:
        WireError: one does.
    """
    for name, value in headers:
        if _CONTROL.search(value) or not _TOKEN.fullmatch(name):
            raise WireError("InvalidArgument", "A header in the query holds control characters.", protocol="rest-xml")
    return headers
