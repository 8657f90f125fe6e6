"""`Models`: who the AWS services are and what their operations take, loaded as little and as late as possible."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version as distribution_version
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

__all__ = ["Models", "Operation", "Service", "ServiceInfo"]

_FORMAT = 1
"""Raise it when the catalogue's content changes, so that files of older releases are not read."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInfo:
    """One service model, as far as it tells services apart."""

    name: str
    """botocore's service name, `cognito-idp`."""
    protocols: tuple[str, ...]
    """Names of cases in `wire.protocols`, the model's own first."""
    signing_names: tuple[str, ...]
    """What may stand in a credential scope; the service's own first."""
    endpoint_prefix: str
    api_version: str
    target_prefix: str
    json_version: str
    xml_namespace: str
    auth: str
    """What operations need that say nothing themselves: `sigv4`, `bearer` or `none`."""
    query_compatible: bool
    """Once a query service: its errors carry the old code in `x-amzn-query-error`."""
    unsigned_operations: tuple[str, ...]
    blobs: tuple[int, int, int, int]
    """Offset and length of the operations, offset and length of the shapes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One operation, without its shapes."""

    name: str
    method: str
    uri: str
    """Path template, with the query keys that belong to it."""
    auth: str
    """`sigv4`, `bearer` or `none`."""
    host_prefix: str
    input: Mapping[str, Any] | None
    """Reference to the input shape."""
    streaming: str
    """The member that is the body and may be endless; else empty."""
    deprecated: bool
    required_query: tuple[str, ...]
    required_headers: tuple[str, ...]


class Service:
    """One service's operations and input shapes; the shapes are read when the first operation is parsed."""

    def __init__(self, info: ServiceInfo, read: Callable[[int, int], Any]) -> None:
        self.info = info
        self._read = read
        self.plans: dict[tuple[str, str], Any] = {}
        """Compiled parsers by protocol and operation."""

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """By name, in the order of the model."""
        rows = self._read(self.info.blobs[0], self.info.blobs[1])
        return {name: self._operation(name, row) for name, row in rows.items()}

    def _operation(self, name: str, row: Mapping[str, Any]) -> Operation:
        return Operation(
            name=name,
            method=row["method"],
            uri=row["uri"],
            auth=row["auth"] or self.info.auth,
            host_prefix=row.get("host", ""),
            input=row.get("in"),
            streaming=row.get("stream", ""),
            deprecated="deprecated" in row,
            required_query=tuple(row.get("querystring", ())),
            required_headers=tuple(name.lower() for name in row.get("header", ())),
        )

    @cached_property
    def _shapes(self) -> Mapping[str, Any]:
        shapes: Mapping[str, Any] = self._read(self.info.blobs[2], self.info.blobs[3])
        return shapes

    def resolve(self, ref: Mapping[str, Any]) -> dict[str, Any]:
        """The shape that `ref` names, with the reference's own traits over the shape's; `shape` holds its name."""
        return {**self._shapes[ref["shape"]], **ref}

    def plan(self, protocol: str, operation: str, compile_plan: Callable[[], T]) -> T:
        """The compiled parser of an operation, made at its first call."""
        key = (protocol, operation)
        found = self.plans.get(key)
        if found is None:
            found = self.plans[key] = compile_plan()
        plan: T = found
        return plan


class Models:
    """Every service model of the installed botocore. Make it with `Models.load`."""

    def __init__(self, catalogue: bytes) -> None:
        end = catalogue.index(b"\n")
        header = json.loads(catalogue[:end])
        self._body = catalogue[end + 1 :]
        if header["size"] != len(self._body) or header["crc"] != zlib.crc32(self._body):
            raise ValueError("the catalogue of service models is damaged")
        self.botocore_version: str = header["botocore"]
        self.services: Mapping[str, ServiceInfo] = MappingProxyType(
            {name: _info(name, row) for name, row in header["services"].items()}
        )
        self._loaded: dict[str, Service] = {}
        self.cache: dict[object, Any] = {}
        """What `wire` derives from several services at once, such as routers."""

    @classmethod
    def load(cls, cache_dir: Path | None) -> Models:
        """Read the catalogue of the installed botocore, and build it when it is missing or damaged.

        Args:
            cache_dir: where the file is kept, one per botocore version; None builds it in memory each time.
        """
        version = distribution_version("botocore")
        path = cache_dir / f"models-{_FORMAT}-{version}.bin" if cache_dir else None
        if path is not None:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                return cls(path.read_bytes())
        catalogue = _build(version)
        if path is not None:
            # A cache that cannot be written costs a second per start, and is no reason to fail.
            with contextlib.suppress(OSError):
                _store(path, catalogue)
        return cls(catalogue)

    def service(self, name: str) -> Service:
        """The service of that botocore name; its operations are read at first use.

        Raises:
            KeyError: botocore has no such service.
        """
        found = self._loaded.get(name)
        if found is None:
            found = self._loaded[name] = Service(self.services[name], self._read)
        return found

    @cached_property
    def by_signing_name(self) -> Mapping[str, tuple[ServiceInfo, ...]]:
        """Services that sign with a name."""
        return _grouped(self.services.values(), lambda info: info.signing_names)

    @cached_property
    def by_target_prefix(self) -> Mapping[str, tuple[ServiceInfo, ...]]:
        """Services whose X-Amz-Target starts with a prefix."""
        return _grouped(self.services.values(), lambda info: (info.target_prefix,) if info.target_prefix else ())

    @cached_property
    def by_endpoint_prefix(self) -> Mapping[str, tuple[ServiceInfo, ...]]:
        """Services whose host name starts with a prefix."""
        return _grouped(self.services.values(), lambda info: (info.endpoint_prefix,))

    def _read(self, offset: int, size: int) -> Any:
        return json.loads(zlib.decompress(self._body[offset : offset + size]))


def _grouped(
    services: Iterable[ServiceInfo], names: Callable[[ServiceInfo], tuple[str, ...]]
) -> Mapping[str, tuple[ServiceInfo, ...]]:
    groups: dict[str, tuple[ServiceInfo, ...]] = {}
    for info in services:
        for name in names(info):
            groups[name] = (*groups.get(name, ()), info)
    return groups


def _info(name: str, row: Mapping[str, Any]) -> ServiceInfo:
    one, two, three, four = row["blobs"]
    return ServiceInfo(
        name=name,
        protocols=tuple(protocol.removeprefix("smithy-") for protocol in row["protocols"]),
        signing_names=tuple(row["signing"]),
        endpoint_prefix=row["endpoint"],
        api_version=row["version"],
        target_prefix=row.get("target", ""),
        json_version=row.get("json", ""),
        xml_namespace=row.get("xmlns", ""),
        auth=row["auth"],
        query_compatible=row.get("query_compatible", False),
        unsigned_operations=tuple(row.get("unsigned", ())),
        blobs=(one, two, three, four),
    )


def _build(version: str) -> bytes:
    # Imported here, not above: the builder imports botocore, which a gate with a catalogue never needs for this.
    catalogue: bytes = importlib.import_module("sandgate.wire.catalog").build(version)
    return catalogue


def _store(path: Path, catalogue: bytes) -> None:
    """Write beside and rename, so that two gates that build at once both end with a whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(catalogue)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
