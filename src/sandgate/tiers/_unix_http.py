"""Signed calls of a tier itself to its emulator, with the standard library alone."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from sandgate.errors import RunError
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign import sign

__all__ = ["SignedClient", "UnixClient"]

_PAGES = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextMarker", "Marker"),
    ("NextMarker", "NextMarker"),
    ("NextMarker", "marker"),
    ("Marker", "Marker"),
    ("LastEvaluatedTableName", "ExclusiveStartTableName"),
    ("LastEvaluatedBackupArn", "ExclusiveStartBackupArn"),
    ("position", "position"),
)
"""Member of an answer that has more to come, and the parameter that asks for it."""

Page = TypeVar("Page")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class SignedClient:
    """Calls one emulator.

    Args:
        connection: to it.
        host: Host header.
        credential: who calls.
        region: signing region.
        base_path: what stands before every path, without a trailing slash.
    """

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        *,
        host: str,
        credential: Credential,
        region: str,
        base_path: str = "",
    ) -> None:
        self._connection = connection
        self._host = host
        self._credential = credential
        self._region = region
        self._base_path = base_path

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def query(self, service: str, action: str, version: str, **parameters: str) -> Mapping[str, str]:
        """A call of the query protocol; returns the text of every leaf element by its name."""
        return dict(_leaves(self._answer(service, action, version, parameters)))

    def query_pages(
        self, service: str, action: str, version: str, parameters: Mapping[str, str]
    ) -> Iterator[ET.Element]:
        """Every page of a listing of the query protocol."""

        def call(more: Mapping[str, str]) -> tuple[ET.Element, Mapping[str, object]]:
            root = self._answer(service, action, version, {**parameters, **more})
            return root, dict(_leaves(root))

        return _pages(call)

    def _answer(self, service: str, action: str, version: str, parameters: Mapping[str, str]) -> ET.Element:
        body = urlencode({"Action": action, "Version": version, **parameters}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        status, data = self._send("POST", "/", service=service, headers=headers, body=body)
        root = ET.fromstring(data)  # noqa: S314 - the emulator that we started
        if status != http.client.OK:
            raise RunError(f"the emulator refused {service}:{action}: {dict(_leaves(root)).get('Code', status)}")
        return root

    def json(self, service: str, target: str, version: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """A call of the json protocol."""
        headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": target}
        status, data = self._send("POST", "/", service=service, headers=headers, body=json.dumps(parameters).encode())
        if status != http.client.OK:
            raise RunError(f"the emulator refused {target}: status {status}")
        return _object(data)

    def json_pages(
        self, service: str, target: str, version: str, parameters: Mapping[str, object]
    ) -> Iterator[Mapping[str, object]]:
        """Every page of a listing of the json protocol."""

        def call(more: Mapping[str, str]) -> tuple[Mapping[str, object], Mapping[str, object]]:
            page = self.json(service, target, version, {**parameters, **more})
            return page, page

        return _pages(call)

    def rest_pages(self, service: str, path: str, *, method: str = "GET") -> Iterator[Mapping[str, object]]:
        """Every page of a listing of a REST service that answers in JSON."""

        def call(more: Mapping[str, str]) -> tuple[Mapping[str, object], Mapping[str, object]]:
            page = _object(self._listing(service, path, more, method))
            return page, page

        return _pages(call)

    def rest_xml_pages(self, service: str, path: str) -> Iterator[ET.Element]:
        """Every page of a listing of a REST service that answers in XML."""

        def call(more: Mapping[str, str]) -> tuple[ET.Element, Mapping[str, object]]:
            root = ET.fromstring(self._listing(service, path, more, "GET"))  # noqa: S314 - the emulator of this run
            return root, dict(_leaves(root))

        return _pages(call)

    def _listing(self, service: str, path: str, more: Mapping[str, str], method: str) -> bytes:
        """What is no 200 raises, as it says nothing about what is there."""
        if method == "GET":
            status, data = self.rest(service, path, urlencode(more))
        else:
            headers, body = {"content-type": "application/json"}, json.dumps(more).encode()
            status, data = self._send(method, path, service=service, headers=headers, body=body)
        if status != http.client.OK:
            raise RunError(f"the emulator refused {service}: {method} {path}: status {status}")
        return data

    def rest(self, service: str, path: str, query: str = "") -> tuple[int, bytes]:
        """A signed GET of a REST service."""
        return self._send("GET", path, query=query, service=service, headers={})

    def _send(
        self, method: str, path: str, *, service: str, headers: Mapping[str, str], query: str = "", body: bytes = b""
    ) -> tuple[int, bytes]:
        path = self._base_path + path
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


class UnixClient(SignedClient):
    """Calls an emulator on a unix socket.

    Args:
        path: the socket; the others are those of `SignedClient`.
    """

    def __init__(self, path: str, *, host: str, credential: Credential, region: str, timeout: float = 30.0) -> None:
        super().__init__(_UnixConnection(path, timeout), host=host, credential=credential, region=region)


def _pages(call: Callable[[Mapping[str, str]], tuple[Page, Mapping[str, object]]]) -> Iterator[Page]:
    """Call until an answer names no more to come.

    Raises:
        RunError: the emulator names the same page again and again.
    """
    more: dict[str, str] = {}
    while True:
        page, members = call(more)
        yield page
        found = {parameter: str(members[member]) for member, parameter in _PAGES if members.get(member)}
        if not found or members.get("IsTruncated") == "false":
            return
        if found == more:
            raise RunError("the emulator's listing does not end")
        more = found


def _leaves(root: ET.Element) -> Sequence[tuple[str, str]]:
    return [(each.tag.rpartition("}")[2], each.text or "") for each in root.iter() if len(each) == 0]


def _object(data: bytes) -> Mapping[str, object]:
    parsed = json.loads(data or b"{}")
    if not isinstance(parsed, dict):
        raise RunError("the emulator answered something that is not a JSON object")
    return parsed
