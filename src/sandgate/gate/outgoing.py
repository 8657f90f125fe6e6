"""The upstream request of a call: signed with the real credentials, or forwarded with its own signature."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from functools import partial

from sandgate.core.call import Call
from sandgate.gate.admit import on_own_host
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body, Outgoing
from sandgate.gate.headers import HOP_BY_HOP
from sandgate.gate.parts import Parts
from sandgate.tiers._model import Aim
from sandgate.wire.hosts import read_host
from sandgate.wire.http import Request, WireError
from sandgate.wire.models import Models
from sandgate.wire.s3 import with_bucket
from sandgate.wire.signing.sign import hoisted_headers, sign, strip_query_auth
from sandgate.wire.signing.sign_v4a import sign_v4a

__all__ = ["aim_of", "client_headers", "plain_path", "real_key_id", "signed", "verbatim"]

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


def aim_of(flow: Flow, call: Call, models: Models) -> Aim:
    """What decides where a call goes."""
    info = models.services.get(call.service)
    operation = models.service(call.service).operations.get(call.operation) if info else None
    return Aim(
        service=call.service,
        signing_name=info.signing_names[0] if info else call.service,
        region=call.region,
        operation=call.operation,
        parameters=call.parameters,
        host_prefix=operation.host_prefix if operation else "",
        path=plain_path(flow),
        data_plane=flow.route is not None,
    )


def real_key_id(flow: Flow, parts: Parts, access_key_id: str) -> str | None:
    """What a run key's id stands for upstream; None for one that is none, or that the caller has no business with.

    Args:
        flow: of the call that names it.
        parts: keys, and the upstream's credentials.
        access_key_id: the caller's own, or another of the sandbox's.
    """
    own = flow.claim is not None and access_key_id == flow.claim.access_key_id
    entry = flow.entry if own else parts.keys.resolve(access_key_id)
    if entry is None or (entry.upstream is None and entry.principal.kind not in ("identity", "deployer")):
        return None
    return (entry.upstream or parts.upstream.credential(entry.principal.kind, flow.service)).access_key_id


def signed(flow: Flow, parts: Parts, headers: list[tuple[str, str]], body: Body) -> Outgoing:
    """Sign what arrived with a valid signature; what arrived unsigned goes on unsigned.

    A body that is held is signed anew when the upstream has not taken the signature and the tier has mended that.

    Args:
        flow: the call, admitted.
        parts: upstream and its credentials.
        headers: what goes on of the client's.
        body: what goes on as the body.
    """
    request, upstream = flow.request, parts.upstream
    assert flow.aim is not None
    target = upstream.target(flow.aim)
    # The host of a route at AWS says which API or function is meant; no path does.
    theirs = flow.route is not None and not on_own_host(request) and not target.names_all
    sent = [*headers, ("host", request.host if theirs else target.host)]
    path = flow.aim.path if target.path is None else target.path
    query, used, again = request.query, None, None
    if flow.claim is not None and flow.entry is not None:
        if flow.claim.scheme.endswith("-query"):
            present = {n for n, _ in sent}
            sent += [(n, v) for n, v in _sendable(hoisted_headers(query)) if n not in present]
            query = strip_query_auth(query)
        real = flow.entry.upstream
        if real is None:
            real = used = upstream.credential(flow.entry.principal.kind, flow.service)
        signer: Callable[..., list[tuple[str, str]]] = partial(sign, token_name=flow.claim.token_name)
        sent = (sign_v4a if target.scheme == "sigv4a" else signer)(
            request.method,
            target.base_path + path,
            query,
            sent,
            real,
            region=target.region,
            service=target.signing_name,
            payload=body.payload,
            now=parts.now(),
        )
        again = partial(signed, flow, parts, headers, body)
    return Outgoing(
        method=request.method, path=path, query=query, headers=sent, body=body.data,
        length=body.length, target=target, used=used, again=again,
    )  # fmt: skip


def verbatim(flow: Flow, parts: Parts, data: bytes | AsyncIterator[bytes], length: int | None) -> Outgoing:
    """Host, path and signature as they came: a call of a function in the emulator, or an unsigned route.

    Where the upstream's host alone says what is meant, that is the host.
    """
    request = flow.request
    assert flow.aim is not None
    target = parts.upstream.target(flow.aim)
    headers = [(n, v) for n, v in request.headers if n not in HOP_BY_HOP]
    if target.names_all:
        headers = [*((n, v) for n, v in headers if n != "host"), ("host", target.host)]
    return Outgoing(
        method=request.method,
        path=request.path if target.path is None else target.path,
        query=request.query,
        headers=headers,
        body=data,
        length=length,
        target=target,
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
