"""The user's own proxy, through which tunnels go where there is one."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from sandgate.proxy.egress import RefusedHost, resolve
from sandgate.proxy.relay import connect

__all__ = ["Parent", "parent_of"]

_MOST = 16 * 1024
_ANSWER_SECONDS = 30.0
_PORT = 80
_OK = b"200"
_KIND = "tunnels go through http:// proxies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A proxy that the user's environment names."""

    url: str = field(repr=False)
    """May hold a password."""
    exceptions: str = ""
    """As in `NO_PROXY`."""

    def serves(self, host: str) -> bool:
        """Whether a host is reached through it."""
        names = [entry.strip().lower().lstrip("*").strip(".") for entry in self.exceptions.split(",") if entry.strip()]
        return not any(not name or f".{host}".endswith(f".{name}") for name in names)

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connection to the host, by way of the proxy, which resolves the name.

        Raises:
            RefusedHost: the proxy is of a kind that is not supported, cannot be reached, or refuses.
        """
        try:
            parts = urlsplit(self.url if "//" in self.url else f"http://{self.url}")
            own, own_port = parts.hostname, parts.port or _PORT
        except ValueError:
            raise RefusedHost("parent-proxy", "HTTPS_PROXY is no address of a proxy", _KIND, 502) from None
        if parts.scheme != "http" or not own:
            raise RefusedHost("parent-proxy", "HTTPS_PROXY names a proxy that is not http://", _KIND, 502)
        sock = await connect(f"the proxy of HTTPS_PROXY, {own}", await resolve(own, own_port))
        try:
            await self._ask(sock, host, port, (parts.username or "", parts.password or ""))
        except BaseException:
            sock.close()
            raise
        return sock

    async def _ask(self, sock: socket.socket, host: str, port: int, login: tuple[str, str]) -> None:
        loop = asyncio.get_running_loop()
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        if login[0]:
            pair = ":".join(map(unquote, login)).encode()
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}")
        await loop.sock_sendall(sock, ("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                while not head.endswith(b"\r\n\r\n") and len(head) < _MOST:
                    piece = await loop.sock_recv(sock, 1)  # a byte more would be the tunnel's
                    if not piece:
                        break
                    head += piece
        except (TimeoutError, OSError):
            head = b""
        status = head.split(b" ")[1:2]
        if status != [_OK]:
            said = status[0].decode("latin-1") if status and status[0].isdigit() else "nothing"
            raise RefusedHost(
                "parent-proxy", f"the proxy of HTTPS_PROXY answers {said} for {host}", "ask its keeper", 502
            )


def parent_of(environ: Mapping[str, str]) -> Parent | None:
    """The proxy that an environment names for HTTPS, if any.

    Args:
        environ: the gate's, which has the user's variables.
    """
    url = environ.get("https_proxy") or environ.get("HTTPS_PROXY") or ""
    return Parent(url=url, exceptions=environ.get("no_proxy") or environ.get("NO_PROXY") or "") if url else None
