"""Requests by the registry protocol of ECR: whose token they carry, and how they go on.

Where the gate has no say it does as ECR does: `/v2/` without a token is answered with how one logs in. Blobs are
fetched where the upstream's redirect says, which on AWS is a bucket of ECR's own, by an address that is signed for
that one blob.

Sources: https://github.com/opencontainers/distribution-spec; Amazon ECR User Guide, "Private registry authentication".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from urllib.parse import urlsplit

from sandgate.core.call import Decision
from sandgate.gate.admit import on_own_host
from sandgate.gate.answers import UNSIGNED, RefusedError
from sandgate.gate.bodies import stream_plan
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body, Outgoing, Reading
from sandgate.gate.headers import HOP_BY_HOP
from sandgate.gate.parts import Parts
from sandgate.keys.registry_tokens import RegistryToken, password_of
from sandgate.routes.ecr_v2 import UNSUPPORTED
from sandgate.tiers._emulator_layers import LINK
from sandgate.wire.http import WireError
from sandgate.wire.registry import challenge

__all__ = ["ask_back", "asked", "manifest_of", "outgoing", "reading", "token_of"]

_LARGEST_MANIFEST = 4 * 1024 * 1024
"""Registries take no larger one (distribution-spec, "Pushing Manifests")."""
_CREATED = 201
_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_NO_TOKEN = replace(
    UNSIGNED,
    value="a request without a registry's token",
    source="ECR's registries let nobody in without one",
    remedy="log in with what ecr:GetAuthorizationToken (`aws ecr get-login-password`) gives for the run key",
)
_UNKNOWN = Decision(
    allowed=False,
    rule="unknown-key",
    value="a registry's token",
    source="the gate takes only tokens that it gave out in this run",
    remedy="ask ecr:GetAuthorizationToken through the gate, and log in with that",
)


def ask_back(flow: Flow) -> bool:
    """Answer who looks whether this is a registry, and how one logs in; whether that is what was asked.

    Every client begins with it, so it is no refusal.
    """
    request = flow.request
    if flow.operation != "Registry" or password_of(request.fields):
        return False
    flow.exchange.respond(challenge(request, "no basic auth credentials"))
    return True


def token_of(flow: Flow, parts: Parts) -> RegistryToken | None:
    """The token that a request carries; None for one that follows an embedded registry's link to a layer.

    Raises:
        RefusedError: it carries none, or one that this gate did not give out.
        WireError: its time is over.
    """
    request = flow.request
    password = password_of(request.fields)
    if not password:
        if flow.operation == "GetDownloadUrlForLayer" and f"{LINK}=" in request.query and password is None:
            return None
        raise RefusedError(_NO_TOKEN)
    token = parts.tokens.resolve(password)
    if token is None:
        raise RefusedError(_UNKNOWN)
    if token.expired(parts.now()):
        text = "Your authorization token has expired. Reauthenticate and try again."
        raise WireError("ExpiredToken", text, status=403)
    return token


async def manifest_of(flow: Flow) -> bytes | None:
    """The body of a request that puts an image."""
    return await flow.exchange.body(_LARGEST_MANIFEST) if flow.operation == "PutImage" else None


def asked(flow: Flow, manifest: bytes | None) -> dict[str, object]:
    """What the request asks for, as the operation's parameters.

    Raises:
        WireError: ECR has no such request.
    """
    assert flow.route is not None
    if flow.operation == UNSUPPORTED:
        raise WireError("UnsupportedOperation", "the registry protocol has no such request", status=405)
    account = flow.token.account if flow.token else ""
    digest = {} if manifest is None else {"imageDigest": f"sha256:{hashlib.sha256(manifest).hexdigest()}"}
    return {**({"registryId": account} if account else {}), **flow.route[1].parameters, **digest}


def outgoing(flow: Flow, parts: Parts, manifest: bytes | None) -> Outgoing:
    """The request with the real token.

    What asks to take a layer from another repository, or to begin and end an upload at once, is a plain beginning
    upstream, as registries may answer it: both would be more than the one operation that has been decided.

    Args:
        flow: the request, admitted.
        parts: upstream.
        manifest: the body of a request that puts one; other bodies are streamed.
    """
    request = flow.request
    assert flow.aim is not None
    target = parts.upstream.target(flow.aim)
    host = target.host if target.names_all else _host(flow)
    headers = [(n, v) for n, v in request.headers if n not in HOP_BY_HOP and n not in ("host", "authorization")]
    headers.append(("host", host))
    if flow.token is not None:
        headers.append(("authorization", f"Basic {flow.token.real}"))
    body = stream_plan(flow.exchange, None, None, []).body if manifest is None else Body(manifest, len(manifest), "")
    return Outgoing(
        method=request.method,
        path=request.path if target.path is None else target.path,
        query="" if flow.operation == "InitiateLayerUpload" else request.query,
        headers=headers,
        body=body.data,
        length=body.length,
        target=target,
    )


def _host(flow: Flow) -> str:
    """The registry's, by which an emulator knows account and region."""
    assert flow.call is not None
    account, region = flow.call.parameters.get("registryId", ""), flow.call.region
    if not account or not region:
        return flow.request.host
    return f"{account}.dkr.ecr.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def reading(flow: Flow, parts: Parts) -> Reading:
    """What happens to the answer: addresses for the next request lead to where this one came to.

    Of an image that was put the ledger learns the digest, as the API's answer would tell it.
    """
    request = flow.request
    if request.method not in _WRITES:
        return Reading()
    found = Reading()
    own = parts.urls.get(flow.exchange.label, "") if on_own_host(request) else f"https://{request.host}"

    def edit(status: int, headers: list[tuple[str, str]], body: bytes) -> tuple[list[tuple[str, str]], bytes]:
        assert flow.call is not None
        if status == _CREATED and flow.operation == "PutImage":
            digest = flow.call.parameters["imageDigest"]
            found.body = json.dumps({"image": {"imageId": {"imageDigest": digest}}}).encode()
        return [(n, _led(v, own) if n.lower() == "location" else v) for n, v in headers], body

    found.edit = edit
    return found


def _led(location: str, own: str) -> str:
    parts = urlsplit(location)
    return own + parts.path + (f"?{parts.query}" if parts.query else "")
