"""`Credential`: what signs and verifies. It lives in the memory of the gate only."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime

from sandgate.wire.signing.key import SigningKey

__all__ = ["Credential"]

_KEPT_KEYS = 64


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key with its secret, and the token of a temporary one."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    """Empty for a long-lived key."""
    expires: datetime | None = None
    """When upstream stops accepting it; None for a long-lived key."""
    _keys: dict[tuple[str, str, str], SigningKey] = field(default_factory=dict, init=False, repr=False, compare=False)

    def signing_key(self, date: str, region: str, service: str) -> SigningKey:
        """The SigV4 signing key of one credential scope.

        Derived once per scope and kept with the credential, so that it goes when the credential goes. The
        scope is chosen by whoever sends the request, so the number kept is bounded.

        Args:
            date: `YYYYMMDD`.
            region: region of the scope.
            service: signing name of the scope.

        Returns:
            The key of "Calculate the signature", AWS General Reference, "Create a signed AWS API request".
        """
        scope = (date, region, service)
        made = self._keys.get(scope)
        if made is None:
            key = hmac.digest(b"AWS4" + self.secret_access_key.encode(), date.encode(), "sha256")
            for part in (region, service, "aws4_request"):
                key = hmac.digest(key, part.encode("utf-8", "surrogateescape"), "sha256")
            if len(self._keys) >= _KEPT_KEYS:
                self._keys.clear()
            made = self._keys[scope] = SigningKey(key)
        return made
