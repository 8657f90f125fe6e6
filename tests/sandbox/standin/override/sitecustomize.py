"""Leads host names of AWS to the stand-in, in every Python that starts with this folder on its path.

Test code, and the only way there: the product has no switch for it. Standard library alone, since it runs in every
interpreter that a test starts. `SSL_STAND_IN_PORT` is where the front listens, `SSL_STAND_IN_ESCAPES` a file that gets
a line for everything that would have left the machine: gates hand on what begins with `SSL_`.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["AWS", "LeftTheMachine"]

AWS = re.compile(r"(?:^|\.)(?:amazonaws\.com|api\.aws|on\.aws|amazoncognito\.com|cloudfront\.net)$")
_METADATA = frozenset({"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"})
_PORT = int(os.environ.get("SSL_STAND_IN_PORT") or "0")
_resolve = socket.getaddrinfo


class LeftTheMachine(RuntimeError):
    """A test would have reached a host that is neither AWS nor this machine."""


def _name(host: object) -> str:
    text = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host or "")
    return text.rstrip(".").lower()


def _is_here(name: str) -> bool:
    if name in ("", "localhost", "0.0.0.0", "::", socket.gethostname().lower()):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    return False


def _check(name: str) -> None:
    """Let nothing through that leaves the machine.

    Raises:
        ConnectionRefusedError: instance metadata, which this machine does not have.
        LeftTheMachine: any other.
    """
    if name in _METADATA:
        raise ConnectionRefusedError(111, f"no instance metadata here: {name}")
    if not _is_here(name):
        if path := os.environ.get("SSL_STAND_IN_ESCAPES"):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{name} by {sys.argv[:3]}\n")
        raise LeftTheMachine(f"a test would have reached {name!r}")


def _getaddrinfo(
    host: Any,
    port: Any,
    family: int = 0,
    type: int = 0,  # noqa: A002 - the name of an argument of socket.getaddrinfo
    proto: int = 0,
    flags: int = 0,
) -> Any:
    """As the system's, but for names of AWS, which are where the front is."""
    name = _name(host)
    if AWS.search(name):
        return _resolve("127.0.0.1", _PORT, socket.AF_INET, type or socket.SOCK_STREAM, proto, 0)
    _check(name)
    return _resolve(host, port, family, type, proto, flags)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _check(_name(arguments[1][0]))


def _patch_uvloop(module: ModuleType) -> None:
    """Its loop resolves names in C."""
    loop: Any = module.Loop
    connect, resolve = loop.create_connection, loop.getaddrinfo

    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if host is not None:
            name = _name(host)
            if AWS.search(name):
                if options.get("ssl"):
                    options["server_hostname"] = options.get("server_hostname") or name
                host, port = "127.0.0.1", _PORT
            else:
                _check(name)
        return await connect(self, factory, host, port, **options)

    async def getaddrinfo(self: Any, host: Any, port: Any, **options: Any) -> Any:
        name = _name(host)
        if AWS.search(name):
            return await resolve(self, "127.0.0.1", _PORT, **{**options, "family": socket.AF_INET})
        _check(name)
        return await resolve(self, host, port, **options)

    loop.create_connection, loop.getaddrinfo = create_connection, getaddrinfo


def _mark(module: ModuleType) -> None:
    """What a run through here proves is not about AWS, and its receipt says so."""
    assert hasattr(module, "UPSTREAM")
    vars(module)["UPSTREAM"] = "stand-in"


_AFTER = {"uvloop": _patch_uvloop, "sandgate.tiers.sandbox": _mark}
"""What is done to a module once it is imported."""


class _Watch(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Calls what `_AFTER` says as soon as a module is there."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own spec, with this as its loader."""
        after = _AFTER.pop(name, None)
        if after is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                after(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if _PORT:
    socket.getaddrinfo = _getaddrinfo
    sys.addaudithook(_hook)
    sys.meta_path.insert(0, _Watch())
