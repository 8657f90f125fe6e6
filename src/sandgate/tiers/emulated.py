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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sandgate.errors import EnvironmentFault, RunError
from sandgate.tiers._leftovers import list_resources
from sandgate.tiers._model import FunctionSession, Leftover, Target, Tier, TierContext
from sandgate.tiers._unix_http import UnixClient
from sandgate.tiers._venv import ensure_environment
from sandgate.wire.signing.credential import Credential

__all__ = ["TIER"]

ACCOUNT = "000000000000"
_READY_SECONDS = 30.0
_ROOT = Credential(access_key_id=ACCOUNT, secret_access_key="test")  # noqa: S106 - the emulator's own, worthless elsewhere
"""Any twelve digits are root for the emulator; the gate refuses such keys, and only the tier itself uses one."""
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_NO_IAM = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
_POLICIES = {"identity": (_EVERYTHING, _NO_IAM), "deployer": (_EVERYTHING,)}


def requirements(version: str) -> tuple[str, ...]:
    """What the emulator's environment holds, in one resolve."""
    return (f"ministack=={version}", "aws-sam-translator", "cryptography", "uvicorn", "httptools", "uvloop")


@dataclass(kw_only=True)
class _Emulated:
    """The running emulator."""

    process: asyncio.subprocess.Process
    socket: str
    host: str
    region: str
    log: Path
    tmp: Path
    credentials: Mapping[str, Credential]
    account: str
    caller: str
    versions: Mapping[str, str]
    baseline: frozenset[Leftover]
    _sessions: dict[str, FunctionSession]

    def target(self, service: str, signing_name: str, region: str) -> Target:
        """Everything goes to the one socket, signed for the gate's own address."""
        return Target(host=self.host, signing_name=signing_name, region=region or self.region, unix=self.socket)

    def credential(self, kind: str, service: str) -> Credential:
        """The emulator's IAM users, one for each kind."""
        return self.credentials[kind]

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
        client = self._client(region)
        found: dict[str, FunctionSession] = {}
        try:
            marker = ""
            while True:
                status, data = client.rest("lambda", "/2015-03-31/functions/", f"Marker={marker}" if marker else "")
                if status != 200:  # noqa: PLR2004
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

    def _client(self, region: str) -> UnixClient:
        return UnixClient(self.socket, host=self.host, credential=_ROOT, region=region)

    async def leftovers(self) -> tuple[Leftover, ...]:
        """Everything that was not there at the start."""
        found = await asyncio.to_thread(self._list)
        return tuple(sorted(found - self.baseline, key=lambda left: (left.type, left.name)))

    def _list(self) -> frozenset[Leftover]:
        client = self._client(self.region)
        try:
            return frozenset(list_resources(client))
        finally:
            client.close()

    def death(self) -> str:
        """Why the emulator is gone."""
        if self.process.returncode is None:
            return ""
        return f"the emulator ended with status {self.process.returncode}; its last lines:\n{_tail(self.log)}"

    async def stop(self) -> None:
        """Kill the whole process group: function workers are in it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        shutil.rmtree(self.tmp, ignore_errors=True)


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
    name = "ministack-" + hashlib.sha256("\n".join(requirements(version)).encode()).hexdigest()[:10]
    python = await asyncio.to_thread(
        ensure_environment, context.cache_dir, f"{name}-{version}", requirements(version), context.progress
    )
    context.progress("starting the emulator")
    socket = str(context.work_dir / "aws.sock")
    tmp = context.work_dir / "tmp"
    tmp.mkdir(mode=0o700)
    log = context.run_dir / "emulator.log"
    process = await _spawn(python, socket, tmp, log, context)
    host = f"{context.gate_host}:{context.gate_port}"
    try:
        await _wait_ready(process, socket, log)
        return await asyncio.to_thread(partial(_provision, process, socket, host, log, tmp, context, version))
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise


async def _spawn(python: Path, socket: str, tmp: Path, log: Path, context: TierContext) -> asyncio.subprocess.Process:
    """Start it in a session of its own, with nothing of the user's environment: function workers inherit it."""
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(tmp),
        "TMPDIR": str(tmp),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AUTH": "true",
        "GATEWAY_PORT": str(context.gate_port),
        "MINISTACK_HOST": context.gate_host,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": context.config.region,
        "AWS_ENDPOINT_URL": f"http://{context.gate_host}:{context.gate_port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "S3_DATA_DIR": str(tmp / "s3"),
        "STATE_DIR": str(tmp / "state"),
        "NO_PROXY": "127.0.0.1,localhost",
        "DOCKER_HOST": f"unix://{tmp}/no-docker.sock",
    }
    script = Path(__file__).with_name("_emulator.py")
    with log.open("wb") as output:
        try:
            return await asyncio.create_subprocess_exec(
                str(python),
                "-I",
                str(script),
                socket,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=environ,
                cwd=tmp,
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentFault(f"cannot start the emulator: {error.strerror}", where=str(python)) from error


async def _wait_ready(process: asyncio.subprocess.Process, socket: str, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise RunError(f"the emulator ended with status {process.returncode} while starting:\n{_tail(log)}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(socket)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise RunError(f"the emulator was not ready after {_READY_SECONDS:.0f} s; its last lines:\n{_tail(log)}")


def _provision(
    process: asyncio.subprocess.Process,
    socket: str,
    host: str,
    log: Path,
    tmp: Path,
    context: TierContext,
    version: str,
) -> _Emulated:
    """Create the tests' identity and the deployer: nothing of ours passes as root."""
    region = context.config.region
    client = UnixClient(socket, host=host, credential=_ROOT, region=region)
    credentials: dict[str, Credential] = {}
    try:
        for kind, statements in _POLICIES.items():
            user = f"sandgate-{kind}"
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            client.query("iam", "CreateUser", "2010-05-08", UserName=user)
            client.query(
                "iam", "PutUserPolicy", "2010-05-08", UserName=user, PolicyName="sandgate", PolicyDocument=document
            )
            key = client.query("iam", "CreateAccessKey", "2010-05-08", UserName=user)
            credentials[kind] = Credential(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
        asker = UnixClient(socket, host=host, credential=credentials["identity"], region=region)
        caller = asker.query("sts", "GetCallerIdentity", "2011-06-15")
        asker.close()
        baseline = frozenset(list_resources(client))
    finally:
        client.close()
    return _Emulated(
        process=process,
        socket=socket,
        host=host,
        region=region,
        log=log,
        tmp=tmp,
        credentials=credentials,
        account=caller["Account"],
        caller=caller["Arn"],
        versions={"ministack": version},
        baseline=baseline,
        _sessions={},
    )


def _tail(log: Path, lines: int = 15) -> str:
    try:
        text = log.read_bytes()[-16384:].decode("utf-8", "replace")
    except OSError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (the log is empty)"


TIER = Tier(
    name="emulated",
    summary="an embedded AWS on this machine, started for the run and gone after it",
    capabilities=(
        "verifies signatures and enforces IAM",
        "CloudFormation and SAM, API Gateway with Lambda authorizers, Cognito, Lambda without Docker",
        "needs no network once its environment is made",
    ),
    limits=(
        "an http endpoint on an IP address: S3 is path style, unseekable upload bodies fail in boto3, host prefixes "
        "must be off (AWS_DISABLE_HOST_PREFIX_INJECTION=true is set)",
        "batch calls, PartiQL and ReEncrypt are authorised by the emulator under the literal operation name",
        "SigV4A, HTTP/2 event streams and WebSockets are refused",
        "functions run in the emulator's own Python, whatever runtime the template asks for",
    ),
    start=_start,
)
