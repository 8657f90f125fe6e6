"""The account: whether it is the sandbox, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._aws import Who, aliases, who
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.identity import identity_names
from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault

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
    elif wrong := _refused(config, found):
        yield wrong
    else:
        yield from _alias(facts, found.account)


def _refused(config: Config, found: Who) -> Finding | None:
    """What the tier itself would say of this caller, which is no call's before it has said yes."""
    from botocore.session import Session  # noqa: PLC0415 - takes a fifth of a second

    from sandgate.tiers._aws_tripwire import Caller, Expected, judge  # noqa: PLC0415

    names = identity_names(config)
    expected = Expected(
        account=config.account or found.account,
        account_source=config.sources["account"],
        forbidden=config.forbidden_accounts,
        forbidden_source=config.sources["forbidden_accounts"],
        user=names.user,
        role=names.role,
        ci_role=names.ci_role,
        services=frozenset(Session().get_available_services()),
        trusted=config.trusted,
        identities=config.identities,
    )
    try:
        judge(Caller(account=found.account, arn=found.arn), expected)
    except ConfigError as error:
        return Finding(state=State.MEND, text=error.message, remedy=error.hint)
    return None


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
