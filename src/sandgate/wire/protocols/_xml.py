"""XML read safely: no document type, no entities beyond the five of XML itself, bounded depth; and written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

from sandgate.wire.malformed import MalformedError
from sandgate.wire.protocols._model import ErrorParts
from sandgate.wire.protocols._tree import MAX_DEPTH

__all__ = ["Element", "element", "error_document", "parse_xml"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True, eq=False)
class Element:
    """One element; names without their namespace prefix."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its character data."""
        return "".join(self.parts)


class _Builder:
    """Collects expat's events into a tree."""

    def __init__(self) -> None:
        self.root = Element("", {})
        self._open = [self.root]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise MalformedError("the request nests too deeply")
        local = {name.rpartition(":")[2]: value for name, value in attributes.items() if not name.startswith("xmlns")}
        child = Element(tag.rpartition(":")[2], local)
        self._open[-1].children.append(child)
        self._open.append(child)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].parts.append(text)

    def refuse(self, *_: object) -> None:
        raise MalformedError("a document type is not allowed")


def parse_xml(body: bytes) -> Element:
    """Parse an XML body to its root element.

    Raises:
        MalformedError: not well-formed, not UTF-8, with a document type, or too deep.
    """
    builder = _Builder()
    # The encoding is fixed, so that a declaration cannot make the gate and AWS read different characters.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003  positional-only in expat
    except expat.ExpatError:
        raise MalformedError("the body is not well-formed XML in UTF-8") from None
    return builder.root.children[0]


def element(tag: str, content: str, *, raw: bool = False) -> str:
    """Write one element.

    Args:
        tag: its name.
        content: text, or ready XML.
        raw: the content is XML.
    """
    return f"<{tag}>{content if raw else escape(_NOT_XML.sub('?', content), quote=False)}</{tag}>"


def error_document(error: ErrorParts, inner: str) -> str:
    """The document that every XML service but S3 and EC2 puts around its errors.

    Args:
        error: for its namespace.
        inner: ready XML.
    """
    namespace = f' xmlns="{escape(error.xml_namespace)}"' if error.xml_namespace else ""
    return f"<ErrorResponse{namespace}>{inner}</ErrorResponse>"
