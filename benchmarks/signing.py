"""Time of one signature, ours against botocore's over the same request, in one run.

    python benchmarks/signing.py

Prints microseconds (best of five rounds) and ratios; the docs quote the ratios.
"""

from __future__ import annotations

import hashlib
import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandgate.wire.http import Request
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import presented
from sandgate.wire.signing.sign import sign
from sandgate.wire.signing.verify import verify

HEADERS = {
    "Host": "127.0.0.1:4566",
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.GetItem",
    "User-Agent": "Boto3/1.44 md/Botocore#1.44 ua/2.1 os/linux lang/python cfg/retry-mode#standard",
    "Amz-Sdk-Invocation-Id": "00000000-0000-0000-0000-000000000000",
    "Amz-Sdk-Request": "attempt=1",
    "Content-Length": "60",
    "Accept-Encoding": "identity",
}
BODY = b'{"TableName": "test-users", "Key": {"UserId": {"S": "u-1"}}}'
CALLS, ROUNDS = 2000, 5


def microseconds(work: Callable[[], object]) -> float:
    return min(timeit.repeat(work, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6


def main() -> None:
    credential = Credential("AKIDBENCHMARK", "secret")
    digest = hashlib.sha256(BODY).hexdigest()
    now = datetime.now(UTC)
    headers = list(HEADERS.items())
    signer = SigV4Auth(Credentials("AKIDBENCHMARK", "secret"), "dynamodb", "eu-west-1")

    def by_botocore() -> None:
        signer.add_auth(AWSRequest("POST", "http://127.0.0.1:4566/", dict(HEADERS), BODY))

    def by_us() -> list[tuple[str, str]]:
        return sign(
            "POST", "/", "", headers, credential, region="eu-west-1", service="dynamodb", payload=digest, now=now
        )

    request = Request.of("POST", "/", by_us())

    def verified() -> None:
        claim = presented(request)
        assert claim is not None
        verify(claim, request, credential, payload_sha256=digest, now=now)

    base = microseconds(by_botocore)
    print(f"{'':24}{'µs':>8}{'ratio':>8}")
    for name, time in (
        ("botocore SigV4Auth", base),
        ("sandgate sign", microseconds(by_us)),
        ("sandgate read + verify", microseconds(verified)),
    ):
        print(f"{name:24}{time:8.1f}{time / base:8.2f}")


if __name__ == "__main__":
    main()
