"""The one request that a client makes of the proxy itself: a head, and no body (RFC 9110, 9.3.6)."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from dataclasses import dataclass, field

__all__ = ["ProxyRequest", "RefusedHead", "parse_head", "worker_of"]

_LINE = re.compile(r"([A-Z]+) (\S+) HTTP/1\.[01]")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_TARGET = re.compile(r"(?:([a-z0-9](?:[a-z0-9_.-]{0,251}[a-z0-9])?)\.?|\[([0-9a-f:.]+)\]):(\d{1,5})")
_WORKER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PORTS = range(1, 65536)


class RefusedHead(Exception):
    """A head that is no CONNECT, or none that has one meaning.

    Args:
        status: of the answer.
        text: what is wrong and what would be right, without a value of the request.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRequest:
    """What the client asks of the proxy."""

    method: str
    target: str = field(repr=False)
    authorization: str = field(repr=False)

    def where(self) -> tuple[str, int]:
        """Host, in lower case and without a final dot, and port of a CONNECT.

        Raises:
            RefusedHead: it is another method, or names no host and port.
        """
        if self.method != "CONNECT":
            if self.target.startswith("/"):
                raise RefusedHead(400, "this port is a proxy; the gate's own address is in AWS_ENDPOINT_URL")
            raise RefusedHead(403, "this proxy is for https:// only; unset HTTP_PROXY, or ask for https://")
        found = _TARGET.fullmatch(self.target.lower())
        if found is None or int(found[3]) not in _PORTS:
            raise RefusedHead(400, "CONNECT needs a host and a port")
        return found[1] or _written(found[2]), int(found[3])


def _written(address: str) -> str:
    """An IPv6 address in its one usual spelling (RFC 5952).

    Raises:
        RefusedHead: it is none.
    """
    try:
        return str(ipaddress.IPv6Address(address))
    except ValueError:
        raise RefusedHead(400, "CONNECT needs a host and a port; between brackets stands an IPv6 address") from None


def parse_head(data: bytes) -> ProxyRequest:
    """Read a head.

    Args:
        data: up to the empty line, without it.

    Raises:
        RefusedHead: it is no HTTP/1.
    """
    lines = data.decode("latin-1").split("\r\n")
    first = _LINE.fullmatch(lines[0])
    if first is None:
        raise RefusedHead(400, "this port is a proxy and speaks HTTP/1.1")
    found: list[str] = []
    for line in lines[1:]:
        entry = _FIELD.fullmatch(line)
        if entry is None:
            raise RefusedHead(400, "malformed header")
        if entry[1].lower() == "proxy-authorization":
            found.append(entry[2])
    if len(found) > 1:
        raise RefusedHead(400, "header Proxy-Authorization is repeated")
    return ProxyRequest(method=first[1], target=first[2], authorization="".join(found))


def worker_of(authorization: str, secret: str) -> str:
    """The worker that a client names with the run's secret (RFC 7617).

    Args:
        authorization: the value of the header.
        secret: of the run.

    Raises:
        RefusedHead: it does not know that.
    """
    scheme, _, text = authorization.partition(" ")
    try:
        worker, _, given = base64.b64decode(text.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        worker, given = b"", b""
    right = hmac.compare_digest(given, secret.encode())
    name = worker.decode("latin-1")
    if not right or scheme.lower() != "basic" or not _WORKER.fullmatch(name):
        raise RefusedHead(407, "the run's secret is missing; HTTPS_PROXY of the run's children has it")
    return name
