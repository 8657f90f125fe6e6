"""`sign_v4a`: signatures for several regions at once, by awscrt (extra `crt`), which is loaded at the first of them.

An elliptic-curve key is derived from the secret, which only AWS's own library does (General Reference, "AWS SigV4 and
SigV4A"). Asked for by S3's multi-region access points and EventBridge's global endpoints.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.faults import S3_NAMES
from sandgate.wire.signing.sign import without_signature

__all__ = ["can_sign_v4a", "sign_v4a"]

_SIGNED_TOO = frozenset({"host", "content-type", "content-md5"})


@cache
def can_sign_v4a() -> bool:
    """Whether awscrt is installed."""
    return importlib.util.find_spec("awscrt") is not None


def sign_v4a(
    request_method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    credential: Credential,
    *,
    region: str,
    service: str,
    payload: str,
    now: datetime,
) -> list[tuple[str, str]]:
    """Sign a request for upstream, for a set of regions.

    Args:
        request_method: upper case.
        path: raw path, as it will be sent.
        query: raw query, as it will be sent.
        headers: those to send, the upstream's Host among them; names in any case.
        credential: the real credential.
        region: the set of regions, with commas between them; `*` is every one.
        service: signing name of the scope.
        payload: hash of the body in hexadecimal, or what stands for it.
        now: time of signing.

    Returns:
        The headers to send: old signature, date and token removed, new ones at the end.

    Raises:
        ImportError: awscrt is not installed.
    """
    # By name: it is an extra, and takes as long to load as the gate does.
    auth: Any = importlib.import_module("awscrt.auth")
    http: Any = importlib.import_module("awscrt.http")
    kept = [(name, value) for name, value in without_signature(headers) if name.lower() != "x-amz-region-set"]
    s3 = service in S3_NAMES
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(
            credential.access_key_id, credential.secret_access_key, credential.session_token or None
        ),
        region=region,
        service=service,
        date=now,
        should_sign_header=_is_signed,
        use_double_uri_encode=not s3,
        should_normalize_uri_path=not s3,
        signed_body_value=payload,
        signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
    )
    request = http.HttpRequest(request_method, path + (f"?{query}" if query else ""), http.HttpHeaders(kept))
    auth.aws_sign_request(request, config).result()
    return [(name.lower(), value) for name, value in request.headers]


def _is_signed(name: str) -> bool:
    """The same headers as by SigV4: a proxy may change any other on the way."""
    lower = name.lower()
    return lower.startswith("x-amz-") or lower in _SIGNED_TOO
