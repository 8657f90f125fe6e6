"""Tokens of container registries: what a client gets instead of the one that Amazon ECR gave out.

Source: Amazon ECR API Reference, "GetAuthorizationToken"; ECR User Guide, "Private registry authentication".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandgate.core.call import Principal

__all__ = ["RegistryToken", "RegistryTokens", "password_of"]

_PREFIX = "SGECR"
"""Nothing that AWS gives out begins so: whoever sees it in a log can tell what it is."""
_USER = "AWS"
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryToken:
    """A token that an answer held, and for whom."""

    real: str = field(repr=False)
    """What the gate authenticates with: user and password in Base64, as the answer had it."""
    principal: Principal
    """Who asked for it."""
    account: str
    """Whose registry the answer named; empty where it named none."""
    region: str
    expires: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether AWS does not take it any more."""
        return self.expires is not None and self.expires <= now


class RegistryTokens:
    """The tokens of one run, in memory only.

    Args:
        secret: what surrogates are derived from; random when None.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._entries: dict[str, RegistryToken] = {}

    def __repr__(self) -> str:
        """How many, never which."""
        return f"RegistryTokens({len(self._entries)} tokens)"

    def mint(self, token: RegistryToken) -> str:
        """What the client gets; the same for a token that it has got before.

        Args:
            token: what the upstream's answer held, and for whom.

        Returns:
            User and password in Base64, as ECR writes them.
        """
        who = token.principal
        parts = (token.real, who.kind, who.name, who.worker, token.account, token.region)
        seed = "\0".join(parts)
        digest = hmac.new(self._secret, seed.encode(), hashlib.sha256).digest()
        password = _PREFIX + base64.b32encode(digest).decode().rstrip("=")
        if len(self._entries) >= _MOST and password not in self._entries:
            del self._entries[next(iter(self._entries))]
        self._entries[password] = token
        return base64.b64encode(f"{_USER}:{password}".encode()).decode()

    def resolve(self, password: str) -> RegistryToken | None:
        """What a surrogate stands for; None for a password that is no surrogate of this run."""
        return self._entries.get(password)


def password_of(fields: Mapping[str, str]) -> str | None:
    """The password that a request presents (RFC 7617); empty for one that cannot be read, None where there is none.

    Args:
        fields: headers of the request, names in lower case.
    """
    scheme, _, pair = fields.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(pair.strip(), validate=True).decode("ascii").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
