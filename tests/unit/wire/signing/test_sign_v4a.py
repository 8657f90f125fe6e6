"""Signatures for several regions at once, verified with another library's elliptic curve."""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign_v4a import can_sign_v4a, sign_v4a

NAME = "AWS4-ECDSA-P256-SHA256"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = Credential("AKIDEXAMPLE", "the+secret/of/it", "the-token")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BODY = hashlib.sha256(b"{}").hexdigest()

pytestmark = pytest.mark.skipif(not can_sign_v4a(), reason="the extra crt is not installed")


def public_key(credential: Credential) -> ec.EllipticCurvePublicKey:
    """AWS's derivation (NIST SP 800-108, counter mode)."""
    for counter in range(1, 255):
        label = NAME.encode() + b"\0" + credential.access_key_id.encode() + bytes([counter])
        message = struct.pack(">I", 1) + label + struct.pack(">I", 256)
        digest = hmac.digest(b"AWS4A" + credential.secret_access_key.encode(), message, "sha256")
        if int.from_bytes(digest, "big") <= ORDER - 2:
            return ec.derive_private_key(int.from_bytes(digest, "big") + 1, ec.SECP256R1()).public_key()
    raise AssertionError


def signed(service: str, path: str = "/", query: str = "", payload: str = BODY) -> dict[str, str]:
    headers = [
        ("Host", "abc.example"),
        ("content-type", "application/json"),
        ("user-agent", "x"),
        ("Authorization", "of the client"),
        ("x-amz-region-set", "of the client"),
        ("x-amz-date", "20200101T000000Z"),
    ]
    found = sign_v4a("POST", path, query, headers, KEY, region="*", service=service, payload=payload, now=NOW)
    assert len(found) == len(dict(found))
    return dict(found)


def check(found: dict[str, str], service: str, path: str, query: str, payload: str = BODY) -> None:
    parts = re.fullmatch(rf"{NAME} Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)", found["authorization"])
    assert parts
    scope = f"20260102/{service}/aws4_request"
    assert parts[1] == f"{KEY.access_key_id}/{scope}"
    names = parts[2].split(";")
    lines = "".join(f"{name}:{found[name]}\n" for name in names)
    canonical = f"POST\n{path}\n{query}\n{lines}\n{parts[2]}\n{payload}"
    text = f"{NAME}\n20260102T030405Z\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    public_key(KEY).verify(bytes.fromhex(parts[3]), text.encode(), ec.ECDSA(SHA256()))


def test_it_is_a_signature_of_the_key_for_every_region() -> None:
    found = signed("events")
    check(found, "events", "/", "")
    assert (found["x-amz-region-set"], found["x-amz-security-token"]) == ("*", "the-token")
    assert found["x-amz-content-sha256"] == BODY
    assert {"host", "content-type", "x-amz-region-set"} <= set(
        found["authorization"].split("=")[2].split(",")[0].split(";")
    )
    assert KEY.secret_access_key not in str(found)


def test_paths_of_s3_are_signed_as_they_are() -> None:
    found = signed("s3", "/a%20b//c", "x=1&a=%2F", "UNSIGNED-PAYLOAD")
    check(found, "s3", "/a%20b//c", "a=%2F&x=1", "UNSIGNED-PAYLOAD")


def test_another_request_is_not_what_was_signed() -> None:
    with pytest.raises(InvalidSignature):
        check(signed("events"), "events", "/other", "")
