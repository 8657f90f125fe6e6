"""Making and retiring access keys in steps; each looks at what there is, so an interrupted one can be run again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sandgate.cli._ages import age_text
from sandgate.config.credentials import shown_key

if TYPE_CHECKING:
    from sandgate.cli._identity import Desk
    from sandgate.identity.env_file import Unfit
    from sandgate.identity.key_plan import KeyPlan

__all__ = ["check_ci", "check_env_file", "key_lines", "mend_env_file", "push_to_ci", "renew", "retire", "shares_ci"]


def check_env_file(desk: Desk) -> None:
    """See whether the env file may hold a secret; what sandgate can mend is offered to who sits there.

    Raises:
        ConfigError: it may not; a dry run only tells it.
    """
    from sandgate.identity.env_file import unfit  # noqa: PLC0415

    while (found := unfit(desk.config.env_path)) is not None:
        if desk.how.dry_run:
            desk.how.say([f"  ! {found.message}", f"    {found.hint}"])
            return
        if not found.mend or not desk.how.offers():
            raise found
        desk.how.say([found.message, f"  where: {found.where}"])
        if not desk.how.agreed(f"  {found.hint}?"):
            raise found
        mend_env_file(found, desk)


def mend_env_file(found: Unfit, desk: Desk) -> None:
    """Do what was offered: another line in `.gitignore`, or a private mode."""
    from sandgate.core.git import ignore_line  # noqa: PLC0415

    path = desk.config.env_path
    if found.mend == "mode":
        path.chmod(0o600)
        return
    file, line = ignore_line(path)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    gap = "" if not text or text.endswith("\n") else "\n"
    file.write_text(f"{text}{gap}{line}\n", encoding="utf-8")


def key_lines(desk: Desk, plan: KeyPlan) -> Iterator[str]:
    """What will happen to keys, for people."""
    for key, why in plan.delete_first:
        yield f"  - access key {key.text}: {why}"
    if plan.make:
        yield f"  + access key, into {desk.config.env_path.name} as {' and '.join(desk.names.variables)}"
    if plan.disable:
        yield f"  ~ access key {shown_key(plan.disable)}: disabled once the new one is live everywhere"
    if not plan.make and not plan.disable and not plan.delete_first:
        yield f"  = access key, in {desk.config.env_path.name}"
    for key in plan.others:
        yield f"  ! access key {key.text}: it works, and is not the one in {desk.config.env_path.name}"
        yield "    if nobody needs it, `sandgate rotate --replace-all` deletes it"


def renew(desk: Desk, plan: KeyPlan, *, proven_first: bool = False) -> str:
    """Delete what is to go first, and make a key where one is to be made; it works when this is over.

    Args:
        desk: the identity.
        plan: for its keys.
        proven_first: for a key that takes the place of one that works: the env file never holds one that does not.

    Returns:
        The id of the new key; empty where none was made.

    Raises:
        SandgateError: AWS refuses, the env file cannot be written, or the key does not work in time.
    """
    from sandgate.identity.keys import delete_key, list_keys, make_key  # noqa: PLC0415

    for key, _why in plan.delete_first:
        delete_key(desk.iam, desk.names.user, key.id, desk.record)
        desk.how.say(f"deleted access key {shown_key(key.id)}")
    if not plan.make:
        return ""
    keys = list_keys(desk.iam, desk.names.user)
    new = make_key(desk.admin.once("iam"), desk.names.user, desk.record, known=keys, replaces=plan.replaces)
    entries = {desk.names.key_id_variable: new.id, desk.names.secret_variable: new.secret, **_own_options(desk)}
    prover = desk.prover()
    if proven_first:
        prover.prove(new.id, new.secret, user=desk.user_arn, assume=desk.documents.admits_user)
    _write(desk, new.id, entries)
    if not proven_first:
        prover.prove(new.id, new.secret, user=desk.user_arn, assume=desk.documents.admits_user)
    desk.how.say(f"made access key {shown_key(new.id)}: it works, and is in {desk.config.env_path.name}")
    return new.id


def _write(desk: Desk, key: str, entries: Mapping[str, str]) -> None:
    from sandgate.identity.env_file import write_entries  # noqa: PLC0415

    write_entries(desk.config.env_path, entries, scratch=desk.record.folder)
    desk.record.write("written", id=key)


def _own_options(desk: Desk) -> dict[str, str]:
    """What a run needs to know of an identity that is one of several; options are read from the env file too."""
    if not desk.service:
        return {}
    return {"SANDGATE_IDENTITY": desk.names.user, "SANDGATE_SERVICES": desk.service}


def shares_ci(desk: Desk) -> bool:
    """Whether CI has the key of this identity as secrets."""
    from sandgate.ci.secrets import uses_secrets  # noqa: PLC0415

    return uses_secrets(desk.config) and not desk.of_one_service and desk.documents.admits_user


def check_ci(desk: Desk) -> None:
    """Ask the store of secrets something, so that one that is closed is known before anything is made.

    Raises:
        SandgateError: it does not answer, or not to us.
    """
    from sandgate.ci.secrets import check  # noqa: PLC0415

    check(desk.config, desk.names.variables, environ=os.environ)


def push_to_ci(desk: Desk) -> None:
    """Give CI the key that is in the env file.

    Raises:
        SandgateError: the store of secrets does not take it.
    """
    from sandgate.ci.secrets import push  # noqa: PLC0415
    from sandgate.identity.env_file import read_entries  # noqa: PLC0415

    entries = read_entries(desk.config.env_path)
    values = {name: entries[name] for name in desk.names.variables}
    push(desk.config, values, environ=os.environ, progress=desk.how.progress)
    desk.how.say(f"{desk.config.repository} has {' and '.join(values)}")


def retire(desk: Desk, key: str, *, grace: float, wait: bool) -> None:
    """Disable a key that has been replaced, and delete it when its grace is over.

    Args:
        desk: the identity.
        key: id.
        grace: seconds in which it can be enabled again.
        wait: whether this waits for its end; else a later `up` or `rotate` deletes it.

    Raises:
        EnvironmentFault: AWS refuses.
    """
    from sandgate.identity.keys import delete_key, disable_key  # noqa: PLC0415

    end = time.time() + grace
    disable_key(desk.iam, desk.names.user, key, desk.record, delete_after=end)
    desk.how.say(f"disabled access key {shown_key(key)}")
    if grace and not wait:
        at = time.strftime("%H:%M:%S", time.localtime(end))
        desk.how.say(f"  the next `sandgate up` or `rotate` after {at} deletes it; --wait waits for that")
        return
    while (left := end - time.time()) > 0:
        desk.how.progress(f"access key {shown_key(key)} is deleted in {age_text(left)}")
        time.sleep(min(left, 30.0))
    delete_key(desk.iam, desk.names.user, key, desk.record)
    desk.how.say(f"deleted access key {shown_key(key)}")
