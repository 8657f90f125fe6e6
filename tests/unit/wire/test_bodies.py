"""Content codings of bodies: gzip, whole and bounded."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.bodies import decode_body
from sandgate.wire.http import WireError


@given(st.binary(max_size=200))
def test_gzip_is_undone(body: bytes) -> None:
    assert decode_body(gzip.compress(body), "gzip") == body
    assert decode_body(gzip.compress(body), "aws-chunked, GZIP") == body


@pytest.mark.parametrize("coding", ["", "identity", "aws-chunked", " , "])
def test_codings_that_change_nothing(coding: str) -> None:
    assert decode_body(b"body", coding) == b"body"


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (b"body", "br", 415),
        (gzip.compress(gzip.compress(b"body", mtime=0), mtime=0), "gzip, gzip", 415),
        (b"body", "gzip", 400),
        (gzip.compress(b"body", mtime=0)[:-4], "gzip", 400),
        (gzip.compress(b"body", mtime=0) + b"x", "gzip", 400),
        (gzip.compress(b"body", mtime=0) + gzip.compress(b"more", mtime=0), "gzip", 400),
        (b"", "gzip", 400),
    ],
)
def test_other_codings_and_broken_data_are_refused(body: bytes, coding: str, status: int) -> None:
    with pytest.raises(WireError) as caught:
        decode_body(body, coding)
    assert caught.value.status == status


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(bomb) < 20_000
    with pytest.raises(WireError) as caught:
        decode_body(bomb, "gzip", limit=1_000_000)
    assert caught.value.status == 413
    assert len(decode_body(bomb, "gzip", limit=10_000_000)) == 10_000_000
