"""JSON read strictly (RFC 8259 without its freedoms), and its scalars; shared by json and rest-json."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sandgate.wire.http import Response
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Service
from sandgate.wire.protocols._model import ErrorParts
from sandgate.wire.protocols._scalars import blob, epoch, timestamp_decoder, whole
from sandgate.wire.protocols._tree import Decode, Leaves, TreeCompiler

__all__ = ["compiler", "error_headers", "error_response", "load"]

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("a JSON object holds a member twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise MalformedError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def load(body: bytes) -> Any:
    """Parse a JSON body.

    Raises:
        MalformedError: not UTF-8, not JSON, a member twice, NaN or Infinity, a lone surrogate, or too deep.
    """
    try:
        text = body.decode()
        value = _DECODER.decode(text)
        if "\\u" in text and _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except MalformedError:
        raise
    except RecursionError:
        raise MalformedError("the request nests too deeply") from None
    except ValueError:
        raise MalformedError("the body is not JSON in UTF-8") from None
    return value


def _string(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]

    def decode(value: Any, _: int) -> object:
        if type(value) is not str:
            raise MalformedError(f"{name} must be a string")
        return value

    return decode


def _boolean(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]

    def decode(value: Any, _: int) -> object:
        if type(value) is not bool:
            raise MalformedError(f"{name} must be a boolean")
        return value

    return decode


def _integer(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]

    def decode(value: Any, _: int) -> object:
        if type(value) is not int:
            raise MalformedError(f"{name} must be an integer")
        return whole(value)

    return decode


_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _float(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]

    def decode(value: Any, _: int) -> object:
        if type(value) is float and not math.isinf(value):
            return value
        if type(value) is int:
            return whole(value)
        if type(value) is str and value in _SPECIAL:
            return _SPECIAL[value]
        raise MalformedError(f"{name} must be a number")

    return decode


def _timestamp(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]
    if shape.get("timestampFormat", "unixTimestamp").lower() == "unixtimestamp":

        def seconds(value: Any, _: int) -> object:
            if type(value) not in (int, float):
                raise MalformedError(f"{name} must be a number of seconds")
            return epoch(value)

        return seconds
    read = timestamp_decoder(shape, "")

    def text(value: Any, _: int) -> object:
        if type(value) is not str:
            raise MalformedError(f"{name} must be a timestamp as text")
        return read(value)

    return text


def _blob(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]

    def decode(value: Any, _: int) -> object:
        if type(value) is not str:
            raise MalformedError(f"{name} must be base64 text")
        return blob(value)

    return decode


_LEAVES: Leaves = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "timestamp": _timestamp,
    "blob": _blob,
}


def compiler(service: Service) -> TreeCompiler:
    """The service's one maker of JSON decoders."""
    return service.plan("json", "", lambda: TreeCompiler(service, _LEAVES))


def error_headers(error: ErrorParts, content_type: str) -> list[tuple[str, str]]:
    """Headers that every error of the JSON and CBOR families carries."""
    headers = [("content-type", content_type), ("x-amzn-requestid", error.request_id)]
    if error.query_compatible:
        fault = "Sender" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
        headers.append(("x-amzn-query-error", f"{error.code};{fault}"))
    return headers


def error_response(error: ErrorParts, content_type: str) -> Response:
    """An error whose code stands both in the header and in the body, since SDKs differ in where they look."""
    headers = [*error_headers(error, content_type), ("x-amzn-errortype", error.code)]
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return Response(error.status, tuple(headers), body)
