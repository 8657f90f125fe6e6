"""The upstream request of a call: signed with the real credentials, or forwarded with its own signature."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sandgate.gate.admit import on_own_host
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body, Outgoing
from sandgate.gate.headers import HOP_BY_HOP
from sandgate.gate.parts import Parts
from sandgate.wire.hosts import read_host
from sandgate.wire.http import Request, WireError
from sandgate.wire.s3 import with_bucket
from sandgate.wire.signing.sign import hoisted_headers, sign, strip_query_auth

__all__ = ["client_headers", "plain_path", "signed", "verbatim"]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def client_headers(request: Request) -> list[tuple[str, str]]:
    """The client's headers without Host and those of its connection."""
    return [(n, v) for n, v in request.headers if n not in HOP_BY_HOP and n != "host"]


def plain_path(flow: Flow) -> str:
    """The path of a call on the upstream's host, which names no bucket: what the client's host named comes first.

    Without it the first step of a key would be the bucket there.
    """
    request = flow.request
    return with_bucket(request.path, read_host(request.host).bucket) if flow.service == "s3" else request.path


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
    # The host of a route at AWS says which API or function is meant; no path does.
    host = request.host if flow.route is not None and not on_own_host(request) else target.host
    headers.append(("host", host))
    path, query = plain_path(flow), request.query
    if flow.claim is not None and flow.entry is not None:
        if flow.claim.scheme.endswith("-query"):
            present = {n for n, _ in headers}
            headers += [(n, v) for n, v in _sendable(hoisted_headers(query)) if n not in present]
            query = strip_query_auth(query)
        headers = sign(
            request.method,
            target.base_path + path,
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
        method=request.method, path=path, query=query, headers=headers, body=body.data,
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
