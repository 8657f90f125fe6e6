"""Who calls: from a claimed signature to a principal, or a refusal that says what to do."""

from __future__ import annotations

import re

from sandgate.core.call import Decision, Principal
from sandgate.gate.answers import RefusedError
from sandgate.gate.parts import Parts
from sandgate.keys.run_keys import KeyEntry
from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.presented import Presented

__all__ = ["check_host", "entry_of"]

_AWS_HOST = re.compile(
    r"(?:[a-z0-9_.-]+\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws|amazoncognito\.com)(?::\d{1,5})?", re.IGNORECASE
)
_OWN_HOST = re.compile(r"(?:127\.0\.0\.1|localhost):(\d{1,5})")


def check_host(request: Request, parts: Parts) -> None:
    """A request for another host is a rebound name or a misconfigured proxy, never ours (RFC 9110, 7.4).

    Raises:
        WireError: the Host is neither the gate's nor one of AWS's.
    """
    own = _OWN_HOST.fullmatch(request.host)
    if own is not None and int(own.group(1)) in parts.ports:
        return
    if _AWS_HOST.fullmatch(request.host):
        return
    raise WireError("InvalidHost", "this gate does not serve the host that the request names", status=400)


async def entry_of(claim: Presented, parts: Parts) -> KeyEntry:
    """The entry of the key that the request names.

    Raises:
        RefusedError: the gate did not issue that key.
    """
    entry = parts.keys.resolve(claim.access_key_id)
    if entry is not None:
        return entry
    real = parts.surrogates.resolve(claim.access_key_id)
    if real is not None:
        return KeyEntry(
            credential=real.surrogate,
            principal=Principal(kind="surrogate", name=real.label),
            upstream=real.real,
        )
    session = await parts.upstream.function_session(claim.access_key_id, claim.region)
    if session is not None:
        entry = KeyEntry(
            credential=session.credential,
            principal=Principal(kind="function", name=session.function),
            forward_verbatim=True,
        )
        parts.keys.add(entry)
        return entry
    raise RefusedError(
        Decision(
            allowed=False,
            rule="unknown-key",
            value=_shown(claim.access_key_id),
            source="the gate signs only for keys that it issued",
            remedy="use the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that `sandgate run` or `sandgate env` sets",
        )
    )


def _shown(key_id: str) -> str:
    """Enough of a key id to recognise it, never all of one that may be real."""
    return key_id if len(key_id) <= 8 else f"{key_id[:4]}…{key_id[-4:]}"  # noqa: PLR2004
