"""Amazon ECR's registries: the protocol of `docker push`, behind a token, over the API's own operations and IAM.

Each request becomes the API call that it stands for, signed as whoever got the token, so the emulator's IAM says who
may do what. Blobs are fetched from a bucket of ECR's own, by an address that is good for one blob and an hour.

Sources: https://github.com/opencontainers/distribution-spec; Amazon ECR User Guide, "Private registry
authentication" (tokens of 12 hours), "Private registry errors" and "Troubleshooting" (what clients are told); what
`docker pull` shows of redirects (`prod-REGION-starport-layer-bucket`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sandbox.standin.keys import Key
from tests.sandbox.standin.messages import Answer, Request
from tests.sandbox.standin.wire import Upstream

__all__ = ["Registry", "Token"]

_HOST = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com")
_BUCKET = re.compile(r"prod-([a-z0-9-]+)-starport-layer-bucket\.s3\.\1\.amazonaws\.com")
_PATH = re.compile(r"/v2/(.+?)/(manifests|blobs/uploads|blobs|tags)/([^/]*)")
_HOURS = timedelta(hours=12)
_ERRORS = {
    "AccessDeniedException": (403, "DENIED"),
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "ImageNotFoundException": (404, "MANIFEST_UNKNOWN"),
    "LayersNotFoundException": (404, "BLOB_UNKNOWN"),
    "InvalidLayerException": (400, "DIGEST_INVALID"),
    "UploadNotFoundException": (404, "BLOB_UPLOAD_UNKNOWN"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
}
_DONE = frozenset({"LayerAlreadyExistsException", "ImageAlreadyExistsException"})


@dataclass(slots=True, kw_only=True)
class Token:
    """What a password of a registry is."""

    key: Key
    """Of whoever asked for it."""
    account: str
    region: str
    expires: datetime


class _Said(Exception):
    """An answer that ends a request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(kw_only=True)
class _Asked:
    """One request to one registry, by somebody known."""

    request: Request
    upstream: Upstream
    token: Token
    host: str
    name: str = ""
    reference: str = ""
    more: dict[str, Any] = field(default_factory=dict)


class Registry:
    """All registries of all accounts."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        """By password."""
        self.visits: list[tuple[str, str, int]] = []
        """Method, URL and status of each request to a registry or its bucket."""
        self.queries: list[str] = []
        """Of each of them."""
        self._links: dict[str, tuple[str, datetime]] = {}
        """Where a blob really is, by its path in the bucket."""
        self._uploads: dict[str, int] = {}

    def serves(self, host: str) -> bool:
        """Whether a host is a registry, or the bucket of its blobs."""
        return _HOST.fullmatch(host) is not None or _BUCKET.fullmatch(host) is not None

    async def answer(self, request: Request, upstream: Upstream, now: datetime) -> Answer:
        """Answer a request to such a host."""
        try:
            found = await self._answer(request, upstream, now)
        except _Said as said:
            found = said.answer
        self.visits.append((request.method, f"https://{request.host}{request.path}", found.status))
        self.queries.append(request.query)
        return found

    # -- what the API gives ----------------------------------------------------------------------------------------

    def give(self, operation: str, answer: Answer, key: Key | None, now: datetime) -> Answer:
        """An answer of the API, with a token or an address of ours."""
        if answer.status != 200 or operation not in ("GetAuthorizationToken", "GetDownloadUrlForLayer"):
            return answer
        said = json.loads(answer.body)
        if operation == "GetDownloadUrlForLayer":
            said["downloadUrl"] = self._link(said["downloadUrl"], now)
        else:
            assert key is not None
            for granted in said["authorizationData"]:
                host = _HOST.fullmatch(granted["proxyEndpoint"].removeprefix("https://"))
                assert host is not None
                password = base64.b64encode(secrets.token_bytes(600)).decode()
                self.tokens[password] = Token(key=key, account=host[1], region=host[2], expires=now + _HOURS)
                granted["authorizationToken"] = base64.b64encode(f"AWS:{password}".encode()).decode()
                granted["expiresAt"] = (now + _HOURS).timestamp()
        headers = tuple((name, value) for name, value in answer.headers if name.lower() != "content-length")
        return replace(answer, headers=headers, body=json.dumps(said).encode())

    def _link(self, url: str, now: datetime) -> str:
        region = re.search(r"dkr\.ecr\.([a-z0-9-]+)\.", url)
        assert region is not None
        path = f"/{secrets.token_hex(4)}/{secrets.token_hex(16)}"
        self._links[path] = (url, now + timedelta(hours=1))
        host = f"prod-{region[1]}-starport-layer-bucket.s3.{region[1]}.amazonaws.com"
        return f"https://{host}{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=0"

    # -- requests --------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request, upstream: Upstream, now: datetime) -> Answer:
        if _BUCKET.fullmatch(request.host):
            return await self._blob_of_bucket(request, upstream, now)
        asked = _Asked(request=request, upstream=upstream, token=self._whose(request, now), host=request.host)
        if request.path in ("/v2/", "/v2"):
            return _answer(200, b"", ("content-type", "text/plain"))
        found = _PATH.fullmatch(request.path)
        if found is None:
            raise _Said(_error(404, "UNSUPPORTED", "no such path"))
        asked.name, kind, asked.reference = found[1], found[2], found[3]
        handle = _KINDS.get((kind, request.method))
        if handle is None:
            raise _Said(_error(405, "UNSUPPORTED", "the operation is unsupported"))
        answer: Answer = await handle(self, asked)
        return answer

    def _whose(self, request: Request, now: datetime) -> Token:
        scheme, _, pair = request.header("authorization").partition(" ")
        if scheme != "Basic":
            challenge = f'Basic realm="https://{request.host}/",service="ecr.amazonaws.com"'
            raise _Said(_answer(401, b"Not Authorized\n", ("www-authenticate", challenge)))
        user, _, password = base64.b64decode(pair).decode().partition(":")
        token = self.tokens.get(password)
        if token is None or user != "AWS":
            raise _Said(_answer(400, b"Bad Request\n"))
        if token.expires <= now or not token.key.active:
            raise _Said(_error(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."))
        host = _HOST.fullmatch(request.host)
        assert host is not None
        if host[2] != token.region:
            raise _Said(_answer(400, b"Bad Request\n"))
        if host[1] != token.account:  # no repository here has a policy that lets others in
            raise _Said(_error(403, "DENIED", "User is not authorized to perform this action"))
        return token

    async def _blob_of_bucket(self, request: Request, upstream: Upstream, now: datetime) -> Answer:
        url, until = self._links.get(request.path, ("", now))
        if not url or until <= now or request.header("authorization"):
            return _answer(403, b"<Error><Code>AccessDenied</Code></Error>", ("content-type", "application/xml"))
        host, _, target = url.removeprefix("https://").partition("/")
        plain = Request(method="GET", target=f"/{target}", headers=[("host", host)], body=b"")
        found = await upstream.exchange(plain)
        return _answer(found.status, found.body, ("content-type", "application/octet-stream"))

    async def _begin(self, asked: _Asked) -> Answer:
        upload = (await _call(asked, "InitiateLayerUpload"))["uploadId"]
        self._uploads[upload] = 0
        return _answer(202, b"", *_place(asked, upload, 0))

    async def _part(self, asked: _Asked) -> Answer:
        await self._take(asked)
        return _answer(202, b"", *_place(asked, asked.reference, self._uploads[asked.reference]))

    async def _end(self, asked: _Asked) -> Answer:
        await self._take(asked)
        digest = asked.request.parameter("digest")
        await _call(asked, "CompleteLayerUpload", uploadId=asked.reference, layerDigests=[digest])
        self._uploads.pop(asked.reference, None)
        at = f"https://{asked.host}/v2/{asked.name}/blobs/{digest}"
        return _answer(201, b"", ("location", at), ("docker-content-digest", digest))

    async def _take(self, asked: _Asked) -> None:
        data, first = asked.request.body, self._uploads.get(asked.reference, 0)
        if data:
            await _call(
                asked, "UploadLayerPart", uploadId=asked.reference, partFirstByte=first,
                partLastByte=first + len(data) - 1, layerPartBlob=base64.b64encode(data).decode(),
            )  # fmt: skip
            self._uploads[asked.reference] = first + len(data)

    async def _has(self, asked: _Asked) -> Answer:
        (layer,) = (await _call(asked, "BatchCheckLayerAvailability", layerDigests=[asked.reference]))["layers"]
        if layer["layerAvailability"] != "AVAILABLE":
            raise _Said(_error(404, "BLOB_UNKNOWN", "blob unknown to registry"))
        size = str(layer["layerSize"])
        return _answer(200, b"", ("docker-content-digest", asked.reference), ("content-length", size))

    async def _blob(self, asked: _Asked) -> Answer:
        url = (await _call(asked, "GetDownloadUrlForLayer", layerDigest=asked.reference))["downloadUrl"]
        return _answer(307, b"", ("location", self._link(url, datetime.now(UTC))))

    async def _manifest(self, asked: _Asked) -> Answer:
        by = "imageDigest" if asked.reference.startswith("sha256:") else "imageTag"
        kinds = [one.strip() for one in asked.request.header("accept").split(",") if "manifest" in one]
        found = await _call(asked, "BatchGetImage", imageIds=[{by: asked.reference}], acceptedMediaTypes=kinds)
        if not found["images"]:
            raise _Said(_error(404, "MANIFEST_UNKNOWN", "Requested image not found"))
        image = found["images"][0]
        return _answer(
            200, image["imageManifest"].encode(), ("content-type", image["imageManifestMediaType"]),
            ("docker-content-digest", image["imageId"]["imageDigest"]),
        )  # fmt: skip

    async def _put(self, asked: _Asked) -> Answer:
        text = asked.request.body.decode()
        digest = f"sha256:{hashlib.sha256(asked.request.body).hexdigest()}"
        tag = {} if asked.reference.startswith("sha256:") else {"imageTag": asked.reference}
        kind = asked.request.header("content-type")
        await _call(asked, "PutImage", imageManifest=text, imageManifestMediaType=kind, imageDigest=digest, **tag)
        at = f"https://{asked.host}/v2/{asked.name}/manifests/{digest}"
        return _answer(201, b"", ("location", at), ("docker-content-digest", digest))

    async def _tags(self, asked: _Asked) -> Answer:
        found = await _call(asked, "ListImages", filter={"tagStatus": "TAGGED"})
        tags = sorted({one["imageTag"] for one in found["imageIds"]})
        return _answer(
            200, json.dumps({"name": asked.name, "tags": tags}).encode(), ("content-type", "application/json")
        )


_KINDS: dict[tuple[str, str], Any] = {
    ("manifests", "GET"): Registry._manifest,
    ("manifests", "HEAD"): Registry._manifest,
    ("manifests", "PUT"): Registry._put,
    ("blobs", "GET"): Registry._blob,
    ("blobs", "HEAD"): Registry._has,
    ("blobs/uploads", "POST"): Registry._begin,
    ("blobs/uploads", "PATCH"): Registry._part,
    ("blobs/uploads", "PUT"): Registry._end,
    ("tags", "GET"): Registry._tags,
}


def _place(asked: _Asked, upload: str, size: int) -> tuple[tuple[str, str], ...]:
    at = f"https://{asked.host}/v2/{asked.name}/blobs/uploads/{upload}"
    return (("location", at), ("docker-upload-uuid", upload), ("range", f"0-{max(0, size - 1)}"))


async def _call(asked: _Asked, operation: str, **parameters: Any) -> dict[str, Any]:
    """One operation of the API, as whoever got the token.

    Raises:
        _Said: it was refused.
    """
    token = asked.token
    body = json.dumps({"registryId": token.account, "repositoryName": asked.name, **parameters}).encode()
    host = f"api.ecr.{token.region}.amazonaws.com"
    request = AWSRequest(
        "POST", f"https://{host}/", {
            "Host": host, "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        }, body,
    )  # fmt: skip
    key = token.key
    SigV4Auth(Credentials(key.access_key_id, key.secret, key.token or None), "ecr", token.region).add_auth(request)
    headers = [(name.lower(), str(value)) for name, value in request.headers.items()]
    answer = await asked.upstream.exchange(Request(method="POST", target="/", headers=headers, body=body))
    said: dict[str, Any] = json.loads(answer.body or b"{}")
    code = str(said.get("__type", "")).rpartition("#")[2]
    if answer.status == 200 or code in _DONE:
        return said
    status, name = _ERRORS.get(code, (400, "UNKNOWN"))
    raise _Said(_error(status, name, str(said.get("message", code))))


def _error(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return _answer(status, body, ("content-type", "application/json; charset=utf-8"))


def _answer(status: int, body: bytes, *headers: tuple[str, str]) -> Answer:
    return Answer(status=status, headers=(*headers, ("docker-distribution-api-version", "registry/2.0")), body=body)
