"""Wiring the gate as a proxy: its secret, its authority, what it may answer for, and what is noted of it."""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from sandgate.config.model import Config
from sandgate.control.bundles import remove_bundles
from sandgate.core.environment import BUNDLE, BUNDLES, OWN_AUTHORITY
from sandgate.errors import EnvironmentFault
from sandgate.gate.listener import HOST, Listener
from sandgate.gate.parts import Parts
from sandgate.gate.two_ways import Tls
from sandgate.proxy.egress import Egress
from sandgate.proxy.front import Front, why_no_tls
from sandgate.proxy.front import Parts as FrontParts
from sandgate.proxy.known import ServiceHosts
from sandgate.proxy.parent import parent_of
from sandgate.tiers._model import Tier

__all__ = ["Proxying"]

_SECRET_BYTES = 24
_FUNCTIONS = "main"
"""The worker that calls of functions count for, as at the gate's own address."""
_NOT_USED = "the client left after the handshake without a request: it pins another certificate, or speaks HTTP/2 only"


class Proxying:
    """The proxy of one gate, in the order in which it comes to be.

    Args:
        config: the run's.
        run_dir: the run's.
    """

    def __init__(self, config: Config, run_dir: Path) -> None:
        self._config = config
        self._run_dir = run_dir
        self._context: Callable[[str], ssl.SSLContext] | None = None
        self._note_handshake: Callable[[str, str, str], None] = lambda _host, _worker, _why: None
        self._writing = threading.Lock()
        self._ended = False
        self.front = Front(secrets.token_urlsafe(_SECRET_BYTES))

    def make_authority(self) -> None:
        """Make the run's authority, and the files by which children trust it; blocks.

        Raises:
            EnvironmentFault: those files cannot be written.
        """
        # Imported here, in a thread: while the emulator starts, that costs a run nothing.
        from sandgate.proxy.authority import Authority  # noqa: PLC0415
        from sandgate.proxy.roots import write_bundles  # noqa: PLC0415

        authority = Authority(self._run_dir.name)
        with self._writing:
            if self._ended:  # a start that has failed meanwhile
                return
            try:
                write_bundles(self._run_dir, authority.pem)
            except OSError as error:
                text = f"the run's certificates cannot be written: {error.strerror}"
                raise EnvironmentFault(text, where=str(self._run_dir)) from error
        self._context = authority.context

    async def close(self) -> None:
        """Cut tunnels, and remove what children trusted."""
        await self.front.close()
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        with self._writing:
            self._ended = True
            remove_bundles(self._run_dir)

    @property
    def of_endpoint(self) -> Tls | None:
        """What the gate's own ports have for clients that speak TLS; `None` where none shall."""
        return Tls(context=self._own_context, failed=self._failed) if self._config.endpoint == "https" else None

    def _own_context(self) -> ssl.SSLContext:
        assert self._context is not None
        return self._context(HOST)

    def _failed(self, worker: str, error: Exception) -> None:
        self._note_handshake(HOST, worker, why_no_tls(error))

    @property
    def functions(self) -> Mapping[str, str]:
        """Variables of functions in an emulator; the files that they name are there once the gate serves."""
        bundle = str(self._run_dir / BUNDLE)
        return {
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.front.url(_FUNCTIONS)),
            **dict.fromkeys(BUNDLES, bundle),
            "NODE_EXTRA_CA_CERTS": str(self._run_dir / OWN_AUTHORITY),
        }

    def open(self, parts: Parts, listener: Listener, tier: Tier) -> None:
        """Serve."""
        assert self._context is not None

        def note(event: str, host: str, worker: str, **more: object) -> None:
            test = parts.tests.get(worker, "")
            parts.recorder.note({"event": event, "host": host, "worker": worker, "test": test, **more})

        def note_egress(host: str, port: int, worker: str, rule: str) -> None:
            note("egress", host, worker, port=port, refused=rule)

        def note_tunnel(host: str, port: int, worker: str, sent: int, received: int) -> None:
            note("tunnel", host, worker, port=port, sent=sent, received=received)

        def note_handshake(host: str, worker: str, why: str) -> None:
            note("handshake", host, worker, why=why)

        self._note_handshake = note_handshake
        self.front.open(
            FrontParts(
                context=self._context,
                hosts=ServiceHosts(parts.models, parts.routes.values()),
                egress=Egress(listed=self._config.egress, everywhere=not tier.emulates),
                answer=lambda host, worker: listener.terminated(
                    host, worker, lambda: note_handshake(host, worker, _NOT_USED)
                ),
                note_egress=note_egress,
                note_tunnel=note_tunnel,
                note_handshake=note_handshake,
                parent=parent_of(os.environ),
            )
        )
