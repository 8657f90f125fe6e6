"""GitHub's API as far as secrets, changed files and ids of a repository go, through PyGithub.

Source: GitHub Docs, "REST API endpoints for GitHub Actions Secrets": a secret is sealed to the repository's public key
(libsodium sealed box), and no answer ever holds a value.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandgate.ci.event import Event
from sandgate.ci.providers._address import STRANGE, api_url, client_missing, not_understood, repository_of, token_of
from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault, SandgateError

if TYPE_CHECKING:
    from github.Repository import Repository

__all__ = ["TOKENS", "GithubStore", "changed_files", "ids_of", "open_store"]

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
_DEFAULT = "https://api.github.com"
_RIGHTS = "write the repository's Actions secrets (fine-grained: Secrets, read and write)"
_TRIES = 3
_SECONDS = 15
_UNAUTHORISED, _FORBIDDEN, _ABSENT, _TOO_MANY, _SERVER = 401, 403, 404, 429, 500
_MOST_FILES = 3000
"""What `List pull requests files` gives at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubStore:
    """The Actions secrets of one repository."""

    repository: Repository
    name: str

    def updated(self) -> Mapping[str, float | None]:
        """Name to when it was last written."""
        with _told(self.name):
            return {secret.name: secret.updated_at.timestamp() for secret in self.repository.get_secrets()}

    def put(self, name: str, value: str) -> None:
        """Seal a value to the repository's public key, and write it."""
        with _told(self.name):
            self.repository.create_secret(name, value)

    def delete(self, name: str) -> bool:
        """Remove one; whether it was there."""
        # PyGithub's own delete_secret takes every failure for "was not there".
        try:
            with _told(self.name):
                self.repository.requester.requestJsonAndCheck("DELETE", f"{self.repository.url}/actions/secrets/{name}")
        except _Absent:
            return False
        return True


class _Absent(EnvironmentFault):
    """The API answered 404."""


def open_store(config: Config, environ: Mapping[str, str]) -> GithubStore:
    """The secrets of the configured repository; nothing is asked yet.

    Raises:
        SandgateError: no repository, no token, no client, or an address that no token may be sent to.
    """
    token = token_of(environ, TOKENS, needs=_RIGHTS)
    return GithubStore(repository=_repository(config, environ, token), name=repository_of(config))


def ids_of(config: Config, environ: Mapping[str, str]) -> tuple[int, int]:
    """The ids of a repository's owner and of itself; public ones tell them without a token.

    Raises:
        ConfigError: GitHub spells the repository otherwise, or it was renamed: no token would name it so.
        EnvironmentFault: it cannot be asked.
    """
    token = next((environ[name] for name in TOKENS if environ.get(name)), "")
    repository = _repository(config, environ, token)
    with _told(config.repository):
        repository.complete()
        name, ids = repository.full_name, (repository.owner.id, repository.id)
    if name != config.repository:
        raise ConfigError(
            f"repository: GitHub calls it {name!r}, and tokens do too",
            where=config.sources.get("repository", "default"),
            hint=f'repository = "{name}"',
        )
    return ids


def changed_files(event: Event, config: Config, environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The files that a pull request changes, both names of a renamed one; `None` where GitHub cannot be asked."""
    token = next((environ[name] for name in TOKENS if environ.get(name)), "")
    if not event.number or not token or not config.repository:
        return None
    try:
        repository = _repository(config, environ, token)
        with _told(config.repository):
            files = list(repository.get_pull(event.number).get_files())
    except SandgateError:
        return None
    if len(files) >= _MOST_FILES:
        return None
    names = (name for file in files for name in (file.filename, file.previous_filename) if name)
    return tuple(dict.fromkeys(names))


def _repository(config: Config, environ: Mapping[str, str], token: str) -> Repository:
    try:
        from github import Auth, Github  # noqa: PLC0415 - an extra
        from urllib3 import Retry  # noqa: PLC0415
    except ImportError:
        raise client_missing("github") from None
    retry = Retry(
        total=_TRIES,
        # PUT and DELETE of a secret can be said twice.
        allowed_methods=None,
        status_forcelist=(500, 502, 503, 504),
        backoff_factor=0.2,
        raise_on_status=False,
        # A rate limit may last an hour: it is told, not waited for.
        respect_retry_after_header=False,
    )
    client = Github(
        auth=Auth.Token(token) if token else None,
        base_url=api_url(environ, "GITHUB_API_URL", _DEFAULT),
        timeout=_SECONDS,
        retry=retry,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    )
    return client.get_repo(repository_of(config))


@contextmanager
def _told(repository: str) -> Iterator[None]:
    """What goes wrong between here and GitHub, in words; never with text of a request in it."""
    from github import GithubException  # noqa: PLC0415 - an extra
    from requests import RequestException  # noqa: PLC0415

    try:
        yield
    except GithubException as error:
        raise _fault(error, repository) from None
    except RequestException as error:
        raise EnvironmentFault(
            f"GitHub cannot be reached: {type(error).__name__}",
            where=repository,
            hint="check the network and GITHUB_API_URL; what was written so far can be written again",
        ) from None
    except STRANGE:
        raise not_understood("GitHub", repository, "GITHUB_API_URL") from None


def _fault(error: Any, repository: str) -> EnvironmentFault:
    status = int(error.status)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    limited = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    if status == _TOO_MANY or (status == _FORBIDDEN and limited):
        return EnvironmentFault("GitHub's rate limit is used up", where=repository, hint=_when(headers))
    if status == _UNAUTHORISED:
        return EnvironmentFault("GitHub does not accept the token", where=" or ".join(TOKENS), hint="it may be expired")
    if status == _FORBIDDEN:
        return EnvironmentFault("the token may not do this", where=repository, hint=f"it must be allowed to {_RIGHTS}")
    if status == _ABSENT:
        return _Absent(
            f"GitHub shows this token no repository {repository}",
            where="[tool.sandgate], key repository",
            hint="check its spelling, and that the token may see it",
        )
    if status >= _SERVER:
        return EnvironmentFault(
            f"GitHub fails with status {status}, {_TRIES + 1} times in a row", where=repository, hint="try again later"
        )
    return EnvironmentFault(f"GitHub answers with status {status}", where=repository)


def _when(headers: Mapping[str, str]) -> str:
    until = headers.get("x-ratelimit-reset", "")
    wait = headers.get("retry-after", "")
    if not wait and until.isdigit():
        wait = str(max(0, int(until) - int(time.time())))
    return f"try again in {wait} seconds" if wait else "try again later"
