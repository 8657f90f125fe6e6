"""What the gate itself asks upstream before it can decide: members of stacks, and what a call only points to.

Reads only, as the deployer. They are no evidence of anything, so they are in no event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, unquote, urlencode

from sandgate.gate.forward import Outgoing, accepted
from sandgate.gate.parts import Parts
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.tiers._model import Aim
from sandgate.wire.malformed import MalformedError
from sandgate.wire.protocols._xml import Element, parse_xml
from sandgate.wire.signing.sign import sign

__all__ = ["Asking", "StackMember"]

_VERSIONS = {"cloudformation": "2010-05-15", "iam": "2010-05-08"}
_FORM = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)
_NESTED = "AWS::CloudFormation::Stack"
_MAX_DEPTH = 5
_LIMIT = 8 * 1024 * 1024
_PAGES = 20
_OK = 200
_DOTS = frozenset({".", ".."})
"""Steps of a path that servers and proxies take away."""


_NOT_THERE = frozenset({"CREATE_FAILED", "IMPORT_FAILED", "DELETE_COMPLETE"})


def _is_there(type_: str, physical: str, status: str) -> bool:
    """Whether the stack has what it calls its member: an id that it could not take may be anybody's resource.

    That of a nested stack that failed was chosen by AWS, and its own members may well be there.
    """
    if status == "CREATE_FAILED" and type_ == _NESTED and physical.startswith("arn:"):
        return True
    skipped = status.endswith("_SKIPPED") and status != "DELETE_SKIPPED"
    return status not in _NOT_THERE and not status.startswith("IMPORT_ROLLBACK_") and not skipped


class StackMember(NamedTuple):
    """One resource of a stack."""

    type: str
    physical_id: str


class Asking:
    """Reads of the gate's own.

    Args:
        parts: models, upstream and pool.
        region: the run's, for stacks of calls that name none.
    """

    def __init__(self, parts: Parts, region: str) -> None:
        self._parts = parts
        self._region = region

    async def members(self, stack: str, region: str) -> tuple[StackMember, ...] | None:
        """What a stack holds, with what its nested stacks hold; None when the stack cannot be read.

        What it names and does not have is left out: that which it failed to make or to import, or let go of.
        """
        found = await self._members(stack, region)
        nested = list(found or ())
        for _ in range(_MAX_DEPTH):
            inner = [await self._members(one.physical_id, region) for one in nested if one.type == _NESTED]
            nested = [one for members in inner for one in members or ()]
            found = found and (*found, *nested)
        return found

    async def _members(self, stack: str, region: str) -> tuple[StackMember, ...] | None:
        found: list[StackMember] = []
        token = ""
        for _ in range(_PAGES):
            parameters = {"StackName": stack, **({"NextToken": token} if token else {})}
            answer = await self._stacks("ListStackResources", parameters, region)
            if answer is None:
                return None
            for member in _all(answer, "member"):
                texts = {child.tag: child.text for child in member.children}
                one = StackMember(texts.get("ResourceType", ""), texts.get("PhysicalResourceId", ""))
                if one.physical_id and _is_there(*one, texts.get("ResourceStatus", "")):
                    found.append(one)
            token = next((element.text for element in _all(answer, "NextToken")), "")
            if not token:
                return tuple(found)
        return None

    async def template(self, stack: str, region: str) -> bytes | None:
        """The template that a stack has now, as it was sent."""
        answer = await self._stacks("GetTemplate", {"StackName": stack, "TemplateStage": "Original"}, region)
        body = next(_all(answer, "TemplateBody"), None) if answer is not None else None
        return body.text.encode() if body is not None else None

    async def parameters(self, stack: str, region: str) -> Mapping[str, str]:
        """The parameters that a stack has now; what it hides is not among them."""
        answer = await self._stacks("DescribeStacks", {"StackName": stack}, region)
        found = {}
        for parameter in _all(answer, "Parameters") if answer is not None else ():
            for member in parameter.children:
                texts = {child.tag: child.text for child in member.children}
                if set(texts.get("ParameterValue", "*")) != {"*"}:
                    found[texts.get("ParameterKey", "")] = texts["ParameterValue"]
        return found

    async def stored(self, bucket: str, key: str, version: str, region: str) -> bytes | None:
        """An object of S3; None when it cannot be read, or is larger than any template."""
        if bucket in {".", ".."} or not _DOTS.isdisjoint(key.split("/")):
            return None
        query = f"versionId={quote(version, safe='')}" if version else ""
        path = f"/{bucket}/{quote(key, safe='/-_.~')}"
        status, body = await self.ask(
            "s3", "GET", path, query=query, region=region, operation="GetObject", parameters={"Bucket": bucket}
        )
        return body if status == _OK else None

    async def change_set(self, stack: str, change_set: str, region: str) -> str | None:
        """The name of the stack that has a change set now, `None` where there is none."""
        parameters = {"ChangeSetName": change_set, **({"StackName": stack} if stack else {})}
        return _first(await self._stacks("DescribeChangeSet", parameters, region), "StackName")

    async def boundary(self, role: str) -> Mapping[str, object] | None:
        """The permissions boundary of a role, by its ARN; `None` where it has none or it cannot be read."""
        named = await self._query("iam", "GetRole", {"RoleName": role.rpartition("/")[2]}, "")
        policy = _first(named, "PermissionsBoundaryArn")
        # Names of roles are unique whatever their path, so another path names another role.
        if policy is None or _first(named, "Arn") != role:
            return None
        version = _first(await self._query("iam", "GetPolicy", {"PolicyArn": policy}, ""), "DefaultVersionId")
        if version is None:
            return None
        parameters = {"PolicyArn": policy, "VersionId": version}
        document = _first(await self._query("iam", "GetPolicyVersion", parameters, ""), "Document")
        try:
            parsed = json.loads(unquote(document or ""))
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None

    async def _stacks(self, action: str, parameters: Mapping[str, str], region: str) -> Element | None:
        return await self._query("cloudformation", action, parameters, region)

    async def _query(self, service: str, action: str, parameters: Mapping[str, str], region: str) -> Element | None:
        body = urlencode({"Action": action, "Version": _VERSIONS[service], **parameters}).encode()
        status, answer = await self.ask(service, "POST", "/", body=body, region=region, fields=_FORM)
        if status != _OK:
            return None
        try:
            return parse_xml(answer)
        except MalformedError:
            return None

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        region: str = "",
        fields: Iterable[tuple[str, str]] = (),
        operation: str = "",
        parameters: Mapping[str, object] | None = None,
    ) -> tuple[int, bytes]:
        """One request as the deployer.

        Args:
            service: botocore's name.
            method: HTTP method.
            path: already encoded.
            query: already encoded.
            body: what is sent.
            region: the run's where empty.
            fields: headers that the service needs, names in lower case.
            operation: its name, where that or a parameter decides on the host.
            parameters: the operation's.

        Returns:
            Status and body; status 0 when there is no answer, or one that is too large to be held.
        """
        info = self._parts.models.services[service]
        aim = Aim(
            service=service, signing_name=info.signing_names[0], region=region or self._region,
            operation=operation, parameters=parameters or {}, path=path,
        )  # fmt: skip
        if not self._parts.upstream.admits(aim).allowed:
            return 0, b""
        try:
            response, connection = await accepted(self._signed(aim, method, query, body, tuple(fields)), self._parts)
        except UpstreamFaultError:
            return 0, b""
        try:
            pieces = []
            size = 0
            async for piece in response.chunks():
                pieces.append(bytes(piece))
                size += len(piece)
                if size > _LIMIT:
                    connection.discard()
                    return 0, b""
        except UpstreamFaultError:
            connection.discard()
            return 0, b""
        status = response.status
        self._parts.pool.release(connection)
        return status, b"".join(pieces)

    def _signed(self, aim: Aim, method: str, query: str, body: bytes, fields: tuple[tuple[str, str], ...]) -> Outgoing:
        upstream = self._parts.upstream
        target = upstream.target(aim)
        path = aim.path if target.path is None else target.path
        real = upstream.credential("deployer", aim.service)
        headers = sign(
            method, target.base_path + path, query, [("host", target.host), ("accept-encoding", "identity"), *fields],
            real, region=target.region, service=target.signing_name, payload=hashlib.sha256(body).hexdigest(),
            now=self._parts.now(),
        )  # fmt: skip
        return Outgoing(
            method=method, path=path, query=query, headers=headers, body=body, length=len(body), target=target,
            used=real, again=partial(self._signed, aim, method, query, body, fields),
        )  # fmt: skip


def _first(root: Element | None, tag: str) -> str | None:
    return next((element.text for element in _all(root, tag)), None) if root is not None else None


def _all(root: Element, tag: str) -> Iterator[Element]:
    """Every element of a name, in the order of the document."""
    pending = [root]
    while pending:
        found = pending.pop()
        if found.tag == tag:
            yield found
        pending += reversed(found.children)
