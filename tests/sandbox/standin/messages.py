"""A request as it came off the wire, and an answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

__all__ = ["Answer", "Refused", "Request"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, nothing in it decoded but the chunks of its transfer."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    """Names in lower case, in the order of arrival."""
    body: bytes

    @cached_property
    def path(self) -> str:
        """The target's, encoded as it came."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> str:
        """The target's, encoded as it came."""
        return self.target.partition("?")[2]

    @cached_property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The pairs of the query, decoded."""
        pairs = (pair.partition("=") for pair in self.query.split("&") if pair)
        return tuple((unquote(name), unquote(value)) for name, _, value in pairs)

    def header(self, name: str) -> str:
        """The values of a header, joined; empty where there is none."""
        return ",".join(value for given, value in self.headers if given == name)

    def parameter(self, name: str) -> str:
        """The first value of a parameter of the query; empty where there is none."""
        return next((value for given, value in self.parameters if given == name), "")

    @property
    def chunked(self) -> bool:
        """Whether its length was not said ahead."""
        return "chunked" in self.header("transfer-encoding")

    @property
    def host(self) -> str:
        """Without the port."""
        return self.header("host").partition(":")[0].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    in_chunks: bool = False
    """Whether its length is not said ahead, as of S3's documents on AWS."""


class Refused(Exception):
    """A request that AWS would not take.

    Args:
        kind: row of the table in `errors.py`.
        why: what was wrong, for whoever reads a failed test.
    """

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"{kind}: {why}")
        self.kind = kind
        self.why = why
