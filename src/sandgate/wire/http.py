"""The head of an HTTP request and a whole small response, free of any server library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Headers", "Request", "Response", "WireError"]

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """The head of one request as it came off the wire. Build it with `Request.of`."""

    method: str
    path: str
    """Percent-encoding untouched; starts with `/`."""
    query: str
    """Percent-encoding untouched, without the `?`."""
    headers: Headers = field(repr=False)
    """Names in lower case, in the order of arrival, repeated ones kept; values without space and tab around them."""
    fields: Mapping[str, str] = field(repr=False)
    """The same by name; the values of a repeated header are joined with a comma (RFC 9110, 5.3)."""

    @classmethod
    def of(cls, method: str, target: str, headers: Iterable[tuple[str, str]]) -> Request:
        """Split `target` at the first `?` and index the headers.

        Args:
            method: upper case.
            target: origin-form request target (RFC 9112, 3.2.1).
            headers: pairs in any case.
        """
        path, _, query = target.partition("?")
        pairs = tuple((name.lower(), value.strip(" \t")) for name, value in headers)
        fields: dict[str, str] = {}
        for name, value in pairs:
            fields[name] = f"{fields[name]},{value}" if name in fields else value
        return cls(method, path, query, pairs, fields)

    @property
    def host(self) -> str:
        """The Host header, or an empty string."""
        return self.fields.get("host", "")

    @property
    def target(self) -> str:
        """Path and query as they came."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Response:
    """A response small enough to hold: refusals, errors, and answers that are rewritten."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)


class WireError(Exception):
    """A request that cannot be understood, or is not let through; becomes a 4xx in the service's protocol.

    Args:
        code: AWS error code, such as `SerializationException`.
        message: one sentence; never holds a header value or a body.
        status: HTTP status, 400 to 499.
        protocol: protocol of the service once known (`json`, `query`, ...); empty means plain text.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, protocol: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.protocol = protocol
