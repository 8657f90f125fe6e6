"""`aws-chunked` bodies: decoded and verified piece by piece, and framed anew for upstream.

Rules: Amazon S3 API Reference, "Signature calculations for the authorization header: transferring payload in
multiple chunks" and "Including trailing headers".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from enum import Enum

from sandgate.wire.http import WireError
from sandgate.wire.signing.faults import mismatch
from sandgate.wire.signing.key import SigningKey

__all__ = ["CHUNKED_KINDS", "MAX_CHUNK", "ChunkDecoder", "UnsignedTrailerEncoder"]

CHUNKED_KINDS = frozenset(
    {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
)
"""The values of `x-amz-content-sha256` that announce an aws-chunked body."""

MAX_CHUNK = 8 * 1024 * 1024
"""Largest signed chunk that is held, in bytes; SDKs send 64 KiB to 1 MiB."""

_EMPTY = hashlib.sha256(b"").hexdigest()
_MAX_LINE = 8 * 1024
_MAX_TRAILERS = 32
_MAX_BLANK_LINES = 2
_SIGNED_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})")
_PLAIN_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})")
_TRAILER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([\x21-\x7e]?(?:[\x20-\x7e]*[\x21-\x7e])?)[ \t]*")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"
_CHECKSUM = "x-amz-checksum-"
"""What trailers may be: whoever reads them takes them for headers, and any other would say what the call is."""


class _State(Enum):
    SIZE = "the size line of a chunk"
    DATA = "the data of a chunk"
    DATA_END = "the end of a chunk"
    TRAILERS = "the trailers"
    DONE = "the end"


def _malformed(message: str) -> WireError:
    return WireError("InvalidRequest", f"The aws-chunked body is malformed: {message}.")


class ChunkDecoder:
    """Takes an aws-chunked body in pieces of any size and gives the payload.

    A signed chunk is given only once its signature is verified, so at most `max_chunk` bytes are held. Chunks
    without signature are given as they come.

    Args:
        kind: the `x-amz-content-sha256` declaration, one of `CHUNKED_KINDS`.
        seed_signature: signature of the head, which the first chunk is chained to.
        signing_key: `Credential.signing_key` of the scope.
        scope: `Presented.scope`.
        date: `Presented.date`.
        max_chunk: largest signed chunk, in bytes.
        decoded_length: `x-amz-decoded-content-length`; None when the head declares none.
        declared_trailers: names in the `x-amz-trailer` header, lower case; None accepts any.
    """

    def __init__(
        self,
        kind: str,
        seed_signature: str = "",
        signing_key: SigningKey | None = None,
        scope: str = "",
        date: str = "",
        *,
        max_chunk: int = MAX_CHUNK,
        decoded_length: int | None = None,
        declared_trailers: Iterable[str] | None = None,
    ) -> None:
        if kind not in CHUNKED_KINDS:
            raise ValueError(f"not an aws-chunked kind: {kind}")
        self._signed = kind != "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        self._with_trailers = kind.endswith("-TRAILER")
        self._previous = seed_signature
        self._key = signing_key or SigningKey(b"")
        self._context = f"{date}\n{scope}"
        self._max_chunk = max_chunk
        self._decoded_length = decoded_length
        self._declared = None if declared_trailers is None else frozenset(declared_trailers)
        self._state = _State.SIZE
        self._line = bytearray()
        self._missing = 0
        self._received = 0
        self._held: list[bytes] = []
        self._hash = hashlib.sha256()
        self._chunk_signature = ""
        self._trailers: dict[str, str] = {}
        self._blank_lines = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next piece of the body.

        Returns:
            Payload that is verified now, in order; may be empty.

        Raises:
            WireError: wrong signature, too long a line or chunk, more payload than declared, or not this format.
        """
        given: list[bytes] = []
        at = 0
        while at < len(data):
            if self._state is _State.DATA:
                piece = data[at : at + self._missing]
                at += len(piece)
                self._take(piece, given)
            else:
                end = data.find(b"\n", at)
                stop = len(data) if end < 0 else end
                if len(self._line) + stop - at > _MAX_LINE:
                    raise _malformed(f"{self._state.value} is too long")
                self._line += data[at:stop]
                at = stop + 1
                if end >= 0:
                    line = bytes(self._line)
                    self._line.clear()
                    # A bare LF ends a line to some readers only, who then find other chunks. Some trailers have one.
                    if not line.endswith(b"\r") and self._state is not _State.TRAILERS:
                        raise _malformed(f"{self._state.value} does not end in CR LF")
                    self._take_line(line.removesuffix(b"\r"), given)
        return given

    def finish(self) -> dict[str, str]:
        """The end of the body has come.

        Returns:
            The trailers by lower-case name, without their signature.

        Raises:
            WireError: the body ended early, or is shorter than declared.
        """
        if self._state is not _State.DONE or self._line:
            raise WireError("IncompleteBody", f"The request body ended before {self._state.value} was complete.")
        if self._decoded_length is not None and self._received != self._decoded_length:
            raise WireError(
                "IncompleteBody", "You did not provide the number of bytes specified by x-amz-decoded-content-length."
            )
        return self._trailers

    def _take(self, piece: bytes, given: list[bytes]) -> None:
        self._missing -= len(piece)
        if self._signed:
            self._hash.update(piece)
            self._held.append(piece)
        else:
            given.append(piece)
        if not self._missing:
            self._state = _State.DATA_END

    def _take_line(self, line: bytes, given: list[bytes]) -> None:
        if self._state is _State.SIZE:
            self._start_chunk(line)
        elif self._state is _State.DATA_END:
            if line:
                raise _malformed("a chunk is longer than its size")
            if self._signed:
                self._verify_chunk()
                given.extend(self._held)
                self._held.clear()
            self._state = _State.SIZE
        elif self._state is _State.TRAILERS:
            self._take_trailer(line)
        else:
            raise _malformed("something follows its end")

    def _start_chunk(self, line: bytes) -> None:
        match = (_SIGNED_CHUNK if self._signed else _PLAIN_CHUNK).fullmatch(line)
        if match is None:
            raise _malformed("not the size line of a chunk")
        size = int(match[1], 16)
        if self._signed:
            if size > self._max_chunk:
                raise _malformed(f"a chunk is larger than {self._max_chunk} bytes")
            self._chunk_signature = match[2].decode()
            self._hash = hashlib.sha256()
        self._received += size
        if self._decoded_length is not None and self._received > self._decoded_length:
            raise WireError("IncompleteBody", "The body is longer than x-amz-decoded-content-length.")
        if size:
            self._missing = size
            self._state = _State.DATA
            return
        if self._signed:
            self._verify_chunk()
        self._state = _State.TRAILERS

    def _verify_chunk(self) -> None:
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{self._context}\n{self._previous}\n{_EMPTY}\n{self._hash.hexdigest()}"
        expected = self._key.sign(text)
        if not hmac.compare_digest(expected, self._chunk_signature):
            raise mismatch("s3")
        self._previous = expected

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            # Some clients put an empty line before the trailers, or between them and their signature.
            self._blank_lines += 1
            if self._with_trailers and self._signed and _TRAILER_SIGNATURE not in self._trailers:
                if self._blank_lines > _MAX_BLANK_LINES:
                    raise WireError("MalformedTrailerError", "The signature of the trailers is missing.")
                return
            self._end()
            return
        match = _TRAILER.fullmatch(line)
        if match is None or not self._with_trailers or len(self._trailers) >= _MAX_TRAILERS:
            raise WireError("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
        name = match[1].decode().lower()
        if not name.startswith(_CHECKSUM) and not (self._signed and name == _TRAILER_SIGNATURE):
            raise WireError("MalformedTrailerError", "A trailer that is no checksum: x-amz-checksum-...")
        if name in self._trailers or _TRAILER_SIGNATURE in self._trailers:
            raise WireError("MalformedTrailerError", f"The trailer {name} is repeated or out of place.")
        self._trailers[name] = match[2].decode()

    def _end(self) -> None:
        if self._with_trailers and self._signed:
            claimed = self._trailers.pop(_TRAILER_SIGNATURE, "")
            lines = "".join(f"{name}:{value}\n" for name, value in self._trailers.items())
            digest = hashlib.sha256(lines.encode()).hexdigest()
            expected = self._key.sign(f"AWS4-HMAC-SHA256-TRAILER\n{self._context}\n{self._previous}\n{digest}")
            if not hmac.compare_digest(expected, claimed):
                raise mismatch("s3")
        if self._declared is not None and self._declared != self._trailers.keys():
            raise WireError("MalformedTrailerError", "The trailers are not those that x-amz-trailer declares.")
        self._state = _State.DONE


class UnsignedTrailerEncoder:
    """Frames a payload as STREAMING-UNSIGNED-PAYLOAD-TRAILER.

    S3 refuses chunks under 8 KiB except the last, so pieces are gathered.

    Args:
        chunk: least bytes of payload in each chunk but the last.
    """

    def __init__(self, chunk: int = 64 * 1024) -> None:
        self._chunk = chunk
        self._pending: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take payload; gives what can be sent now, in order."""
        if data:
            self._pending.append(data)
            self._size += len(data)
        return self._flush() if self._size >= self._chunk else []

    def finish(self, trailers: Mapping[str, str]) -> list[bytes]:
        """The rest of the payload, the last chunk and the trailers."""
        lines = "".join(f"{name}:{value}\r\n" for name, value in trailers.items())
        return [*self._flush(), f"0\r\n{lines}\r\n".encode()]

    def _flush(self) -> list[bytes]:
        if not self._size:
            return []
        framed = [f"{self._size:x}\r\n".encode(), *self._pending, b"\r\n"]
        self._pending.clear()
        self._size = 0
        return framed
