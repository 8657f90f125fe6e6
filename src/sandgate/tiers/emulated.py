"""The default tier: an embedded AWS on a unix socket, with signatures and IAM on, private to one run."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandgate.core.call import ALLOWED, Decision
from sandgate.tiers._emulated_process import ROOT, Place, spawn, wait_ready
from sandgate.tiers._emulated_users import OWN, other_user, policies, provision, translated
from sandgate.tiers._leftovers import LISTING_ERRORS, called_services, list_service, unlisted
from sandgate.tiers._model import Aim, AwsFacts, Denial, FunctionSession, Leftover, Second, Target, Tier, TierContext
from sandgate.tiers._rules import SigningRules
from sandgate.tiers._tail import tail
from sandgate.tiers._unix_http import UnixClient
from sandgate.tiers._venv import emulator_python
from sandgate.wire.signing.credential import Credential

__all__ = ["TIER"]

_OK = 200
_API, _API_PATH = "execute-api", "/_aws/execute-api/"


@dataclass(kw_only=True)
class _Emulated:
    """The running emulator."""

    process: asyncio.subprocess.Process
    place: Place
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
        client = self.place.client(ROOT, region)
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
        return tuple(sorted(found - OWN, key=lambda left: (left.type, left.name)))

    def _list(self, called: frozenset[tuple[str, str, str]]) -> frozenset[Leftover]:
        found = set(unlisted(called))
        for region, services in called_services(called).items():
            client = self.place.client(ROOT, region)
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
    place = Place(
        socket=str(context.work_dir / "aws.sock"),
        lent=str(context.work_dir / "out.sock"),
        host=f"{context.gate_host}:{context.gate_port}",
        region=context.config.region,
        log=context.run_dir / "emulator.log",
        tmp=context.work_dir / "tmp",
    )
    place.tmp.mkdir(mode=0o700)
    process = await spawn(python, place, context)
    try:
        # The emulator takes its time to start: the documents cost a run nothing.
        documents, _ = await asyncio.gather(asyncio.to_thread(policies, context), wait_ready(process, place))
        rules = await asyncio.to_thread(SigningRules.load, context.cache_dir)
        provisioned = await asyncio.to_thread(provision, place, documents)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return _Emulated(process=process, place=place, rules=rules, versions={"ministack": version}, **provisioned)


def _second(context: TierContext, upstream: _Emulated) -> Second:
    return other_user(context, upstream.place)


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
    translate=translated,
)
