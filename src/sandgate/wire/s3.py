"""What only S3 does: buckets in the host, presigned queries, subresources, and uploads by HTML form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from sandgate.wire.candidates import Chosen, by_route, query_keys
from sandgate.wire.http import Request, WireError
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Models, Service, ServiceInfo
from sandgate.wire.protocols._scalars import text_decoder
from sandgate.wire.uri import Pairs, decode

__all__ = ["POST_OBJECT", "choose_s3", "post_parameters", "with_bucket", "without_auth"]

POST_OBJECT = "PostObject"
"""The form upload; no model has it ("POST Object" in the S3 API reference)."""

_AUTH = frozenset(
    f"x-amz-{name}"
    for name in ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
)
_CONTROL_HEADERS = frozenset({"x-amz-account-id", "x-amz-outpost-id"})
_DIRECTORIES = ("s3", "ListDirectoryBuckets")
_AUTH_V2 = frozenset({"AWSAccessKeyId", "Signature", "Expires", "content-type", "content-md5"})
"""botocore moves the last two from the headers, which SigV2 signs, into the query of a presigned URL."""


def without_auth(query: Pairs) -> Pairs:
    """A query without what only signs it (SigV4 and SigV2) or labels it (`x-id`)."""
    if not query:
        return query
    v2 = any(key == "AWSAccessKeyId" for key, _ in query)
    return tuple(
        (key, value)
        for key, value in query
        if key.lower() not in _AUTH and key != "x-id" and not (v2 and key in _AUTH_V2)
    )


def choose_s3(
    request: Request,
    models: Models,
    services: tuple[ServiceInfo, ...],
    head: tuple[str, Pairs],
    *,
    directories: bool,
) -> Chosen:
    """The S3 or S3 control operation of a head.

    Args:
        request: the head.
        models: all models.
        services: that sign with the request's name.
        head: the bucket of the host, and the decoded query without authentication.
        directories: the scope is that of S3 Express, where `GET /` lists directory buckets.

    Raises:
        WireError: there is none, or the query asks for a subresource that no model knows.
        ValueError: the path is not decodable.
    """
    bucket, query = head
    others = tuple(info for info in services if info.name not in ("s3", "s3control"))
    if others and request.path.startswith("/S3Outposts/"):
        return by_route(request, models, others, (request.path, query))
    control = not _CONTROL_HEADERS.isdisjoint(request.fields) or services[0].name != "s3"
    info = models.services["s3control" if control else "s3"]
    if control:
        return by_route(request, models, (info,), (request.path, query))
    path = with_bucket(request.path, bucket)
    if request.method == "POST" and request.fields.get("content-type", "").lower().startswith("multipart/form-data"):
        bucket = decode(path.strip("/"))
        if "/" in path.strip("/") or not bucket or query:
            raise WireError("MethodNotAllowed", "Forms are posted to a bucket.", status=405, protocol="rest-xml")
        return Chosen(protocol="rest-xml", candidates=(("s3", POST_OBJECT),), labels=({"Bucket": bucket},))
    headers = {key.lower(): value for key, value in query if key.lower().startswith("x-amz-")}
    chosen = by_route(request, models, (info,), (path, query), headers)
    chosen = _without_other_subresources(models.service("s3"), chosen, query)
    if directories and _DIRECTORIES in chosen.candidates:
        return Chosen(protocol=chosen.protocol, candidates=(_DIRECTORIES,), labels=({},))
    return chosen


def with_bucket(path: str, bucket: str) -> str:
    """A path as it is on a host that is no bucket's.

    Args:
        path: of the request.
        bucket: that the host names; empty for none.
    """
    if not bucket:
        return path
    return f"/{quote(bucket, safe='')}{'' if path == '/' else path}"


def _without_other_subresources(service: Service, chosen: Chosen, query: Pairs) -> Chosen:
    """Only candidates that have every query key; another key may select another operation upstream."""
    keys = {key for key, _ in query if not key.lower().startswith("x-amz-")}
    fitting = [
        (candidate, labels)
        for candidate, labels in zip(chosen.candidates, chosen.labels, strict=True)
        if keys <= query_keys(service, candidate[1], keys)
    ]
    if not fitting:
        operation = chosen.candidates[0][1]
        raise WireError("InvalidRequest", f"The query has a key that {operation} does not have.", protocol="rest-xml")
    return Chosen(
        protocol="rest-xml",
        candidates=tuple(candidate for candidate, _ in fitting),
        labels=tuple(labels for _, labels in fitting),
    )


def post_parameters(service: Service, bucket: str, form: Mapping[str, str]) -> dict[str, object]:
    """Parameters of a form upload, under the names that PutObject has for them.

    Args:
        service: s3.
        bucket: from path or host.
        form: fields before the file, names in any case.

    Raises:
        MalformedError: a field comes twice in different case, a value does not fit, or there is no key.
    """
    fields = {name.lower(): value for name, value in form.items()}
    if len(fields) != len(form):
        raise MalformedError("a form field comes twice")
    if "key" not in fields:
        raise MalformedError("the form has no field key")
    operation = service.operations["PutObject"]
    assert operation.input is not None
    out: dict[str, object] = {"Bucket": bucket, "Key": fields["key"]}
    for member, ref in service.resolve(operation.input)["members"].items():
        shape = service.resolve(ref)
        name = shape.get("locationName", "").lower()
        if shape.get("location") == "header":
            value = fields.get("acl" if name == "x-amz-acl" else name)
            if value is not None:
                out[member] = text_decoder(shape, "rfc822")(value)
    metadata = {name.removeprefix("x-amz-meta-"): value for name, value in fields.items() if "x-amz-meta-" in name}
    if metadata:
        out["Metadata"] = metadata
    return out
