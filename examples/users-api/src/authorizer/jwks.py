"""The key set of a user pool, fetched once and again when a token names a key that it lacks."""

from __future__ import annotations

import http.client
import json
import logging
import time
import urllib.request
from typing import TYPE_CHECKING

import jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["KeySet", "address_of", "fetch"]

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 3.0
_REFETCH_SECONDS = 60.0


def address_of(issuer: str, environment: Mapping[str, str]) -> str:
    """Where an issuer's key set is, given the function's environment.

    An emulator signs tokens in the name of the AWS host but serves its keys below its own endpoint, which it gives its
    functions as `AWS_ENDPOINT_URL`. AWS itself never sets that variable.
    """
    if explicit := environment.get("JWKS_URL"):
        return explicit
    if endpoint := environment.get("AWS_ENDPOINT_URL"):
        issuer = f"{endpoint.rstrip('/')}/{issuer.rpartition('/')[2]}"
    return f"{issuer}/.well-known/jwks.json"


def fetch(url: str) -> dict[str, object]:
    """Read the key set at an address that the function's own configuration names."""
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:
        return dict(json.load(answer))


class KeySet:
    """Signing keys by id.

    Pools rotate their keys, so an unknown id is worth another fetch, but not on every forged token: at most one a
    minute. A failed fetch counts towards that only once there are keys to go on with.
    """

    def __init__(
        self,
        url: str,
        *,
        read: Callable[[str], dict[str, object]] = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._read = read
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: float | None = None

    def key(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id, or None where the pool has no such key or cannot be reached."""
        if kid not in self._keys and self._may_fetch():
            self._fetch()
        return self._keys.get(kid)

    def _may_fetch(self) -> bool:
        return not self._keys or self._fetched is None or self._clock() - self._fetched >= _REFETCH_SECONDS

    def _fetch(self) -> None:
        self._fetched = self._clock()
        try:
            found = jwt.PyJWKSet.from_dict(self._read(self._url))
        except (OSError, http.client.HTTPException, ValueError, TypeError, jwt.PyJWTError):
            log.exception("cannot read the key set at %s", self._url)
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id}
