"""Members found in place: every other byte of a body stays, in each format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as ET

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.rewrite.body import plain, read
from sandgate.rewrite.document import Document, RewriteError, steps_of

PATHS = ("a.b", "list.[].b", "map.{}.b", "top")
NEW = 'nèw "<&> value'


def swap(document: Document, new: str = NEW) -> bytes:
    return document.replaced(dict.fromkeys(document.found, new))


def changed(value: Any, path: tuple[str, ...] = ()) -> Any:
    """The same document with what the paths name replaced, done the plain way."""
    if isinstance(value, dict):
        return {name: changed(below, (*path, "{}" if path == ("map",) else name)) for name, below in value.items()}
    if isinstance(value, list):
        return [changed(below, (*path, "[]")) for below in value]
    named = ".".join(path) in PATHS and value is not None and not isinstance(value, bool)
    return NEW if named else value


texts = st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | texts
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
structures = st.dictionaries(st.sampled_from(["b", "c", "ü"]), scalars | trees, max_size=3)
documents = st.fixed_dictionaries(
    {},
    optional={
        "a": structures,
        "list": st.lists(structures, max_size=3),
        "map": st.dictionaries(texts, structures, max_size=3),
        "top": scalars,
        "other": trees,
    },
)


@given(document=documents, indent=st.sampled_from([None, 1, 3]), ascii_only=st.booleans())
def test_json(document: Any, indent: int | None, *, ascii_only: bool) -> None:
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    found = read("application/x-amz-json-1.1", "Op", body, steps_of(PATHS))
    assert json.loads(swap(found)) == changed(document)
    assert found.replaced({}) == body
    for member in found.found:
        assert member.text == str(json.loads(body[member.start : member.end]))


@given(documents)
def test_cbor(document: Any) -> None:
    body = cbor2.dumps(document)
    found = read("application/cbor", "Op", body, steps_of(PATHS))
    assert found.replaced({}) == body
    texts_only = Document(
        body, [m for m in found.found if isinstance(cbor2.loads(body[m.start : m.end]), str)], cbor2.dumps
    )
    again = cbor2.loads(swap(texts_only))
    assert strings_changed(document) == again


def strings_changed(document: Any) -> Any:
    """As `changed`, for texts alone."""

    def walk(before: Any, after: Any) -> Any:
        if isinstance(before, dict):
            return {name: walk(before[name], after[name]) for name in before}
        if isinstance(before, list):
            return [walk(one, other) for one, other in zip(before, after, strict=True)]
        return after if isinstance(before, str) else before

    return walk(document, changed(document))


def test_json_bytes_around_stay() -> None:
    body = b' {"n" : 1.50e+01 , "a":\t{ "b" : "old" , "b2":[ ] }, "top":1 , "e":"\\u00e9\xc3\xa9"}\n'
    document = read("application/json", "Op", body, steps_of(["a.b"]))
    assert document.replaced({document.found[0]: "new"}) == body.replace(b'"old"', b'"new"')


def test_cbor_indefinite_lengths_and_tags_stay() -> None:
    old = b"\x7f" + cbor2.dumps("ol") + cbor2.dumps("d") + b"\xff"
    time = cbor2.dumps(cbor2.CBORTag(1, 1.5))
    inner = b"\xbf" + cbor2.dumps("b") + old + cbor2.dumps("t") + time + b"\xff"
    body = b"\xbf" + cbor2.dumps("a") + inner + cbor2.dumps("list") + b"\x9f\xff\xff"
    document = read("application/cbor", "Op", body, steps_of(["a.b", "a.t", "list.[].b"]))
    assert [member.text for member in document.found] == ["old", "1970-01-01T00:00:01.500000+00:00"]
    assert document.found[0].parent == document.found[1].parent
    made = document.replaced({document.found[0]: "new"})
    assert made == body.replace(old, cbor2.dumps("new"))


XML = (
    b'<?xml version="1.0"?>\n<OpResponse xmlns="https://x/"><OpResult>\n <a x=">"><b>o&lt;&#108;d</b><c/></a>'
    b"<list><member><b>1</b></member><member><b>2</b></member></list><top>t</top><other><b>no</b></other>"
    b"</OpResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></OpResponse>\n"
)


def test_xml() -> None:
    document = read("text/xml;charset=UTF-8", "Op", XML, steps_of(PATHS))
    assert [(member.path, member.text) for member in document.found] == [
        ("a.b", "o<ld"),
        ("list.[].b", "1"),
        ("list.[].b", "2"),
        ("top", "t"),
    ]
    assert len({member.parent for member in document.found}) == 4
    made = swap(document)
    texts_ = [element.text for element in ET.fromstring(made).iter() if element.text and element.text.strip()]
    assert texts_ == [NEW, NEW, NEW, NEW, "no", "r"]
    for piece in (b'<a x=">"><b>', b"</b><c/></a>", b"<other><b>no</b></other>", b"</OpResponse>\n"):
        assert piece in made


def test_xml_without_a_result_element() -> None:
    body = b"<CreateSessionOutput><a><b>old</b></a><top/></CreateSessionOutput>"
    document = read("application/xml", "CreateSession", body, steps_of(PATHS))
    assert document.replaced({document.found[0]: "new"}) == body.replace(b"old", b"new")


@given(
    st.lists(st.tuples(st.sampled_from(["top", "a.b", "list.member.1.b", "list.2.b", "other", "ü"]), texts), max_size=6)
)
def test_form(pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs).encode()
    document = read("application/x-www-form-urlencoded; charset=utf-8", "Op", body, steps_of(PATHS))
    assert document.replaced({}) == body
    named = {"top", "a.b", "list.member.1.b", "list.2.b"}
    expected = [(name, NEW if name in named else value) for name, value in pairs]
    assert parse_qsl(swap(document).decode(), keep_blank_values=True) == expected


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b'{"a": {"b": "x"}} x'),
        ("application/json", b'{"a" "b"}'),
        ("application/json", b'{"a": {1: 2}}'),
        ("application/json", b'{"list": [1 2]}'),
        ("application/json", b'{"list": ['),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"top": "\xff"}'),
        ("text/xml", b"<a><b></a>"),
        ("text/xml", b"<!DOCTYPE a [<!ENTITY e 'x'>]><a><top>&e;</top></a>"),
        ("text/xml", b"nothing"),
        ("application/cbor", b"\xa1"),
        ("application/cbor", b"\xbf\x61a"),
        ("application/cbor", b"\x7a\xff\xff\xff\xffa"),
        ("application/cbor", b"\x1c"),
        ("application/cbor", b"\x1f"),
        ("application/cbor", b"\x81" * 100),
        ("application/cbor", b"\xa0\xa0"),
        ("application/octet-stream", b"\x00"),
        ("", b"Service Unavailable"),
    ],
)
def test_unreadable(content_type: str, body: bytes) -> None:
    with pytest.raises(RewriteError) as caught:
        read(content_type, "Op", body, steps_of(PATHS))
    assert "\\xff" not in str(caught.value)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("", b'{"top": "x"}'), ("", b"<r><top>x</top></r>"), ("binary/octet-stream", b' {"top": "x"}')],
)
def test_content_type_is_made_up_for(content_type: str, body: bytes) -> None:
    assert [member.text for member in read(content_type, "Op", body, steps_of(PATHS)).found] == ["x"]


def test_an_empty_body_holds_nothing() -> None:
    assert read("application/json", "Op", b"", steps_of(PATHS)).found == ()


def pack(body: bytes) -> bytes:

    return gzip.compress(body)


@pytest.mark.parametrize(
    "damage", [lambda body: body[:-9], lambda body: b"x" + body, lambda body: body[:12] + b"\xff" * 9]
)
def test_compressed_bodies(damage: Callable[[bytes], bytes]) -> None:
    assert plain(pack(b"text" * 100), "gzip") == b"text" * 100
    with pytest.raises(RewriteError):
        plain(damage(pack(b"text" * 100)), "gzip")
    with pytest.raises(RewriteError, match="br"):
        plain(b"text", "br")
