"""GitHub and GitLab as far as secrets go, over a real socket: what arrives is opened with the repository's own key.

Written after GitHub Docs, "REST API endpoints for GitHub Actions Secrets", and GitLab Docs, "Project-level CI/CD
variables API"; it shares no code with what it is for.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

__all__ = ["Forge", "Secret", "forge"]

REPOSITORY = "octo-org/shop"
OWNER_ID, REPOSITORY_ID = 583231, 1296269
_PAGE = 2
"""Fewer than clients ask for, so that they must turn pages."""


@dataclass(slots=True, kw_only=True)
class Secret:
    """What the repository holds."""

    value: str
    updated: float
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Fault:
    """An answer in place of the right one."""

    method: str
    path: str
    status: int
    times: int
    headers: Mapping[str, str]
    skip: int


class Forge(ThreadingHTTPServer):
    """One repository, and who may write its secrets."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = token
        self.key = PrivateKey.generate()
        self.secrets: dict[str, Secret] = {}
        self.requests: list[tuple[str, str]] = []
        self.files: list[dict[str, str]] = []
        """Of pull request 7."""
        self.page: object = None
        """Said to everything, as a web page would be."""
        self.forgets = False
        self._faults: list[Fault] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def environ(self) -> dict[str, str]:
        """What leads clients here."""
        address = {"GITHUB_API_URL": self.url, "CI_SERVER_URL": self.url}
        return {**address, "GITHUB_TOKEN": self.token, "GITLAB_TOKEN": self.token}

    def fail(
        self,
        method: str,
        path: str,
        status: int,
        *,
        times: int = 1000,
        headers: Mapping[str, str] | None = None,
        skip: int = 0,
    ) -> None:
        """Answer matching requests with a failure, after `skip` of them."""
        self._faults.append(
            Fault(method=method, path=path, status=status, times=times, headers=headers or {}, skip=skip)
        )

    def heal(self) -> None:
        """As new, but for its key."""
        self._faults.clear()
        self.page = None
        self.forgets = False
        self.secrets.clear()
        self.requests.clear()
        self.files.clear()

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The failure that a request meets."""
        for fault in self._faults:
            if fault.method == method and re.search(fault.path, path) and fault.times > 0:
                if fault.skip:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Forge

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        forge = self.server
        path = self.path
        forge.requests.append((self.command, path))
        if fault := forge.fault_for(self.command, path):
            self._say(fault.status, {"message": "no"}, fault.headers)
            return
        given = self.headers.get("PRIVATE-TOKEN") or (self.headers.get("Authorization") or " ").split(" ", 1)[1]
        if forge.page:
            self._say(200, forge.page)
            return
        if given != forge.token:
            self._say(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
            return
        parts = urlsplit(path)
        for method, pattern, route in _ROUTES:
            match = re.fullmatch(pattern, parts.path)
            if match and method == self.command:
                said = route(forge, match, body, parse_qs(parts.query))
                if forge.forgets:
                    forge.secrets.clear()
                self._say(*said)
                return
        self._say(404, {"message": "Not Found"})

    def _say(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value.replace("@", self.server.url))
        if status != 204:
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 204:
            self.wfile.write(data)


_Said = tuple[int, object] | tuple[int, object, Mapping[str, str]]
_Route = Callable[[Forge, "re.Match[str]", Any, Mapping[str, list[str]]], _Said]


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _repository(_forge: Forge, _match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    owner = {"login": REPOSITORY.split("/", maxsplit=1)[0], "id": OWNER_ID}
    return 200, {"id": REPOSITORY_ID, "full_name": REPOSITORY, "name": "shop", "owner": owner}


def _public_key(forge: Forge, _match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    return 200, {"key_id": "568250167242549743", "key": base64.b64encode(bytes(forge.key.public_key)).decode()}


def _list(forge: Forge, _match: re.Match[str], _body: Any, query: Mapping[str, list[str]]) -> _Said:
    page = int(query.get("page", ["1"])[0])
    names = sorted(forge.secrets)
    shown = [
        {
            "name": name,
            "created_at": _time(forge.secrets[name].updated - 60),
            "updated_at": _time(forge.secrets[name].updated),
        }
        for name in names[(page - 1) * _PAGE : page * _PAGE]
    ]
    headers = {}
    if page * _PAGE < len(names):
        headers["Link"] = f'<@/repos/{REPOSITORY}/actions/secrets?page={page + 1}>; rel="next"'
    return 200, {"total_count": len(names), "secrets": shown}, headers


def _put(forge: Forge, match: re.Match[str], body: Any, _query: Mapping[str, list[str]]) -> _Said:
    try:
        assert body["key_id"] == "568250167242549743"
        value = SealedBox(forge.key).decrypt(base64.b64decode(body["encrypted_value"])).decode()
    except (AssertionError, KeyError, CryptoError, ValueError):
        return 422, {"message": "Bad request - key_id and encrypted_value do not fit"}
    new = match[1] not in forge.secrets
    forge.secrets[match[1]] = Secret(value=value, updated=time.time())
    return (201, {}) if new else (204, None)


def _delete(forge: Forge, match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    return (204, None) if forge.secrets.pop(match[1], None) else (404, {"message": "Not Found"})


def _files(forge: Forge, _match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    return 200, forge.files


def _pull(_forge: Forge, _match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    return 200, {"number": 7, "url": f"{_forge.url}/repos/{REPOSITORY}/pulls/7"}


def _variables(forge: Forge, _match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    return 200, [{"key": name, "value": secret.value, **secret.settings} for name, secret in forge.secrets.items()]


def _set(forge: Forge, name: str, body: Any) -> None:
    settings = {key: value for key, value in body.items() if key not in ("key", "value")}
    forge.secrets[name] = Secret(value=body["value"], updated=time.time(), settings=settings)


def _update(forge: Forge, match: re.Match[str], body: Any, _query: Mapping[str, list[str]]) -> _Said:
    if match[1] not in forge.secrets:
        return 404, {"message": "404 Variable Not Found"}
    _set(forge, match[1], body)
    return 200, {"key": match[1], "value": body["value"]}


def _create(forge: Forge, _match: re.Match[str], body: Any, _query: Mapping[str, list[str]]) -> _Said:
    if body["key"] in forge.secrets:
        return 400, {"message": {"key": ["has already been taken"]}}
    _set(forge, body["key"], body)
    return 201, {"key": body["key"], "value": body["value"]}


def _changes(forge: Forge, _match: re.Match[str], _body: Any, _query: Mapping[str, list[str]]) -> _Said:
    return 200, {"changes": [{"old_path": one["filename"], "new_path": one["filename"]} for one in forge.files]}


_R, _G = f"/repos/(?i:{REPOSITORY})", "/api/v4/projects/octo-org%2[Ff]shop"
_ROUTES: tuple[tuple[str, str, _Route], ...] = (
    ("GET", _R, _repository),
    ("GET", f"{_R}/actions/secrets/public-key", _public_key),
    ("GET", f"{_R}/actions/secrets", _list),
    ("PUT", f"{_R}/actions/secrets/([A-Za-z_]\\w*)", _put),
    ("DELETE", f"{_R}/actions/secrets/([A-Za-z_]\\w*)", _delete),
    ("GET", f"{_R}/pulls/7", _pull),
    ("GET", f"{_R}/pulls/7/files", _files),
    ("GET", f"{_G}/variables", _variables),
    ("POST", f"{_G}/variables", _create),
    ("PUT", f"{_G}/variables/(\\w+)", _update),
    ("DELETE", f"{_G}/variables/(\\w+)", _delete),
    ("GET", f"{_G}/merge_requests/7/changes", _changes),
)


@contextmanager
def forge(token: str) -> Iterator[Forge]:
    """A forge that listens."""
    made = Forge(token)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
