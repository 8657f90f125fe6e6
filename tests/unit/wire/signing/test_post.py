"""POST forms: what botocore signs verifies, and what we sign anew is what botocore would sign."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.auth import HmacV1PostAuth, S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.credentials import Credentials

from sandgate.wire.http import WireError
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.post import resign_post, verify_post
from sandgate.wire.signing.presented import post_presented
from sandgate.wire.signing.v2 import v2_sign

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
LATER = "2026-01-31T13:00:00Z"
REAL = Credential("ASIAREALKEY", "real/secret+canary", "real/token==")


def form(signer: type[Any], credential: Credential, policy: dict[str, Any] | None = None) -> dict[str, str]:
    """The fields that botocore makes."""
    document = policy or {"expiration": LATER, "conditions": [{"bucket": "b"}, ["starts-with", "$key", "uploads/"]]}
    request = AWSRequest("POST", "http://127.0.0.1:4566/b")
    request.context["s3-presign-post-fields"] = {"key": "uploads/${filename}"}
    request.context["s3-presign-post-policy"] = document
    keys = Credentials(credential.access_key_id, credential.secret_access_key, credential.session_token or None)
    with patch("botocore.auth.get_current_datetime", return_value=NOW):
        (signer(keys) if signer is HmacV1PostAuth else signer(keys, "s3", "eu-west-1")).add_auth(request)
    return dict(request.context["s3-presign-post-fields"])


def check(fields: Mapping[str, str], credential: Credential, now: datetime = NOW) -> None:
    claim = post_presented(fields)
    assert claim is not None
    assert claim.access_key_id == credential.access_key_id
    verify_post(fields, claim, credential, now)


def policy_of(fields: Mapping[str, str]) -> Any:
    return json.loads(base64.b64decode(fields["policy"]))


SIGNERS = [S3SigV4PostAuth, HmacV1PostAuth]


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_botocore_signs(signer: type[Any], credential: Credential, session_credential: Credential) -> None:
    check(form(signer, credential), credential)
    check(form(signer, session_credential), session_credential)


@pytest.mark.parametrize("signer", SIGNERS)
def test_names_in_any_case(signer: type[Any], credential: Credential) -> None:
    check({name.upper(): value for name, value in form(signer, credential).items()}, credential)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_what_boto3_signs(version: str, credential: Credential) -> None:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=credential.access_key_id,
        aws_secret_access_key=credential.secret_access_key,
        endpoint_url="http://127.0.0.1:4566",
        config=Config(signature_version=version),
    )
    made = client.generate_presigned_post("b", "k", Fields={"acl": "private"}, Conditions=[{"acl": "private"}])
    check(made["fields"], credential, datetime.now(UTC))


@pytest.mark.parametrize("signer", SIGNERS)
def test_no_character_of_policy_or_signature_can_change(signer: type[Any], credential: Credential) -> None:
    fields = form(signer, credential)
    for name in ("policy", "x-amz-signature" if signer is S3SigV4PostAuth else "signature"):
        for at, char in enumerate(fields[name]):
            changed = {**fields, name: fields[name][:at] + chr(ord(char) ^ 1) + fields[name][at + 1 :]}
            with pytest.raises(WireError):
                check(changed, credential)


@pytest.mark.parametrize("signer", SIGNERS)
def test_expiration(signer: type[Any], credential: Credential) -> None:
    fields = form(signer, credential)
    check(fields, credential, NOW + timedelta(minutes=59))
    with pytest.raises(WireError, match="Policy expired") as caught:
        check(fields, credential, NOW + timedelta(minutes=61))
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)


@pytest.mark.parametrize("signer", SIGNERS)
def test_wrong_token(signer: type[Any], credential: Credential, session_credential: Credential) -> None:
    fields = form(signer, session_credential)
    with pytest.raises(WireError, match="InvalidToken"):
        check({**fields, "x-amz-security-token": "other"}, session_credential)
    with pytest.raises(WireError, match="InvalidToken"):
        check({**form(signer, credential), "x-amz-security-token": "one"}, credential)


@pytest.mark.parametrize(
    "policy",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b"[" * 15000,
        b'{"conditions": []}',
        b'{"expiration": "tomorrow", "conditions": []}',
        b'{"expiration": "2026-02-31T00:00:00Z", "conditions": []}',
        b'{"expiration": "2027-01-01T00:00:00Z"}',
        b'{"expiration": "2027-01-01T00:00:00Z", "conditions": {}}',
        b'{"expiration": "2027-01-01T00:00:00Z", "conditions": [1]}',
        b'{"expiration": "2027-01-01T00:00:00Z", "conditions": [["eq"]]}',
        b'{"expiration": "2027-01-01T00:00:00Z", "conditions": [], "conditions": []}',
    ],
)
def test_policies_that_are_none(policy: bytes, credential: Credential) -> None:
    text = base64.b64encode(policy).decode()
    fields = {"AWSAccessKeyId": credential.access_key_id, "policy": text, "signature": v2_sign(credential, text)}
    with pytest.raises(WireError, match="InvalidPolicyDocument"):
        check(fields, credential)


def test_the_policy_must_cover_what_signing_replaces(credential: Credential) -> None:
    fields = form(S3SigV4PostAuth, credential)
    for name in ("x-amz-date", "x-amz-algorithm", "x-amz-credential"):
        policy = policy_of(fields)
        policy["conditions"] = [entry for entry in policy["conditions"] if name not in entry]
        with pytest.raises(WireError, match="Extra input fields"):
            check(signed_again(fields, policy, credential), credential)
        policy["conditions"].append(["eq", f"${name}", "another"])
        with pytest.raises(WireError, match="Condition failed"):
            check(signed_again(fields, policy, credential), credential)
        policy["conditions"][-1] = ["starts-with", f"${name}", fields[name][:5]]
        check(signed_again(fields, policy, credential), credential)


def signed_again(fields: Mapping[str, str], policy: Any, credential: Credential) -> dict[str, str]:
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    keys = Credentials(credential.access_key_id, credential.secret_access_key)
    request = AWSRequest()
    request.context["timestamp"] = f"{NOW:%Y%m%dT%H%M%SZ}"
    signature = S3SigV4PostAuth(keys, "s3", "eu-west-1").signature(text, request)
    return {**fields, "policy": text, "x-amz-signature": signature}


@pytest.mark.parametrize("signer", SIGNERS)
def test_resigned(signer: type[Any], session_credential: Credential) -> None:
    fields = form(signer, session_credential)
    made = resign_post(fields, REAL, region="eu-west-1", now=NOW)
    assert made["key"] == fields["key"]
    assert session_credential.access_key_id not in str(made) + str(policy_of(made))
    assert "AWSAccessKeyId" not in made
    assert "signature" not in made
    check(made, REAL)
    assert policy_of(made)["conditions"][:2] == [{"bucket": "b"}, ["starts-with", "$key", "uploads/"]]
    assert policy_of(made)["expiration"] == LATER
    again = signed_again(made, policy_of(made), REAL)
    assert made == again


def test_unsigned_form_is_none() -> None:
    assert post_presented({"key": "k"}) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AWSAccessKeyId": "A", "signature": "x"}, "InvalidArgument"),
        ({"policy": None}, "InvalidArgument"),
        ({"x-amz-algorithm": "AWS4-HMAC-SHA512"}, "InvalidArgument"),
        ({"x-amz-algorithm": None}, "InvalidArgument"),
        ({"x-amz-credential": "A/20260131/eu-west-1/s3"}, "InvalidArgument"),
        ({"x-amz-date": "20260130T120000Z"}, "InvalidArgument"),
        ({"x-amz-date": None}, "InvalidArgument"),
        ({"x-amz-signature": "00"}, "InvalidArgument"),
        ({"x-amz-signature": None}, "InvalidArgument"),
    ],
)
def test_malformed_v4_forms(credential: Credential, change: dict[str, str | None], code: str) -> None:
    fields = {**form(S3SigV4PostAuth, credential), **change}
    with pytest.raises(WireError) as caught:
        post_presented({name: value for name, value in fields.items() if value is not None})
    assert caught.value.code == code


@pytest.mark.parametrize("change", [{"AWSAccessKeyId": ""}, {"signature": "00"}, {"signature": ""}])
def test_malformed_v2_forms(credential: Credential, change: dict[str, str]) -> None:
    with pytest.raises(WireError, match="InvalidArgument"):
        post_presented({**form(HmacV1PostAuth, credential), **change})
