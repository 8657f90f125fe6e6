"""The head of a `multipart/form-data` body: every field before the file, read incrementally and written anew.

Grammar: RFC 7578 on top of RFC 2046. S3 takes the fields before `file` only, and at most 20 KB of them ("POST
Object", Amazon S3 API Reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandgate.wire.http import WireError

__all__ = ["MAX_HEAD", "FormHead", "encode_head", "form_boundary"]

MAX_HEAD = 20 * 1024
"""Bytes of a form before the content of its file."""

_MAX_FIELDS = 200
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]")
_PARAMETER = re.compile(r';\s*([A-Za-z*-]+)\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s";]+))\s*')
_NAME = re.compile(r"[\x21-\x7e]+")


def _malformed(message: str) -> WireError:
    return WireError("MalformedPOSTRequest", f"The body of your POST request is not well-formed form data: {message}.")


def form_boundary(content_type: str) -> str | None:
    """The boundary that a Content-Type announces.

    Returns:
        None when it is not form data.

    Raises:
        WireError: form data without a usable boundary (RFC 2046, 5.1.1).
    """
    kind, separator, rest = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        return None
    found = [value for name, value in _parameters(separator + rest) if name == "boundary"]
    if len(found) != 1 or not _BOUNDARY.fullmatch(found[0]):
        raise _malformed("the boundary is missing or invalid")
    return found[0]


def _parameters(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _PARAMETER.match(text, at)
        if match is None:
            raise _malformed("a header has malformed parameters")
        quoted, plain = match[2], match[3]
        found.append((match[1].lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)))
        at = match.end()
    return found


class FormHead:
    """Takes a body in pieces until the content of its file begins.

    Args:
        boundary: from `form_boundary`.
        limit: most bytes before the content of the file.
    """

    def __init__(self, boundary: str, limit: int = MAX_HEAD) -> None:
        self._delimiter = b"--" + boundary.encode()
        self._limit = limit
        self._buffer = bytearray()
        self._fields: dict[str, str] = {}
        self._seen: set[str] = set()
        self._at = 0
        self._file_head: bytes | None = None

    @property
    def complete(self) -> bool:
        """Whether the content of the file has begun."""
        return self._file_head is not None

    @property
    def fields(self) -> Mapping[str, str]:
        """The fields before the file, names as sent, in order."""
        return self._fields

    @property
    def file_head(self) -> bytes:
        """The headers of the file part as sent, with the empty line that ends them; empty until complete."""
        return self._file_head or b""

    @property
    def consumed(self) -> int:
        """Bytes of the body that came before the content of the file."""
        return self._at

    def feed(self, data: bytes) -> bytes:
        """Take the next piece of the body.

        Returns:
            What belongs to the content of the file and after; empty until complete.

        Raises:
            WireError: not form data, a repeated field, or more than the limit.
        """
        if self.complete:
            return data
        self._buffer += data
        while self._file_head is None and self._take_part():
            pass
        if self._file_head is None:
            if len(self._buffer) > self._limit:
                raise self._too_long()
            return b""
        if self._at > self._limit:
            raise self._too_long()
        rest = bytes(self._buffer[self._at :])
        self._buffer.clear()
        return rest

    def finish(self) -> None:
        """The body has ended.

        Raises:
            WireError: no file came.
        """
        if not self.complete:
            raise WireError("InvalidArgument", "POST requires exactly one file upload per request.")

    def _too_long(self) -> WireError:
        return WireError(
            "MaxPostPreDataLengthExceeded",
            f"Your POST request fields preceding the upload file exceed {self._limit} bytes.",
        )

    def _take_part(self) -> bool:
        """Take one whole field, or the headers of the file; False when more bytes are needed."""
        start = self._at + len(self._delimiter)
        opening = bytes(self._buffer[self._at : start + 2])
        if opening == self._delimiter + b"--":
            raise WireError("InvalidArgument", "POST requires exactly one file upload per request.")
        if not any((self._delimiter + end).startswith(opening) for end in (b"\r\n", b"--")):
            raise _malformed("a part does not start with the boundary")
        end = self._buffer.find(b"\r\n\r\n", start)
        if end < 0:
            return False
        if len(self._fields) >= _MAX_FIELDS:
            raise _malformed("too many fields")
        name = self._name(bytes(self._buffer[start + 2 : end]))
        value_at = end + 4
        if name.lower() == "file":
            self._file_head = bytes(self._buffer[start + 2 : value_at])
            self._at = value_at
            return True
        stop = self._buffer.find(b"\r\n" + self._delimiter, value_at)
        if stop < 0:
            return False
        if name.lower() in self._seen:
            raise _malformed("a field is repeated")
        self._seen.add(name.lower())
        try:
            self._fields[name] = self._buffer[value_at:stop].decode()
        except UnicodeDecodeError:
            raise _malformed("a field is not UTF-8") from None
        self._at = stop + 2
        return True

    def _name(self, headers: bytes) -> str:
        """The name of a part from its Content-Disposition (RFC 7578, 4.2)."""
        try:
            lines = headers.decode().split("\r\n")
        except UnicodeDecodeError:
            raise _malformed("a header is not UTF-8") from None
        found = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("content-disposition:")]
        if len(found) != 1 or not found[0].lower().startswith("form-data"):
            raise _malformed("a part lacks its Content-Disposition")
        names = [value for key, value in _parameters(found[0][len("form-data") :].strip()) if key == "name"]
        if len(names) != 1 or not _NAME.fullmatch(names[0]):
            raise _malformed("a part lacks its name")
        return names[0]


def encode_head(boundary: str, fields: Mapping[str, str], file_head: bytes) -> bytes:
    """Write the fields and the headers of the file part; the rest of the body follows as it came.

    Args:
        boundary: of the body that it replaces.
        fields: in the order to send.
        file_head: `FormHead.file_head`.
    """
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join(parts).encode() + f"--{boundary}\r\n".encode() + file_head


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
