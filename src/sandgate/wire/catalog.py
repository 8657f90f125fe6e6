"""The catalogue: what identification needs of every service model of the installed botocore, in one small file.

Loading botocore's own models takes seconds for all services and tens of MiB for a few, most of it documentation and
answers. The catalogue keeps the inputs alone, compressed per service, behind one header line that says who is who.
This module is imported only when the file must be built, because it is the one that imports botocore.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import ExtrasProcessor, Loader

__all__ = ["build"]

_SHAPE_TRAITS = (
    "type",
    "required",
    "payload",
    "locationName",
    "flattened",
    "timestampFormat",
    "document",
    "eventstream",
    "streaming",
    "sparse",
)
_REF_TRAITS = (
    "shape",
    "location",
    "locationName",
    "queryName",
    "flattened",
    "jsonvalue",
    "streaming",
    "timestampFormat",
    "xmlAttribute",
    "hostLabel",
)
_SIGNING_NAME = re.compile(rb'"signingName":\s*"([^"]+)"')


def build(version: str) -> bytes:
    """Read every service model and put the catalogue together; takes several seconds.

    Args:
        version: of the installed botocore, written into the header.

    Returns:
        The bytes of the file: header line, then two compressed blobs per service at the offsets that the header names.
    """
    root = Path(Loader.BUILTIN_DATA_PATH)
    names = Loader(extra_search_paths=[str(root)], include_default_search_paths=False)
    services: dict[str, dict[str, Any]] = {}
    blobs: list[bytes] = []
    offset = 0
    for name in names.list_available_services("service-2"):
        folder = root / name / str(names.determine_latest_version(name, "service-2"))
        row, parts = _service(folder)
        row["blobs"] = []
        for part in parts:
            row["blobs"] += [offset, len(part)]
            offset += len(part)
        blobs += parts
        services[name] = row
    body = b"".join(blobs)
    header = {"botocore": version, "size": len(body), "crc": zlib.crc32(body), "services": services}
    return json.dumps(header, separators=(",", ":")).encode() + b"\n" + body


def _read(path: Path) -> Any:
    return json.loads(_bytes(path))


def _bytes(path: Path) -> bytes:
    packed = path.with_name(f"{path.name}.gz")
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return path.read_bytes() if path.exists() else b"{}"


def _service(folder: Path) -> tuple[dict[str, Any], list[bytes]]:
    model = _read(folder / "service-2.json")
    ExtrasProcessor().process(model, [_read(folder / "service-2.sdk-extras.json")])
    metadata = model["metadata"]
    operations = {name: _operation(operation, model["shapes"]) for name, operation in model["operations"].items()}
    shapes = _input_shapes([row["in"] for row in operations.values() if "in" in row], model["shapes"])
    row = _row(metadata, _bytes(folder / "endpoint-rule-set-1.json"))
    row["unsigned"] = sorted(name for name, operation in operations.items() if operation["auth"] == "none")
    return row, [_pack(operations), _pack(shapes)]


def _pack(value: object) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 6)


def _row(metadata: Mapping[str, Any], rules: bytes) -> dict[str, Any]:
    own = metadata.get("signingName", metadata["endpointPrefix"])
    others = {name.decode() for name in _SIGNING_NAME.findall(rules)} - {own}
    protocols = metadata.get("protocols") or [metadata["protocol"]]
    row = {
        "protocols": [metadata["protocol"], *(name for name in protocols if name != metadata["protocol"])],
        "signing": [own, *sorted(others)],
        "endpoint": metadata["endpointPrefix"],
        "version": metadata["apiVersion"],
        "target": metadata.get("targetPrefix", ""),
        "json": metadata.get("jsonVersion", ""),
        "xmlns": metadata.get("xmlNamespace", ""),
        "auth": _auth(metadata.get("auth"), metadata.get("signatureVersion")),
        "query_compatible": "awsQueryCompatible" in metadata,
    }
    return {key: value for key, value in row.items() if value not in ("", False)}


def _auth(schemes: Iterable[str] | None, legacy: str | None) -> str:
    """`none`, `bearer` or `sigv4`: what the client must send at least."""
    names = set(schemes or ())
    if "smithy.api#noAuth" in names or legacy == "none":
        return "none"
    if legacy == "bearer" or names == {"smithy.api#httpBearerAuth"}:
        return "bearer"
    return "sigv4"


def _operation(operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "method": operation["http"]["method"],
        "uri": operation["http"]["requestUri"],
        "auth": "",
    }
    if "authtype" in operation or "auth" in operation:
        row["auth"] = _auth(operation.get("auth"), operation.get("authtype"))
    if operation.get("deprecated"):
        row["deprecated"] = True
    if prefix := operation.get("endpoint", {}).get("hostPrefix"):
        row["host"] = prefix
    if "input" not in operation:
        return row
    row["in"] = _ref(operation["input"])
    shape = shapes[operation["input"]["shape"]]
    for member in shape.get("required", ()):
        ref = shape["members"][member]
        if ref.get("location") in ("querystring", "header") and shapes[ref["shape"]]["type"] not in ("list", "map"):
            row.setdefault(ref["location"], []).append(ref.get("locationName", member))
    if "payload" in shape:
        ref = shape["members"][shape["payload"]]
        target = shapes[ref["shape"]]
        if target.get("eventstream") or ref.get("streaming") or target.get("streaming"):
            row["stream"] = shape["payload"]
    return row


def _ref(ref: Mapping[str, Any]) -> dict[str, Any]:
    return {key: ref[key] for key in _REF_TRAITS if key in ref}


def _input_shapes(roots: Iterable[Mapping[str, Any]], shapes: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    waiting = [ref["shape"] for ref in roots]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        full = shapes[name]
        small = {key: full[key] for key in _SHAPE_TRAITS if key in full}
        if "members" in full:
            small["members"] = {member: _ref(ref) for member, ref in full["members"].items()}
            waiting += [ref["shape"] for ref in full["members"].values()]
        for part in ("member", "key", "value"):
            if part in full:
                small[part] = _ref(full[part])
                waiting.append(full[part]["shape"])
        kept[name] = small
    return kept
