"""The front end's composition root: start a gate, hand out its keys, end the run and judge it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
from dotenv import dotenv_values

from sandgate.config.model import Config
from sandgate.control.client import ControlClient
from sandgate.control.launch import end, hang_up, let_go, make_work_dir, name_work_dir, spawn, wait_gone, wait_ready
from sandgate.core.environment import ChildFacts, changes, child_environment, without_credentials
from sandgate.core.ids import new_namespace, new_run_id, worker_namespace
from sandgate.errors import EnvironmentFault, RunError, SandgateError, UsageError

__all__ = ["Clients", "Progress", "Run", "cache_directory", "join", "reopen", "resume", "start"]

_NOT_FROM_OUTSIDE = {"profile": None, "ca_bundle": None, "defaults_mode": "legacy"}
"""Settings of botocore that a variable can break before the first call, and what they are instead."""

_LINES_AT_ONCE = 100
"""Of a ledger, in one message."""

Clients = Callable[[str], Any]
Progress = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Run:
    """A run, seen from a front end: the one that started it, or one that joined it."""

    id: str
    directory: Path
    """`.sandgate/runs/<id>`: events, receipt, logs."""
    config: Config
    tier: str
    account: str
    caller: str
    region: str
    gate_url: str
    namespace: str
    cache_dir: Path
    owner: bool
    """Whether this front end started the gate and must stop it."""
    started_at: float
    ready_at: float
    versions: Mapping[str, str] = field(default_factory=dict)
    _work_dir: Path = field(repr=False)
    _control: ControlClient = field(repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _inlet: str = field(default="", repr=False)
    """Where ports are handed over, in a network namespace of its own."""

    # -- for children ---------------------------------------------------------------------------------------------

    def facts(self, worker: str = "main") -> ChildFacts:
        """What a child of that worker must know; its key and port are the same each time."""
        key = self._control.request("key", worker=worker, kind="identity")
        return ChildFacts(
            gate_url=self.url_of(worker),
            access_key_id=str(key["access_key_id"]),
            secret_access_key=str(key["secret_access_key"]),
            region=self.region,
            run_dir=str(self.directory),
            worker=worker,
            namespace=self.namespace_of(worker),
            empty_file=str(self.directory / "empty"),
            variables=self.config.variables,
            env_file_keys=self._env_file_keys() | _key_names(self.config),
        )

    def environment(self, environ: Mapping[str, str], worker: str = "main") -> dict[str, str]:
        """The whole environment for a child process."""
        return child_environment(environ, self.facts(worker))

    def changes(self, environ: Mapping[str, str], worker: str = "main") -> dict[str, str | None]:
        """What a shell must set and unset (`None`)."""
        return changes(environ, self.facts(worker))

    def _env_file_keys(self) -> frozenset[str]:
        path = self.config.env_path
        return frozenset(dotenv_values(path, interpolate=False)) if path.is_file() else frozenset()

    def url_of(self, worker: str) -> str:
        """The gate's address for a parallel worker: a port of its own, so that its unsigned calls are known too."""
        if worker == "main":
            return self.gate_url
        url = str(self._control.request("port", worker=worker)["url"])
        if self._inlet:
            _hand_over(self._inlet, worker, url)
        return url

    def namespace_of(self, worker: str) -> str:
        """The namespace of a parallel worker."""
        return worker_namespace(self.namespace, worker)

    # -- clients --------------------------------------------------------------------------------------------------

    def clients(self, worker: str = "main") -> Clients:
        """boto3 clients as the tests' identity."""
        return self._clients("identity", worker)

    def deployer_clients(self) -> Clients:
        """boto3 clients as the deployer, for stack commands and nothing else."""
        return self._clients("deployer", "main")

    def boto_session(self, kind: str = "identity", worker: str = "main") -> Any:
        """A boto3 session with the run key of that kind."""
        import boto3  # noqa: PLC0415 - a fifth of a second that only runs which use it pay
        from botocore.config import Config as ClientConfig  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        key = self._control.request("key", worker=worker, kind=kind)
        # A front end lives in the user's environment: no profile, proxy or switch in it may turn us away from the gate.
        core = Session(session_vars={name: (None, None, value, None) for name, value in _NOT_FROM_OUTSIDE.items()})
        for name in ("config_file", "credentials_file"):
            core.set_config_variable(name, str(self.directory / "empty"))
        core.set_default_client_config(
            ClientConfig(proxies={}, use_fips_endpoint=False, use_dualstack_endpoint=False, inject_host_prefix=False)
        )
        return boto3.Session(
            botocore_session=core,
            aws_access_key_id=str(key["access_key_id"]),
            aws_secret_access_key=str(key["secret_access_key"]),
            region_name=self.region,
        )

    def _clients(self, kind: str, worker: str) -> Clients:
        session = self.boto_session(kind, worker)
        url = self.url_of(worker)
        made: dict[str, Any] = {}

        def client(service: str) -> Any:
            if service not in made:
                made[service] = session.client(service, endpoint_url=url)
            return made[service]

        return client

    @property
    def artifact_bucket(self) -> str:
        """Name of the bucket that stack commands upload to; it is removed when the run ends."""
        return f"{self.config.prefix[0]}-{self.namespace}-artifacts"

    # -- control --------------------------------------------------------------------------------------------------

    def set_test(self, test_id: str, worker: str = "main") -> None:
        """Tell the gate which test a worker runs now; costs one write."""
        self._control.notify("test", worker=worker, id=test_id)

    def note(self, event: str, **fields: object) -> None:
        """Write an event of the front end into the run's log."""
        self._control.request("event", event=event, **fields)

    def mark(self) -> int:
        """Where the next event of the run's log begins; all calls that were answered by now stand before it."""
        return int(self._control.request("mark")["offset"])

    def open_door(self) -> tuple[Path, Path]:
        """Let an isolated command reach the gate.

        Returns:
            The folder of the sockets for it, and a private one that ends with the gate.
        """
        return Path(str(self._control.request("door")["folder"])), self._work_dir

    def status(self) -> Mapping[str, Any]:
        """Counters of the gate, and whether its upstream lives."""
        return self._control.request("status")

    def note_in_ledger(self, lines: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """Have the gate write lines of a sweep into the ledger.

        Args:
            lines: kind and fields of each.

        Raises:
            RunError: they could not be written.
        """
        for at in range(0, len(lines), _LINES_AT_ONCE):
            if not self._control.request("ledger", lines=lines[at : at + _LINES_AT_ONCE])["written"]:
                raise RunError("the ledger cannot be written", where=str(self.directory), hint="make room on the disk")

    def leftovers(self) -> list[Mapping[str, str]]:
        """What is still there that was not there at the start."""
        return list(self._control.request("leftovers")["leftovers"])

    def stop(self, reason: str = "stopped") -> Mapping[str, Any]:
        """Stop the gate; what is in flight is finished.

        Returns:
            The last status.
        """
        status = self._control.request("stop", reason=reason)
        self._control.close()
        if self._process is not None:
            let_go(self._process)
        else:
            wait_gone(self.directory / "run.json")
        return status

    def leave(self) -> None:
        """Hang up and let the run go on, as one that was joined must."""
        self._control.close()

    def close(self) -> None:
        """Let go of the run; a gate of our own that was not stopped yet is stopped, without a verdict."""
        if self._process is None:
            self._control.close()
        elif self._process.returncode is None:
            try:
                self.stop("ended early")
            except SandgateError:
                self.kill()

    def kill(self) -> None:
        """End the gate without asking, when it does not answer or nobody wants to wait."""
        self._control.close()
        if self._process is not None:
            end(self._process, self._work_dir)


def cache_directory(config: Config) -> Path:
    """Where what outlives runs is kept."""
    return Path(config.cache_dir).expanduser() if config.cache_dir else Path(platformdirs.user_cache_dir("sandgate"))


def start(
    config: Config, *, progress: Progress, detached: bool = False, meanwhile: Callable[[], object] = lambda: None
) -> Run:
    """Start a gate and wait until it is ready.

    Args:
        config: the configuration.
        progress: told what is happening.
        detached: whether the gate outlives this process (`sandgate start`).
        meanwhile: called once while the gate gets ready, to use that time.

    Raises:
        SandgateError: what the gate said, or that it said nothing in time.
    """
    directory = config.root / ".sandgate" / "runs" / new_run_id()
    _make_run_dir(directory, config, detached=detached)
    return _launch(config, directory, progress=progress, detached=detached, meanwhile=meanwhile)


def resume(directory: Path, *, progress: Progress) -> Run:
    """Start a gate for a run whose own gate is dead, to sweep what it left: same ledger, same names, same policy.

    Args:
        directory: of the run.
        progress: told what is happening.

    Raises:
        RunError: it is alive, or swept by somebody else now, or its files are not all there.
        SandgateError: what the gate said, or that it said nothing in time.
    """
    try:
        config = Config.from_json(json.loads((directory / "config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError("what this run was told is not readable", where=str(directory / "config.json")) from error
    return _launch(config, directory, progress=progress)


def _launch(
    config: Config,
    directory: Path,
    *,
    progress: Progress,
    detached: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> Run:
    began = time.time()
    work_dir = name_work_dir()
    order = {
        "config": config.to_json(),
        "run_dir": str(directory),
        "work_dir": str(work_dir),
        "cache_dir": str(cache_directory(config)),
        "detached": detached,
        # On standard input: neither the gate's arguments nor its environment hold a secret.
        "environ": without_credentials(os.environ, _key_names(config)) if config.endpoints else {},
    }
    process = None
    try:
        make_work_dir(work_dir)
        process = spawn(order, directory)
        meanwhile()
        wait_ready(process, config.gate_timeout, progress, directory)
        return _open(directory, owner=True, process=None if detached else process, began=began)
    except BaseException:
        hang_up(process, work_dir)
        raise


def _make_run_dir(directory: Path, config: Config, *, detached: bool) -> None:
    try:
        directory.mkdir(parents=True, mode=0o700)
        (config.root / ".sandgate" / ".gitignore").write_text("*\n", encoding="utf-8")
        (directory / "empty").touch(mode=0o400)
        (directory / "namespace").write_text(new_namespace(), encoding="ascii")
        (directory / "config.json").write_text(json.dumps(config.to_json()), encoding="utf-8")
        if detached:
            (directory / "detached").touch()
    except OSError as error:
        raise EnvironmentFault(
            f"cannot make the run directory: {error.strerror}",
            where=str(directory),
            hint="make room, or mend the permissions",
        ) from error


def _key_names(config: Config) -> frozenset[str]:
    """The variables that hold key pairs of endpoints; the gate reads them, and tests never see them."""
    pairs = ((entry.access_key_id_env, entry.secret_access_key_env) for entry in config.endpoints.values())
    return frozenset(name for pair in pairs for name in pair if name)


def reopen(directory: Path) -> Run:
    """A living run by its directory, as its owner has left it.

    Raises:
        RunError: the run has ended.
    """
    run = _open(directory, owner=False, process=None, began=time.time())
    run.started_at = (directory / "config.json").stat().st_mtime
    run.ready_at = (directory / "run.json").stat().st_mtime
    return run


def join(environ: Mapping[str, str]) -> Run:
    """The run that this process is a child of.

    Raises:
        UsageError: it is not a child of a run.
        RunError: the run has ended.
    """
    directory = environ.get("SANDGATE_RUN_DIR", "")
    if not directory:
        raise UsageError("this process does not belong to a run", hint="start it with `sandgate run -- COMMAND`")
    return _open(Path(directory), owner=False, process=None, began=time.time())


def _hand_over(inlet: str, worker: str, url: str) -> None:
    from sandgate.control.handover import hand_over  # noqa: PLC0415 - of use inside of isolated runs only

    try:
        hand_over(inlet, worker, int(url.rpartition(":")[2]))
    except OSError as error:
        raise RunError(f"the gate cannot be reached from inside: {error.strerror}", where=url) from error


def _open(directory: Path, *, owner: bool, process: subprocess.Popen[bytes] | None, began: float) -> Run:
    try:
        data = json.loads((directory / "run.json").read_text(encoding="utf-8"))
        config = Config.from_json(json.loads((directory / "config.json").read_text(encoding="utf-8")))
        namespace = (directory / "namespace").read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise RunError(
            "this run has ended, or never became ready", where=str(directory), hint="start a new run"
        ) from error
    return Run(
        id=data["run"],
        directory=directory,
        config=config,
        tier=data["tier"],
        account=data["account"],
        caller=data["caller"],
        region=data["region"],
        gate_url=data["gate"],
        namespace=namespace,
        cache_dir=Path(data["cache_dir"]),
        owner=owner,
        started_at=began,
        ready_at=time.time(),
        versions=data["versions"],
        _work_dir=Path(data["work_dir"]),
        _control=ControlClient(data["control"]),
        _process=process,
        _inlet=data.get("inlet", ""),
    )
