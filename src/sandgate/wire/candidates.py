"""Which services and operations a request head can mean; almost always one of each.

The signing name of the credential scope comes first; a target prefix, a version, the path or a real AWS host tell apart
the services that share one. What none of them tells apart stays a list, in the order of the models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from sandgate.wire.cases import PROTOCOLS
from sandgate.wire.hosts import Host
from sandgate.wire.http import Request, WireError
from sandgate.wire.models import Models, Operation, Service, ServiceInfo
from sandgate.wire.router import Found, Router
from sandgate.wire.uri import Pairs, decode

__all__ = [
    "FORM",
    "Chosen",
    "by_form",
    "by_posted_query",
    "by_route",
    "by_rpc_path",
    "by_target",
    "narrow_forms",
    "open_services",
    "query_keys",
    "signing_services",
    "unknown",
]

_POSTED_SEARCH = "/2013-01-01/search"

FORM = "application/x-www-form-urlencoded"

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_CHARSET = re.compile(r"\s*(?:charset\s*=\s*\"?utf-?8\"?\s*)?;?\s*")
_QUEUE = re.compile(r"/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
_JSON_TYPES = ("application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the head leaves open, best first."""

    protocol: str
    candidates: tuple[tuple[str, str], ...]
    """Service and operation; the operation is empty while only the body names it."""
    labels: tuple[Mapping[str, str], ...] = field(default=(), repr=False)
    """Path labels, one mapping per candidate; none where the protocol has no labels."""


def unknown(message: str, protocol: str, *, status: int = 400) -> WireError:
    """The error for an operation that does not exist, as the protocol's services name it."""
    return WireError(PROTOCOLS[protocol].unknown, message, status=status, protocol=protocol)


def signing_services(models: Models, signing_name: str, host: Host) -> tuple[ServiceInfo, ...]:
    """The services that sign with a name, narrowed by the host where that says more.

    Raises:
        WireError: no service signs with that name.
    """
    found = models.by_signing_name.get(signing_name, ())
    if not found:
        raise WireError("UnknownServiceException", "The credential scope names no service that this botocore knows.")
    named = [info for info in found if host.endpoint_prefix and _host_fits(host, info)]
    # The service that is called like the scope is the likelier one wherever nothing else decides.
    return tuple(sorted(named or found, key=lambda info: info.name != signing_name))


def _host_fits(host: Host, info: ServiceInfo) -> bool:
    return host.endpoint_prefix == info.endpoint_prefix or host.endpoint_prefix.endswith(f".{info.endpoint_prefix}")


def _media_type(request: Request) -> str:
    """The media type, in lower case.

    With any parameter but its charset it is left as it is, which no protocol takes: some servers look for the name of a
    protocol anywhere in it, and then read another request.
    """
    text = request.fields.get("content-type", "").lower()
    kind, _, parameters = text.partition(";")
    return kind.strip() if _CHARSET.fullmatch(parameters) else text


def by_target(request: Request, models: Models, services: Iterable[ServiceInfo] | None) -> Chosen:
    """AWS JSON: the operation that X-Amz-Target names.

    Args:
        request: the head.
        models: all models.
        services: those that the signature allows; None when there is none.
    """
    prefix, _, name = request.fields["x-amz-target"].rpartition(".")
    fitting = [info for info in models.by_target_prefix.get(prefix, ()) if services is None or info in services]
    fitting = [info for info in fitting if "json" in info.protocols]
    candidates = tuple((info.name, name) for info in fitting if name in models.service(info.name).operations)
    if not candidates:
        raise unknown("X-Amz-Target names no operation of the service that the request is signed for.", "json")
    content_type = _media_type(request)
    if request.method != "POST" or content_type not in ("", *_JSON_TYPES):
        raise unknown("AWS JSON requests are POST with a JSON content type.", "json")
    # Old and new SQS clients post to the path of the queue; any other path is a way to something else.
    if request.path != "/" and not (candidates[0][0] == "sqs" and _QUEUE.fullmatch(request.path)):
        raise unknown("AWS JSON requests have the path /.", "json", status=404)
    return Chosen(protocol="json", candidates=candidates)


def by_rpc_path(request: Request, models: Models, services: Iterable[ServiceInfo] | None) -> Chosen:
    """Smithy RPC v2: `/service/{target prefix}/operation/{operation}`."""
    protocol = "rpc-v2-cbor"
    parts = request.path.split("/")
    if parts[:2] != ["", "service"] or parts[3:4] != ["operation"] or parts[5:]:
        raise unknown("The path is not one of Smithy RPC v2.", protocol, status=404)
    content_type = _media_type(request)
    if request.method != "POST" or content_type not in ("", "application/cbor"):
        raise unknown("Smithy RPC v2 requests are POST with the content type application/cbor.", protocol)
    name = "".join(parts[4:])
    fitting = [info for info in models.by_target_prefix.get(parts[2], ()) if services is None or info in services]
    candidates = tuple(
        (info.name, name)
        for info in fitting
        if protocol in info.protocols and name in models.service(info.name).operations
    )
    if not candidates:
        raise unknown(
            "The path names no operation of the service that the request is signed for.", protocol, status=404
        )
    return Chosen(protocol=protocol, candidates=candidates)


def by_form(request: Request, models: Models, services: Iterable[ServiceInfo], query: Mapping[str, str]) -> Chosen:
    """Query and EC2: the operation stands in the form, or in the URL's query where there is no form."""
    fitting = tuple(services)
    protocol = next(name for name in fitting[0].protocols if name in ("query", "ec2"))
    content_type = _media_type(request)
    if request.method not in ("GET", "POST") or content_type not in ("", FORM):
        raise unknown("Query requests are GET, or POST with a form.", protocol)
    if request.path != "/":
        raise unknown("Query requests have the path /.", protocol, status=404)
    chosen = Chosen(protocol=protocol, candidates=tuple((info.name, "") for info in fitting))
    return narrow_forms(models, chosen, query, whole=request.method == "GET")


def narrow_forms(models: Models, chosen: Chosen, form: Mapping[str, str], *, whole: bool) -> Chosen:
    """Apply Action and Version to the services that a form can be for.

    Args:
        models: all models.
        chosen: the services.
        form: the keys that are known.
        whole: whether those are all that the request has, so that Action and Version must be among them.
    """
    action, version = form.get("Action", ""), form.get("Version", "")
    candidates = [
        (service, action)
        for service, _ in chosen.candidates
        if (models.services[service].api_version == version or not (version or whole))
        and (action in models.service(service).operations or not (action or whole))
    ]
    if not candidates:
        raise unknown("Action and Version name no operation of the service.", chosen.protocol)
    return Chosen(protocol=chosen.protocol, candidates=tuple(candidates))


def by_posted_query(request: Request, services: Iterable[ServiceInfo]) -> Chosen | None:
    """CloudSearch's Search, a GET that botocore sends as POST with its whole query as a form; None for the rest."""
    names = [info.name for info in services]
    if request.method != "POST" or request.path != _POSTED_SEARCH or "cloudsearchdomain" not in names:
        return None
    return Chosen(protocol="rest-json", candidates=(("cloudsearchdomain", "Search"),))


def by_route(
    request: Request,
    models: Models,
    services: tuple[ServiceInfo, ...],
    head: tuple[str, Pairs],
    hoisted: Mapping[str, str] = _NO_HEADERS,
) -> Chosen:
    """REST: method, path and query keys.

    Args:
        request: the head.
        models: all models.
        services: the REST services that it can be for.
        head: the path, with the bucket of the host in front, and the decoded query.
        hoisted: headers that a presigned URL carries in its query.
    """
    names = tuple(info.name for info in services)
    router = models.cache.get(names)
    if router is None:
        router = models.cache[names] = Router(_operations(models, names, lambda _: True))
    path, query = head
    segments = [decode(segment) for segment in path.split("/")[1:]]
    protocol = services[0].protocols[0]
    if services[0].name != "s3" and any(segment in (".", "..") for segment in segments):
        # Proxies and signers resolve them, so the upstream would see another path than the gate.
        raise unknown("The path has a dot segment.", protocol)
    found = router.find(request.method, segments, dict(query), {**request.fields, **hoisted})
    if found is None or (query and services[0].name != "s3" and _selects_another(models, router, found, query)):
        raise unknown("No operation of the service has this method and path.", protocol, status=404)
    return Chosen(
        protocol=models.services[found.candidates[0][0]].protocols[0], candidates=found.candidates, labels=found.labels
    )


def _selects_another(models: Models, router: Router, found: Found, query: Pairs) -> bool:
    """Whether a key without value, or one that selects elsewhere, may name an operation that no model here knows."""
    suspects = {key for key, value in query if not value or key in router.selectors}
    return bool(suspects) and not any(
        suspects <= query_keys(models.service(name), operation, suspects) for name, operation in found.candidates
    )


def query_keys(service: Service, name: str, asked: AbstractSet[str]) -> AbstractSet[str]:
    """The query keys that an operation has, its own and its members'; all that are asked where a member takes any."""

    def collect() -> frozenset[str] | None:
        operation = service.operations[name]
        keys = {part.partition("=")[0] for part in operation.uri.partition("?")[2].split("&")}
        members = service.resolve(operation.input).get("members", {}) if operation.input else {}
        for member, ref in members.items():
            if ref.get("location") == "querystring":
                if service.resolve(ref)["type"] == "map":
                    return None
                keys.add(ref.get("locationName", member))
        return frozenset(keys)

    known = service.plan("query-keys", name, lambda: (collect(),))[0]
    return asked if known is None else known


def open_services(request: Request, models: Models, host: Host, query: Pairs) -> tuple[ServiceInfo, ...]:
    """The services that a request without a SigV4 scope can be for; S3, where anonymous access exists, comes last.

    Args:
        request: the head.
        models: all models.
        host: its Host, read.
        query: decoded.
    """
    named = tuple(info for info in models.services.values() if host.endpoint_prefix and _host_fits(host, info))
    if named:
        return named
    s3 = (models.services["s3"],)
    content_type = request.fields.get("content-type", "")
    if any(key == "AWSAccessKeyId" for key, _ in query) or content_type.startswith("multipart/form-data"):
        return s3
    if content_type.startswith(FORM) or any(key == "Action" for key, _ in query):
        forms = (info for info in models.services.values() if info.unsigned_operations)
        return tuple(info for info in forms if "query" in info.protocols)
    router = models.cache.get("open")
    if router is None:
        names = [info.name for info in models.services.values() if _is_open(info)]
        router = models.cache["open"] = Router(_operations(models, names, lambda operation: operation.auth != "sigv4"))
    segments = [decode(segment) for segment in request.path.split("/")[1:]]
    found = router.find(request.method, segments, dict(query), request.fields)
    return tuple(models.services[service] for service, _ in found.candidates) if found else s3


def _is_open(info: ServiceInfo) -> bool:
    return info.protocols[0].startswith("rest-") and (bool(info.unsigned_operations) or info.auth != "sigv4")


def _operations(
    models: Models, names: Iterable[str], wanted: Callable[[Operation], bool]
) -> Iterable[tuple[str, Operation]]:
    for name in names:
        for operation in models.service(name).operations.values():
            if wanted(operation):
                yield name, operation
