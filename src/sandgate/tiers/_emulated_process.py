"""The process of the embedded AWS: where it lives, what it inherits, when it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandgate.errors import EnvironmentFault, RunError
from sandgate.tiers._model import TierContext
from sandgate.tiers._tail import tail
from sandgate.tiers._unix_http import UnixClient
from sandgate.wire.signing.credential import Credential

__all__ = ["ACCOUNT", "ROOT", "Place", "spawn", "wait_ready"]

ACCOUNT = "000000000000"
ROOT = Credential(access_key_id=ACCOUNT, secret_access_key="test")  # noqa: S106 - the emulator's own, worthless elsewhere
"""Any twelve digits are root for the emulator; the gate refuses such keys, and only the tier itself uses one."""
_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
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


async def spawn(python: Path, place: Place, context: TierContext) -> asyncio.subprocess.Process:
    """Start it in a session of its own, with nothing of the user's environment: function workers inherit it.

    Args:
        python: of the emulator's own environment.
        place: where it shall live.
        context: of the run.

    Raises:
        EnvironmentFault: that is no program.
    """
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
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
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


async def wait_ready(process: asyncio.subprocess.Process, place: Place) -> None:
    """Wait until it takes connections.

    Raises:
        RunError: it has ended, or takes longer than half a minute; its last lines are told.
    """
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
