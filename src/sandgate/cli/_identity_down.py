"""Removing an identity: each step looks at what there is, and sees that it is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from sandgate.config.credentials import account_of_key, shown_key
from sandgate.errors import EnvironmentFault, RunError, UsageError

if TYPE_CHECKING:
    from sandgate.cli._identity import Desk
    from sandgate.identity.keys import AccessKey
    from sandgate.past import Past

__all__ = ["carry_out"]

_OPTIONS = ("SANDGATE_IDENTITY", "SANDGATE_SERVICES")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What goes."""

    keys: tuple[AccessKey, ...]
    entries: tuple[str, ...]
    """Names in the env file."""
    kept_entry: str
    """Why the env file's key stays, where it does."""
    secrets: tuple[str, ...]
    """Of CI."""
    stack: bool
    keep_stack: bool
    """Whether nobody asks for the stack, which may have any name then."""
    table: bool
    """Whether the shared ledger is this identity's, and goes with it."""
    kept_table: str
    """Why the table stays, where it does."""

    @property
    def nothing(self) -> bool:
        """Whether all is gone already."""
        return not (self.keys or self.entries or self.stack or self.table)


def carry_out(desk: Desk, *, sweep: bool, no_ci: bool, keep_stack: bool = False) -> dict[str, object]:
    """Remove the identity.

    Args:
        desk: the identity.
        sweep: whether what runs own is swept first.
        no_ci: whether the secrets of CI stay.
        keep_stack: whether the stack stays, which somebody else deployed.

    Returns:
        What programs hear.

    Raises:
        UsageError: runs own something, and nobody asked for a sweep.
        SandgateError: something is somebody else's, or could not be removed.
    """
    how = desk.how
    owning = _owning(desk)
    if owning and not sweep:
        raise UsageError(
            f"{_count(len(owning), desk.admin.account)}, which nobody could remove afterwards: "
            f"{', '.join(past.id for past in owning)}",
            hint="sandgate down --sweep, or `sandgate sweep` first",
        )
    plan = _plan(desk, no_ci=no_ci, keep_stack=keep_stack)
    how.say(desk.head())
    how.say(_lines(desk, plan, owning))
    told = {
        **desk.to_json(),
        "keys": len(plan.keys),
        "entries": list(plan.entries),
        "secrets": list(plan.secrets),
        "stack_existed": plan.stack,
        "swept": [past.id for past in owning],
    }
    if how.dry_run:
        return told
    if not (plan.nothing and not owning) and not how.agreed("  go on?"):
        raise typer.Abort
    if owning:
        _sweep(desk, owning)
    _remove(desk, plan)
    if desk.config.ci_credentials == "oidc" and not desk.of_one_service:
        how.say("the role of CI has a stack of its own: `sandgate ci oidc delete` removes it")
    if keep_stack:
        how.say(f"{desk.names.user} has no key any more")
        return told
    how.say(f"{desk.names.user} is gone" if not plan.nothing else f"there is no {desk.names.user} any more")
    return told


def _count(number: int, account: str) -> str:
    runs, own = ("run", "owns") if number == 1 else ("runs", "own")
    return f"{number} {runs} on account {account} still {own} something"


def _remove(desk: Desk, plan: _Plan) -> None:
    from sandgate.cli._identity_ledger import remove_table  # noqa: PLC0415
    from sandgate.cli._identity_stack import delete_stack  # noqa: PLC0415
    from sandgate.identity.env_file import read_entries, remove_entries  # noqa: PLC0415
    from sandgate.identity.keys import delete_key, list_keys  # noqa: PLC0415

    how, path = desk.how, desk.config.env_path
    for key in plan.keys:
        delete_key(desk.iam, desk.names.user, key.id, desk.record)
        how.say(f"deleted access key {shown_key(key.id)}")
    if left := list_keys(desk.iam, desk.names.user):
        raise EnvironmentFault(f"{desk.names.user} has {len(left)} new access keys", hint="run `sandgate down` again")
    if plan.entries:
        remove_entries(path, plan.entries, scratch=desk.record.folder)
        if still := [name for name in plan.entries if name in read_entries(path)]:
            raise EnvironmentFault(f"{', '.join(still)} could not be removed", where=str(path))
        how.say(f"removed {', '.join(plan.entries)} from {path.name}")
    if plan.secrets:
        from sandgate.ci.secrets import delete  # noqa: PLC0415

        delete(desk.config, plan.secrets, environ=os.environ, progress=how.progress)
        how.say(f"{desk.config.repository} has no {' and no '.join(plan.secrets)} any more")
    if not plan.keep_stack:
        delete_stack(desk)
    if plan.table:
        remove_table(desk)


def _plan(desk: Desk, *, no_ci: bool, keep_stack: bool) -> _Plan:
    from sandgate.ci.secrets import uses_secrets  # noqa: PLC0415
    from sandgate.cli._identity_keys import check_ci  # noqa: PLC0415
    from sandgate.cli._identity_ledger import owner_of_table  # noqa: PLC0415
    from sandgate.cli._identity_stack import check_ours, find_stack  # noqa: PLC0415
    from sandgate.identity.env_file import read_entries  # noqa: PLC0415
    from sandgate.identity.keys import list_keys  # noqa: PLC0415

    stack = find_stack(desk)
    check_ours(desk, stack)
    owner = owner_of_table(desk)
    keys = list_keys(desk.iam, desk.names.user)
    entries = read_entries(desk.config.env_path)
    mine, why = _is_ours(desk, entries, keys)
    options = _OPTIONS if entries.get(_OPTIONS[0]) == desk.names.user else ()
    found = (*desk.names.variables, *options) if mine else ()
    if ci := not no_ci and uses_secrets(desk.config) and not desk.of_one_service:
        check_ci(desk)
    return _Plan(
        keys=keys,
        entries=tuple(name for name in found if name in entries),
        kept_entry=why,
        secrets=desk.names.variables if ci else (),
        stack=stack is not None and not keep_stack,
        keep_stack=keep_stack,
        table=owner == desk.names.user and not keep_stack,
        kept_table="" if owner in {None, desk.names.user} else f"it is that of {owner or 'somebody else'}",
    )


def _is_ours(desk: Desk, entries: dict[str, str], keys: tuple[AccessKey, ...]) -> tuple[bool, str]:
    """Whether the env file's key is this identity's, and if not, why it stays."""
    kept, secret = (entries.get(name, "") for name in desk.names.variables)
    if not kept and not secret:
        return any(name in entries for name in desk.names.variables), ""
    if kept in {key.id for key in keys} or kept in desk.record.made():
        return True, ""
    owner = desk.prover().whose(kept, secret) if kept and secret else ""
    if owner:
        return owner == desk.user_arn, f"it is a key of {owner}"
    if account_of_key(kept) in {"", desk.admin.account}:
        return True, ""
    return False, f"it is a key of account {account_of_key(kept)}"


def _lines(desk: Desk, plan: _Plan, owning: tuple[Past, ...]) -> Iterator[str]:
    for past in owning:
        yield f"  ~ run {past.id}: what it owns is swept ({len(past.alive)})"
    for key in plan.keys:
        yield f"  - access key {key.text}"
    if plan.entries:
        yield f"  - {', '.join(plan.entries)} in {desk.config.env_path.name}"
    if plan.kept_entry and not plan.entries:
        yield f"  = the key in {desk.config.env_path.name}: {plan.kept_entry}"
    if plan.secrets:
        yield f"  - secrets {' and '.join(plan.secrets)} of {desk.config.repository}"
    if plan.stack:
        yield f"  - stack {desk.names.stack}, with the user and its roles"
    if plan.table:
        yield f"  - table {desk.documents.table} of the shared ledger"
    if plan.kept_table:
        yield f"  = the table {desk.documents.table}: {plan.kept_table}"
    if plan.nothing:
        yield "  nothing else is there"


def _owning(desk: Desk) -> tuple[Past, ...]:
    """Runs on this account that own something, or whose ledger nobody can read.

    Raises:
        UsageError: one of them lives.
    """
    from sandgate.cli._identity_ledger import owning_elsewhere  # noqa: PLC0415
    from sandgate.past import past_runs  # noqa: PLC0415
    from sandgate.sharing import own_ids  # noqa: PLC0415

    found = []
    runs = past_runs(desk.config.root)
    here = own_ids(runs)
    for past in (past for past in runs if past.id in here):
        if past.tier != desk.config.tier or past.state.header.get("account") not in {desk.admin.account, None}:
            continue
        if past.live:
            raise UsageError(f"the run {past.id} lives, and needs the identity", hint="end it first")
        if past.failure:
            raise RunError(past.failure, where=str(past.directory))
        if past.alive:
            found.append(past)
    return (*found, *owning_elsewhere(desk, here))


def _sweep(desk: Desk, owning: tuple[Past, ...]) -> None:
    from sandgate.cli._sweep import How as SweepHow  # noqa: PLC0415
    from sandgate.cli._sweep import Report, sweep_all  # noqa: PLC0415

    report = Report()
    how = SweepHow(dry_run=False, yes=True, json=desk.how.json)
    sweep_all(owning, now=time.time(), report=report, how=how)
    if report.status:
        raise RunError(
            "not everything could be swept, and only the identity can remove it",
            hint="`sandgate sweep` says what stays, and why",
        )
