"""Where an API is, and the token for it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault

__all__ = ["STRANGE", "api_url", "client_missing", "not_understood", "repository_of", "token_of"]

STRANGE = (AssertionError, AttributeError, KeyError, TypeError, ValueError)
"""What clients of APIs stumble with over an answer of another shape."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def api_url(environ: Mapping[str, str], variable: str, default: str) -> str:
    """The address of an API.

    Raises:
        ConfigError: a token must not travel to it: no TLS, or a name and password in it.
    """
    url = environ.get(variable) or default
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.username is not None:
        raise ConfigError(
            f"{variable} is no address that a token may be sent to", where=f"environment, {variable}", hint=default
        )
    return url.rstrip("/")


def token_of(environ: Mapping[str, str], variables: tuple[str, ...], *, needs: str) -> str:
    """The token.

    Args:
        environ: where it stands; nowhere else is looked.
        variables: in the order of their rank.
        needs: what the token must allow, in words.

    Raises:
        EnvironmentFault: there is none.
    """
    token = next((environ[name] for name in variables if environ.get(name)), "")
    if not token:
        raise EnvironmentFault(
            "there is no token for the secrets of CI",
            where=f"environment, {' or '.join(variables)}",
            hint=f"set {variables[0]} to a token that may {needs}",
        )
    return token


def repository_of(config: Config) -> str:
    """The repository.

    Raises:
        ConfigError: none is configured.
    """
    if not config.repository:
        raise ConfigError(
            "no repository is configured", where="[tool.sandgate], key repository", hint='repository = "OWNER/NAME"'
        )
    return config.repository


def not_understood(who: str, repository: str, variable: str) -> EnvironmentFault:
    """The error about an answer that is no API's: a web page, say, of the host itself or of a proxy."""
    return EnvironmentFault(
        f"what answers is not {who}'s API", where=repository, hint=f"check {variable}, and proxies on the way"
    )


def client_missing(extra: str) -> EnvironmentFault:
    """The error that says which extra brings the client of an API."""
    return EnvironmentFault(f"the client of the {extra} API is not installed", hint=f'pip install "sandgate[{extra}]"')
