"""Tokens that an answer gives out are kept here, each with whom it was given to."""

from __future__ import annotations

import re

from sandgate.core.call import Call
from sandgate.gate.parts import Parts
from sandgate.keys.registry_tokens import RegistryToken
from sandgate.rewrite.tokens import GivenToken

__all__ = ["mint_token"]

_REGISTRY = re.compile(r"https://(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.")


def mint_token(parts: Parts, call: Call, given: GivenToken) -> str:
    """Keep a token, and say what the client gets for it.

    An emulator of the user's own whose registry is elsewhere is spoken to past the gate, with its own token.

    Args:
        parts: keep it.
        call: who asked for it, and where.
        given: as the answer had it.
    """
    named = _REGISTRY.match(given.endpoint)
    if given.endpoint and named is None and parts.upstream.aws is None:
        return given.real
    token = RegistryToken(
        real=given.real,
        principal=call.principal,
        account=named[1] if named else parts.upstream.account,
        region=named[2] if named else call.region,
        expires=given.expires,
    )
    return parts.tokens.mint(token)
