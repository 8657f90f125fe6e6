"""botocore as the other side: whatever it signs must verify, whatever we sign it must reproduce."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandgate.wire.http import Request
from sandgate.wire.signing.credential import Credential

HOST = "127.0.0.1:4566"


class Signed(Protocol):
    """Signs a request with one of botocore's signers and returns the head that would be sent."""

    def __call__(
        self,
        signer: type[Any],
        method: str = ...,
        target: str = ...,
        headers: Mapping[str, str] | None = ...,
        body: bytes = ...,
        **arguments: Any,
    ) -> Request: ...


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.fixture
def credential() -> Credential:
    return Credential("AKIDRUNKEY000001", "run/secret+canary")


@pytest.fixture
def session_credential() -> Credential:
    return Credential("ASIARUNKEY000002", "other/secret+canary", "session/token==")


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def head() -> Callable[[AWSRequest, Credential], Request]:
    def build(request: AWSRequest, _: Credential) -> Request:
        prepared = request.prepare()
        parts = urlsplit(prepared.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = [(str(name), _text(value)) for name, value in prepared.headers.items()]
        if "host" not in {name.lower() for name, _ in headers}:
            headers.insert(0, ("Host", parts.netloc))
        return Request.of(prepared.method, target, headers)

    return build


@pytest.fixture
def signed(credential: Credential, head: Callable[[AWSRequest, Credential], Request]) -> Signed:
    def sign(
        signer: type[Any],
        method: str = "POST",
        target: str = "/",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        **arguments: Any,
    ) -> Request:
        using = arguments.pop("using", credential)
        service = arguments.pop("service", "s3" if signer.__name__.startswith("S3") else "dynamodb")
        context = arguments.pop("context", {})
        host = arguments.pop("host", HOST)
        request = AWSRequest(method=method, url=f"http://{host}{target}", headers=dict(headers or {}), data=body)
        request.context.update(context)
        keys = Credentials(using.access_key_id, using.secret_access_key, using.session_token or None)
        if issubclass(signer, SigV4Auth):
            signer(keys, service, "eu-west-1", **arguments).add_auth(request)
        else:
            signer(keys, **arguments).add_auth(request)
        return head(request, using)

    return sign
