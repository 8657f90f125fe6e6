"""Every way a body reaches S3: presigned, by form, in signed chunks, with trailers, compressed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from sandgate.run import Run

EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def bucket(clients: Any) -> str:
    clients("s3").create_bucket(Bucket="test-gate-uploads")
    return "test-gate-uploads"


@pytest.fixture(scope="module")
def get(clients: Any, bucket: str) -> Callable[[str], bytes]:
    return lambda key: clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def _s3(run: Run, version: str | None) -> Any:
    config = Config(signature_version=version) if version else Config()
    return run.boto_session().client("s3", endpoint_url=run.gate_url, config=config)


# -- presigned --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["s3v4", "s3", None], ids=["v4", "v2", "default"])
@pytest.mark.parametrize("size", [12, 300_000])
def test_presigned_urls_upload_and_download(run: Run, bucket: str, version: str | None, size: int) -> None:
    s3, key, body = _s3(run, version), f"signed {version} ü+/{size}", b"x" * size
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key, "ContentType": "text/csv"})
    assert requests.put(put, data=body, headers={"Content-Type": "text/csv"}, timeout=60).status_code == 200
    found = requests.get(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}), timeout=60)
    assert found.status_code == 200
    assert found.content == body
    assert found.headers["content-type"] == "text/csv"


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_expire(run: Run, bucket: str, version: str) -> None:
    url = _s3(run, version).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"}, ExpiresIn=1)
    time.sleep(2.1)
    found = requests.get(url, timeout=60)
    assert found.status_code == 403
    assert "<Code>AccessDenied</Code>" in found.text
    assert "expired" in found.text


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_changed_presigned_urls_are_refused(run: Run, bucket: str, version: str) -> None:
    url = _s3(run, version).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"})
    for changed in (url.replace("/a?", "/b?"), url.replace("Expires=3600", "Expires=9999") + "&x-id=GetObject"):
        if changed.split("&x-id")[0] != url:
            assert requests.get(changed, timeout=60).status_code == 403
    assert requests.delete(url, timeout=60).status_code == 403


def test_headers_in_a_presigned_query_reach_upstream_as_headers(run: Run, bucket: str, clients: Any) -> None:
    params = {"Bucket": bucket, "Key": "meta", "Metadata": {"colour": "red"}}
    url = _s3(run, "s3v4").generate_presigned_url("put_object", Params=params)
    assert requests.put(url, data=b"1", headers={"x-amz-meta-colour": "red"}, timeout=60).status_code == 200
    assert clients("s3").head_object(Bucket=bucket, Key="meta")["Metadata"] == {"colour": "red"}


def test_a_line_end_in_a_presigned_header_is_no_header(run: Run, bucket: str) -> None:
    url = _s3(run, "s3").generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "split"})
    found = requests.put(url + "&x-amz-meta-a=1%0d%0ax-amz-acl:%20public-read", data=b"1", timeout=60)
    assert found.status_code in {400, 403}


# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["s3v4", "s3", None], ids=["v4", "v2", "default"])
@pytest.mark.parametrize("size", [5, 400_000])
def test_forms_upload(run: Run, bucket: str, get: Any, version: str | None, size: int) -> None:
    body = b"f" * size
    conditions = [["content-length-range", 1, 10_000_000]]
    post = _s3(run, version).generate_presigned_post(bucket, f"forms/{version}-{size}", Conditions=conditions)
    found = requests.post(post["url"], data=post["fields"], files={"file": ("a.bin", body)}, timeout=60)
    assert found.status_code in {200, 201, 204}, found.text
    assert get(f"forms/{version}-{size}") == body


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_forms_that_were_changed_or_expired_are_refused(run: Run, bucket: str, clients: Any, version: str) -> None:
    s3 = _s3(run, version)
    post = s3.generate_presigned_post(bucket, "forms/never")
    signature = "x-amz-signature" if version == "s3v4" else "signature"
    right = post["fields"][signature]
    wrong = {**post["fields"], signature: ("1" if right[0] == "0" else "0") + right[1:]}
    assert requests.post(post["url"], data=wrong, files={"file": b"1"}, timeout=60).status_code == 403
    late = s3.generate_presigned_post(bucket, "forms/never", ExpiresIn=1)
    time.sleep(2.1)
    found = requests.post(late["url"], data=late["fields"], files={"file": b"1"}, timeout=60)
    assert found.status_code == 403
    assert "expired" in found.text
    bare = requests.post(post["url"], data={"key": "forms/never"}, files={"file": b"1"}, timeout=60)
    assert bare.status_code == 403
    assert "unsigned" in bare.text
    assert "Contents" not in clients("s3").list_objects_v2(Bucket=bucket, Prefix="forms/never")


def test_a_form_of_a_foreign_key_or_without_a_file_is_refused(run: Run, bucket: str) -> None:
    post = _s3(run, "s3v4").generate_presigned_post(bucket, "forms/x")
    fields = dict(post["fields"])
    fields["x-amz-credential"] = fields["x-amz-credential"].replace(fields["x-amz-credential"].split("/")[0], "test")
    found = requests.post(post["url"], data=fields, files={"file": b"1"}, timeout=60)
    assert found.status_code == 403
    assert "unknown-key" in found.text
    found = requests.post(
        post["url"], files={name: (None, value) for name, value in post["fields"].items()}, timeout=60
    )
    assert found.status_code == 400
    assert "exactly one file" in found.text


def test_what_a_form_named_is_in_the_event(run: Run, bucket: str) -> None:
    post = _s3(run, "s3v4").generate_presigned_post(bucket, "forms/event")
    assert requests.post(post["url"], data=post["fields"], files={"file": b"1"}, timeout=60).ok
    log = (run.directory / "events.jsonl").read_text(encoding="utf-8")
    assert '"operation":"PostObject"' in log
    assert post["fields"]["x-amz-signature"] not in log


# -- chunks -----------------------------------------------------------------------------------------------------------


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Chunks:
    """Signs and frames aws-chunked uploads by the published rules, with nothing of the gate's own code."""

    def __init__(self, raw: Any, path: str, *, trailer: bool, signed: bool = True, length: bool = True) -> None:
        self.raw, self.path, self.trailer, self.signed, self.length = raw, path, trailer, signed, length
        self.now = datetime.now(UTC)
        self.date = f"{self.now:%Y%m%dT%H%M%SZ}"
        self.scope = f"{self.date[:8]}/{raw.run.region}/s3/aws4_request"
        key = f"AWS4{raw.keys.secret_key}".encode()
        for part in (self.date[:8], raw.run.region, "s3", "aws4_request"):
            key = _hmac(key, part)
        self.key = key

    def head(self, decoded: int, encoded: int | None) -> bytes:
        kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" if self.signed else "STREAMING-UNSIGNED-PAYLOAD"
        headers = {
            "content-encoding": "aws-chunked",
            "host": self.raw.host,
            "x-amz-content-sha256": kind + ("-TRAILER" if self.trailer else ""),
            "x-amz-date": self.date,
            "x-amz-decoded-content-length": str(decoded),
        }
        if self.trailer:
            headers["x-amz-trailer"] = "x-amz-checksum-crc32"
        names = ";".join(sorted(headers))
        lines = "".join(f"{n}:{headers[n]}\n" for n in sorted(headers))
        canonical = f"PUT\n{self.path}\n\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.date}\n{self.scope}\n{digest}"
        self.previous = _hmac(self.key, text).hex()
        credential = f"{self.raw.keys.access_key}/{self.scope}"
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={self.previous}"
        )
        framing = "Transfer-Encoding: chunked" if encoded is None else f"Content-Length: {encoded}"
        text = "".join(f"{n}: {v}\r\n" for n, v in headers.items())
        return f"PUT {self.path} HTTP/1.1\r\n{text}{framing}\r\n\r\n".encode()

    def chunk(self, data: bytes) -> bytes:
        if not self.signed:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b"0\r\n"
        prefix = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.date}\n{self.scope}\n{self.previous}\n{EMPTY}\n"
        self.previous = _hmac(self.key, prefix + hashlib.sha256(data).hexdigest()).hex()
        end = b"\r\n" if data or not self.trailer else b""
        return b"%x;chunk-signature=%b\r\n%b%b" % (len(data), self.previous.encode(), data, end)

    def trailers(self, body: bytes) -> bytes:
        if not self.trailer:
            return b""
        line = "x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        if not self.signed:
            return f"{line}\r\n\r\n".encode()
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{self.date}\n{self.scope}\n{self.previous}\n{digest}"
        return f"{line}\r\nx-amz-trailer-signature:{_hmac(self.key, text).hex()}\r\n\r\n".encode()

    def request(self, body: bytes, *, spoil: Callable[[bytes], bytes] = lambda data: data, size: int = 65536) -> bytes:
        self.head(0, 0)
        head = self.head(len(body), 0)  # signs, so that the chunks chain to it
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        data = b"".join([*(self.chunk(piece) for piece in pieces), self.chunk(b""), self.trailers(body)])
        data = spoil(data)
        if self.length:
            return head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(data)) + data
        framed = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (data[:1000], data[1000:]) if p) + b"0\r\n\r\n"
        return head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + framed


KINDS = {
    "signed": {"trailer": False},
    "signed with trailer": {"trailer": True},
    "unsigned with trailer": {"trailer": True, "signed": False},
    "unsigned with trailer, no length": {"trailer": True, "signed": False, "length": False},
    "signed, no length": {"trailer": False, "length": False},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 10, 65536, 300_000])
def test_chunked_uploads_arrive(raw: Any, bucket: str, get: Any, kind: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    key = f"chunks/{kind}-{size}".replace(" ", "-").replace(",", "")
    answer = raw.answer(Chunks(raw, f"/{bucket}/{key}", **KINDS[kind]).request(body))
    assert answer.status == 200, answer
    assert get(key) == body


SPOILERS: dict[str, Callable[[bytes], bytes]] = {
    "data": lambda data: data.replace(b"aaaa", b"aaab", 1),
    "signature": lambda data: data.replace(b"chunk-signature=", b"chunk-signature=0", 1)[: len(data)],
    "end": lambda data: data[:-40],
    "chunk order": lambda data: data[data.index(b"\r\n", 70_000) :] + data[:100],
    "something after": lambda data: data + b"more",
}


SPOILT = [(how, size) for how in SPOILERS for size in (20_000, 200_000) if (how, size) != ("chunk order", 20_000)]


@pytest.mark.parametrize(("how", "size"), SPOILT)
@pytest.mark.parametrize("trailer", [False, True])
def test_spoilt_chunks_store_nothing(raw: Any, clients: Any, bucket: str, how: str, trailer: bool, size: int) -> None:
    data = Chunks(raw, f"/{bucket}/spoilt", trailer=trailer).request(b"a" * size, spoil=SPOILERS[how])
    answer = raw.answer(data)
    assert answer.status in {400, 403}, answer
    assert b"<Code>" in answer.body
    assert "Contents" not in clients("s3").list_objects_v2(Bucket=bucket, Prefix="spoilt")


class WithTrailer(Chunks):
    """One whose only trailer is another header, signed where trailers are."""

    def trailers(self, _body: bytes) -> bytes:
        line = "x-amz-copy-source:/test-elsewhere/secret"
        if not self.signed:
            return f"{line}\r\n\r\n".encode()
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{self.date}\n{self.scope}\n{self.previous}\n{digest}"
        return f"{line}\r\nx-amz-trailer-signature:{_hmac(self.key, text).hex()}\r\n\r\n".encode()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("size", [10, 300_000])
def test_a_trailer_makes_no_other_call_of_an_upload(
    raw: Any, clients: Any, bucket: str, size: int, signed: bool
) -> None:
    data = WithTrailer(raw, f"/{bucket}/trailed", trailer=True, signed=signed).request(b"a" * size)
    answer = raw.answer(data)
    assert (answer.status, b"<Code>MalformedTrailerError</Code>" in answer.body) == (400, True), answer
    assert "Contents" not in clients("s3").list_objects_v2(Bucket=bucket, Prefix="trailed")


IN_CHUNKS = {
    "coding": {"Content-Encoding": "aws-chunked"},
    "coding in capitals": {"Content-Encoding": "identity, AWS-Chunked"},
    "a coding like it": {"Content-Encoding": "xaws-chunked"},
    "length": {"X-Amz-Decoded-Content-Length": "44"},
    "trailer": {"X-Amz-Trailer": "x-amz-checksum-crc32"},
    "query": {},
}


@pytest.mark.parametrize("how", IN_CHUNKS)
def test_no_second_request_hides_in_chunks_that_no_signature_declares(raw: Any, run: Run, how: str) -> None:
    """Read as a form the body asks for one thing, and without the frames of chunks for another."""
    hidden = b"Action=CreateUser&UserName=test-hidden&q="
    body = b"%x;a=b&Action=ListRoles&Version=2010-05-08&z=\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **IN_CHUNKS[how]}
    path = "/?X-Amz-Decoded-Content-Length=44" if how == "query" else "/"
    answer = raw.answer(raw.signed("POST", path, service="iam", headers=headers, body=body))
    assert (answer.status, b"<Code>InvalidRequest</Code>" in answer.body) == (400, True), answer
    run.mark()
    assert b"test-hidden" not in (run.directory / "events.jsonl").read_bytes()
    seen = b"Action=ListRoles&Version=2010-05-08"
    plain = raw.signed("POST", "/", service="iam", headers={"Content-Type": headers["Content-Type"]}, body=seen)
    assert b"ListRolesResponse" in raw.answer(plain).body


@pytest.mark.parametrize("parameter", ["a=json", "a=cbor", "charset=cbor", "charset=utf-8; a=json"])
def test_no_second_request_hides_in_a_body_of_another_protocol(raw: Any, clients: Any, parameter: str) -> None:
    """The type says form, and names another protocol to whoever looks for that anywhere in it."""
    alarm = f"test-kept-{parameter}".translate(str.maketrans("=; ", "---"))
    clients("cloudwatch").put_metric_alarm(
        AlarmName=alarm,
        Namespace="test",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    body = json.dumps({"AlarmNames": [alarm]}).encode()
    path = "/?Action=DeleteAlarms&Version=2010-08-01&AlarmNames.member.1=test-other"
    headers = {"Content-Type": f"application/x-www-form-urlencoded; {parameter}"}
    for sent in (body, b""):  # without the second request too: it is the type that is refused
        answer = raw.answer(raw.signed("POST", path, service="monitoring", headers=headers, body=sent))
        assert answer.status in {400, 404}, answer
    (found,) = clients("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert found["AlarmName"] == alarm


@pytest.mark.parametrize("before", [b"", b" \n", "\ufeff".encode(), b"Version=2014-10-31&"])
def test_no_second_request_hides_in_a_body_that_is_no_form(raw: Any, before: bytes) -> None:
    body = before + json.dumps({"Action": "CreateDBSubnetGroup", "DBSubnetGroupName": "test-hidden"}).encode()
    path = "/?Action=DescribeDBInstances" + ("" if b"Version" in before else "&Version=2014-10-31")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = raw.answer(raw.signed("POST", path, service="rds", headers=headers, body=body))
    assert (answer.status, b"names no parameter" in answer.body) == (400, True), answer


def test_a_call_of_sqs_takes_no_path_to_something_else(raw: Any) -> None:
    headers = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
    for path, status in {
        "/": 200,
        "/000000000000/test-queue": 200,
        "/000000000000/test-queue.fifo": 200,
        "/v2/orders/blobs/uploads/": 404,
        "/health": 404,
        "/oauth2/token": 404,
        "/000000000000/test-queue/": 404,
    }.items():
        answer = raw.answer(raw.signed("POST", path, service="sqs", headers=headers, body=b"{}"))
        assert (path, answer.status) == (path, status)


def test_a_signed_chunk_is_bounded(raw: Any, bucket: str) -> None:
    body = b"a" * (9 * 2**20)
    answer = raw.answer(Chunks(raw, f"/{bucket}/big-chunk", trailer=False).request(body, size=len(body)))
    assert answer.status == 400
    assert b"larger than" in answer.body


def test_boto3_sends_checksums_as_trailers_when_it_may(run: Run, bucket: str, get: Any) -> None:
    s3 = _s3(run, None)
    s3.put_object(Bucket=bucket, Key="crc", Body=b"x" * 100_000, ChecksumAlgorithm="CRC32")
    assert get("crc") == b"x" * 100_000


# -- compressed and multipart -----------------------------------------------------------------------------------------


def test_compressed_requests_are_read_and_passed_on(run: Run, raw: Any) -> None:
    config = Config(request_min_compression_size_bytes=1)
    cloudwatch = run.boto_session().client("cloudwatch", endpoint_url=run.gate_url, config=config)
    cloudwatch.put_metric_data(Namespace="test-gzip", MetricData=[{"MetricName": "m", "Value": 1.0}])
    found = cloudwatch.list_metrics(Namespace="test-gzip")["Metrics"]
    assert [metric["MetricName"] for metric in found] == ["m"]


BROKEN_GZIP = {
    "no gzip": b"no gzip at all",
    "cut short": gzip.compress(b"{}")[:-4],
    "with more behind it": gzip.compress(b"{}") + b"more",
}


@pytest.mark.parametrize("how", BROKEN_GZIP)
def test_broken_compression_is_a_client_error(raw: Any, how: str) -> None:
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Encoding": "gzip",
    }
    answer = raw.answer(raw.signed("POST", "/", service="dynamodb", headers=headers, body=BROKEN_GZIP[how]))
    assert answer.status == 400


def test_multipart_uploads_arrive(clients: Any, bucket: str, get: Any) -> None:
    s3 = clients("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = []
    for number in (1, 2):
        body = bytes([number]) * (5 << 20)
        found = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": found["ETag"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    assert get("parts") == b"\1" * (5 << 20) + b"\2" * (5 << 20)


def test_a_body_that_is_held_has_a_limit(make_run: Any) -> None:
    with make_run("body_limit = 1") as small:
        dynamodb = small.clients()("dynamodb")
        with pytest.raises(ClientError) as caught:
            dynamodb.put_item(TableName="t", Item={"id": {"S": "x" * (2 << 20)}})
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
        assert "body_limit" in caught.value.response["Error"]["Message"]
        small.clients()("s3").create_bucket(Bucket="test-large")
        small.clients()("s3").put_object(Bucket="test-large", Key="k", Body=bytes(2 << 20))
