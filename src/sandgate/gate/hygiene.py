"""A request head that could be read in two ways is not read at all.

Rules: RFC 9112, 3.2 (one form of target), 5.2 (no folded lines), 6.3 and 11.2 (one framing); what llhttp refuses by
itself is not repeated here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandgate.tiers._emulator_lent import LENDS
from sandgate.wire.http import Request
from sandgate.wire.signing.presented import SINGLE_HEADERS

__all__ = ["UPGRADES", "HygieneError", "checked_request"]

UPGRADES = (
    "this gate speaks HTTP/1.1 only: no HTTP/2, WebSocket, CONNECT or other upgrade; "
    "configure the client for HTTP/1.1 over the endpoint URL"
)
_ONCE = SINGLE_HEADERS | {
    "content-encoding",
    "expect",
    "range",
    "smithy-protocol",
    "transfer-encoding",
    "x-amz-copy-source",
    "x-amz-trailer",
}


class HygieneError(Exception):
    """A head that is refused before anybody asks what it means.

    Args:
        status: HTTP status of the plain answer.
        text: what is wrong, without any value of the request.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


def checked_request(method: str, version: str, url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Request:
    """The request, if it has one meaning.

    Args:
        method: as sent.
        version: `1.1` or `1.0`.
        url: request target.
        headers: raw fields in order; bytes that are no UTF-8 survive as surrogates.

    Raises:
        HygieneError: a form of target that is not served, a repeated field that decides something, two framings.
    """
    if version not in ("1.1", "1.0"):
        raise HygieneError(505, UPGRADES)
    if not url.startswith(b"/"):
        raise HygieneError(400, "absolute-form, authority-form and asterisk-form targets are not accepted")
    if b"#" in url:
        raise HygieneError(400, "a request target has no fragment")
    try:
        target = url.decode("ascii")
    except UnicodeDecodeError:
        raise HygieneError(400, "the request target must be percent-encoded ASCII") from None
    request = Request.of(
        method,
        target,
        [(name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in headers],
    )
    if len(request.fields) != len(request.headers):
        _refuse_repeated(request)
    if not request.host:
        raise HygieneError(400, "no Host header")
    if LENDS in request.fields:
        raise HygieneError(400, f"header {LENDS} is for the gate to set")
    if "transfer-encoding" in request.fields:
        _check_coding(request, version)
    return request


def _refuse_repeated(request: Request) -> None:
    seen: set[str] = set()
    for name, _ in request.headers:
        if name in seen and name in _ONCE:
            raise HygieneError(400, f"header {name} is repeated")
        seen.add(name)


def _check_coding(request: Request, version: str) -> None:
    if "content-length" in request.fields:
        raise HygieneError(400, "both Content-Length and Transfer-Encoding")
    if version == "1.0":
        raise HygieneError(400, "HTTP/1.0 has no Transfer-Encoding")
    if request.fields["transfer-encoding"].lower() != "chunked":
        raise HygieneError(501, "only the chunked transfer coding is supported")
