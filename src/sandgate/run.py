"""A run as a front end sees it: its keys, its clients, what its gate is asked and told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandgate.config.also_options import DEFAULT
from sandgate.config.env_file import passed_values, protected_names
from sandgate.config.model import Config
from sandgate.control.bundles import bundles, java_options, remove_bundles
from sandgate.control.client import ControlClient
from sandgate.control.elsewhere import NODE_PRELOAD
from sandgate.control.launch import end, let_go, wait_gone
from sandgate.core.environment import ChildFacts, changes, child_environment
from sandgate.core.files import replace_text
from sandgate.core.ids import worker_namespace
from sandgate.errors import RunError, SandgateError

__all__ = ["Clients", "Run", "key_names"]

_NOT_FROM_OUTSIDE = {"profile": None, "ca_bundle": None, "defaults_mode": "legacy"}
"""Settings of botocore that a variable can break before the first call, and what they are instead."""

_LINES_AT_ONCE = 100
"""Of a ledger, in one message."""

Clients = Callable[[str], Any]


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
    evidence: Mapping[str, str] = field(default_factory=dict)
    """What else is known of where calls go: `asked`, another tier than this one where that had no credentials; on AWS
    `alias`, `matched` (by which rule of the tripwire), `credentials` (from where), `upstream`."""
    _work_dir: Path = field(repr=False)
    _control: ControlClient = field(repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _inlet: str = field(default="", repr=False)
    """Where ports are handed over, in a network namespace of its own."""

    @property
    def boundary(self) -> str:
        """ARN of the permissions boundary that roles and users of stacks must have; empty for none."""
        return self.evidence.get("boundary", "")

    # -- for children ---------------------------------------------------------------------------------------------

    def facts(self, worker: str = "main", environ: Mapping[str, str] | None = None) -> ChildFacts:
        """What a child of that worker must know; its key and port are the same each time.

        Args:
            worker: it.
            environ: its environment so far: bundles of certificates that it names count on.
        """
        key = self._control.request("key", worker=worker, kind="identity")
        proxy = self._control.request("proxy", worker=worker)
        return ChildFacts(
            gate_url=self.url_of(worker),
            endpoint_url=self.url_of(worker).replace("http:", f"{self.config.endpoint}:", 1),
            access_key_id=str(key["access_key_id"]),
            secret_access_key=str(key["secret_access_key"]),
            region=self.region,
            run_dir=str(self.directory),
            worker=worker,
            namespace=self.namespace_of(worker),
            empty_file=str(self.directory / "empty"),
            variables=self.config.variables,
            env_file_keys=protected_names(self.config) | key_names(self.config),
            passed=passed_values(self.config),
            also_file=self._also_file(worker),
            node_preload=str(NODE_PRELOAD),
            proxy_url=str(proxy["url"]),
            bundles=bundles(environ or {}, self.directory),
            java_options=java_options(environ or {}, self.directory, worker, str(proxy["url"])),
            keyless=self.config.also_profile == DEFAULT,
        )

    def _also_file(self, worker: str) -> str:
        """The shared credentials file of a worker, with the second account's run key; empty where there is none."""
        profile = self.config.also_profile
        if not profile:
            return ""
        key = self._control.request("key", worker=worker, kind="also")
        path = self.directory / f"also-{worker}.credentials"
        pair = ("aws_access_key_id", key["access_key_id"]), ("aws_secret_access_key", key["secret_access_key"])
        replace_text(path, "".join([f"[{profile}]\n", *(f"{name} = {value}\n" for name, value in pair)]))
        return str(path)

    def environment(self, environ: Mapping[str, str], worker: str = "main") -> dict[str, str]:
        """The whole environment for a child process."""
        return child_environment(environ, self.facts(worker, environ))

    def changes(self, environ: Mapping[str, str], worker: str = "main") -> dict[str, str | None]:
        """What a shell must set and unset (`None`)."""
        return changes(environ, self.facts(worker, environ))

    def url_of(self, worker: str) -> str:
        """The gate's address for a parallel worker: a port of its own, so that its unsigned calls are known too."""
        if worker == "main":
            return self.gate_url
        url = str(self._control.request("port", worker=worker)["url"])
        if self._inlet:
            _hand_over(self._inlet, worker, url)
        return url

    @property
    def proxy_port(self) -> int:
        """Port of the gate as a proxy, one for all workers."""
        return int(str(self._control.request("proxy", worker="main")["url"]).rpartition(":")[2])

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

    def fault(self, step: str, *, test: str, worker: str, **rule: object) -> Mapping[str, Any]:
        """Have something go wrong for a test: `set` it, ask what has `struck`, `end` it.

        Args:
            step: which of these.
            test: id of the test whose calls are meant.
            worker: that runs it.
            **rule: members of a rule, to set one.

        Returns:
            `id`, of what was set; else `rules`: id to how many calls it struck.

        Raises:
            RunError: it could never strike, or this run's tier is a real account.
        """
        return self._control.request("fault", step=step, test=test, worker=worker, **rule)

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

    def notice_emulators(self) -> None:
        """Have the gate write into the ledger which emulators there are now."""
        self._control.request("emulators")

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
            remove_bundles(self.directory)


def key_names(config: Config) -> frozenset[str]:
    """The variables that hold key pairs of endpoints; the gate reads them, and tests never see them."""
    pairs = ((entry.access_key_id_env, entry.secret_access_key_env) for entry in config.endpoints.values())
    return frozenset(name for pair in pairs for name in pair if name)


def _hand_over(inlet: str, worker: str, url: str) -> None:
    from sandgate.control.handover import hand_over  # noqa: PLC0415 - of use inside of isolated runs only

    try:
        hand_over(inlet, worker, int(url.rpartition(":")[2]))
    except OSError as error:
        raise RunError(f"the gate cannot be reached from inside: {error.strerror}", where=url) from error
