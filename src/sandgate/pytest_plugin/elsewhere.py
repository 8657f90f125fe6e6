"""What botocore was asked to reach in this process, where that is not the gate.

Its HTTP session is watched, which is what real requests go through: stubs and mocks of clients never come there. So are
those that aiobotocore has in its place. A host of AWS is not told of: what goes there carries a run key, which is worth
nothing there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandgate.control.elsewhere import Sighting, tell

__all__ = ["sighting_of", "watch"]

_SESSIONS = {
    "botocore.httpsession": "URLLib3Session",
    "aiobotocore.httpsession": "AIOHTTPSession",
    "aiobotocore.httpxsession": "HttpxSession",
}
"""Module to class, whose `send` takes a prepared request."""
_AWS = re.compile(r"(?:.*\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws|amazoncognito\.com)")
_SIGNED = re.compile(r"AWS4?[- ]")
_SCOPE = re.compile(r"Credential=[^/,]+/[^,]*?/([a-z0-9-]+)/aws4_request")
_LINK_LOCAL = ("169.254.", "fd00:")
"""Where machines of AWS ask for credentials of their own."""
_PORTS = {"http": 80, "https": 443}


def watch(config: pytest.Config, directory: Path, gates: Iterable[str]) -> None:
    """Tell a run what botocore is asked to reach elsewhere, from now until pytest ends.

    Args:
        config: pytest's.
        directory: of the run.
        gates: addresses of its gate.
    """
    ours = {place for url in gates for place in _names_of(urlsplit(url).netloc)}
    told: set[Sighting] = set()

    def look(request: Any) -> None:
        found = sighting_of(str(request.url), request.headers, ours)
        if found is not None and found not in told:
            told.add(found)
            with contextlib.suppress(OSError):  # the run is over, and its verdict with it
                tell(directory, [found])

    for module, session in _SESSIONS.items():
        hook = _Hook(module, session, look)
        config.add_cleanup(hook.remove)
        if module in sys.modules:
            hook.patch(sys.modules[module])
        else:
            sys.meta_path.insert(0, hook)


def sighting_of(url: str, headers: Mapping[str, object], ours: Collection[str]) -> Sighting | None:
    """The sighting that a request is, if it is a call of an API and does not go to the gate.

    Args:
        url: where it goes.
        headers: as botocore has prepared them.
        ours: hosts with ports of the gate.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    place = f"{host}:{parts.port or _PORTS.get(parts.scheme, 0)}"
    if place in ours or _AWS.fullmatch(host) or host.startswith(_LINK_LOCAL):
        return None
    authorization = _text(headers.get("Authorization"))
    if not _SIGNED.match(authorization) and "Botocore/" not in _text(headers.get("User-Agent")):
        return None
    scope = _SCOPE.search(authorization)
    return Sighting(host=place, by="botocore", service=scope[1] if scope else "")


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value or "")


def _names_of(netloc: str) -> tuple[str, str]:
    return netloc, f"localhost:{netloc.rpartition(':')[2]}"


class _Hook(MetaPathFinder, Loader):
    """Patches a class of HTTP sessions once it is loaded: this process may never load it, and must not for us."""

    def __init__(self, module: str, session: str, look: Callable[[Any], None]) -> None:
        self._module = module
        self._session = session
        self._look = look
        self._loader: Loader | None = None
        self._undo: Callable[[], None] = lambda: None

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as everybody does, and load it through us."""
        if fullname != self._module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the module's own loader does."""
        assert self._loader is not None
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load it, and patch it."""
        assert self._loader is not None
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self.patch(module)

    def patch(self, module: ModuleType) -> None:
        """Look at each request before it is sent."""
        session: Any = module.__dict__.get(self._session)
        if session is None:  # another version of it
            return
        send, look = session.send, self._look

        def looked(self: object, request: Any) -> Any:
            look(request)
            return send(self, request)  # what is awaited, where it is one of asyncio

        session.send = looked
        self._undo = lambda: setattr(session, "send", send)

    def remove(self) -> None:
        """Leave botocore as it was."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        self._undo()
