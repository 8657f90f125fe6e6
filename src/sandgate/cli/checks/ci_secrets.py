"""The repository's secrets: whether they are there, and not older than the key that they must hold."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._admin import key_made
from sandgate.cli.checks._aws import names
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.errors import SandgateError

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    from sandgate.ci.secrets import check, uses_secrets  # noqa: PLC0415 - brings the provider's client

    config = facts.config
    if not uses_secrets(config):
        why = "CI takes its role by OIDC" if config.repository else "no repository is configured"
        yield Finding(state=State.OK, text=f"none needed: {why}")
        return
    try:
        made = facts.once(key_made) or 0.0
    except SandgateError:
        made = 0.0
    own = names(facts)
    wrong = False
    for state in check(config, (own.key_id_variable, own.secret_variable), environ=facts.environ, since=made):
        if not state.current:
            wrong = True
            text = f"{config.repository}: {state.name} {state.text}"
            yield Finding(state=State.MEND, text=text, remedy="sandgate ci secrets push")
    if not wrong:
        yield Finding(state=State.OK, text=f"{config.repository} has both" + (", younger than the key" if made else ""))


CHECK = Check(name="ci-secrets", place=130, look=_look, only_real=True, asks="the repository for its secrets")
