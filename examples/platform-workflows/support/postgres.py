"""A real PostgreSQL for tests: on a free port, with TLS, and with a master that is no superuser, as on RDS."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import trustme
from pg8000.native import literal
from scripts.database_provision import ProvisionError, Server, connected, drop

__all__ = ["Postgres", "missing", "new_folder", "remove_server", "removed_at", "running"]

_HOST = "127.0.0.1"
_TRIES = 5
_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": _HOST,
    "unix_socket_directories": "",
    "ssl": "on",
    "ssl_cert_file": "server.pem",
    "ssl_key_file": "server.key",
    "log_statement": "all",
    "shared_buffers": "16MB",
    "max_connections": "20",
    # Its data is thrown away; nobody waits for a disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A server that runs."""

    master: Server
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What the server has written down, every statement among it."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


def missing() -> str:
    """Why no server can be started here, empty if one can."""
    return "" if _binaries() else "PostgreSQL is not installed: on Debian and Ubuntu, apt-get install postgresql"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Postgres]:
    """A server whose data is in a folder; both are gone afterwards.

    Args:
        folder: from `new_folder`.

    Raises:
        RuntimeError: it does not start.
    """
    binaries, user = _binaries(), _user()
    assert binaries is not None
    admin = secrets.token_hex(16)
    data = _made(folder, binaries, admin, user)
    process: subprocess.Popen[bytes] | None = None
    try:
        process, port = _started(binaries, data, folder, user)
        yield Postgres(master=_master(folder, port, admin, process), folder=folder, process=process)
    finally:
        if process is not None:
            _stopped(process)
        shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """An empty folder that the server's user may get at."""
    # Other users may not look into the folder that pytest makes for root.
    folder = Path(tempfile.mkdtemp(prefix="platform-postgres-", dir="/tmp" if os.geteuid() == 0 else None))
    _give(folder)
    return folder


def remove_server(folder: Path) -> None:
    """End a server that nobody ended, and remove its data."""
    binaries = _binaries()
    if binaries is not None and (folder / "data" / "postmaster.pid").exists():
        stop = [str(binaries / "pg_ctl"), "stop", "-D", str(folder / "data"), "-m", "immediate", "-w", "-s"]
        subprocess.run(stop, user=_user(), cwd="/", check=False, capture_output=True, timeout=_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


def removed_at(server: Server | None) -> Callable[[Mapping[str, str]], bool]:
    """Removes what `support.leftovers` has found: any server of tests, and databases with their roles at one server.

    Args:
        server: where databases are dropped; those of servers of tests go with them.
    """

    def remove(entry: Mapping[str, str]) -> bool:
        if entry["kind"] == "server":
            remove_server(Path(entry["folder"]))
        elif entry.get("on"):
            return True  # it goes with the folder
        elif server is None or entry["at"] != f"{server.host}:{server.port}":
            return False
        else:
            drop(server, database=entry["database"], username=entry["username"])
        return True

    return remove


def _binaries() -> Path | None:
    """The newest server of this machine; Debian keeps servers out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    places = [path.parent for path in found] or ([Path(on_path).resolve().parent] if on_path else [])
    return next((place for place in reversed(places) if (place / "initdb").exists()), None)


def _user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _give(path: Path) -> None:
    if (user := _user()) is not None:
        shutil.chown(path, user)


def _made(folder: Path, binaries: Path, admin: str, user: str | None) -> Path:
    """The folder of the data, with certificate and rules."""
    authority = trustme.CA()
    certificate = authority.issue_cert(_HOST, "localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "password").write_text(admin)
    _give(folder / "password")
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "rdsadmin", "--pwfile", folder / "password", "-A", "scram-sha-256",
         "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"],
        user=user, cwd="/", check=True, capture_output=True, timeout=_SECONDS,
    )  # fmt: skip
    certificate.cert_chain_pems[0].write_to_path(data / "server.pem")
    certificate.private_key_pem.write_to_path(data / "server.key")
    (data / "server.key").chmod(0o600)
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    for name in ("server.pem", "server.key", "pg_hba.conf"):
        _give(data / name)
    return data


def _started(binaries: Path, data: Path, folder: Path, user: str | None) -> tuple[subprocess.Popen[bytes], int]:
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    for _ in range(_TRIES):
        port = _free_port()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), *settings],
                user=user,
                cwd="/",
                stdout=log,
                stderr=log,
            )
        if _listens(process, port):
            return process, port
        said = (folder / "log").read_text(errors="replace")
        if "Address already in use" not in said:
            raise RuntimeError(f"PostgreSQL does not start:\n{said}")
    raise RuntimeError("no free port")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_HOST, 0))
        return int(one.getsockname()[1])


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return True
        time.sleep(0.05)
    _stopped(process)
    return False


def _stopped(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # "fast": connections are ended (PostgreSQL, "Shutting Down the Server")
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _master(folder: Path, port: int, admin: str, process: subprocess.Popen[bytes]) -> Server:
    """The master: may make roles and databases, and is no superuser."""
    bootstrap = Server(host=_HOST, port=port, username="rdsadmin", password=admin, ca_file=str(folder / "ca.pem"))
    password = secrets.token_hex(16)
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            with connected(bootstrap) as connection:
                connection.run(f"CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD {literal(password)}")
            break
        except ProvisionError:  # it listens before it takes anybody in
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    return Server(host=_HOST, port=port, username="master", password=password, ca_file=str(folder / "ca.pem"))
