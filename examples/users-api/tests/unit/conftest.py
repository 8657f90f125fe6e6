"""Keys and tokens like a user pool's, made here."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example"
AUDIENCE = "the-client"


class Signer:
    """A private key with an id, and the public half as a user pool publishes it."""

    def __init__(self, kid: str) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = kid

    def published(self) -> dict[str, object]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "alg": "RS256", "use": "sig"}

    def token(self, **changes: object) -> str:
        """An ID token that is good in every respect but the changes; None leaves a claim out."""
        now = int(time.time())
        claims: dict[str, object] = {
            "sub": "a-user",
            "iss": ISSUER,
            "aud": AUDIENCE,
            "token_use": "id",
            "iat": now,
            "exp": now + 3600,
        }
        claims |= changes
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(present, self._key, algorithm="RS256", headers={"kid": self.kid})


@pytest.fixture(scope="session")
def new_signer() -> Callable[[str], Signer]:
    return Signer


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("first")


@pytest.fixture(scope="session")
def stranger() -> Signer:
    """Somebody else's key under the pool's key id."""
    return Signer("first")


@pytest.fixture
def issuer() -> str:
    return ISSUER


@pytest.fixture
def audience() -> str:
    return AUDIENCE
