"""The tests' credentials: which, from where, whose, and how old."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli._ages import age_text
from sandgate.cli.checks._admin import key_made, other_keys
from sandgate.cli.checks._aws import credentials, who
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.credentials import shown_key
from sandgate.errors import ConfigError, EnvironmentFault

__all__ = ["CHECK"]

_OLD_DAYS = 90
"""IAM User Guide, "Update access keys": rotate them regularly; audits (CIS AWS Foundations 1.14) say 90 days."""
_DAY = 86400.0


def _look(facts: Facts) -> Iterator[Finding]:
    try:
        keys = facts.once(credentials)
    except ConfigError as error:
        yield Finding(state=State.MEND, text=error.message, remedy=error.hint)
        return
    except EnvironmentFault as error:
        from sandgate.tiers._aws_credentials import UnreachableError  # noqa: PLC0415 - brings botocore

        state = State.UNKNOWN if isinstance(error, UnreachableError) else State.MEND
        yield Finding(state=state, text=error.message, remedy=error.hint)
        return
    source = keys.source.replace(f"{facts.config.root}/", "")
    which = f"{shown_key(keys.access_key_id)} from {source}"
    try:
        found = facts.once(who)
    except EnvironmentFault as error:
        yield Finding(state=State.UNKNOWN, text=f"{which}; {error.message}", remedy=error.hint)
        return
    if found.code:
        yield _refused(which, found.code)
        return
    try:
        made = facts.once(key_made)
    except (ConfigError, EnvironmentFault):
        made = None
    age = f", {age_text(facts.now - made)} old" if made is not None else ""
    if made is not None and facts.now - made > _OLD_DAYS * _DAY:
        yield Finding(state=State.NOTE, text=f"{which}, of {found.name}{age}", remedy="sandgate rotate")
    else:
        yield Finding(state=State.OK, text=f"{which}, of {found.name}{age}")
    try:
        others = facts.once(other_keys)
    except (ConfigError, EnvironmentFault):
        return
    for key in others:
        text = f"{found.name} has another key that works, {shown_key(key)}"
        remedy = "where nobody has it, `sandgate rotate --replace-all`"
        yield Finding(state=State.NOTE, text=text, remedy=remedy)


def _refused(which: str, code: str) -> Finding:
    if code in {"SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"}:
        return Finding(
            state=State.MEND,
            text=f"{which}: AWS does not accept its signature ({code})",
            remedy="look at the clock below; else the secret is another key's: `sandgate rotate`",
        )
    if "Expired" in code:
        return Finding(state=State.MEND, text=f"{which}: the session has expired", remedy="log in again: aws sso login")
    return Finding(
        state=State.MEND, text=f"{which}: AWS does not know it ({code})", remedy="`sandgate up` makes a new one"
    )


CHECK = Check(name="credentials", place=60, look=_look, only_real=True, asks="AWS whose the credentials are")
