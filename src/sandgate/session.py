"""The front end's composition root: start a gate, join one, take up a dead one."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from sandgate.config.model import Config
from sandgate.config.options import OPTIONS
from sandgate.control.client import ControlClient
from sandgate.control.launch import hang_up, make_work_dir, name_work_dir, spawn, wait_ready
from sandgate.core.environment import without_credentials
from sandgate.core.ids import new_namespace, new_run_id
from sandgate.errors import EnvironmentFault, RunError, UsageError
from sandgate.preparing import prepare
from sandgate.run import Run, key_names

__all__ = ["Progress", "cache_directory", "join", "reopen", "resume", "start"]

Progress = Callable[[str], None]


def cache_directory(config: Config) -> Path:
    """Where what outlives runs is kept: absolute, since the gate and its emulator work in folders of their own."""
    if not config.cache_dir:
        return Path(platformdirs.user_cache_dir("sandgate")).absolute()
    return config.root.absolute() / Path(config.cache_dir).expanduser()


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
    prepare(config, os.environ, progress)
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
        "environ": _environ(config),
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


def _environ(config: Config) -> Mapping[str, str]:
    """What the gate's tier must see of this process's environment."""
    # The usual tier needs nothing, and looking at the others costs a tenth of a second.
    if config.tier != OPTIONS["tier"].default and _needs_environment(config):
        return dict(os.environ)
    return without_credentials(os.environ, key_names(config)) if config.endpoints else {}


def _needs_environment(config: Config) -> bool:
    from sandgate.core.registry import discover, lookup  # noqa: PLC0415 - as above
    from sandgate.tiers._model import Tier  # noqa: PLC0415

    tiers = discover("sandgate.tiers", "TIER", Tier, only=config.tier)
    where = config.sources.get("tier", "")
    return lookup(tiers, config.tier, what="tier", where=where, aliases=config.tier_aliases).needs_environment


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
        evidence=data.get("evidence", {}),
        _work_dir=Path(data["work_dir"]),
        _control=ControlClient(data["control"]),
        _process=process,
        _inlet=data.get("inlet", ""),
    )
