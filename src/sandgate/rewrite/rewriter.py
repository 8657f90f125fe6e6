"""`Rewriter`: what the gate changes in bodies, and only there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Protocol
from urllib.parse import quote

from sandgate.rewrite.addresses import Addresses, address_rules
from sandgate.rewrite.body import plain, read
from sandgate.rewrite.credentials import credential_operations, map_ids, map_request, mints, swap_credentials
from sandgate.rewrite.document import RewriteError, steps_of
from sandgate.rewrite.tokens import GivenToken, holds_tokens, swap_tokens, token_operations
from sandgate.wire.http import WireError
from sandgate.wire.signing.credential import Credential

__all__ = ["Keys", "Rewriter"]

_SCOPE_REGION = re.compile(r"Credential=[^/]+/[0-9]{8}/([^/]+)/")
_MAKES_PRINCIPALS = frozenset({("iam", "CreateRole"), ("iam", "CreateUser")})
_WHOSE = ("sts", "GetAccessKeyInfo")
_BOUNDARY = b"PermissionsBoundary"
_OF_THE_BODY = frozenset({"content-encoding", "content-length", "content-md5", "x-amz-crc32"})


def _nothing(_access_key_id: str) -> None:
    return None


class Keys(Protocol):
    """Who keeps the real credentials; `sandgate.keys.surrogates.Surrogates` does."""

    def mint(self, real: Credential, label: str = "") -> Credential:
        """The surrogate of real credentials."""

    def real_id(self, access_key_id: str) -> str | None:
        """The real access key id of a surrogate's."""

    def surrogate_id(self, access_key_id: str) -> str | None:
        """The surrogate's access key id of a real one."""


class Rewriter:
    """Rewrites the members that the two data files list.

    Args:
        gate_url: where clients reach the gate.
        keys: keeps the real credentials.
        real_addresses: see `Addresses`; True on the sandbox tier.
        boundary: ARN of the permissions boundary that new roles and users get which name none; empty: they get none.
    """

    def __init__(self, gate_url: str, keys: Keys, *, real_addresses: bool = False, boundary: str = "") -> None:
        self._keys = keys
        self._boundary = boundary
        self._addresses = Addresses(gate_url, real=real_addresses)
        self._rules = address_rules()
        self._queue_requests = frozenset(
            (service, operation)
            for (service, operation, side), (kind, _) in self._rules.items()
            if side == "request" and kind == "queue"
        )
        others = {
            (service, operation)
            for (service, operation, side), (kind, _) in self._rules.items()
            if side == "response" or kind != "queue"
        }
        minting = credential_operations() | token_operations()
        self._always = frozenset(others | minting | (_MAKES_PRINCIPALS if boundary else set()))

    def wants(self, service: str, operation: str) -> bool:
        """Whether the request or the answer of a call may need a change; else neither need be held."""
        key = (service, operation)
        return key in self._always or (self._addresses.foreign_queues and key in self._queue_requests)

    def response(
        self,
        service: str,
        operation: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        gate_url: str = "",
        mint_token: Callable[[GivenToken], str] | None = None,
    ) -> tuple[list[tuple[str, str]], bytes]:
        """The answer for the client.

        Args:
            service: botocore's service name.
            operation: operation name.
            headers: the upstream's, names in any case.
            body: the upstream's, whole.
            gate_url: of the port that the call came to; empty for the gate's first.
            mint_token: keeps a registry's token, and gives what the client is to see.

        Returns:
            Headers and body; with another body, Content-Length is made anew and sums over the old one are gone.

        Raises:
            RewriteError: an answer that may hold credentials cannot be read; it must not be passed on.
        """
        kept = list(headers)
        fields = {name.lower(): value for name, value in kept}
        content_type, encoding = fields.get("content-type", ""), fields.get("content-encoding", "")
        if not body or not self.wants(service, operation):
            return kept, body
        try:
            text = plain(body, encoding) if encoding and encoding.lower() != "identity" else body
            made = swap_tokens(service, operation, content_type, text, mint_token)  # while it names its registry
            made = map_ids(service, operation, "response", content_type, made, mapping=self._keys.surrogate_id)
            made = self._with_gate_addresses(service, operation, content_type, made, gate_url)
        except RewriteError:
            if mints(service, operation) or holds_tokens(service, operation):
                raise
            return kept, body
        made = swap_credentials(service, operation, content_type, made, self._keys.mint)
        if made == text:
            return kept, body
        changed = [(name, value) for name, value in kept if name.lower() not in _OF_THE_BODY]
        return [*changed, ("content-length", str(len(made)))], made

    def request(
        self,
        service: str,
        operation: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        own: Callable[[str], str | None] = _nothing,
    ) -> bytes:
        """The body for the upstream.

        Args:
            service: botocore's service name.
            operation: operation name.
            headers: the client's, names in any case; Authorization tells the region.
            body: the client's, whole.
            own: the real access key id of a run key's, for the call that asks whose a key is and does nothing with it.

        Raises:
            WireError: it cannot be read.
        """
        try:
            return self._request(service, operation, headers, body, own)
        except RewriteError as fault:
            raise WireError("SerializationException", f"The request cannot be read: {fault}.") from None

    def _request(
        self,
        service: str,
        operation: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        own: Callable[[str], str | None],
    ) -> bytes:
        fields = {name.lower(): value for name, value in headers}
        content_type = fields.get("content-type", "")
        asks = (service, operation) == _WHOSE
        real_id = self._keys.real_id
        body = map_request(
            service, operation, content_type, body, (lambda one: real_id(one) or own(one)) if asks else real_id
        )
        if self._boundary and (service, operation) in _MAKES_PRINCIPALS:
            body = _bounded(body, self._boundary)
        rule = self._rules.get((service, operation, "request"))
        if rule is None or not body:
            return body
        kind, paths = rule
        scope = _SCOPE_REGION.search(fields.get("authorization", ""))
        document = read(content_type, operation, body, steps_of(paths))
        region = scope[1] if scope else ""
        changes = {
            member: new
            for member in document.found
            if (new := self._addresses.to_real(kind, member.text, region)) != member.text
        }
        return document.replaced(changes) if changes else body

    def _with_gate_addresses(
        self, service: str, operation: str, content_type: str, body: bytes, gate_url: str
    ) -> bytes:
        rule = self._rules.get((service, operation, "response"))
        if rule is None:
            return body
        kind, paths = rule
        document = read(content_type, operation, body, steps_of(paths))
        changes = {
            member: new
            for member in document.found
            if (new := self._addresses.to_gate(kind, member.text, gate_url)) != member.text
        }
        return document.replaced(changes) if changes else body


def _bounded(body: bytes, boundary: str) -> bytes:
    """A form that makes a role or user, with a permissions boundary; one that names its own keeps it."""
    names = {piece.partition(b"=")[0] for piece in body.split(b"&")}
    if not body or _BOUNDARY in names:
        return body
    return body + b"&" + _BOUNDARY + b"=" + quote(boundary, safe="").encode()
