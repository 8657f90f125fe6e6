"""Who calls, and by which way in: host, route, and from a claimed signature to a principal, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import unquote, unquote_plus

from sandgate.core.call import Decision, Principal
from sandgate.gate.answers import INTERNAL, RefusedError
from sandgate.gate.parts import Parts
from sandgate.keys.run_keys import KeyEntry
from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.hosts import read_host
from sandgate.wire.http import Request, WireError
from sandgate.wire.identify import Match
from sandgate.wire.models import Models
from sandgate.wire.signing.chunked import CHUNKED_KINDS
from sandgate.wire.signing.presented import Presented

__all__ = [
    "check_chunks",
    "check_function",
    "check_host",
    "check_path",
    "check_query",
    "entry_of",
    "find_route",
    "on_own_host",
    "refuse_internal",
]

_AWS_HOST = re.compile(
    r"(?:[a-z0-9_.-]+\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws|amazoncognito\.com)(?::\d{1,5})?", re.IGNORECASE
)
_OWN_HOST = re.compile(r"(?:127\.0\.0\.1|localhost):(\d{1,5})")
_PREFIXED_HOST = re.compile(r"(?:[a-z0-9][a-z0-9-]*-|\d{12}\.)127\.0\.0\.1:(\d{1,5})", re.IGNORECASE)
"""The gate's address as SDKs write it for operations with a host prefix: `sync-`, or an account id and a dot."""
_ROUTED_NAMES = frozenset({"execute-api", "lambda"})
"""Signing names under which data-plane requests are signed; any other claim is an API call."""
_INTERNAL = ("/_ministack", "/_localstack")
_SHOWN = 4
_HEADERS_ONLY = frozenset({"x-amz-decoded-content-length", "x-amz-target", "x-amz-trailer"})
_CHUNKED = "aws-chunked"
_DOT = re.compile("%2e", re.IGNORECASE)
_ROUTED_STEPS = 3
"""`/_aws/execute-api/ID`: what no step up may leave."""


def check_host(request: Request, ports: Collection[int]) -> None:
    """A request for another host is a rebound name or a misconfigured proxy, never ours (RFC 9110, 7.4).

    Raises:
        WireError: the Host is neither the gate's nor one of AWS's.
    """
    own = _OWN_HOST.fullmatch(request.host) or _PREFIXED_HOST.fullmatch(request.host)
    if own is not None and int(own.group(1)) in ports:
        return
    if _AWS_HOST.fullmatch(request.host):
        return
    raise WireError("InvalidHost", "this gate does not serve the host that the request names", status=400)


def on_own_host(request: Request) -> bool:
    """Whether a request names the gate as its host, and none of AWS's."""
    return _OWN_HOST.fullmatch(request.host) is not None


def check_path(request: Request, *, routed: bool) -> None:
    """Keep a path inside what its first steps name, also where somebody behind the gate removes dots from it.

    Keys of S3 and paths of an API may hold dots; a server or proxy that tidies them up (RFC 3986, 5.2.4) must still
    find the same bucket and the same API.

    Args:
        request: the head.
        routed: whether it takes a route outside the models.

    Raises:
        WireError: the path climbs out of its bucket, function or API.
    """
    path = request.path
    if "." not in path and "%" not in path:
        return
    depth, floor = 0, _ROUTED_STEPS if routed and path.startswith("/_") else 1
    for step in (_DOT.sub(".", path) if routed else unquote(path)).split("/"):
        if step == "..":
            depth -= 1
            if depth < floor:
                raise WireError("InvalidURI", "The path climbs out of its first steps.", status=400)
        elif step not in ("", "."):
            depth += 1


def check_query(request: Request) -> None:
    """Keep what says how a request is read out of the query: what a presigned query holds becomes headers upstream.

    Raises:
        WireError: it names a target, or describes chunks.
    """
    for pair in request.query.split("&") if request.query else ():
        name = unquote_plus(pair.partition("=")[0]).lower()
        if name in _HEADERS_ONLY:
            raise WireError("InvalidRequest", f"{name} is a header, and no part of a query.", status=400)


def check_chunks(request: Request, claim: Presented | None) -> None:
    """Keep a body from being read in two ways: its signature, and nothing else, says that it is in chunks.

    Servers take any of several headers for that, and then find another body than the one that the gate has read.

    Raises:
        WireError: a header says so and the signature does not, or says something like it.
    """
    fields = request.fields
    coding = fields.get("content-encoding", "").lower()
    declared = claim is not None and claim.payload in CHUNKED_KINDS
    if _CHUNKED in coding and any(
        _CHUNKED in name and (name.strip() != _CHUNKED or not declared) for name in coding.split(",")
    ):
        raise _not_declared("content-encoding")
    if declared:
        return
    for name in ("x-amz-decoded-content-length", "x-amz-trailer"):
        if name in fields:
            raise _not_declared(name)
    if fields.get("x-amz-content-sha256", "").lower().startswith("streaming-"):
        raise _not_declared("x-amz-content-sha256")


def _not_declared(name: str) -> WireError:
    text = f"{name} describes a body in chunks, which the request's signature does not declare."
    return WireError("InvalidRequest", text, status=400)


def check_function(request: Request, found: Match | None, models: Models) -> None:
    """Functions know the gate by its own address, or a service by its plain host at AWS.

    Their calls go on as they came, and what any other host means is the emulator's to say, not ours.

    Args:
        request: the head.
        found: what the gate takes it for; `None` where it takes a route.
        models: all models.

    Raises:
        WireError: a function names another host of AWS than that of the service that it calls.
    """
    if on_own_host(request):
        return
    host = read_host(request.host)
    fitting = () if found is None or host.bucket else models.by_endpoint_prefix.get(host.endpoint_prefix, ())
    if found is None or not any(info.name == found.service for info in fitting):
        text = "a function reaches AWS under the gate's own address, or that of the service"
        raise WireError("InvalidHost", text, status=400)


def find_route(
    request: Request, claim: Presented | None, routes: Mapping[str, Route]
) -> tuple[Route, RouteMatch] | None:
    """The route outside the models that a request takes, if any: on the gate's own host, or on the route's at AWS."""
    if claim is not None and claim.service not in _ROUTED_NAMES:
        return None
    own = on_own_host(request)
    host = request.host.partition(":")[0].lower()
    for route in routes.values():
        if own or (route.aws_host and re.fullmatch(route.aws_host, host)):
            found = route.match(request)
            if found is not None:
                return route, found
    return None


def refuse_internal(request: Request) -> None:
    """Keep everybody from the emulator's own paths, however they are spelt.

    Raises:
        RefusedError: such a path.
    """
    path = request.path
    if "_" not in path and "%" not in path:
        return
    if ("/" + unquote(path).lstrip("/")).lower().startswith(_INTERNAL):
        raise RefusedError(INTERNAL)


async def entry_of(claim: Presented, parts: Parts) -> KeyEntry:
    """The entry of the key that the request names.

    Raises:
        RefusedError: the gate did not issue that key.
    """
    key_id = claim.access_key_id
    entry = parts.keys.resolve(key_id)
    if entry is not None:
        return entry
    real = parts.surrogates.resolve(key_id)
    if real is not None:
        return KeyEntry(
            credential=real.surrogate,
            principal=Principal(kind="surrogate", name=real.label),
            upstream=real.real,
        )
    # The second look is in the run's own region: a function may call another one.
    session = await parts.upstream.function_session(key_id, claim.region) or await parts.upstream.function_session(
        key_id, ""
    )
    if session is not None:
        entry = KeyEntry(
            credential=session.credential,
            principal=Principal(kind="function", name=session.function),
            forward_verbatim=True,
        )
        parts.keys.add(entry)
        return entry
    raise RefusedError(
        Decision(
            allowed=False,
            rule="unknown-key",
            value=_shown(key_id),
            source="the gate signs only for keys that it issued",
            remedy="use the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that `sandgate run` or `sandgate env` sets",
        )
    )


def _shown(key_id: str) -> str:
    """Enough of a key id to recognise it, never all of one that may be real, and nothing that breaks an answer."""
    text = "".join(c if c.isalnum() and c.isascii() else "?" for c in key_id)
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}...{text[-_SHOWN:]}"
