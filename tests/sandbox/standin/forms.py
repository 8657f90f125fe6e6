"""Uploads by an HTML form: what is signed is the policy that stands in it.

Source: S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)".
"""

from __future__ import annotations

import base64
import email
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime

from botocore.auth import S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sandbox.standin.hosts import Place
from tests.sandbox.standin.keys import Key
from tests.sandbox.standin.messages import Refused, Request

__all__ = ["form_key", "is_form", "verify_form"]

_UNSAID = frozenset({"policy", "x-amz-signature", "file"})
"""Fields that the policy need not speak of."""


def is_form(request: Request, place: Place) -> bool:
    """Whether the request is such an upload."""
    return place.is_s3 and request.method == "POST" and "multipart/form-data" in request.header("content-type")


def _fields(request: Request) -> Mapping[str, str]:
    message = email.message_from_bytes(
        b"Content-Type: " + request.header("content-type").encode("latin-1") + b"\r\n\r\n" + request.body
    )
    found: dict[str, str] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found[name.lower()] = payload.decode("utf-8", "replace")
    return found


def form_key(request: Request) -> str:
    """The access key id that a form names."""
    return _fields(request).get("x-amz-credential", "").partition("/")[0]


def verify_form(request: Request, key: Key | None, place: Place, now: datetime) -> None:
    """Check the policy's signature, its end, and that it speaks of every field.

    Raises:
        Refused: the upload would not pass.
    """
    fields = _fields(request)
    scope = fields.get("x-amz-credential", "").split("/")
    if key is None or not key.active:
        raise Refused("key", f"{scope[0]} is not known or not active")
    if len(scope) != 5 or (scope[3], scope[2]) not in place.scopes or scope[1] != fields["x-amz-date"][:8]:
        raise Refused("scope", f"{scope[1:]} at {place.host}")
    signer = S3SigV4PostAuth(Credentials(key.access_key_id, key.secret), scope[3], scope[2])
    given = AWSRequest("POST", f"https://{place.host}/")
    given.context["timestamp"] = fields["x-amz-date"]
    if not hmac.compare_digest(signer.signature(fields["policy"], given), fields.get("x-amz-signature", "")):
        raise Refused("signature", "the signature is not that of the policy")
    if fields.get("x-amz-security-token", "") != key.token:
        raise Refused("token", f"the token is not that of {key.access_key_id}")
    if key.expires is not None and now >= key.expires:
        raise Refused("expired", f"the session ended at {key.expires:%H:%M:%S}")
    policy = json.loads(base64.b64decode(fields["policy"]))
    if now >= datetime.fromisoformat(re.sub(r"\.\d+Z$", "Z", policy["expiration"])):
        raise Refused("late", f"the policy ended at {policy['expiration']}")
    said = {name.lower() for each in policy["conditions"] if isinstance(each, dict) for name in each}
    said |= {str(each[1]).lstrip("$").lower() for each in policy["conditions"] if isinstance(each, list)}
    if unsaid := set(fields) - said - _UNSAID:
        raise Refused("headers", f"the policy does not speak of {sorted(unsaid)}")
