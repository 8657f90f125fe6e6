"""Large uploads reach the emulator past the gate, which lends it the client's socket to read the rest from.

What the gate does by the head alone it has done before. The hash of the body is compared by the gate's own code in the
emulator's process (`_emulator_lent.py`), before the emulator sees a byte of it; the gate is told, and answers.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

from sandgate.gate.exchange import Exchange
from sandgate.gate.forward import Outgoing
from sandgate.gate.lending import ask
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.tiers._emulator_lent import DIFFERS, ENDED, LENDS, SENT, STALLED, upload_order
from sandgate.wire.http import WireError
from sandgate.wire.signing.verify import PayloadHash

__all__ = ["lent_body"]

_HASH_LENGTH = 64


def lent_body(exchange: Exchange, outgoing: Outgoing, declared: str) -> Outgoing:
    """The same request, whose body goes past the gate where it may.

    Args:
        exchange: whose body it is.
        outgoing: a request that is ready to be sent.
        declared: what stands for the body in the client's signature; of chunks the gate must see each.
    """
    path = outgoing.target.lent
    if not path or outgoing.target.signing_name != "s3" or declared.startswith("STREAMING-"):
        return outgoing
    if not exchange.body_lendable:
        return outgoing
    token = secrets.token_hex(16)
    begun = exchange.lend_body()
    compared = declared if len(declared) == _HASH_LENGTH else ""
    body = _lend(exchange, path, begun, upload_order(token.encode(), exchange.announced - len(begun), compared))
    return replace(outgoing, headers=[*outgoing.headers, (LENDS, token)], body=body, length=len(begun))


async def _lend(exchange: Exchange, path: str, begun: bytes, order: bytes) -> AsyncIterator[bytes]:
    """The beginning of the body; it ends when the emulator has the rest.

    Raises:
        ClientGoneError: the client left.
        UpstreamFaultError: nobody takes the socket, or who took it has gone.
        WireError: not the body that was signed, or not all of it.
    """
    whole = False
    try:
        if begun:
            yield begun
        word = await ask(exchange, path, lambda: (order, exchange.welcome_body()))
        whole = word in (SENT, DIFFERS)
    finally:
        exchange.body_returned(whole=whole)
    if word == DIFFERS:
        PayloadHash("").check()
    if word == STALLED:
        raise WireError("RequestTimeout", "The rest of the request body did not come in time.", status=408)
    if word == ENDED:
        raise WireError("IncompleteBody", "The request body ended before its announced length.")
    if word != SENT:
        raise UpstreamFaultError("the upstream has gone with the client's socket")
