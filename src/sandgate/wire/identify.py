"""HTTP request to AWS call: service, operation and parameters, from the models of the installed botocore.

Two steps, because a body may be endless: `match` decides from the head alone, `parse` reads what `match` asked to hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandgate.wire.bodies import decode_body
from sandgate.wire.candidates import (
    FORM,
    Chosen,
    by_form,
    by_posted_query,
    by_route,
    by_rpc_path,
    by_target,
    narrow_forms,
    open_services,
    signing_services,
    unknown,
)
from sandgate.wire.cases import PROTOCOLS
from sandgate.wire.hosts import read_host
from sandgate.wire.http import Request, WireError
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Models, Operation, Service
from sandgate.wire.protocols._model import Parts
from sandgate.wire.s3 import POST_OBJECT, choose_s3, post_parameters, without_auth
from sandgate.wire.uri import Pairs, form_pairs, one_of_each

__all__ = ["Identified", "Match", "identify_post_form", "match", "parse"]

_FORM_PROTOCOLS = frozenset({"query", "ec2"})
_Reading = tuple[Service, str, Parts]
_FORM_KEY = re.compile(r"[A-Za-z0-9._-]+")
_HOST_LABEL = re.compile(r"[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the head of a request says."""

    service: str
    """botocore's service name; of services that only the body tells apart, the first."""
    protocol: str
    operation: str | None
    """None while it stands in the body."""
    body: Literal["buffer", "stream"]
    """`stream` where the body is a member that may be endless: it must not be held."""
    candidates: tuple[tuple[str, str], ...] = field(repr=False)
    labels: tuple[Mapping[str, str], ...] = field(repr=False)
    query: Pairs = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a request asks for."""

    service: str
    """botocore's service name."""
    operation: str
    parameters: dict[str, object] = field(repr=False)
    """As the method of botocore's client takes them; a member that streams is absent."""
    protocol: str
    auth: str
    """What the model asks clients for at least: `none`, `sigv4` or `bearer`."""
    streaming_member: str | None
    """The member that the body is, when it may be endless."""
    host_prefix: str
    """What the model puts before the host, labels filled in; usually empty."""


def match(request: Request, models: Models, *, signing_name: str = "") -> Match:
    """Decide from the head alone which operation a request is for.

    Args:
        request: the head.
        models: all models.
        signing_name: the service in the credential scope; empty for a request without one.

    Raises:
        WireError: nothing fits; code and protocol are the service's where it is known.
    """
    try:
        query = form_pairs(request.query)
        chosen = _choose(request, models, signing_name, query)
    except ValueError as error:
        services = models.by_signing_name.get(signing_name, ())
        raise _malformed(error, services[0].protocols[0] if services else "") from None
    service, operation = chosen.candidates[0]
    stream = operation == POST_OBJECT or bool(operation and models.service(service).operations[operation].streaming)
    return Match(
        service=service,
        protocol=chosen.protocol,
        operation=operation or None,
        body="stream" if stream else "buffer",
        candidates=chosen.candidates,
        labels=chosen.labels,
        query=without_auth(query),
    )


def _choose(request: Request, models: Models, signing_name: str, query: Pairs) -> Chosen:
    host = read_host(request.host)
    services = signing_services(models, signing_name, host) if signing_name else None
    for header, chooser in (("x-amz-target", by_target), ("smithy-protocol", by_rpc_path)):
        if header in request.fields:
            if query:
                raise MalformedError("this protocol has no query string")
            return chooser(request, models, services)
    if services is None:
        services = open_services(request, models, host, query)
    forms = tuple(info for info in services if not _FORM_PROTOCOLS.isdisjoint(info.protocols))
    rests = tuple(info for info in services if info.protocols[0].startswith("rest-"))
    is_form = request.fields.get("content-type", "").startswith(FORM) or any(key == "Action" for key, _ in query)
    if is_form and (posted := by_posted_query(request, rests)):
        return posted
    if forms and (is_form or not rests):
        return by_form(request, models, forms, one_of_each(query))
    if not rests:
        raise unknown("The request names no operation.", services[0].protocols[0])
    query = without_auth(query)
    if rests[0].signing_names[0] == "s3":
        return choose_s3(request, models, rests, (host.bucket, query), directories=signing_name == "s3express")
    return by_route(request, models, rests, (request.path, query))


def parse(match: Match, request: Request, models: Models, body: bytes | None) -> Identified:
    """Read a matched request's parameters.

    Args:
        match: of this request.
        request: its head.
        models: the models that it was matched with.
        body: the whole body without chunk framing; None when it streams and is not held.

    Raises:
        WireError: the operation does not exist, or the request does not fit its model.
    """
    try:
        if match.operation == POST_OBJECT:
            return _post_object({"Bucket": match.labels[0]["Bucket"]})
        # S3 keeps Content-Encoding with the object; it says nothing about the request.
        if body is not None and match.body == "buffer" and match.service != "s3":
            body = decode_body(body, request.fields.get("content-encoding", ""))
        return _best(match.protocol, _readings(match, request, models, body))
    except WireError as error:
        raise WireError(error.code, error.message, status=error.status, protocol=match.protocol) from None
    except RecursionError:
        raise _malformed(MalformedError("the request nests too deeply"), match.protocol) from None
    except ValueError as error:
        raise _malformed(error, match.protocol) from None


def _readings(match: Match, request: Request, models: Models, body: bytes | None) -> list[_Reading]:
    """Every way that the head leaves to read the request."""
    chosen = Chosen(protocol=match.protocol, candidates=match.candidates, labels=match.labels)
    query, form = match.query, dict[str, str]()
    if match.protocol in _FORM_PROTOCOLS:
        form = one_of_each((*query, *form_pairs((body or b"").decode())))
        # A body that is no form has keys of another kind, and some servers read it as what it looks like.
        if not all(map(_FORM_KEY.fullmatch, form)):
            raise MalformedError("the form has a key that names no parameter")
        chosen = narrow_forms(models, chosen, form, whole=True)
    readings = []
    every = chosen.labels or ({},) * len(chosen.candidates)
    for (name, operation), labels in zip(chosen.candidates, every, strict=True):
        service = models.service(name)
        if match.protocol == "rest-json" and service.operations[operation].method != request.method:
            query, body = form_pairs((body or b"").decode()), b""  # a GET that came as a posted form
        readings.append((service, operation, Parts(request=request, query=query, labels=labels, form=form, body=body)))
    return readings


def identify_post_form(match: Match, models: Models, form: Mapping[str, str]) -> Identified:
    """Read the parameters of an S3 form upload.

    Args:
        match: of the request; its operation is `PostObject`.
        models: the models that it was matched with.
        form: the fields before the file.

    Raises:
        WireError: the form does not fit.
    """
    try:
        return _post_object(post_parameters(models.service("s3"), match.labels[0]["Bucket"], form))
    except ValueError as error:
        raise _malformed(error, "rest-xml") from None


def _post_object(parameters: dict[str, object]) -> Identified:
    return Identified(
        service="s3",
        operation=POST_OBJECT,
        parameters=parameters,
        protocol="rest-xml",
        auth="sigv4",
        streaming_member="file",
        host_prefix="",
    )


def _malformed(error: ValueError, protocol: str) -> WireError:
    code = PROTOCOLS[protocol].malformed if protocol else "InvalidRequest"
    # Only texts of our own are safe to show: others quote what they failed on.
    reason = str(error) if isinstance(error, MalformedError) else "an encoding is broken"
    return WireError(code, f"The request cannot be read: {reason}.", protocol=protocol)


def _best(protocol: str, readings: list[_Reading]) -> Identified:
    """The reading that fits its model best; nearly always there is only one.

    A reading that lacks no required member beats one that does, then the one that understands more members, then the
    models' order.
    """
    if len(readings) == 1:
        return _read(protocol, *readings[0])
    results: list[tuple[bool, int, int, Identified]] = []
    problem: ValueError | None = None
    for service, operation, parts in readings:
        try:
            found = _read(protocol, service, operation, parts)
        except ValueError as error:
            problem = problem or error
        else:
            ref = service.operations[operation].input
            required = set(service.resolve(ref).get("required", ())) if ref else set()
            results.append((not required <= found.parameters.keys(), -_size(found.parameters), len(results), found))
    if not results:
        raise problem or MalformedError("no operation fits")
    return min(results)[-1]


def _size(value: object) -> int:
    """How many values a parameter holds, itself included."""
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


def _read(protocol: str, service: Service, name: str, parts: Parts) -> Identified:
    operation = service.operations[name]
    plan = service.plan(protocol, name, lambda: PROTOCOLS[protocol].compile(service, operation))
    parameters = plan(parts)
    return Identified(
        service=service.info.name,
        operation=name,
        parameters=parameters,
        protocol=protocol,
        auth=operation.auth,
        streaming_member=operation.streaming or None,
        host_prefix=_host_prefix(operation, parameters) if operation.host_prefix else "",
    )


def _host_prefix(operation: Operation, parameters: Mapping[str, object]) -> str:
    def fill(found: re.Match[str]) -> str:
        value = parameters.get(found[1])
        if not isinstance(value, str) or not _HOST_LABEL.fullmatch(value):
            raise MalformedError(f"{found[1]} must be usable in a host name")
        return value

    return re.sub(r"\{(\w+)\}", fill, operation.host_prefix)
