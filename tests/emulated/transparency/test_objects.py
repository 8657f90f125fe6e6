"""Objects of S3: keys, parts, presigned URLs, forms and chunks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

KEYS = ("plain", "a b+c/ü€", "%41%2f%", "//two//slashes/", "..a/~!*'();:@&=$,?#[]", "\U0001f600", "trailing/")


def test_objects(wire: Any, bucket: str) -> None:
    for key in KEYS:
        named = {"Bucket": bucket, "Key": key}
        wire.call("s3", "put_object", **named, Body=key.encode(), Metadata={"a": "", "b-c": "1, 2;  3"})
        assert wire.call("s3", "get_object", **named)["Body"] == key.encode()
        wire.call("s3", "copy_object", Bucket=bucket, Key="copy", CopySource=named)
    named = {"Bucket": bucket, "Key": "large"}
    large = bytes(range(256)) * 4096
    tag = wire.call("s3", "put_object", **named, Body=large, ContentType='text/x; a="b"', CacheControl="")["ETag"]
    assert wire.call("s3", "get_object", **named)["Body"] == large
    assert wire.call("s3", "get_object", **named, Range="bytes=10-19")["Body"] == large[10:20]
    wire.call("s3", "head_object", **named)
    wire.call("s3", "put_object", **named, Body=large[:70_000], ChecksumAlgorithm="SHA256")
    wire.call("s3", "put_object_tagging", **named, Tagging={"TagSet": [{"Key": "a<b", "Value": ""}]})
    assert wire.fails("s3", "get_object", **named, IfNoneMatch=wire.call("s3", "head_object", **named)["ETag"]) == "304"
    assert wire.fails("s3", "get_object", **named, IfMatch=tag) == "PreconditionFailed"
    assert wire.fails("s3", "get_object", **named, Range="bytes=9999999-") == "InvalidRange"
    assert wire.fails("s3", "get_object", Bucket=bucket, Key="none") == "NoSuchKey"
    assert wire.fails("s3", "head_object", Bucket=bucket, Key="none") == "404"
    wire.call("s3", "list_objects_v2", Bucket=bucket, Prefix="", Delimiter="/", EncodingType="url")
    wire.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": [{"Key": key} for key in KEYS[:3]]})


def test_parts(wire: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "parts ü"}
    upload = {**named, "UploadId": wire.call("s3", "create_multipart_upload", **named)["UploadId"]}
    parts = []
    for number in (1, 2):
        body = bytes([number]) * (300_000 // number)
        found = wire.call("s3", "upload_part", **upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": found["ETag"]})
    wire.call("s3", "list_parts", **upload)
    wire.fails("s3", "complete_multipart_upload", **upload, MultipartUpload={"Parts": [{**parts[0], "PartNumber": 9}]})


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("size", [0, 12, 300_000])
def test_presigned(wire: Any, bucket: str, version: str, size: int) -> None:
    s3 = wire.client("s3", config={"signature_version": version})
    named = {"Bucket": bucket, "Key": f"signed ü+/{size}"}
    url = s3.generate_presigned_url("put_object", Params={**named, "ContentType": "text/csv", "Metadata": {"a": "b c"}})
    lines = ["Content-Type: text/csv", "x-amz-meta-a: b c", f"Content-Length: {size}", "User-Agent: curl/8"]
    wire.send(request(wire, "PUT", url, lines) + b"x" * size, "s3")
    read = s3.generate_presigned_url("get_object", Params={**named, "ResponseContentType": "a/b c"})
    assert wire.send(request(wire, "GET", read, ["Accept: */*"]), "s3").body == b"x" * size


def request(wire: Any, method: str, url: str, lines: Sequence[str]) -> bytes:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {wire.host}", *lines, "", ""]).encode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("size", [5, 300_000])
def test_forms(wire: Any, bucket: str, version: str, size: int) -> None:
    s3 = wire.client("s3", config={"signature_version": version})
    post = s3.generate_presigned_post(
        bucket, "forms/ü ${filename}", Fields={"x-amz-meta-a": ""}, Conditions=[{"x-amz-meta-a": ""}]
    )
    parts = [f'--b_1\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in post["fields"].items()]
    file = '--b_1\r\nContent-Disposition: form-data; name="file"; filename="ü.bin"\r\nContent-Type: a/b\r\n\r\n'
    body = "".join([*parts, file]).encode() + b"\r\n--b_1x" * (size // 8) + b"\r\n--b_1--\r\n"
    lines = ["Content-Type: multipart/form-data; boundary=b_1", f"Content-Length: {len(body)}"]
    wire.send(request(wire, "POST", post["url"], lines) + body, "s3", "PostObject", status=204)


def sealed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def chunked_upload(wire: Any, path: str, body: bytes, kind: str) -> bytes:
    """An aws-chunked upload by the rules of the S3 API Reference."""
    date = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    scope = f"{date[:8]}/{wire.run.region}/s3/aws4_request"
    key = f"AWS4{wire.raw.keys.secret_key}".encode()
    for part in scope.split("/"):
        key = sealed(key, part)
    headers = {
        "content-encoding": "gzip,aws-chunked", "host": wire.host, "x-amz-content-sha256": kind, "x-amz-date": date,
        "x-amz-decoded-content-length": str(len(body)), "x-amz-meta-a": "b",
    }  # fmt: skip
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    if kind.endswith("TRAILER"):
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    names = ";".join(sorted(headers))
    canonical = f"PUT\n{path}\n\n{''.join(f'{n}:{headers[n]}' + chr(10) for n in sorted(headers))}\n{names}\n{kind}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = sealed(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}").hex()
    who = f"Credential={wire.raw.keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 {who}"
    data, none = b"", hashlib.sha256(b"").hexdigest()
    for piece in [*(body[at : at + 65536] for at in range(0, len(body), 65536)), b""]:
        hashes = f"{none}\n{hashlib.sha256(piece).hexdigest()}"
        signature = sealed(key, f"AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{signature}\n{hashes}").hex()
        end = f";chunk-signature={signature}" if "AWS4" in kind else ""
        data += f"{len(piece):x}{end}\r\n".encode() + piece + (b"\r\n" if piece else b"")
    if kind.endswith("TRAILER"):
        line = f"x-amz-checksum-crc32:{crc}"
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        signature = sealed(key, f"AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{signature}\n{digest}").hex()
        last = f"x-amz-trailer-signature:{signature}\r\n" if "AWS4" in kind else ""
        data += f"{line}\r\n{last}".encode()
    data += b"\r\n"
    lines = "".join(f"{n}: {v}\r\n" for n, v in headers.items())
    return f"PUT {path} HTTP/1.1\r\n{lines}Content-Length: {len(data)}\r\n\r\n".encode() + data


@pytest.mark.parametrize("size", [0, 10, 200_000])
@pytest.mark.parametrize(
    "kind", ["AWS4-HMAC-SHA256-PAYLOAD", "AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD-TRAILER"]
)
def test_chunked_uploads(both_sides: Any, wire: Any, bucket: str, kind: str, size: int) -> None:
    body = bytes(range(250)) * (size // 250) + b"z" * (size % 250)
    wire.send(chunked_upload(wire, f"/{bucket}/chunks", body, f"STREAMING-{kind}"), "s3", "PutObject")
    assert both_sides.plain(wire.seen[-1][1].asked).body == body
