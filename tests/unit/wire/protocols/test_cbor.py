"""CBOR against botocore's writer, the examples of RFC 8949, and what the protocol does not have."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.malformed import MalformedError
from sandgate.wire.protocols._cbor import dump_text_map, load_cbor

# RFC 8949, appendix A.
EXAMPLES: dict[str, Any] = {
    "00": 0,
    "17": 23,
    "1818": 24,
    "1903e8": 1000,
    "1b000000e8d4a51000": 1000000000000,
    "1bffffffffffffffff": 18446744073709551615,
    "20": -1,
    "3903e7": -1000,
    "3bffffffffffffffff": -18446744073709551616,
    "f90000": 0.0,
    "f93e00": 1.5,
    "fa47c35000": 100000.0,
    "fbc010666666666666": -4.1,
    "f97c00": math.inf,
    "f9fc00": -math.inf,
    "f4": False,
    "f5": True,
    "f6": None,
    "f7": None,
    "c11a514b67b0": datetime(2013, 3, 21, 20, 4, tzinfo=UTC),
    "c1fb41d452d9ec200000": datetime(2013, 3, 21, 20, 4, 0, 500000, tzinfo=UTC),
    "40": b"",
    "4401020304": b"\x01\x02\x03\x04",
    "60": "",
    "62c3bc": "ü",
    "64f0908591": "𐅑",
    "80": [],
    "83010203": [1, 2, 3],
    "8301820203820405": [1, [2, 3], [4, 5]],
    "a0": {},
    "a26161016162820203": {"a": 1, "b": [2, 3]},
    "5f42010243030405ff": b"\x01\x02\x03\x04\x05",
    "7f657374726561646d696e67ff": "streaming",
    "9fff": [],
    "9f018202039f0405ffff": [1, [2, 3], [4, 5]],
    "bf61610161629f0203ffff": {"a": 1, "b": [2, 3]},
}


@pytest.mark.parametrize("encoded", EXAMPLES)
def test_examples_of_the_standard(encoded: str) -> None:
    assert load_cbor(bytes.fromhex(encoded)) == EXAMPLES[encoded]


REFUSED = {
    "nothing": "",
    "half a number": "19ff",
    "half a string": "62c3",
    "text that is not UTF-8": "62ffff",
    "more items than bytes": "9b7fffffffffffffff",
    "more bytes than there are": "5b7fffffffffffffff",
    "a key twice": "a2616101616102",
    "a key twice without length": "bf616101616102ff",
    "a key that is a number": "a10102",
    "a key that is bytes": "a1416102",
    "a date as text": "c074323031332d30332d32315432303a30343a30305a",
    "a big number": "c249010000000000000000",
    "a shared value": "d81c81d81d00",
    "a pattern": "d8236128",
    "tag 1 around text": "c16161",
    "a date beyond time": "c11bffffffffffffffff",
    "simple values": "e0",
    "a break without a start": "ff",
    "a chunk of the other kind": "5f6161ff",
    "a chunk in chunks": "5f5f4101ffff",
    "something after the item": "0000",
    "reserved lengths": "1c",
    "a float without a size": "fc",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_protocol_does_not_have_is_refused(case: str) -> None:
    with pytest.raises(MalformedError):
        load_cbor(bytes.fromhex(REFUSED[case]))


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")), max_size=30))
def test_text_maps_are_read_back(members: dict[str, str]) -> None:
    assert load_cbor(dump_text_map(members)) == members


def test_botocore_reads_what_is_written() -> None:
    parser: Any = create_parser("smithy-rpc-v2-cbor")
    body = dump_text_map({"__type": "Code", "message": "long " * 20_000})
    parsed = parser.parse({"status_code": 400, "headers": {}, "body": body, "context": {}}, None)
    assert parsed["Error"] == {"Code": "Code", "Message": "long " * 20_000}
