"""What is told once when a run begins: of an env file, and of exported keys that are not its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandgate.config.credentials import stale_key
from sandgate.config.env_file import env_values, readable_by_others, there
from sandgate.config.model import Config
from sandgate.core.environment import never_passed
from sandgate.core.git import tracked

__all__ = ["holds_credentials", "notices"]


def notices(config: Config, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences about the env file that its user should read.

    Args:
        config: the run's.
        environ: of the process that the user started.

    Raises:
        ConfigError: the env file cannot be read.
    """
    return tuple(_notices(config, environ))


def holds_credentials(config: Config) -> bool:
    """Whether the env file has something that nobody else may read."""
    return any(
        value and (name in config.key_variables or never_passed(name)) for name, value in env_values(config).items()
    )


def _notices(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    path = config.env_path
    if not there(path):
        return
    if config.ci:
        yield f"CI is set, so {path.name} is not read; only the environment counts"
        return
    if not holds_credentials(config):
        return
    if readable_by_others(path):
        yield f"others may read {path.name}, which holds credentials: chmod 600 {path}"
    if tracked(path):
        yield f"git tracks {path.name}, which holds credentials: git rm --cached {path}, then `sandgate rotate`"
    if stale := stale_key(config, environ):
        account = f" of account {stale.account}" if stale.account else ""
        yield (
            f"{stale.variable} is exported as {stale.shown}{account}, and {stale.file} has {stale.file_shown}; the "
            f"file's is used: unset {stale.variable}"
        )
