"""Parameters made from a service model, and requests as botocore's own serializers write them."""

from __future__ import annotations

import functools
import random
import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.serialize import SERIALIZERS, create_serializer

from sandgate.wire.http import Request
from sandgate.wire.models import Models

ENDPOINT = "http://127.0.0.1:4566"
TEXT = string.ascii_letters + string.digits + " /+%&=?#:;,.~_-*'()[]{}<>\"\\|@!$é漢𝄞"
"""What strings in bodies, paths and queries are made of: everything that some encoding treats specially."""
PLAIN = string.ascii_letters + string.digits
ASCII = PLAIN + " /+%&=?#:;,._-*'()[]{}<>\"|@!$"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as a client sends it."""

    request: Request
    body: bytes


class Builder:
    """Makes parameters of operations, the same ones for the same seed."""

    def __init__(self, seed: str, protocol: str, *, minimal: bool) -> None:
        self._random = random.Random(seed)
        self._protocol = protocol
        self._minimal = minimal
        self._filled: Counter[str] = Counter()

    def parameters(self, operation: OperationModel) -> dict[str, Any]:
        """A value for every member of the input, or for every required one."""
        shape = operation.input_shape
        if shape is None:
            return {}
        out = self._members(shape, ())
        length = next((name for name, member in shape.members.items() if _header(member) == "content-length"), "")
        stream = operation.get_streaming_input()
        if length in out and stream is not None:
            out[length] = len(out.get(shape.serialization["payload"], b""))
        return out

    def _members(self, shape: Any, above: tuple[str, ...]) -> dict[str, Any]:
        out = {}
        # Twice is enough: the trees of some services repeat the same structures thousands of times.
        self._filled[shape.name] += 1
        minimal = self._minimal or self._filled[shape.name] > 2
        for name, member in shape.members.items():
            if member.serialization.get("eventstream") or (minimal and name not in shape.required_members):
                continue
            if above.count(member.name) > 1 or (member.name in above and self._minimal):
                continue
            value = self._value(member, (*above, shape.name))
            if value is not None:
                out[name] = value
        return out

    def _value(self, shape: Shape, above: tuple[str, ...]) -> Any:
        kind = shape.type_name
        if getattr(shape, "is_document_type", False):
            return {"free": [1, "two", {"three": None, "four": True}]}
        if kind == "structure":
            out = self._members(shape, above)
            # An empty structure leaves no trace in a form.
            return None if not out and self._protocol in ("query", "ec2") else out
        if kind == "list":
            return self._list(shape, above)
        if kind == "map":
            return self._map(shape, above)
        return self._scalar(shape)

    def _list(self, shape: Any, above: tuple[str, ...]) -> Any:
        if above.count(shape.member.name) > 1:
            return None if self._protocol == "ec2" else []
        header = shape.serialization.get("location") == "header"
        items = [
            self._scalar(shape.member, header=True) if header else self._value(shape.member, (*above, shape.name))
            for _ in range(2)
        ]
        items = [item for item in items if item is not None]
        # EC2 has no empty lists, and headers and URLs have none either.
        return items or (None if self._protocol == "ec2" or shape.serialization.get("location") else [])

    def _map(self, shape: Any, above: tuple[str, ...]) -> Any:
        prefix = shape.serialization.get("location") == "headers"
        out = {}
        for _ in range(2):
            key = self._scalar(shape.key, header=prefix)
            if prefix:
                key = self._text(PLAIN, 6).lower()
            elif shape.serialization.get("location") == "querystring":
                key = f"free-{self._text(PLAIN, 6)}"
            value = self._scalar(shape.value, header=True) if prefix else self._value(shape.value, (*above, shape.name))
            if value is not None:
                out[key] = value
        return out or None

    def _text(self, alphabet: str, most: int) -> str:
        size = self._random.randint(1, most)
        return "".join(self._random.choice(alphabet) for _ in range(size))

    def _scalar(self, shape: Shape, *, header: bool = False) -> Any:
        location = shape.serialization.get("location")
        header = header or location in ("header", "headers")
        kind = shape.type_name
        if kind == "boolean":
            return self._random.random() < 0.5
        if kind in ("integer", "long"):
            return self._random.randint(-(2**31), 2**31 - 1) if kind == "integer" else self._random.randint(0, 2**53)
        if kind in ("float", "double"):
            return self._random.randint(-1000, 1000) / 8
        if kind == "timestamp":
            return self._timestamp(shape, header=header)
        if kind == "blob":
            return self._random.randbytes(self._random.randint(1, 24))
        return self._string(shape, header=header)

    def _timestamp(self, shape: Shape, *, header: bool) -> datetime:
        seconds = self._random.randint(0, 4_000_000_000)
        form = shape.serialization.get("timestampFormat", "").lower()
        whole = header or form == "rfc822" or self._random.random() < 0.5
        return datetime.fromtimestamp(seconds, UTC).replace(
            microsecond=0 if whole else self._random.randint(1, 999_999)
        )

    def _string(self, shape: Shape, *, header: bool) -> Any:
        if shape.serialization.get("jsonvalue") and header:
            return {"key": ["value", 1, None]}
        enum = getattr(shape, "enum", None)
        if enum:
            return self._random.choice(enum)
        if shape.serialization.get("hostLabel"):
            return self._text(PLAIN, 12)
        if header:
            return self._text(PLAIN, 4) + self._text(ASCII, 12) + self._text(PLAIN, 4)
        if shape.serialization.get("location") == "uri":
            # No leading or trailing slash: whether one belongs to a greedy label, a client's own URL rules decide.
            return self._text(PLAIN, 3) + self._text(TEXT, 12) + self._text(PLAIN, 3)
        return self._text(TEXT, 16)


def _header(member: Shape) -> str:
    return str(member.serialization.get("name", "")).lower() if member.serialization.get("location") == "header" else ""


def _send(operation: OperationModel, parameters: Mapping[str, Any], protocol: str) -> Sent:
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, operation)
    serialized.pop("host_prefix", None)  # AWS_DISABLE_HOST_PREFIX_INJECTION
    prepare_request_dict(serialized, ENDPOINT)
    prepared = create_request_object(serialized).prepare()
    parts = urlsplit(prepared.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = [
        (name, value.decode() if isinstance(value, bytes) else str(value)) for name, value in prepared.headers.items()
    ]
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    return Sent(Request.of(prepared.method, target, [("host", parts.netloc), *headers]), body)


@pytest.fixture(scope="session")
def models() -> Models:
    """The models under test."""
    return Models.load(None)


@pytest.fixture(scope="session")
def service_model() -> Callable[[str], ServiceModel]:
    """botocore's own model of a service; few are kept, since all of them would take gigabytes."""

    @functools.lru_cache(maxsize=3)
    def load(name: str) -> ServiceModel:
        loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
        return ServiceModel(loader.load_service_model(name, "service-2"), name)

    return load


@pytest.fixture(scope="session")
def builder() -> type[Builder]:
    """Maker of parameters."""
    return Builder


@pytest.fixture(scope="session")
def send() -> Callable[[OperationModel, Mapping[str, Any], str], Sent]:
    """Serialise with botocore and take apart as a server does."""
    return _send


@pytest.fixture(scope="session")
def protocols_of() -> Callable[[ServiceModel], Iterator[str]]:
    """The protocols of a model that the installed botocore can write."""

    def protocols(model: ServiceModel) -> Iterator[str]:
        names = dict.fromkeys([model.metadata["protocol"], *model.metadata.get("protocols", ())])
        return iter([name for name in names if name in SERIALIZERS])

    return protocols
