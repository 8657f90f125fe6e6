"""A gate with the real guard in this process, before an upstream that writes down every byte that reaches it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit

import botocore.session
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse, HeadersDict
from botocore.config import Config as ClientConfig
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from sandgate.config.load import load
from sandgate.core.call import ALLOWED, Decision
from sandgate.core.log import AppendLog, read_log
from sandgate.core.registry import discover
from sandgate.gate.listener import Listener
from sandgate.gate.parts import Parts
from sandgate.gate.pipeline import Pipeline
from sandgate.gate.recorder import Recorder
from sandgate.gate.seen import Seen
from sandgate.gate.upstream import Pool
from sandgate.gate.wall import build_wall
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.tiers._model import Aim, AwsFacts, Denial, FunctionSession, Leftover, Target
from sandgate.wire.models import Models
from sandgate.wire.signing.credential import Credential

__all__ = ["ACCOUNT", "NAMESPACE", "REGION", "VARIANTS", "Gate", "Result"]

ACCOUNT, REGION, NAMESPACE = "000000000000", "eu-west-1", "k3x9q2"
VARIANTS: Mapping[str, Mapping[str, object]] = {
    "prefix": {"isolation": "prefix"},
    "run": {"isolation": "run"},
    "shared": {"isolation": "prefix"},
    "narrow": {"isolation": "prefix", "services": ("dynamodb", "s3")},
    "allowing": {
        "isolation": "prefix",
        "allow": [{"actions": ["tag:TagResources", "rds:CreateDBProxy"], "resources": ["*"]}],
    },
    "adopted": {
        "isolation": "prefix",
        "adopt": ("orders", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/adopted-key", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"),
    },
}
"""Gates by what their configuration says; the upstream of `shared` is not the run's alone."""
_REAL = {"identity": Credential("AKIDREALIDENTITY", "real-secret"), "deployer": Credential("AKIDREALDEPLOYER", "real")}
_FUNCTION = Credential("FUNCTIONSESSION1", "secret-of-a-function", "token-of-a-function")
_ROLE = Credential("AKIDREALROLE", "real-secret-of-a-role", "real-token-of-a-role")
_FOREIGN = Credentials("AKIDSOMEBODYELSE", "some-other-secret")
_READS = {"ListStackResources", "GetTemplate", "DescribeStacks", "DescribeChangeSet"}
_ENDPOINT = 4566
"""Port that clients sign for, which every gate takes for its own; the bytes go where they must."""
_SECRET = b"one secret, so that the clients of one gate are those of all"
_XML = frozenset({"query", "ec2", "rest-xml"})


class Visit(NamedTuple):
    """One request as the upstream got it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def own(self) -> bool:
        """Whether it is a read of the gate's own: signed as the deployer, and one that it makes before it decides."""
        if _REAL["deployer"].access_key_id not in self.headers.get("authorization", ""):
            return False
        action = parse_qs(self.body.decode("latin-1")).get("Action", [""])[0]
        return action in _READS or (self.method == "GET" and "/s3/" in self.headers["authorization"])


class Result(NamedTuple):
    """What became of one exchange."""

    status: int
    code: str
    """As the SDK of the protocol reads it out of the answer."""
    text: str
    refused: Sequence[Mapping[str, Any]]
    """Events of refusals."""
    calls: Sequence[Mapping[str, Any]]
    """Events of calls that went out."""
    visits: Sequence[Visit]
    """What reached the upstream, reads of the gate's own left out."""
    stray: int
    """Bytes that reached the upstream and were no whole request."""


class StandIn:
    """The upstream: a tier as the gate sees it, and a server that says yes to everything."""

    caller = f"arn:aws:iam::{ACCOUNT}:user/test"
    versions: Mapping[str, str] = {}

    def __init__(self, *, private: bool) -> None:
        self.account = ACCOUNT
        self.private = private
        self.acts_as_stack_role = False
        self.aws: AwsFacts | None = None
        self.visits: list[Visit] = []
        self.stray = 0
        self.reply: tuple[str, bytes] = ("application/json", b"{}")
        self.stacks: Mapping[str, Any] = {}
        """Stacks by name and objects by path, for the gate's own reads."""
        self._port = 0

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = int(server.sockets[0].getsockname()[1])
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                while True:
                    visit = await self._visit(reader)
                    self.visits.append(visit)
                    kind, body = self._own(visit) if visit.own else self.reply
                    status = "200 OK" if kind else "404 Not Found"
                    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind or 'text/plain'}\r\n"
                    cbor = "smithy-protocol: rpc-v2-cbor\r\n" if kind.endswith("cbor") else ""
                    writer.write(f"{head}{cbor}Content-Length: {len(body)}\r\n\r\n".encode())
                    writer.write(body if visit.method != "HEAD" else b"")
        except asyncio.IncompleteReadError as error:
            self.stray += len(error.partial)
        writer.close()

    @staticmethod
    async def _visit(reader: asyncio.StreamReader) -> Visit:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, target, _ = first.split(" ")
        body = b""
        if "transfer-encoding" in headers:
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Visit(method, target, headers, body)

    def _own(self, visit: Visit) -> tuple[str, bytes]:
        fields = parse_qs(visit.body.decode())
        if not fields:
            found = self.stacks.get("objects", {}).get(urlsplit(visit.target).path)
            return ("", b"") if found is None else ("text/plain", found.encode())
        action, stack = fields["Action"][0], self.stacks.get("stacks", {}).get(fields["StackName"][0])
        if stack is None:
            return "", b""
        inner = {
            "GetTemplate": f"<TemplateBody>{stack.get('template', '')}</TemplateBody>",
            "DescribeStacks": "<Stacks/>",
            "DescribeChangeSet": "<Status>FAILED</Status>",
            "ListStackResources": "<StackResourceSummaries>"
            + "".join(
                f"<member><ResourceType>{kind}</ResourceType><PhysicalResourceId>{name}</PhysicalResourceId></member>"
                for kind, name in stack.get("members", ())
            )
            + "</StackResourceSummaries>",
        }[action]
        return "text/xml", f"<R><{action}Result>{inner}</{action}Result></R>".encode()

    def admits(self, _aim: Aim, /) -> Decision:
        return ALLOWED

    def target(self, aim: Aim, /) -> Target:
        return Target(
            host="upstream.example", signing_name=aim.signing_name, region=aim.region, address=("127.0.0.1", self._port)
        )

    def credential(self, kind: str, _service: str, /) -> Credential:
        return _REAL[kind]

    async def mend(self, _denial: Denial, /) -> bool:
        return False

    async def function_session(self, access_key_id: str, _region: str) -> FunctionSession | None:
        if access_key_id != _FUNCTION.access_key_id:
            return None
        return FunctionSession(credential=_FUNCTION, function="test-worker", role="test-role")

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        return {}

    async def leftovers(self, _called: frozenset[tuple[str, str, str]], /) -> tuple[Leftover, ...]:
        return ()

    def death(self) -> str:
        return ""

    async def stop(self) -> None:
        return


class _Raw(io.BytesIO):
    """A body as urllib3 hands it to botocore."""

    def stream(self, *_args: object, **_options: object) -> Any:
        yield self.read()


class Gate:
    """A gate with the wall of a configuration, real clients for it, and one below any SDK."""

    _session = botocore.session.Session()
    _clients: ClassVar[dict[tuple[str, str], Any]] = {}
    """Making one takes longer than a hundred calls, so all gates have the same; what they send goes to `_current`."""
    _current: ClassVar[Gate]

    def __init__(self, folder: Path, models: Models, variant: str, stacks: Mapping[str, Any]) -> None:
        self.variant = variant
        self._events = folder / f"{variant}.jsonl"
        self.log = AppendLog(self._events)
        self.upstream = StandIn(private=variant != "shared")
        self.upstream.stacks = stacks
        self.config = load(cwd=folder, environ={}, overrides={"region": REGION, **VARIANTS[variant]})
        self._listener = Listener()
        self._runner = asyncio.Runner()
        self._runner.run(self._open(models))

    async def _open(self, models: Models) -> None:
        self._server = await self.upstream.open()
        await self._listener.bind("main")
        self.url = f"http://127.0.0.1:{self._listener.port('main')}"
        self.host = self.url.removeprefix("http://")
        self._listener.ports.add(_ENDPOINT)
        surrogates = Surrogates(_SECRET)
        self.parts = Parts(
            models=models,
            keys=RunKeys(_SECRET),
            surrogates=surrogates,
            rewriter=Rewriter(self.url, surrogates),
            upstream=self.upstream,
            seen=Seen(everything=self.upstream.private),
            pool=Pool(),
            recorder=Recorder(self.log),
            routes=discover("sandgate.routes", "ROUTE", Route),
            decide=lambda _call: ALLOWED,
            body_limit=1 << 20,
            ports=self._listener.ports,
            urls=self._listener.urls,
        )
        for kind in ("identity", "deployer", "surrogate"):  # a client may be older than this gate
            self.key(kind)
        self.wall = await build_wall(self.config, self.parts, NAMESPACE)
        self.parts.decide = self.wall.decide
        await self._listener.open(Pipeline(self.parts).handle)

    def close(self) -> None:
        """Close everything that was opened."""

        async def end() -> None:
            await self._listener.drain(1)
            self.parts.pool.close()
            self._server.close()
            await asyncio.sleep(0.01)

        self._runner.run(end())
        self._runner.close()
        self.log.close()

    # -- who calls ------------------------------------------------------------------------------------------------

    def key(self, kind: str) -> Credentials:
        """Credentials of `identity`, `deployer`, `surrogate` or `function`; `foreign` ones are not of this gate."""
        if kind == "foreign":
            return _FOREIGN
        found = {
            "identity": lambda: self.parts.keys.issue("main"),
            "deployer": lambda: self.parts.keys.issue("main", "deployer"),
            "surrogate": lambda: self.parts.surrogates.mint(_ROLE, "test-role/session"),
            "function": lambda: _FUNCTION,
        }[kind]()
        return Credentials(found.access_key_id, found.secret_access_key, found.session_token or None)

    def named(self, value: object) -> object:
        """A parameter with the namespace of this gate's run in place of `{ns}`."""
        space = f"{NAMESPACE}-" if self.config.isolation == "run" else ""
        return value.replace("{ns}", space) if isinstance(value, str) else value

    def client(self, service: str, kind: str = "identity") -> Any:
        """A boto3 client whose requests go to this gate over TCP, without a thread."""
        if (service, kind) not in self._clients:
            key = self.key(kind)
            client = self._session.create_client(
                service,
                region_name=REGION,
                endpoint_url=f"http://127.0.0.1:{_ENDPOINT}",
                aws_access_key_id=key.access_key,
                aws_secret_access_key=key.secret_key,
                aws_session_token=key.token,
                config=ClientConfig(
                    parameter_validation=False,
                    inject_host_prefix=False,
                    signature_version="s3v4" if service.startswith("s3") else "v4",
                    s3={"addressing_style": "path"},
                    retries={"total_max_attempts": 1},
                    proxies={},
                ),
            )
            carry: Any = _carry
            client.meta.events.register("before-send", carry)
            self._clients[service, kind] = client
        return self._clients[service, kind]

    # -- exchanges ------------------------------------------------------------------------------------------------

    def call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        kind: str = "identity",
        answer: object = None,
    ) -> Result:
        """What becomes of a call by boto3; `answer` is what the upstream says, as a JSON document or a text."""
        client = self.client(service, kind)
        Gate._current = self
        methods = client.meta.method_to_api_mapping
        method = next(name for name, api in methods.items() if api == operation)
        protocol = client.meta.service_model.resolved_protocol
        self.upstream.reply = _yes(protocol, operation, answer)
        before = self._mark()
        try:
            status = getattr(client, method)(**parameters)["ResponseMetadata"]["HTTPStatusCode"]
            code = text = ""
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        return self._since(before, status, code, text)

    def http(self, data: bytes, protocol: str) -> Result:
        """What becomes of raw bytes; the answer is read as clients of the protocol do.

        Args:
            data: the request.
            protocol: botocore's; `text` where the service is unknown, `plain` below HTTP.
        """
        self.upstream.reply = _yes(protocol, "")
        before = self._mark()
        status, headers, body = self._send(data)
        code, text = "", body.decode(errors="replace")
        if protocol == "text":
            code, _, text = text.strip().partition(": ")
        elif status >= 300 and protocol != "plain":
            answer = {"status_code": status, "headers": headers, "body": body}
            parser: Any = create_parser(protocol)
            error = parser.parse(answer, None)["Error"]
            code, text = error["Code"], error.get("Message", "")
        return self._since(before, status, code, text)

    def raw(
        self,
        *,
        method: str = "GET",
        path: str,
        service: str = "",
        kind: str = "identity",
        region: str = REGION,
        host: str = "",
        headers: Sequence[tuple[str, str]] = (),
        late: Sequence[tuple[str, str]] = (),
        body: str = "",
        send: str | None = None,
        framing: str | None = None,
        presigned: bool = False,
    ) -> bytes:
        """A request as bytes.

        Args:
            method: of HTTP.
            path: target, query included.
            service: signing name; empty for an unsigned request.
            kind: who signs.
            region: that it is signed for.
            host: Host header; empty for the gate's own.
            headers: signed ones.
            late: headers that are added after signing.
            body: what is signed.
            send: what is sent in its place.
            framing: header line in place of Content-Length.
            presigned: sign in the query.
        """
        named = {"Host": host or self.host, **dict(headers)}
        data, target = body.encode(), path
        if service:
            request = AWSRequest(method, f"http://{named['Host']}{path}", named, data)
            key = self.key(kind)
            if presigned:
                S3SigV4QueryAuth(key, service, region, expires=60).add_auth(request)
                target = str(request.url).removeprefix(f"http://{named['Host']}")
            else:
                (S3SigV4Auth if service == "s3" else SigV4Auth)(key, service, region).add_auth(request)
            named = dict(request.headers.items())
        out = data if send is None else send.encode()
        lines = [*named.items(), *late]
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        frame = f"Content-Length: {len(out)}\r\n" if framing is None else f"{framing}\r\n" if framing else ""
        return f"{method} {target} HTTP/1.1\r\n{head}{frame}\r\n".encode() + out

    def carry(self, request: Any) -> AWSResponse:
        """Send what botocore signed."""
        parts = urlsplit(request.url)
        body = request.body or b""
        data = body.encode() if isinstance(body, str) else bytes(body.read() if hasattr(body, "read") else body)
        named = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        # With awscrt botocore signs by that, which writes the host down itself, as `host`.
        named = {"Host": parts.netloc, **{name: value for name, value in named.items() if name.lower() != "host"}}
        if "Transfer-Encoding" in named:
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
        else:
            named["Content-Length"] = str(len(data))
        named.pop("Expect", None)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        status, headers, answer = self._send(f"{request.method} {target} HTTP/1.1\r\n{head}\r\n".encode() + data)
        said: Any = HeadersDict(headers)
        return AWSResponse(request.url, status, said, _Raw(answer))

    def _send(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        async def exchange() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._listener.port("main"))
            writer.write(data)
            writer.write_eof()
            try:
                got = await asyncio.wait_for(reader.read(), 120)
            finally:
                writer.close()  # else what is told of a gate that hangs is a socket that nobody closed
            for _ in range(3):  # whatever the gate still had for the upstream, it gets
                await asyncio.sleep(0)
            return got

        got = self._runner.run(exchange())
        head, _, body = got.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}, body

    def _mark(self) -> tuple[int, int, int]:
        return self.log.size, len(self.upstream.visits), self.upstream.stray

    def _since(self, before: tuple[int, int, int], status: int, code: str, text: str) -> Result:
        size, visits, stray = before
        events = list(read_log(self._events, start=size))
        return Result(
            status,
            code,
            text,
            [event for event in events if event["event"] == "refused"],
            [event for event in events if event["event"] == "call"],
            [visit for visit in self.upstream.visits[visits:] if not visit.own],
            self.upstream.stray - stray,
        )


def _carry(request: Any, **_unused: object) -> AWSResponse:
    return Gate._current.carry(request)


def _yes(protocol: str, operation: str, answer: object = None) -> tuple[str, bytes]:
    """An answer of success, that says nothing unless it is told to."""
    if protocol in _XML:
        inner = answer or f"<{operation or 'No'}Result/>"
        return "text/xml", f"<R>{inner}</R>".encode()
    if protocol.endswith("cbor"):
        return "application/cbor", b"\xa0"
    return "application/json", json.dumps(answer or {}).encode()
