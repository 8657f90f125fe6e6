"""Bodies in the chunks of S3 (`aws-chunked`): framing, the chain of signatures, trailing checksums.

Sources: "Signature calculations for the Authorization header: transferring payload in multiple chunks", and the same
"including trailing headers", both of the S3 API Reference.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.compat import HAS_CRT
from botocore.httpchecksum import CrtCrc32cChecksum, CrtCrc64NvmeChecksum
from tests.sandbox.standin.messages import Refused, Request

__all__ = ["Signer", "check_chunks", "check_sums"]

_EMPTY = hashlib.sha256(b"").hexdigest()
_SUMS: Mapping[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
    "content-md5": lambda data: hashlib.md5(data).digest(),
    **(
        {
            "x-amz-checksum-crc32c": lambda data: _digest(CrtCrc32cChecksum(), data),
            "x-amz-checksum-crc64nvme": lambda data: _digest(CrtCrc64NvmeChecksum(), data),
        }
        if HAS_CRT
        else {}
    ),
}


def _digest(checksum: CrtCrc32cChecksum | CrtCrc64NvmeChecksum, data: bytes) -> bytes:
    checksum.update(data)
    return bytes(checksum.digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What a chain of signatures starts from."""

    key: bytes
    stamp: str
    scope: str
    seed: str

    def sign(self, algorithm: str, previous: str, *hashes: str) -> str:
        """The signature of the next link."""
        text = "\n".join((algorithm, self.stamp, self.scope, previous, *hashes))
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


def check_chunks(request: Request, declared: str, signer: Signer) -> None:
    """Take the chunks apart.

    Args:
        declared: the header `x-amz-content-sha256`, which says what is signed and what trails.

    Raises:
        Refused: a frame, a length, a signature or a trailing checksum is wrong.
    """
    signed = "AWS4-HMAC-SHA256" in declared
    if "aws-chunked" not in request.header("content-encoding"):
        raise Refused("request", "a body in chunks whose Content-Encoding does not say aws-chunked")
    data, rest, previous = bytearray(), request.body, signer.seed
    while True:
        line, found, rest = rest.partition(b"\r\n")
        size, _, extension = line.decode("ascii", "replace").partition(";")
        if not found or not _is_hex(size):
            raise Refused("incomplete", "the head of a chunk is broken, or the last chunk is missing")
        piece, rest = rest[: int(size, 16)], rest[int(size, 16) :]
        if len(piece) != int(size, 16):
            raise Refused("incomplete", "a chunk is shorter than it says")
        if signed:
            expected = signer.sign("AWS4-HMAC-SHA256-PAYLOAD", previous, _EMPTY, hashlib.sha256(piece).hexdigest())
            if not hmac.compare_digest(extension.encode(), f"chunk-signature={expected}".encode()):
                raise Refused("signature", f"the signature of the chunk at {len(data)} is wrong")
            previous = expected
        elif extension:
            raise Refused("request", "chunks that are not signed carry an extension")
        data += piece
        if not piece:
            break
        if not rest.startswith(b"\r\n"):
            raise Refused("incomplete", "a chunk is longer than it says")
        rest = rest[2:]
    if str(len(data)) != request.header("x-amz-decoded-content-length"):
        raise Refused("incomplete", f"{len(data)} bytes are not what x-amz-decoded-content-length says")
    _check_trailer(request, declared, bytes(data), rest, signer, previous)


def _is_hex(text: str) -> bool:
    return bool(text) and not set(text.lower()) - set("0123456789abcdef")


def _check_trailer(request: Request, declared: str, data: bytes, rest: bytes, signer: Signer, previous: str) -> None:
    lines = [line for line in rest.decode("latin-1").split("\r\n") if line]
    trailers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    given = trailers.pop("x-amz-trailer-signature", "")
    promised = {name.strip().lower() for name in request.header("x-amz-trailer").split(",") if name.strip()}
    if set(trailers) != promised or bool(promised) != declared.endswith("-TRAILER"):
        raise Refused("trailer", f"promised {sorted(promised)}, got {sorted(trailers)}")
    if declared == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
        text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        expected = signer.sign("AWS4-HMAC-SHA256-TRAILER", previous, hashlib.sha256(text.encode()).hexdigest())
        if not hmac.compare_digest(given, expected):
            raise Refused("signature", "the signature of the trailer is wrong")
    check_sums(trailers, data)


def check_sums(headers: Mapping[str, str], data: bytes) -> None:
    """See whether every checksum that is given is that of the data.

    Raises:
        Refused: one is not.
    """
    for name, given in headers.items():
        if name in _SUMS and given != base64.b64encode(_SUMS[name](data)).decode():
            raise Refused("checksum", f"{name} is not that of the body")
