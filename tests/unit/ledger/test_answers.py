"""Values in an answer, whatever its form."""

from __future__ import annotations

import cbor2
import pytest

from sandgate.ledger.answers import all_in, found_in

_TREE = {"Groups": [{"Name": "a/one"}, {"Other": 1}, {"Name": "a/two"}]}
_XML = b"""<?xml version="1.0"?><Answer><Result><Groups><member><Name>a/one</Name></member>
<member><Other>1</Other></member><member><Name>a/two</Name></member></Groups></Result></Answer>"""


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"Groups": [{"Name": "a/one"}, {"Other": 1}, {"Name": "a/two"}]}', "Groups.Name"),
        (cbor2.dumps(_TREE), "Groups.Name"),
        (_XML, "Groups.member.Name"),
    ],
    ids=["JSON", "CBOR", "XML"],
)
def test_all_are_found_and_the_first_is_the_first(body: bytes, path: str) -> None:
    """In every form, and through a function."""
    assert all_in(body, path) == ("a/one", "a/two")
    assert all_in(body, f"tail({path})") == ("one", "two")
    assert found_in(body, {"it": path}) == {"it": "a/one"}


@pytest.mark.parametrize("body", [b"", b"{", b"<a>", b"\xff\xff"])
def test_what_cannot_be_read_holds_nothing(body: bytes) -> None:
    """An answer cut off, or of another form, is none."""
    assert all_in(body, "A") == ()
    assert found_in(body, {"it": "A"}) == {}
