"""Signed calls of the tier itself to its emulator, over the unix socket, with the standard library alone."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from sandgate.errors import RunError
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign import sign

__all__ = ["UnixClient"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class UnixClient:
    """Calls one emulator.

    Args:
        path: its socket.
        host: Host header.
        credential: who calls.
        region: signing region.
    """

    def __init__(self, path: str, *, host: str, credential: Credential, region: str, timeout: float = 30.0) -> None:
        self._connection = _UnixConnection(path, timeout)
        self._host = host
        self._credential = credential
        self._region = region

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def query(self, service: str, action: str, version: str, **parameters: str) -> Mapping[str, str]:
        """A call of the query protocol; returns the text of every leaf element by its name."""
        return dict(self._leaves(service, action, version, parameters))

    def query_all(self, service: str, action: str, version: str, tag: str) -> Sequence[str]:
        """The text of every leaf element of that name."""
        return [text for name, text in self._leaves(service, action, version, {}) if name == tag]

    def query_pairs(
        self, service: str, action: str, version: str, first: str, second: str
    ) -> Sequence[tuple[str, str]]:
        """Two members of each entry of a list."""
        leaves = self._leaves(service, action, version, {})
        return list(zip((t for n, t in leaves if n == first), (t for n, t in leaves if n == second), strict=True))

    def _leaves(
        self, service: str, action: str, version: str, parameters: Mapping[str, str]
    ) -> Sequence[tuple[str, str]]:
        body = urlencode({"Action": action, "Version": version, **parameters}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        status, data = self._send("POST", "/", service=service, headers=headers, body=body)
        root = ET.fromstring(data)  # noqa: S314 - the emulator that we started
        leaves = [(e.tag.rpartition("}")[2], e.text or "") for e in root.iter() if len(e) == 0]
        if status != http.client.OK:
            raise RunError(f"the emulator refused {service}:{action}: {dict(leaves).get('Code', status)}")
        return leaves

    def json(self, service: str, target: str, version: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """A call of the json protocol."""
        headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": target}
        status, data = self._send("POST", "/", service=service, headers=headers, body=json.dumps(parameters).encode())
        if status != http.client.OK:
            raise RunError(f"the emulator refused {target}: status {status}")
        return _object(data)

    def rest(self, service: str, path: str, query: str = "") -> tuple[int, bytes]:
        """A signed GET of a REST service."""
        return self._send("GET", path, query=query, service=service, headers={})

    def _send(
        self, method: str, path: str, *, service: str, headers: Mapping[str, str], query: str = "", body: bytes = b""
    ) -> tuple[int, bytes]:
        signed = sign(
            method, path, query, [("host", self._host), *headers.items()], self._credential,
            region=self._region, service=service, payload=hashlib.sha256(body).hexdigest(), now=datetime.now(UTC),
        )  # fmt: skip
        target = f"{path}?{query}" if query else path
        self._connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in signed:
            self._connection.putheader(name, value)
        self._connection.putheader("content-length", str(len(body)))
        self._connection.endheaders(body)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def _object(data: bytes) -> Mapping[str, object]:
    parsed = json.loads(data or b"{}")
    if not isinstance(parsed, dict):
        raise RunError("the emulator answered something that is not a JSON object")
    return parsed
