"""Stacks of a run: its deployer, its cache, its artifact bucket, its names."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sandgate.config.model import Config
from sandgate.errors import StackError, UsageError
from sandgate.stacks.bucket import ArtifactBucket
from sandgate.stacks.build import BuildTarget
from sandgate.stacks.deploy import DEFAULT_TIMEOUT, check_name, delete, describe
from sandgate.stacks.kept import forget, remember
from sandgate.stacks.logs import functions, remove_groups
from sandgate.stacks.model import Clients, Notice, Progress, Stack, silent
from sandgate.stacks.up import up

__all__ = ["Host", "artifact_bucket", "build_target", "delete_stack", "deploy_stack", "name_starts"]


class Host(Protocol):
    """What a run offers to stack commands."""

    @property
    def tier(self) -> str:
        """The tier's name."""

    @property
    def directory(self) -> Path:
        """The run's own directory; an empty file `artifacts` in it says that there may be an artifact bucket."""

    @property
    def cache_dir(self) -> Path:
        """Where what outlives runs is kept."""

    @property
    def artifact_bucket(self) -> str:
        """Name of the bucket for packages."""

    @property
    def namespace(self) -> str:
        """The run's namespace."""

    @property
    def boundary(self) -> str:
        """ARN of the permissions boundary that roles and users of stacks must have; empty for none."""

    def deployer_clients(self) -> Clients:
        """Clients as the deployer."""


def deploy_stack(
    host: Host,
    template: Path | str,
    *,
    name: str,
    parameters: Mapping[str, str] | None = None,
    prefixes: Sequence[str] = (),
    progress: Progress = silent,
    notice: Notice = silent,
    timeout: float = DEFAULT_TIMEOUT,
) -> Stack:
    """Package and deploy a template in a run.

    Args:
        host: the run.
        template: the template file.
        name: of the stack.
        parameters: values by name.
        prefixes: of which the name must have one, see `name_starts`; none means that the gate alone decides.
        progress: told of each stack event.
        notice: told what is packed, installed, uploaded and left out.
        timeout: seconds for the deployment.

    Raises:
        StackError: the name is outside the sandbox, the template is wrong, a resource failed, or time is up.
        UsageError: the time is none.
    """
    _check_timeout(timeout)
    check_name(name)
    if prefixes and not name.startswith(tuple(f"{prefix}-" for prefix in prefixes)):
        raise StackError(
            f"stack name {name!r} is outside the sandbox",
            where=f"prefix = {list(prefixes)}",
            hint=f"call it {_inside(name, prefixes, host.namespace)}",
        )
    remember(host.directory, name)
    return up(
        host.deployer_clients(),
        template,
        name=name,
        bucket=artifact_bucket(host, progress=notice),
        cache_dir=host.cache_dir,
        target=build_target(host.tier),
        boundary=host.boundary,
        parameters=parameters,
        progress=progress,
        notice=notice,
        timeout=timeout,
    )


def name_starts(config: Config, namespace: str, name: str) -> tuple[str, ...]:
    """How the name of a stack must begin, known before anything is packed and sent.

    Args:
        config: the run's.
        namespace: the run's.
        name: of the stack.

    Returns:
        Prefixes without their hyphen; none where options say more than a name does, so that only the gate knows.
    """
    if name in config.adopt or config.allow or config.policy or config.unsafe_no_guard:
        return ()
    return tuple(f"{prefix}-{namespace}" if config.isolation == "run" else prefix for prefix in config.prefix)


def _inside(name: str, prefixes: Sequence[str], namespace: str) -> str:
    """A name inside: `test-k3x9q2-users` of `users`, and of `test-users`."""
    prefix = prefixes[0].removesuffix(f"-{namespace}")
    return f"{prefix}-{namespace}-{name.removeprefix(f'{prefix}-')}"


def delete_stack(
    host: Host, name: str, *, progress: Progress = silent, notice: Notice = silent, timeout: float = DEFAULT_TIMEOUT
) -> bool:
    """Delete a stack of a run, and the log groups that Lambda made for its functions.

    Args:
        host: the run.
        name: of the stack; one that does not exist is fine.
        progress: told of each stack event.
        notice: told of each log group.
        timeout: seconds.

    Returns:
        Whether there was a stack.

    Raises:
        StackError: a resource could not be deleted, or time is up.
        UsageError: the time is none.
    """
    _check_timeout(timeout)
    clients = host.deployer_clients()
    try:
        names = functions(describe(clients, name))
    except StackError:
        # Not there, or not readable: deleting says which.
        names = ()
    existed = delete(clients, name, progress=progress, timeout=timeout)
    forget(host.directory, name)
    for group in remove_groups(clients, names):
        notice(f"deleted log group {group}")
    return existed


def _check_timeout(timeout: float) -> None:
    if not (math.isfinite(timeout) and timeout > 0):
        raise UsageError(
            f"{timeout:g} is no time to wait", where="--timeout", hint="a number of seconds that is greater than 0"
        )


def artifact_bucket(host: Host, *, progress: Notice = silent) -> ArtifactBucket:
    """The run's bucket for packages; that there may be one is written down before it is made."""
    return ArtifactBucket(
        host.deployer_clients(),
        host.artifact_bucket,
        prefix=host.namespace,
        progress=progress,
        before_create=(host.directory / "artifacts").touch,
    )


def build_target(tier: str) -> BuildTarget:
    """Where functions run: the embedded emulator's interpreter is made from ours; elsewhere it is Lambda's."""
    return BuildTarget(python=Path(sys.executable) if tier == "emulated" else None)
