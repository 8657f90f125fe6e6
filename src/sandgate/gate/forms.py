"""S3 uploads by HTML form: the fields are held and signed anew, the file streams.

Rules: Amazon S3 API Reference, "POST Object".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sandgate.gate.admit import entry_of
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body, Outgoing
from sandgate.gate.outgoing import client_headers
from sandgate.gate.parts import Parts
from sandgate.wire.http import WireError
from sandgate.wire.identify import Identified, identify_post_form
from sandgate.wire.signing.form import FormHead, encode_head, form_boundary
from sandgate.wire.signing.post import resign_post, verify_post
from sandgate.wire.signing.presented import post_presented

__all__ = ["PostForm"]


class PostForm:
    """One form upload on its way.

    Args:
        flow: its call; the match is S3's PostObject.
        parts: the gate's.
    """

    def __init__(self, flow: Flow, parts: Parts) -> None:
        self._flow = flow
        self._parts = parts
        self._boundary = form_boundary(flow.request.fields.get("content-type", "")) or ""
        self._head = FormHead(self._boundary)
        self._pieces = flow.exchange.chunks()
        self._rest = b""

    async def identify(self) -> Identified:
        """Read the fields, and verify the policy with the key that they name.

        Raises:
            WireError: no form, or not rightly signed.
            RefusedError: the gate did not issue the key.
        """
        flow = self._flow
        if flow.claim is not None:
            raise WireError("InvalidArgument", "Only one auth mechanism allowed: a form carries its own signature.")
        async for piece in self._pieces:
            self._rest = self._head.feed(piece)
            if self._head.complete:
                break
        self._head.finish()
        fields = self._head.fields
        flow.claim = post_presented(fields)
        if flow.claim is not None:
            flow.entry = await entry_of(flow.claim, self._parts)
            verify_post(fields, flow.claim, flow.entry.credential, datetime.now(UTC))
        assert flow.match is not None
        return identify_post_form(flow.match, self._parts.models, fields)

    def outgoing(self) -> Outgoing:
        """The same form with policy and signature of the real key."""
        flow, upstream = self._flow, self._parts.upstream
        assert flow.entry is not None
        request = flow.request
        assert flow.aim is not None
        target = upstream.target(flow.aim)
        fields = self._head.fields
        if not flow.verbatim:
            real = flow.entry.upstream or upstream.credential(flow.entry.principal.kind, "s3")
            fields = resign_post(fields, real, region=target.region, now=self._parts.now(), service=target.signing_name)
        head = encode_head(self._boundary, fields, self._head.file_head)
        announced = request.fields.get("content-length")
        length = int(announced) - self._head.consumed + len(head) if announced is not None else None
        body = Body(_joined(head, self._rest, self._pieces), length, "")
        return Outgoing(
            method=request.method, path=flow.aim.path if target.path is None else target.path, query=request.query,
            headers=[*client_headers(request), ("host", target.host)], body=body.data, length=body.length,
            target=target,
        )  # fmt: skip


async def _joined(head: bytes, rest: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    if rest:
        yield rest
    async for piece in pieces:
        yield piece
