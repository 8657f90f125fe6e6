"""Which requests of botocore go to another target than the gate."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandgate.control.elsewhere import Sighting, seen
from sandgate.pytest_plugin.elsewhere import sighting_of, watch

OURS = {"127.0.0.1:4000", "localhost:4000"}
SIGNED = {"Authorization": b"AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/dynamodb/aws4_request, Signature=x"}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost:8000/", "localhost:8000"),
        ("http://minio/bucket", "minio:80"),
        ("https://[::1]/", "::1:443"),
        ("http://127.0.0.1:4001/", "127.0.0.1:4001"),
        ("http://amazonaws.com.example:1/", "amazonaws.com.example:1"),
    ],
)
def test_a_signed_call_to_somebody_else_is_seen(url: str, host: str) -> None:
    assert sighting_of(url, SIGNED, OURS) == Sighting(host=host, by="botocore", service="dynamodb")


def test_an_unsigned_call_is_seen_by_its_client() -> None:
    found = sighting_of("http://localhost:8000/", {"User-Agent": "Boto3/1.44 md/Botocore#1.44 Botocore/1.44"}, OURS)
    assert found == Sighting(host="localhost:8000", by="botocore")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4000/",
        "http://localhost:4000/bucket/key",
        "https://dynamodb.eu-west-1.amazonaws.com/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_the_gate_and_aws_are_not_elsewhere(url: str) -> None:
    assert sighting_of(url, SIGNED, OURS) is None


def test_a_request_that_is_no_call_is_not_looked_at() -> None:
    assert sighting_of("http://localhost:8000/health", {"User-Agent": "python-requests"}, OURS) is None


def test_aiobotocore_is_watched_from_when_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "aiobotocore"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "httpsession.py").write_text(
        "class AIOHTTPSession:\n    async def send(self, request):\n        return request.url\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    for name in ("aiobotocore", "aiobotocore.httpsession"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    cleanups: list[Any] = []
    config = cast("pytest.Config", SimpleNamespace(add_cleanup=cleanups.append))
    watch(config, tmp_path, ["http://127.0.0.1:4000"])
    try:
        session = import_module("aiobotocore.httpsession").AIOHTTPSession()
        request = SimpleNamespace(url="http://localhost:8000/", headers=SIGNED)
        assert asyncio.run(session.send(request)) == request.url
    finally:
        for cleanup in cleanups:
            cleanup()
    asyncio.run(session.send(SimpleNamespace(url="http://localhost:9000/", headers=SIGNED)))
    assert seen(tmp_path) == (Sighting(host="localhost:8000", by="botocore", service="dynamodb"),)
