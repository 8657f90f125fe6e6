"""Runs inside the emulator: layers that come by the ECR API are kept, where those of the registry protocol are.

The emulator takes them and forgets them, so that nobody could read back an image which was put there; and it asks
nobody for a token. Loaded by path there, so it imports nothing of sandgate.

Source: Amazon ECR API Reference, "InitiateLayerUpload" to "PutImage", with the errors that they list.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

__all__ = ["LINK", "keep_layers"]

LINK = "layer-link"
"""Parameter of an address that is good for one layer without a token, as those of ECR's own bucket are."""
_SECRET = secrets.token_bytes(32)

_OK = 200
_PART_SIZE = 10 * 1024 * 1024

_Asked = Mapping[str, Any]
_Handler = Callable[[Any, str, _Asked], Any]
_Registry = Callable[[str, str, Mapping[str, str], bytes, _Asked], Awaitable[Any]]


class _RefusedError(Exception):
    """An error of ECR, by its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def keep_layers(app: Any) -> None:
    """Let the emulator's ECR keep what is uploaded.

    Args:
        app: the module `ministack.app`.
    """
    load = app._get_module  # noqa: SLF001

    @functools.cache
    def load_ecr() -> object:
        ecr = load("ecr")
        for name, handler in _HANDLERS.items():
            setattr(ecr, name, functools.partial(_answer, ecr, handler))
        ecr._put_image = functools.partial(_put_image, ecr, ecr._put_image)  # noqa: SLF001
        ecr.handle_registry_request = functools.partial(_let_in, ecr, ecr.handle_registry_request)
        ecr._delete_repository = functools.partial(_delete, ecr, ecr._delete_repository)  # noqa: SLF001
        return ecr

    app._get_module = lambda name: load_ecr() if name == "ecr" else load(name)  # noqa: SLF001


def _answer(ecr: Any, handler: _Handler, asked: _Asked) -> Any:
    name = asked.get("repositoryName", "")
    if name not in ecr._repositories:  # noqa: SLF001
        message = f"The repository with name '{name}' does not exist"
        return ecr.error_response_json("RepositoryNotFoundException", message, 400)
    try:
        return ecr.json_response(handler(ecr, name, asked))
    except _RefusedError as refused:
        return ecr.error_response_json(refused.code, str(refused), 400)


def _blobs(ecr: Any, name: str) -> dict[str, bytes]:
    found: dict[str, bytes] = ecr._layer_blobs.setdefault(name, {})  # noqa: SLF001
    return found


def _upload(ecr: Any, name: str, asked: _Asked) -> bytearray:
    upload = asked.get("uploadId", "")
    found: bytearray | None = ecr._uploads.get(name, {}).get(upload)  # noqa: SLF001
    if found is None:
        raise _RefusedError("UploadNotFoundException", f"The upload with id '{upload}' does not exist")
    return found


def _initiate(ecr: Any, name: str, _asked: _Asked) -> dict[str, Any]:
    upload = ecr.new_uuid()
    ecr._uploads.setdefault(name, {})[upload] = bytearray()  # noqa: SLF001
    return {"uploadId": upload, "partSize": _PART_SIZE}


def _part(ecr: Any, name: str, asked: _Asked) -> dict[str, Any]:
    held = _upload(ecr, name, asked)
    try:
        data = base64.b64decode(asked.get("layerPartBlob", ""), validate=True)
    except binascii.Error:
        raise _RefusedError("InvalidParameterException", "layerPartBlob is no base64") from None
    first, last = int(asked.get("partFirstByte", -1)), int(asked.get("partLastByte", -1))
    if first != len(held) or last - first + 1 != len(data):
        raise _RefusedError(
            "InvalidLayerPartException",
            f"{len(data)} bytes are not those from {first} to {last}, or do not follow byte {len(held) - 1}",
        )
    held += data
    return {
        "registryId": ecr._registry_id(),  # noqa: SLF001
        "repositoryName": name,
        "uploadId": asked["uploadId"],
        "lastByteReceived": last,
    }


def _complete(ecr: Any, name: str, asked: _Asked) -> dict[str, Any]:
    data = bytes(_upload(ecr, name, asked))
    if not data:
        raise _RefusedError("EmptyUploadException", "The upload has no part")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest not in asked.get("layerDigests", ()):
        raise _RefusedError("InvalidLayerException", f"The layer's digest is {digest}, which is none of those given")
    if digest in _blobs(ecr, name):
        raise _RefusedError("LayerAlreadyExistsException", f"The layer {digest} is in the repository")
    _blobs(ecr, name)[digest] = data
    del ecr._uploads[name][asked["uploadId"]]  # noqa: SLF001
    return {
        "registryId": ecr._registry_id(),  # noqa: SLF001
        "repositoryName": name,
        "uploadId": asked["uploadId"],
        "layerDigest": digest,
    }


def _check(ecr: Any, name: str, asked: _Asked) -> dict[str, Any]:
    held = _blobs(ecr, name)
    layers = [
        {"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": len(held[digest])}
        if digest in held
        else {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
        for digest in asked.get("layerDigests", ())
    ]
    return {"layers": layers, "failures": []}


def _download(ecr: Any, name: str, asked: _Asked) -> dict[str, Any]:
    digest = asked.get("layerDigest", "")
    if digest not in _blobs(ecr, name):
        raise _RefusedError("LayersNotFoundException", f"The layer {digest} is not in the repository")
    account, region = ecr.get_account_id(), ecr.get_region()
    path = f"/v2/{name}/blobs/{digest}"
    link = f"{account}.{region}.{_mark(account, region, path)}"
    url = f"https://{account}.dkr.ecr.{region}.amazonaws.com{path}?{LINK}={link}"
    return {"downloadUrl": url, "layerDigest": digest}


def _mark(*parts: str) -> str:
    return hmac.new(_SECRET, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


async def _let_in(
    ecr: Any, serve: _Registry, method: str, path: str, headers: Mapping[str, str], body: bytes, query: _Asked
) -> Any:
    """Let in who brings a token, which the gate has looked at, or follows a link to the layer that it is of."""
    plain = {name.lower(): value for name, value in headers.items()}
    if "authorization" in plain:
        name, manifests, _ = path.removeprefix("/v2/").rpartition("/manifests/")
        if method == "PUT" and manifests:
            ecr._select_registry_request_scope(name, plain, query)  # noqa: SLF001
            if absent := _absent(ecr, name, body):
                return ecr._registry_error(404, "MANIFEST_BLOB_UNKNOWN", f"{absent} are not there")  # noqa: SLF001
        return await serve(method, path, headers, body, query)
    link = query.get(LINK, "")
    account, _, rest = str(link[0] if isinstance(link, list) else link).partition(".")
    region, _, mark = rest.partition(".")
    if method not in ("GET", "HEAD") or not hmac.compare_digest(mark, _mark(account, region, path)):
        return ecr._registry_error(401, "UNAUTHORIZED", "no basic auth credentials")  # noqa: SLF001
    ecr.set_request_account_id(account)
    ecr.set_request_region(region)
    plain.pop("host", None)
    return await serve(method, path, plain, body, query)


def _absent(ecr: Any, name: str, manifest: str | bytes) -> list[str]:
    """Layers of an image that its repository, if it is there, does not have."""
    try:
        layers = [str(layer["digest"]) for layer in json.loads(manifest).get("layers", ())]
    except (ValueError, TypeError, AttributeError, KeyError):
        return []
    if name not in ecr._repositories:  # noqa: SLF001
        return []
    return [layer for layer in layers if layer not in ecr._layer_blobs.get(name, {})]  # noqa: SLF001


def _put_image(ecr: Any, put: Callable[[_Asked], Any], asked: _Asked) -> Any:
    """Put it, if its layers are there and its digest is its own."""
    name, text = asked.get("repositoryName", ""), asked.get("imageManifest", "")
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if asked.get("imageDigest", digest) != digest:
        return ecr.error_response_json("ImageDigestDoesNotMatchException", f"The image's digest is {digest}", 400)
    if absent := _absent(ecr, name, text):
        return ecr.error_response_json("LayersNotFoundException", f"The layers {absent} are not there", 400)
    answer = put(asked)
    if answer[0] == _OK:
        ecr._manifest_blobs.setdefault(name, {})[digest] = text.encode()  # noqa: SLF001
    return answer


def _delete(ecr: Any, delete: Callable[[_Asked], Any], asked: _Asked) -> Any:
    """Delete it with what is in it: the next repository of that name is empty."""
    answer = delete(asked)
    if answer[0] == _OK:
        for kept in (ecr._layer_blobs, ecr._manifest_blobs, ecr._uploads):  # noqa: SLF001
            kept.pop(asked.get("repositoryName", ""), None)
    return answer


_HANDLERS: Mapping[str, _Handler] = {
    "_batch_check_layer_availability": _check,
    "_complete_layer_upload": _complete,
    "_get_download_url_for_layer": _download,
    "_initiate_layer_upload": _initiate,
    "_upload_layer_part": _part,
}
