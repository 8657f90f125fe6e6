"""Run keys: worthless anywhere else, derived for each worker, mapped to a principal and its real credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sandgate.core.call import Principal
from sandgate.wire.signing.credential import Credential

__all__ = ["KeyEntry", "RunKeys"]

_PREFIX = "SGATE"
"""Not AWS's AKIA or ASIA: whoever sees the key in a log can tell what it is."""
_KINDS: Mapping[str, Literal["identity", "deployer", "also"]] = MappingProxyType(
    {"identity": "identity", "deployer": "deployer", "also": "also"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A key that the gate issued."""

    credential: Credential = field(repr=False)
    """What the client signs with."""
    principal: Principal
    upstream: Credential | None = field(default=None, repr=False)
    """Real credentials to sign with; `None` means those that the tier has for the principal's kind."""
    forward_verbatim: bool = False
    """The upstream verifies this signature itself: forward it untouched."""


class RunKeys:
    """The keys of one run.

    A worker's key is a hash of the run's secret, so that a worker that is restarted gets the same one.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._entries: dict[str, KeyEntry] = {}

    def __repr__(self) -> str:
        """How many, never which."""
        return f"RunKeys({len(self._entries)} keys)"

    def issue(self, worker: str, kind: str = "identity") -> Credential:
        """The run key of a worker; the same one however often it is asked for.

        Args:
            worker: `main`, `gw0`, ...
            kind: `identity`, `deployer`, or `also` for the second account.
        """
        if kind not in _KINDS:
            raise ValueError(f"no run key of kind {kind!r}")
        digest = self._derive(f"id:{kind}:{worker}")
        key_id = _PREFIX + base64.b32encode(digest).decode("ascii")[:15]
        if key_id not in self._entries:
            secret = (
                base64.b64encode(self._derive(f"secret:{kind}:{worker}"))
                .decode("ascii")[:40]
                .replace("+", "x")
                .replace("/", "y")
            )
            self._entries[key_id] = KeyEntry(
                credential=Credential(access_key_id=key_id, secret_access_key=secret),
                principal=Principal(kind=_KINDS[kind], name=kind, worker=worker),
            )
        return self._entries[key_id].credential

    def add(self, entry: KeyEntry) -> None:
        """Take a surrogate or a function's session."""
        self._entries[entry.credential.access_key_id] = entry

    def resolve(self, access_key_id: str) -> KeyEntry | None:
        """The entry of a key that this gate issued, else `None`."""
        return self._entries.get(access_key_id)

    def _derive(self, label: str) -> bytes:
        return hmac.new(self._secret, label.encode(), hashlib.sha256).digest()
