"""S3 POST policies: verified with the run key, then written and signed anew with the real one.

Rules: Amazon S3 API Reference, "Browser-Based Uploads Using POST (AWS Signature Version 4)", and the same for
Signature Version 2 in the Amazon S3 User Guide. Upstream checks the conditions against the form; only what
re-signing replaces is checked here, as upstream never sees it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from sandgate.wire.http import WireError
from sandgate.wire.signing.canonical import ALGORITHM
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.faults import access_denied, bad_token, mismatch
from sandgate.wire.signing.presented import Presented
from sandgate.wire.signing.v2 import v2_sign

__all__ = ["resign_post", "verify_post"]

_REPLACED = frozenset({"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token"})
_REMOVED = _REPLACED | {"awsaccesskeyid", "policy", "signature", "x-amz-s3session-token", "x-amz-signature"}
_EXPIRATION = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?Z")
_TRIPLE = 3


def verify_post(form: Mapping[str, str], presented: Presented, credential: Credential, now: datetime) -> None:
    """Check the policy of a POST form against the key that it names.

    Args:
        form: the fields before `file`, names in any case.
        presented: what `post_presented` read from it.
        credential: the credential of `presented.access_key_id`.
        now: the time, for the policy's expiration.

    Raises:
        WireError: wrong signature or token, expired, a policy that is no policy, or one that does not cover the
            fields that signing replaces.
    """
    fields = {name.lower(): value for name, value in form.items()}
    policy_text = fields.get("policy", "")
    if presented.scheme == "v4-post":
        key = credential.signing_key(presented.date[:8], presented.region, presented.service)
        expected = key.sign(policy_text)
    else:
        expected = v2_sign(credential, policy_text)
    if not hmac.compare_digest(expected, presented.signature):
        raise mismatch("s3")
    if not hmac.compare_digest(presented.token.encode(errors="replace"), credential.session_token.encode()):
        raise bad_token("s3")
    policy = _policy(policy_text)
    match = _EXPIRATION.fullmatch(str(policy.get("expiration", "")))
    try:
        until = datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None
    except ValueError:
        until = None
    if until is None:
        raise _invalid("its expiration is not a date like 2026-01-31T12:00:00Z")
    if now > until:
        raise access_denied("Invalid according to Policy: Policy expired.")
    _check_replaced(policy, fields)


def resign_post(
    fields: Mapping[str, str], credential: Credential, *, region: str, now: datetime, service: str = "s3"
) -> dict[str, str]:
    """Sign a verified POST form for upstream, as SigV4 whatever it was.

    Args:
        fields: those before `file`, names as sent.
        credential: the real credential.
        region: region of the scope.
        now: time of signing.
        service: signing name of the scope.

    Returns:
        The fields to send, in order: the old signature and what names its key replaced in fields and policy.

    Raises:
        WireError: the policy is no policy.
    """
    policy = _policy(next((value for name, value in fields.items() if name.lower() == "policy"), ""))
    date = f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    added = {
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": f"{credential.access_key_id}/{scope}",
        "x-amz-date": date,
    }
    if credential.session_token:
        added["x-amz-security-token"] = credential.session_token
    kept = [condition for condition in _conditions(policy) if not _REPLACED.intersection(_names(condition))]
    renewed = {**policy, "conditions": [*kept, *({name: value} for name, value in added.items())]}
    text = base64.b64encode(json.dumps(renewed).encode()).decode()
    made = {name: value for name, value in fields.items() if name.lower() not in _REMOVED}
    made |= added
    made["policy"] = text
    made["x-amz-signature"] = credential.signing_key(date[:8], region, service).sign(text)
    return made


def _invalid(reason: str) -> WireError:
    return WireError("InvalidPolicyDocument", f"Invalid Policy: {reason}.")


def _no_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _invalid("a member is repeated")
    return found


def _policy(text: str) -> dict[str, object]:
    try:
        policy = json.loads(base64.b64decode(text, validate=True), object_pairs_hook=_no_repetition)
    except (binascii.Error, ValueError, RecursionError):
        raise _invalid("not base64 of a JSON document") from None
    if not isinstance(policy, dict):
        raise _invalid("not a JSON object")
    return policy


def _conditions(policy: Mapping[str, object]) -> list[object]:
    conditions = policy.get("conditions")
    if not isinstance(conditions, list):
        raise _invalid("it has no list of conditions")
    return conditions


def _names(condition: object) -> list[str]:
    """The fields that a condition is about, lower case."""
    if isinstance(condition, dict):
        return [str(name).lower() for name in condition]
    if isinstance(condition, list) and len(condition) == _TRIPLE:
        return [str(condition[1]).lower().removeprefix("$")]
    raise _invalid("a condition is neither an object nor a list of three")


def _holds(condition: object, name: str, value: str) -> bool:
    if isinstance(condition, dict):
        return all(expected == value for key, expected in condition.items() if key.lower() == name)
    assert isinstance(condition, list)
    operator, _, expected = condition
    if str(operator).lower() == "starts-with":
        return value.startswith(str(expected))
    return str(operator).lower() == "eq" and expected == value


def _check_replaced(policy: Mapping[str, object], fields: Mapping[str, str]) -> None:
    conditions = _conditions(policy)
    for name in sorted(_REPLACED):
        concerned = [condition for condition in conditions if name in _names(condition)]
        value = fields.get(name)
        if value is not None and not concerned:
            raise access_denied(f"Invalid according to Policy: Extra input fields: {name}")
        if not all(_holds(condition, name, value or "") for condition in concerned):
            raise access_denied(f"Invalid according to Policy: Policy Condition failed for ${name}")
