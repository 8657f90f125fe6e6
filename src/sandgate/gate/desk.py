"""What front ends ask of a gate: keys, ports, the current test, counters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sandgate.gate.fault_desk import FaultDesk
from sandgate.gate.listener import Listener
from sandgate.gate.parts import Parts

__all__ = ["Desk"]

_SHOWN_REFUSALS = 100
_SWEEPS_WRITE = frozenset({"adopted", "gone", "leak", "owned"})

_Answer = Mapping[str, object] | None


class Desk:
    """Answers control commands.

    Args:
        parts: the gate's.
        listener: its ports.
        stop: drains and ends the gate; given the reason.
        proxy_url: worker to the address of the gate as a proxy, with the run's secret.
    """

    def __init__(
        self,
        parts: Parts,
        listener: Listener,
        stop: Callable[[str], Awaitable[None]],
        proxy_url: Callable[[str], str],
    ) -> None:
        self._parts = parts
        self._listener = listener
        self._stop = stop
        self._proxy_url = proxy_url
        self._commands: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[_Answer]]] = {
            "test": self._test,
            "event": self._event,
            "mark": self._mark,
            "key": self._key,
            "port": self._port,
            "proxy": self._proxy,
            "status": self._status,
            "leftovers": self._leftovers,
            "ledger": self._ledger,
            "emulators": self._emulators,
            "fault": FaultDesk(parts).answer,
            "stop": self._end,
        }

    async def answer(self, command: str, fields: Mapping[str, Any]) -> _Answer:
        """_Answer one command; None where none is expected.

        Raises:
            KeyError: a field is missing.
            ValueError: a field has a wrong value.
        """
        return await self._commands[command](fields)

    async def _test(self, fields: Mapping[str, Any]) -> _Answer:
        self._parts.tests[str(fields["worker"])] = str(fields["id"])
        return None

    async def _event(self, fields: Mapping[str, Any]) -> _Answer:
        self._parts.recorder.note(fields)
        return {}

    async def _mark(self, _fields: Mapping[str, Any]) -> _Answer:
        # Notes of calls that were answered before this was asked stand before it in the loop, so they are counted.
        return {"offset": self._parts.recorder.size}

    async def _key(self, fields: Mapping[str, Any]) -> _Answer:
        kind = str(fields.get("kind", "identity"))
        if kind == "also" and self._parts.also is None:
            raise ValueError("this run has no second account")
        key = self._parts.keys.issue(str(fields["worker"]), kind)
        return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}

    async def _port(self, fields: Mapping[str, Any]) -> _Answer:
        return {"url": await self._listener.url(str(fields["worker"]))}

    async def _proxy(self, fields: Mapping[str, Any]) -> _Answer:
        return {"url": self._proxy_url(str(fields["worker"]))}

    async def _leftovers(self, _fields: Mapping[str, Any]) -> _Answer:
        found = await self._parts.upstream.leftovers(frozenset(self._parts.recorder.called))
        return {"leftovers": [{"type": left.type, "name": left.name, "unknown": left.unknown} for left in found]}

    async def _ledger(self, fields: Mapping[str, Any]) -> _Answer:
        """A sweep's findings: the gate writes them, since a ledger has one writer."""
        ledger = self._parts.ledger
        lines = [(str(kind), dict(line)) for kind, line in fields["lines"]]
        if ledger is None or not {kind for kind, _ in lines} <= _SWEEPS_WRITE:
            raise ValueError("such lines are not written for a sweep")
        written = all(ledger.book.write(kind, **line) for kind, line in lines)
        for kind, line in lines:
            if kind == "owned":
                self._parts.owned.restore(line["items"])
        return {"written": written and await ledger.book.sync()}

    async def _emulators(self, _fields: Mapping[str, Any]) -> _Answer:
        """Before a sweep: what is in the ledger may have ended with its emulator."""
        if self._parts.ledger is not None:
            self._parts.ledger.notice(anyway=True)
        return {}

    async def _end(self, fields: Mapping[str, Any]) -> _Answer:
        await self._stop(str(fields.get("reason", "stopped")))
        return await self._status(fields)

    async def _status(self, _fields: Mapping[str, Any]) -> _Answer:
        recorder = self._parts.recorder
        return {
            "death": self._parts.upstream.death(),
            "broken": recorder.broken,
            "calls": dict(recorder.calls),
            "reached": dict(recorder.reached),
            "by_worker": dict(recorder.by_worker),
            "refused": list(recorder.refused[:_SHOWN_REFUSALS]),
            "refused_total": recorder.refused_total,
            "in_flight": self._listener.in_flight,
            "tests": dict(self._parts.tests),
        }
