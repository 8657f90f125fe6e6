"""The emulator behind the front: signatures checked, IAM enforced, on a socket that only its owner reaches."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

from sandgate.config.load import load
from sandgate.session import cache_directory
from sandgate.tiers import _emulator
from sandgate.tiers._venv import emulator_python

__all__ = ["Emulator", "cache_folder"]

_SECONDS = 60.0
_SERVE = Path(__file__).with_name("emulation") / "serve.py"


class Emulator:
    """One process, and the folder that its socket is in.

    Args:
        account: its own account id.
        root: access key and secret of the root user of that account.
        region: where functions and the like are that nobody says a region for.
        port: of this machine, where functions that run in it find AWS; it believes that it listens there.
    """

    def __init__(self, *, account: str, root: tuple[str, str], region: str, port: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="si-"))
        self.socket = str(self._folder / "s")
        tmp = self._folder / "t"
        tmp.mkdir()
        environ = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": str(tmp), "TMPDIR": str(tmp), "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1", "AUTH": "true", "GATEWAY_PORT": str(port), "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": account, "MINISTACK_REGION": region, "AWS_ACCESS_KEY_ID": root[0],
            "AWS_SECRET_ACCESS_KEY": root[1], "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "S3_DATA_DIR": str(tmp / "s3"),
            "STATE_DIR": str(tmp / "state"), "DOCKER_HOST": f"unix://{tmp}/no-docker.sock",
        }  # fmt: skip
        self._log = self._folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(_python()), "-I", str(_SERVE), self.socket, str(_emulator.__file__)],
                env=environ, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=tmp, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self.socket)
                return
            time.sleep(0.01)
        raise AssertionError(f"the emulator did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it, and everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def cache_folder() -> Path:
    """Where the environment of the emulator is kept."""
    return cache_directory(load(cwd=Path(__file__).parent, environ={}, overrides={}))


@cache
def _python() -> Path:
    config = load(cwd=Path(__file__).parent, environ={}, overrides={})
    return emulator_python(cache_directory(config), config.ministack_version, lambda _text: None)
