"""XML bodies, those of query services and of S3: expat tells where each element begins and ends."""

from __future__ import annotations

from html import escape
from xml.parsers import expat

from sandgate.rewrite.document import Document, Found, RewriteError, Steps, follow

__all__ = ["read_xml"]


def read_xml(body: bytes, steps: Steps, operation: str) -> Document:
    """Find elements of an XML body.

    Paths begin below the root, or below the `<OperationResult>` in it (AWS query protocol). `[]` is any element.

    Args:
        body: the document, UTF-8.
        steps: the paths.
        operation: names the result element.

    Raises:
        RewriteError: it is no XML, or has a document type.
    """
    reader = _Reader(body, steps, f"{operation}Result")
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, _: reader.start(name, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda _: reader.end(parser.CurrentByteIndex)
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError:
        raise RewriteError("the body is not XML") from None
    return Document(body, reader.found, _encode)


def _refuse_doctype(*_: object) -> None:
    raise RewriteError("the body has a document type")


def _encode(text: str) -> bytes:
    return escape(text, quote=False).encode("ascii", "xmlcharrefreplace")


class _Element:
    __slots__ = ("at", "path", "steps", "text")

    def __init__(self, at: int, steps: Steps, path: str) -> None:
        self.at, self.steps, self.path = at, steps, path
        self.text: list[str] = []


class _Reader:
    def __init__(self, body: bytes, steps: Steps, result: str) -> None:
        self.found: list[Found] = []
        self._body, self._steps, self._result = body, steps, result
        self._open: list[_Element] = []

    def start(self, name: str, at: int) -> None:
        name = name.rpartition(":")[2]
        if not self._open or (len(self._open) == 1 and name == self._result):
            self._open.append(_Element(at, self._steps, ""))
            return
        above = self._open[-1]
        step, below = follow(above.steps, name, wildcard="[]")
        self._open.append(_Element(at, below or {}, f"{above.path}.{step}" if above.path else step))

    def text(self, data: str) -> None:
        if "" in self._open[-1].steps:
            self._open[-1].text.append(data)

    def end(self, at: int) -> None:
        element = self._open.pop()
        if "" in element.steps and element.text:
            content = self._content(element.at)
            self.found.append(Found(element.path, self._open[-1].at, content, at, "".join(element.text)))

    def _content(self, at: int) -> int:
        """Where the start tag at a position ends; `>` may stand in an attribute's quotes."""
        quote = 0
        for index in range(at, len(self._body)):
            char = self._body[index]
            if quote:
                quote = 0 if char == quote else quote
            elif char in b"\"'":
                quote = char
            elif char == ord(">"):
                return index + 1
        raise RewriteError("the body is not XML")
