"""What a browser may do with what somebody else has signed: URLs, and forms whose policy is signed."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.sandbox.standin.account import StandIn

BUCKET = "si-presigned"


@pytest.fixture
def s3(standin: StandIn) -> Iterator[Any]:
    """A client that signs in version 4, and an empty bucket."""
    client = standin.client("s3", standin.profiles["admin"], signature_version="s3v4")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": standin.region})
    yield client
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def browser(standin: StandIn) -> Iterator[httpx.Client]:
    """Somebody without a key."""
    context = ssl.create_default_context(cafile=str(standin.ca_bundle))
    with httpx.Client(proxy=f"http://127.0.0.1:{standin.front.proxy_port}", verify=context) as client:
        yield client


def test_urls(s3: Any, browser: httpx.Client) -> None:
    where = {"Bucket": BUCKET, "Key": "a b/é+"}
    assert browser.put(s3.generate_presigned_url("put_object", Params=where), content=b"hello").status_code == 200
    url = s3.generate_presigned_url("get_object", Params={**where, "ResponseContentType": "text/x y"})
    answer = browser.get(url)
    assert (answer.content, answer.headers["content-type"]) == (b"hello", "text/x y")
    assert browser.get(url.replace("a%20b", "a%20c")).status_code == 403


def _policy(fields: dict[str, str], **changes: Any) -> dict[str, str]:
    policy = {**json.loads(base64.b64decode(fields["policy"])), **changes}
    return {**fields, "policy": base64.b64encode(json.dumps(policy).encode()).decode()}


def test_forms(s3: Any, standin: StandIn, browser: httpx.Client) -> None:
    made = s3.generate_presigned_post(BUCKET, "posted", ExpiresIn=60)
    fields, file = made["fields"], {"file": b"hello"}
    assert browser.post(made["url"], data=fields, files=file).status_code == 204
    assert s3.get_object(Bucket=BUCKET, Key="posted")["Body"].read() == b"hello"
    wrong = {
        "signature": _policy(fields, expiration="2099-01-01T00:00:00Z"),
        "headers": {**fields, "acl": "public-read"},
        "token": {**fields, "x-amz-security-token": "more"},
        "key": {**fields, "x-amz-credential": f"AKIB{fields['x-amz-credential'][4:]}"},
        "scope": {**fields, "x-amz-credential": fields["x-amz-credential"].replace("/s3/", "/sqs/")},
    }
    for kind, given in wrong.items():
        assert browser.post(made["url"], data=given, files=file).status_code in (400, 403)
        assert standin.front.seen[-1].refused.partition(":")[0] == kind
    late = s3.generate_presigned_post(BUCKET, "posted", ExpiresIn=-1)
    assert browser.post(late["url"], data=late["fields"], files=file).status_code == 403
    assert standin.front.seen[-1].refused.partition(":")[0] == "late"
