"""Form heads as real clients write them, in pieces of any size, and as nobody should."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.http import WireError
from sandgate.wire.signing.form import FormHead, encode_head, form_boundary

FIELDS = {"key": "uploads/ü", "Content-Type": "text/plain", "policy": "e30=", "empty": ""}
CONTENT = b"line\r\n--not the boundary\r\n\x00\xff"


def by_requests(fields: dict[str, str] = FIELDS) -> tuple[str, bytes]:
    """Boundary and body as requests sends them."""
    files: Any = [("file", ("a.txt", CONTENT, "text/plain"))]
    sent = requests.Request("POST", "http://127.0.0.1/b", data=fields, files=files).prepare()
    boundary = form_boundary(sent.headers["Content-Type"])
    assert boundary is not None
    assert isinstance(sent.body, bytes)
    return boundary, sent.body


def read(boundary: str, body: bytes, size: int, limit: int = 20 * 1024) -> tuple[FormHead, bytes]:
    head = FormHead(boundary, limit)
    rest = b"".join(head.feed(body[at : at + size]) for at in range(0, len(body), size))
    return head, rest


@pytest.mark.parametrize("size", [1, 3, 100, 10**6])
def test_what_requests_sends(size: int) -> None:
    boundary, body = by_requests()
    head, rest = read(boundary, body, size)
    head.finish()
    assert dict(head.fields) == FIELDS
    assert rest == CONTENT + f"\r\n--{boundary}--\r\n".encode()
    assert body[head.consumed :] == rest
    assert b'filename="a.txt"' in head.file_head


def test_written_anew_reads_the_same() -> None:
    boundary, body = by_requests()
    head, rest = read(boundary, body, 100)
    made = encode_head(boundary, {**head.fields, "x-amz-signature": "00"}, head.file_head)
    again, rest_again = read(boundary, made + rest, 7)
    assert dict(again.fields) == {**FIELDS, "x-amz-signature": "00"}
    assert (rest_again, again.file_head) == (rest, head.file_head)


@given(
    fields=st.dictionaries(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8).filter(
            lambda name: name.lower() != "file"
        ),
        st.text(max_size=20),
        max_size=6,
    ),
    size=st.integers(1, 200),
)
def test_any_fields(fields: dict[str, str], size: int) -> None:
    if len({name.lower() for name in fields}) != len(fields):
        return
    body = encode_head("B", fields, b'Content-Disposition: form-data; name="file"\r\n\r\n') + b"x\r\n--B--\r\n"
    if any("\r\n--B" in value for value in fields.values()):
        return
    head, rest = read("B", body, size)
    assert dict(head.fields) == fields
    assert rest == b"x\r\n--B--\r\n"


def part(name: str, value: str = "v") -> bytes:
    return f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


@pytest.mark.parametrize("size", [1, 10**6])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"preamble\r\n" + part("key"), "MalformedPOSTRequest"),
        (b"--C\r\n", "MalformedPOSTRequest"),
        (part("key") + part("KEY") + part("file"), "MalformedPOSTRequest"),
        (b"--B\r\nX: y\r\n\r\nv\r\n--B\r\n", "MalformedPOSTRequest"),
        (b"--B\r\nContent-Disposition: form-data\r\n\r\nv\r\n--B\r\n", "MalformedPOSTRequest"),
        (b'--B\r\nContent-Disposition: attachment; name="a"\r\n\r\nv\r\n--B\r\n', "MalformedPOSTRequest"),
        (b'--B\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\nv\r\n--B\r\n', "MalformedPOSTRequest"),
        (b'--B\r\nContent-Disposition: form-data; name="a\r\n\r\nv\r\n--B\r\n', "MalformedPOSTRequest"),
        (b'--B\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nv\r\n--B\r\n', "MalformedPOSTRequest"),
        (b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--B\r\n', "MalformedPOSTRequest"),
        (part("key") + b"--B--\r\n", "InvalidArgument"),
        (part("key"), "InvalidArgument"),
        (b"", "InvalidArgument"),
        (b"".join(part(f"k{n}", "") for n in range(250)), "MalformedPOSTRequest"),
        (part("key", "v" * 21000) + part("file"), "MaxPostPreDataLengthExceeded"),
        (part("key", "v" * 25000), "MaxPostPreDataLengthExceeded"),
    ],
)
def test_refused(body: bytes, code: str, size: int) -> None:
    with pytest.raises(WireError) as caught:
        read("B", body, size)[0].finish()
    assert caught.value.code == code


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=a; boundary=b",
        f"multipart/form-data; boundary={'b' * 71}",
        'multipart/form-data; boundary="a',
        'multipart/form-data; boundary="a\\"b"',
    ],
)
def test_unusable_boundaries(content_type: str) -> None:
    with pytest.raises(WireError):
        form_boundary(content_type)


def test_boundaries() -> None:
    assert form_boundary("application/json; boundary=x") is None
    assert form_boundary('Multipart/Form-Data; charset=utf-8; BOUNDARY="a b"') == "a b"
    assert form_boundary("multipart/form-data;boundary=----WebKitFormBoundaryx") == "----WebKitFormBoundaryx"
