"""The default tier: an embedded AWS on a unix socket, with signatures and IAM on, private to one run."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from sandgate.config.also_options import WHO_AM_I
from sandgate.core.call import ALLOWED, Decision
from sandgate.errors import EnvironmentFault, RunError
from sandgate.iam.document import Document, Statement, to_json
from sandgate.tiers._leftovers import LISTING_ERRORS, called_services, list_service, unlisted
from sandgate.tiers._model import Aim, AwsFacts, Denial, FunctionSession, Leftover, Second, Target, Tier, TierContext
from sandgate.tiers._rules import SigningRules
from sandgate.tiers._tail import tail
from sandgate.tiers._translate import translate
from sandgate.tiers._unix_http import UnixClient
from sandgate.tiers._venv import emulator_python
from sandgate.wire.signing.credential import Credential

__all__ = ["TIER"]

_ACCOUNT = "000000000000"
_OTHER = "111122223333"
_IAM = "2010-05-08"
_OK = 200
_READY_SECONDS = 30.0
_ROOT = Credential(access_key_id=_ACCOUNT, secret_access_key="test")  # noqa: S106 - the emulator's own, worthless elsewhere
"""Any twelve digits are root for the emulator; the gate refuses such keys, and only the tier itself uses one."""
_OTHER_ROOT = Credential(access_key_id=_OTHER, secret_access_key="test")  # noqa: S106 - likewise
_API, _API_PATH = "execute-api", "/_aws/execute-api/"
_EVERYTHING = Statement(effect="Allow", actions=("*",), resources=("*",))
_NO_IAM = Statement(effect="Deny", actions=("iam:*",), resources=("*",))
_OWN = frozenset(Leftover(type="AWS::IAM::User", name=f"sandgate-{kind}") for kind in ("identity", "deployer"))
_UNGUARDED = {
    "identity": Document(statements=(_EVERYTHING, _NO_IAM)),
    "deployer": Document(statements=(_EVERYTHING,)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where one emulator lives."""

    socket: str
    lent: str
    """The socket on which it takes those of clients."""
    host: str
    """What it believes to be its own address: the gate's."""
    region: str
    log: Path
    tmp: Path

    def client(self, credential: Credential, region: str = "") -> UnixClient:
        """A caller of this emulator."""
        return UnixClient(self.socket, host=self.host, credential=credential, region=region or self.region)


@dataclass(kw_only=True)
class _Emulated:
    """The running emulator."""

    process: asyncio.subprocess.Process
    place: _Place
    rules: SigningRules
    credentials: Mapping[str, Credential]
    account: str
    caller: str
    versions: Mapping[str, str]
    private: bool = True
    acts_as_stack_role: bool = False
    """It acts as root for members."""
    aws: AwsFacts | None = None
    _sessions: dict[str, FunctionSession] = field(default_factory=dict)

    def admits(self, _aim: Aim, /) -> Decision:
        """The emulator answers for itself what it does not have."""
        return ALLOWED

    def target(self, aim: Aim, /) -> Target:
        """Everything goes to the one socket, signed for the gate's own address."""
        name, signed_for = self.rules.scope(aim.service, aim.signing_name, aim.region or self.place.region)
        return Target(
            host=self.place.host,
            signing_name=name,
            region=signed_for,
            unix=self.place.socket,
            lent=self.place.lent,
            path=_path_of_api(aim),
        )

    def credential(self, kind: str, _service: str, /) -> Credential:
        """The emulator's IAM users, one for each kind."""
        return self.credentials[kind]

    async def mend(self, _denial: Denial, /) -> bool:
        """Its keys do not expire, and its clock is ours."""
        return False

    async def function_session(self, access_key_id: str, region: str) -> FunctionSession | None:
        """Derive the sessions of all functions of a region, as the emulator does, and look for the key.

        The emulator hashes function and role ARN; being guessable, this attributes a call and proves nothing.
        """
        if not access_key_id.startswith("ASIA"):
            return None
        if access_key_id not in self._sessions:
            self._sessions.update(await asyncio.to_thread(self._derive_sessions, region))
        return self._sessions.get(access_key_id)

    def _derive_sessions(self, region: str) -> dict[str, FunctionSession]:
        client = self.place.client(_ROOT, region)
        found: dict[str, FunctionSession] = {}
        try:
            marker = ""
            while True:
                status, data = client.rest("lambda", "/2015-03-31/functions/", f"Marker={marker}" if marker else "")
                if status != _OK:
                    return found
                page = json.loads(data)
                for function in page.get("Functions", ()):
                    session = _session(str(function.get("FunctionArn", "")), str(function.get("Role", "")))
                    found[session.credential.access_key_id] = session
                marker = page.get("NextMarker") or ""
                if not marker:
                    return found
        finally:
            client.close()

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        """It ends with its run."""
        return {}

    async def leftovers(self, called: frozenset[tuple[str, str, str]], /) -> tuple[Leftover, ...]:
        """Everything but the two users that the tier made: an emulator starts empty."""
        found = await asyncio.to_thread(self._list, called)
        return tuple(sorted(found - _OWN, key=lambda left: (left.type, left.name)))

    def _list(self, called: frozenset[tuple[str, str, str]]) -> frozenset[Leftover]:
        found = set(unlisted(called))
        for region, services in called_services(called).items():
            client = self.place.client(_ROOT, region)
            try:
                for service in services:
                    found.update(_listed(client, service))
            finally:
                client.close()
        return frozenset(found)

    def death(self) -> str:
        """Why the emulator is gone."""
        if self.process.returncode is None:
            return ""
        return f"the emulator ended with status {self.process.returncode}; its last lines:\n{tail(self.place.log)}"

    async def stop(self) -> None:
        """Kill the whole process group: function workers are in it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        shutil.rmtree(self.place.tmp, ignore_errors=True)


def _path_of_api(aim: Aim) -> str | None:
    """The emulator knows an API by its host only below its own; a host of AWS names it to the gate."""
    if aim.service != _API or not aim.data_plane or aim.path.startswith(_API_PATH):
        return None
    return f"{_API_PATH}{aim.parameters['api']}{aim.path}"


def _listed(client: UnixClient, service: str) -> list[Leftover]:
    try:
        return list(list_service(client, service))
    except LISTING_ERRORS as error:
        client.close()
        return [Leftover(type="", name=service, unknown=str(error) or type(error).__name__)]


def _session(function_arn: str, role_arn: str) -> FunctionSession:
    digest = hashlib.sha256(f"{function_arn}:{role_arn}".encode()).hexdigest()
    credential = Credential(
        access_key_id=f"ASIA{digest[:16].upper()}",
        secret_access_key=hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
        session_token=hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
    )
    return FunctionSession(
        credential=credential, function=function_arn.rpartition(":function:")[2], role=role_arn.rpartition("/")[2]
    )


async def _start(context: TierContext) -> _Emulated:
    version = context.config.ministack_version
    python = await asyncio.to_thread(emulator_python, context.cache_dir, version, context.progress)
    context.progress("starting the emulator")
    place = _Place(
        socket=str(context.work_dir / "aws.sock"),
        lent=str(context.work_dir / "out.sock"),
        host=f"{context.gate_host}:{context.gate_port}",
        region=context.config.region,
        log=context.run_dir / "emulator.log",
        tmp=context.work_dir / "tmp",
    )
    place.tmp.mkdir(mode=0o700)
    process = await _spawn(python, place, context)
    try:
        # The emulator takes its time to start: the documents cost a run nothing.
        documents, _ = await asyncio.gather(asyncio.to_thread(_documents, context), _wait_ready(process, place))
        rules = await asyncio.to_thread(SigningRules.load, context.cache_dir)
        provisioned = await asyncio.to_thread(_provision, place, documents)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return _Emulated(process=process, place=place, rules=rules, versions={"ministack": version}, **provisioned)


async def _spawn(python: Path, place: _Place, context: TierContext) -> asyncio.subprocess.Process:
    """Start it in a session of its own, with nothing of the user's environment: function workers inherit it."""
    environ = {
        **context.functions,
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(place.tmp),
        "TMPDIR": str(place.tmp),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AUTH": "true",
        "GATEWAY_PORT": str(context.gate_port),
        "MINISTACK_HOST": context.gate_host,
        "MINISTACK_ACCOUNT_ID": _ACCOUNT,
        "MINISTACK_REGION": place.region,
        "AWS_ENDPOINT_URL": f"http://{place.host}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "S3_DATA_DIR": str(place.tmp / "s3"),
        "STATE_DIR": str(place.tmp / "state"),
        "NO_PROXY": "127.0.0.1,localhost",
        "DOCKER_HOST": f"unix://{place.tmp}/no-docker.sock",
    }
    script = Path(__file__).with_name("_emulator.py")
    with place.log.open("wb") as output:
        try:
            return await asyncio.create_subprocess_exec(
                str(python), "-I", str(script), place.socket,
                stdin=subprocess.PIPE, stdout=output, stderr=output, env=environ, cwd=place.tmp, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EnvironmentFault(f"cannot start the emulator: {error.strerror}", where=str(python)) from error


async def _wait_ready(process: asyncio.subprocess.Process, place: _Place) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise RunError(f"the emulator ended with status {process.returncode} while starting:\n{tail(place.log)}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(place.socket)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise RunError(f"the emulator was not ready after {_READY_SECONDS:.0f} s; its last lines:\n{tail(place.log)}")


class _Provisioned(TypedDict):
    credentials: Mapping[str, Credential]
    account: str
    caller: str


def _documents(context: TierContext) -> Mapping[str, Document]:
    """What the users may do, by kind, as the emulator has to be told it."""
    if context.policy_for is None:
        return _UNGUARDED
    return {kind: _translated(document, kind) for kind, document in context.policy_for(_ACCOUNT).items()}


def _provision(place: _Place, documents: Mapping[str, Document]) -> _Provisioned:
    """Create the tests' identity and the deployer: nothing of ours passes as root."""
    client = place.client(_ROOT)
    credentials: dict[str, Credential] = {}
    try:
        for kind, policy in documents.items():
            user = f"sandgate-{kind}"
            document = to_json(policy, indent=None)
            client.query("iam", "CreateUser", _IAM, UserName=user)
            client.query("iam", "PutUserPolicy", _IAM, UserName=user, PolicyName="sandgate", PolicyDocument=document)
            key = client.query("iam", "CreateAccessKey", _IAM, UserName=user)
            credentials[kind] = Credential(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
        asker = place.client(credentials["identity"])
        caller = asker.query("sts", "GetCallerIdentity", "2011-06-15")
        asker.close()
    finally:
        client.close()
    return {"credentials": credentials, "account": caller["Account"], "caller": caller["Arn"]}


def _second(context: TierContext, upstream: _Emulated) -> Second:
    """A user of another account, which may say who it is."""
    client = upstream.place.client(_OTHER_ROOT)
    user = "sandgate-also"
    try:
        made = client.query("iam", "CreateUser", _IAM, UserName=user)
        actions = (WHO_AM_I, *context.config.also_allow)
        document = Document(statements=(Statement(effect="Allow", actions=actions, resources=("*",)),))
        policy = to_json(document, indent=None)
        client.query("iam", "PutUserPolicy", _IAM, UserName=user, PolicyName="sandgate", PolicyDocument=policy)
        key = client.query("iam", "CreateAccessKey", _IAM, UserName=user)
    finally:
        client.close()
    credential = Credential(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    return Second(account=_OTHER, caller=made["Arn"], fetch=lambda: credential)


def _translated(document: Document, kind: str = "identity") -> Document:
    """What the emulator's IAM has to be told so that it allows what the document allows."""
    user = f"sandgate-{kind}"
    variables = {
        "aws:principalaccount": _ACCOUNT,
        "aws:principalarn": f"arn:aws:iam::{_ACCOUNT}:user/{user}",
        "aws:principaltype": "User",
        "aws:username": user,
    }
    return translate(document, variables=variables)


TIER = Tier(
    name="emulated",
    summary="an embedded AWS on this machine, started for the run and gone after it",
    capabilities=(
        "verifies signatures and enforces IAM",
        "CloudFormation and SAM, API Gateway with Lambda authorizers, Cognito, Lambda without Docker",
        "needs no network once its environment is made",
    ),
    limits=(
        (
            "an http endpoint on an IP address: S3 is path style, unseekable uploads fail in boto3, host prefixes "
            "must be off (AWS_DISABLE_HOST_PREFIX_INJECTION=true is set)"
        ),
        (
            "its own IAM differs from AWS's; the identity's policy there is translated, and the gate judges by the "
            "original (docs/explanation/two-judges.md)"
        ),
        "SigV4A, HTTP/2 event streams and WebSockets are refused",
        "functions run in the emulator's own Python, whatever runtime the template asks for",
    ),
    start=_start,
    second=_second,
    ends_with_run=True,
    guard_optional=True,
    emulates=True,
    translate=_translated,
)
