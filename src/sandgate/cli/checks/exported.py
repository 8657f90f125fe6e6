"""A key that this shell exports under the name of the identity's own, and whose it is in truth."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._aws import Who, names, who_is
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.credentials import Keys, StaleKey, shown_key, stale_key
from sandgate.config.env_file import env_values
from sandgate.errors import EnvironmentFault

__all__ = ["CHECK"]

_TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105 - the name of a variable
_AWS = "AWS_ACCESS_KEY_ID"


def _look(facts: Facts) -> Iterator[Finding]:
    if facts.config.ci:
        yield Finding(state=State.OK, text="in CI the exported key is the one that counts")
        return
    if facts.environ.get("SANDGATE_RUN_DIR"):
        yield Finding(state=State.OK, text="this shell belongs to a run and has its run key")
        return
    stale = stale_key(facts.config, facts.environ)
    own = names(facts)
    if stale is None:
        yield _none(facts, own.key_id_variable)
        return
    text = f"{stale.variable} is {stale.shown} here and {stale.file_shown} in {stale.file}"
    remedy = f"unset {stale.variable} {own.secret_variable}; runs use the env file's"
    account = f", of account {stale.account}" if stale.account else ""
    secret = facts.environ.get(own.secret_variable, "")
    try:
        found = who_is(_keys(facts, stale, secret), facts.config.region) if secret else Who()
    except EnvironmentFault as error:
        yield Finding(state=State.NOTE, text=f"{text}{account}; {error.message}", remedy=remedy)
        return
    if found.arn.endswith(f":user/{own.user}"):
        yield Finding(state=State.NOTE, text=f"{text}: both are {own.user}'s", remedy=remedy)
    else:
        yield Finding(
            state=State.MEND, text=f"{text}: it claims to be {own.user}'s, and {_is(found, account)}", remedy=remedy
        )


def _none(facts: Facts, variable: str) -> Finding:
    exported = facts.environ.get(variable, "")
    if not exported or variable in env_values(facts.config):
        return Finding(state=State.OK, text=f"no other {variable} than the env file's")
    text = f"{variable} is exported as {shown_key(exported)}, which runs do not use"
    remedy = f"what runs shall use belongs in {facts.config.env_path.name}; exported keys count in CI only"
    return Finding(state=State.NOTE, text=text, remedy=remedy)


def _is(found: Who, account: str) -> str:
    if found.arn:
        return f"is {found.name}'s of {found.account}"
    return f"AWS does not know it ({found.code})" if found.code else f"has no secret beside it{account}"


def _keys(facts: Facts, stale: StaleKey, secret: str) -> Keys:
    token = facts.environ.get(_TOKEN, "") if stale.variable == _AWS else ""
    exported = facts.environ[stale.variable]
    return Keys(access_key_id=exported, secret_access_key=secret, session_token=token, source="environment")


CHECK = Check(name="exported", place=90, look=_look, only_real=True, asks="AWS whose the exported key is")
