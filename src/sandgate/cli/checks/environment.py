"""Variables that would lead calls elsewhere than to AWS."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.env_file import env_values
from sandgate.errors import ConfigError

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    from sandgate.tiers._aws_environment import check_variables  # noqa: PLC0415 - `--help` must not pay for tiers

    if facts.environ.get("SANDGATE_RUN_DIR"):
        yield Finding(state=State.NOTE, text="this shell belongs to a run; its variables are the run's")
        return
    wrong = False
    for variables, where in ((facts.environ, "environment"), (env_values(facts.config), facts.config.env_path.name)):
        try:
            check_variables(variables, where, but=facts.config.variables)
        except ConfigError as error:
            wrong = True
            yield Finding(state=State.MEND, text=f"{error.message} ({where})", remedy=error.hint)
    if not wrong:
        yield Finding(state=State.OK, text="no variable leads calls elsewhere")


CHECK = Check(name="environment", place=100, look=_look, only_real=True)
