"""The account: whether it is the sandbox, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._aws import aliases, who
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.errors import EnvironmentFault

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    config = facts.config
    if not config.account:
        yield Finding(
            state=State.MEND,
            text="the configuration names no account, and without one nothing is called",
            remedy='account = "…" with the 12 digits of the sandbox account',
        )
    try:
        found = facts.once(who)
    except EnvironmentFault as error:
        yield Finding(state=State.UNKNOWN, text=f"{config.account or 'not configured'}; {error.message}")
        return
    if found.code:
        yield Finding(state=State.UNKNOWN, text=f"{config.account}; AWS refuses the credentials ({found.code})")
    elif found.account in config.forbidden_accounts:
        text = f"these credentials are of {found.account}, which is forbidden"
        yield Finding(state=State.MEND, text=text, remedy="use credentials of the sandbox account")
    elif found.arn.endswith(":root"):
        text = f"these credentials are the root user's of {found.account}"
        yield Finding(state=State.MEND, text=text, remedy="delete root's access keys; `sandgate up` makes an identity")
    elif config.account and found.account != config.account:
        text = f"these credentials are of {found.account}, and the sandbox is {config.account}"
        yield Finding(state=State.MEND, text=text, remedy="use credentials of that account, or correct account")
    else:
        yield from _alias(facts, found.account)


def _alias(facts: Facts, account: str) -> Iterator[Finding]:
    wanted = facts.config.expected_alias
    try:
        found = aliases(facts)
    except EnvironmentFault as error:
        state = State.UNKNOWN if wanted else State.OK
        yield Finding(state=state, text=f"{account}; {error.message}")
        return
    called = f"alias {found[0]}" if found else "no alias"
    if wanted and wanted not in found:
        text = f"{account} has {called}, and {wanted} is expected"
        yield Finding(state=State.MEND, text=text, remedy="use credentials of that account, or correct expected_alias")
    else:
        yield Finding(state=State.OK, text=f"{account}, {called}")


CHECK = Check(name="account", place=70, look=_look, only_real=True, asks="AWS for the account and its alias")
