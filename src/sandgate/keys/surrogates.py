"""Surrogates: what a client gets instead of credentials that a call minted; the real ones stay here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandgate.wire.signing.credential import Credential

__all__ = ["Surrogate", "Surrogates"]

_PREFIX = "SGSUR"
"""Not AWS's AKIA or ASIA: whoever sees the key in a log can tell what it is."""
_PRUNE_AT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrogate:
    """A surrogate and what it stands for."""

    surrogate: Credential
    """What the client signs with."""
    real: Credential = field(repr=False)
    """What the gate signs with."""
    label: str = ""
    """Whose credentials they are: a role session or a user; never a key."""


def _now() -> datetime:
    return datetime.now(UTC)


class Surrogates:
    """The surrogates of one run, in memory only.

    Args:
        secret: what they are derived from; random when None.
        clock: the time, to forget surrogates whose real credentials have expired.
    """

    def __init__(self, secret: bytes | None = None, *, clock: Callable[[], datetime] = _now) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._clock = clock
        self._entries: dict[str, Surrogate] = {}
        self._by_real: dict[str, str] = {}

    def __repr__(self) -> str:
        """How many, never which."""
        return f"Surrogates({len(self._entries)} keys)"

    def mint(self, real: Credential, label: str = "") -> Credential:
        """The surrogate of real credentials; the same one however often they are seen.

        Args:
            real: what the upstream's answer held.
            label: whose they are.

        Returns:
            A key of the same shape: it has a session token when the real one has, and expires with it.
        """
        if len(self._entries) >= _PRUNE_AT:
            self._prune()
        seed = f"{real.access_key_id}\0{real.secret_access_key}\0{real.session_token}"
        key_id = _PREFIX + base64.b32encode(self._derive("id", seed)).decode()[:15]
        if key_id not in self._entries:
            # No `/` or `+`: whatever a script does with the text, the value survives.
            secret = base64.b64encode(self._derive("secret", seed), b"xy").decode()[:40]
            token = base64.b64encode(self._derive("token", seed) * 3, b"xy").decode() if real.session_token else ""
            credential = Credential(key_id, secret, token, real.expires)
            self._entries[key_id] = Surrogate(surrogate=credential, real=real, label=label)
        self._by_real[real.access_key_id] = key_id
        return self._entries[key_id].surrogate

    def resolve(self, access_key_id: str) -> Surrogate | None:
        """What a surrogate stands for; None for a key that is no surrogate of this run."""
        return self._entries.get(access_key_id)

    def real_id(self, access_key_id: str) -> str | None:
        """The real access key id of a surrogate's."""
        entry = self._entries.get(access_key_id)
        return entry.real.access_key_id if entry else None

    def surrogate_id(self, access_key_id: str) -> str | None:
        """The surrogate's access key id of a real one; the latest when a key id was minted again."""
        return self._by_real.get(access_key_id)

    def _derive(self, label: str, seed: str) -> bytes:
        return hmac.new(self._secret, f"{label}\0{seed}".encode(), hashlib.sha256).digest()

    def _prune(self) -> None:
        now = self._clock()
        gone = [key for key, entry in self._entries.items() if entry.real.expires and entry.real.expires < now]
        for key in gone:
            real_id = self._entries.pop(key).real.access_key_id
            if self._by_real.get(real_id) == key:
                del self._by_real[real_id]
