"""`ecr-v2`: the container registry protocol of ECR.

Each request is one operation of ECR's API by another protocol, so policy, ledger and events see that operation.

Sources: https://github.com/opencontainers/distribution-spec (endpoints); Amazon ECR User Guide, "IAM permissions for
pushing an image", "Pulling an image", "Private registry permissions" and "List image referrers".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE", "UNSUPPORTED"]

UNSUPPORTED = "Unsupported"
"""What a request is called that none of the protocol is."""

_PATH = re.compile(
    r"/v2(?:/|/_catalog|/(?P<name>.+?)/"
    r"(?:manifests/(?P<manifest>[^/]+)|blobs/uploads/(?P<upload>[^/]*)|blobs/(?P<blob>[^/]+)|(?P<tags>tags/list)"
    r"|referrers/(?P<referrers>[^/]+)))?"
)
_HOST = re.compile(
    r"(\d{12})\.dkr(?:\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|-ecr(?:-fips)?\.([a-z0-9-]+)\.on\.aws)"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_WORDS = frozenset({"blobs", "manifests", "referrers", "tags"})
"""A repository that is called so in one of its steps could be read as another by whoever splits the path elsewhere."""

_Asked = Mapping[str, object]


def _image(reference: str) -> dict[str, object]:
    return {"imageDigest": reference} if _DIGEST.fullmatch(reference) else {"imageTag": reference}


def _manifest(reference: str, method: str) -> tuple[str, _Asked] | None:
    if not _DIGEST.fullmatch(reference) and not _TAG.fullmatch(reference):
        return None  # encoded, for one: the ledger would know it by another name than the registry
    if method in ("GET", "HEAD"):
        return "BatchGetImage", {"imageIds": [_image(reference)]}
    if method == "PUT":
        return "PutImage", _image(reference)
    return ("BatchDeleteImage", {"imageIds": [_image(reference)]}) if method == "DELETE" else None


def _upload(upload: str, method: str) -> tuple[str, _Asked] | None:
    if method == "POST":
        return None if upload else ("InitiateLayerUpload", {})
    operation = _UPLOADING.get(method)
    return (operation, {"uploadId": upload}) if upload and operation else None


def _blob(digest: str, method: str) -> tuple[str, _Asked] | None:
    if not _DIGEST.fullmatch(digest):
        return None
    if method == "GET":
        return "GetDownloadUrlForLayer", {"layerDigest": digest}
    return ("BatchCheckLayerAvailability", {"layerDigests": [digest]}) if method == "HEAD" else None


def _tags(_which: str, method: str) -> tuple[str, _Asked] | None:
    return ("ListImages", {}) if method == "GET" else None


def _referrers(digest: str, method: str) -> tuple[str, _Asked] | None:
    return ("ListImageReferrers", {"subjectId": _image(digest)}) if method == "GET" else None


_UPLOADING: Mapping[str, str] = MappingProxyType(
    {"PATCH": "UploadLayerPart", "GET": "UploadLayerPart", "DELETE": "UploadLayerPart", "PUT": "CompleteLayerUpload"}
)
_KINDS: Mapping[str, Callable[[str, str], tuple[str, _Asked] | None]] = MappingProxyType(
    {"manifest": _manifest, "upload": _upload, "blob": _blob, "tags": _tags, "referrers": _referrers}
)


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    scheme = request.fields.get("authorization", "").partition(" ")[0].lower()
    if found is None or scheme not in ("", "basic", "bearer"):
        return None
    host = _HOST.fullmatch(request.host.partition(":")[0].lower())
    account, region = (host[1], host[2] or host[3]) if host else ("", "")
    registry = {"registryId": account} if account else {}
    name = found["name"]
    if name is None:
        reads = request.method in ("GET", "HEAD")
        operation = "DescribeRepositories" if request.path.endswith("_catalog") else ""
        return RouteMatch(owner="", parameters=registry, operation=operation, region=region) if reads else None
    kind = next(kind for kind in _KINDS if found[kind] is not None)
    asked = _KINDS[kind](found[kind], request.method) if _WORDS.isdisjoint(name.split("/")) else None
    operation, parameters = asked or (UNSUPPORTED, {"method": request.method})
    parameters = {"repositoryName": name, **registry, **parameters}
    return RouteMatch(owner=name, parameters=parameters, operation=operation, region=region)


ROUTE = Route(
    name="ecr-v2",
    service="ecr",
    operation="Registry",
    owner_type="AWS::ECR::Repository",
    match=_match,
    summary="pushes and pulls of images (OCI distribution protocol), each as the operation of ECR that it is",
    example="/v2/team/app/manifests/latest",
    aws_host=_HOST.pattern,
    by_token=True,
)
