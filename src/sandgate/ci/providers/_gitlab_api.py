"""GitLab's API as far as a project's CI/CD variables and changed files go, through python-gitlab.

Source: GitLab Docs, "Project-level CI/CD variables API". They are masked in logs and not expanded; GitLab keeps no time
of their last change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandgate.ci.event import Event
from sandgate.ci.providers._address import STRANGE, api_url, client_missing, not_understood, repository_of, token_of
from sandgate.config.model import Config
from sandgate.errors import EnvironmentFault, SandgateError

if TYPE_CHECKING:
    from gitlab.v4.objects import Project

__all__ = ["SERVER", "TOKENS", "GitlabStore", "changed_files", "open_store"]

SERVER = "CI_SERVER_URL"
TOKENS = ("GITLAB_TOKEN",)
_DEFAULT = "https://gitlab.com"
_RIGHTS = "maintain the project's CI/CD variables (scope api, role Maintainer)"
_SECONDS = 15
_UNAUTHORISED, _FORBIDDEN, _ABSENT, _TOO_MANY = 401, 403, 404, 429


@dataclass(frozen=True, slots=True, kw_only=True)
class GitlabStore:
    """The CI/CD variables of one project."""

    project: Project
    path: str

    def updated(self) -> Mapping[str, float | None]:
        """The names; GitLab does not say when."""
        with _told(self.path):
            return {str(variable.key): None for variable in self.project.variables.list(iterator=True)}

    def put(self, name: str, value: str) -> None:
        """Write one: masked in logs, and taken as it is."""
        data = {"value": value, "masked": True, "raw": True}
        try:
            with _told(self.path):
                self.project.variables.update(name, data)
        except _Absent:
            with _told(self.path):
                self.project.variables.create({"key": name, **data})

    def delete(self, name: str) -> bool:
        """Remove one; whether it was there."""
        try:
            with _told(self.path):
                self.project.variables.delete(name)
        except _Absent:
            return False
        return True


class _Absent(EnvironmentFault):
    """The API answered 404."""


def open_store(config: Config, environ: Mapping[str, str]) -> GitlabStore:
    """The variables of the configured project; nothing is asked yet.

    Raises:
        SandgateError: no project, no token, no client, or an address that no token may be sent to.
    """
    token = token_of(environ, TOKENS, needs=_RIGHTS)
    return GitlabStore(project=_project(config, environ, token), path=repository_of(config))


def changed_files(event: Event, config: Config, environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The files that a merge request changes, both names of a renamed one; `None` where GitLab cannot be asked."""
    token = next((environ[name] for name in TOKENS if environ.get(name)), "")
    if not event.number or not token or not config.repository:
        return None
    try:
        project = _project(config, environ, token)
        with _told(config.repository):
            diffs = project.mergerequests.get(event.number, lazy=True).changes()
            if not isinstance(diffs, dict) or diffs.get("overflow"):
                return None
            names = [str(change[side]) for change in diffs["changes"] for side in ("old_path", "new_path")]
    except SandgateError:
        return None
    return tuple(dict.fromkeys(names))


def _project(config: Config, environ: Mapping[str, str], token: str) -> Project:
    try:
        from gitlab import Gitlab  # noqa: PLC0415 - an extra
    except ImportError:
        raise client_missing("gitlab") from None
    client = Gitlab(
        api_url(environ, SERVER, _DEFAULT), private_token=token, timeout=_SECONDS, retry_transient_errors=False
    )
    return client.projects.get(repository_of(config), lazy=True)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """What goes wrong between here and GitLab, in words; never with text of a request in it."""
    from gitlab.exceptions import GitlabError  # noqa: PLC0415 - an extra
    from requests import RequestException  # noqa: PLC0415

    try:
        yield
    except GitlabError as error:
        raise _fault(error.response_code or 0, path) from None
    except RequestException as error:
        raise EnvironmentFault(
            f"GitLab cannot be reached: {type(error).__name__}", where=path, hint=f"check the network and {SERVER}"
        ) from None
    except STRANGE:
        raise not_understood("GitLab", path, SERVER) from None


def _fault(status: int, path: str) -> EnvironmentFault:
    if status == _UNAUTHORISED:
        return EnvironmentFault("GitLab does not accept the token", where=" or ".join(TOKENS), hint="it may be expired")
    if status == _FORBIDDEN:
        return EnvironmentFault("the token may not do this", where=path, hint=f"it must be allowed to {_RIGHTS}")
    if status == _ABSENT:
        return _Absent(
            f"GitLab shows this token no project {path}", where="[tool.sandgate], key repository",
            hint="check its spelling, and that the token may see it",
        )  # fmt: skip
    if status == _TOO_MANY:
        return EnvironmentFault("GitLab's rate limit is used up", where=path, hint="try again in a minute")
    return EnvironmentFault(f"GitLab answers with status {status or 'none'}", where=path, hint="try again later")
