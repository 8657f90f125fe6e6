"""GitLab CI/CD, on gitlab.com or a server of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandgate.ci.event import Event, Kind
from sandgate.ci.oidc import Trust
from sandgate.ci.providers._address import api_url, repository_of
from sandgate.ci.providers._gitlab_api import SERVER, changed_files, open_store
from sandgate.ci.providers._gitlab_files import files
from sandgate.ci.providers._model import Provider
from sandgate.ci.providers._subjects import exact
from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault

if TYPE_CHECKING:
    from sandgate.ci.providers._model import Environment

__all__ = ["PROVIDER", "gitlab_event"]

_KINDS: Mapping[str, Kind] = {
    "push": "push",
    "merge_request_event": "change",
    "schedule": "schedule",
    "web": "manual",
    "api": "manual",
    "trigger": "manual",
    "chat": "manual",
}
_KEPT = ("promote",)
"""Variables of a pipeline that count as inputs of who started it."""
_REF_TYPES = {"heads": "branch", "tags": "tag"}


def gitlab_event(environ: Environment) -> Event:
    """The event of a pipeline.

    Source: GitLab Docs, "Predefined CI/CD variables reference".

    Raises:
        EnvironmentFault: `CI_PIPELINE_SOURCE` is not set, so this is no job of GitLab.
    """
    source = environ.get("CI_PIPELINE_SOURCE", "")
    if not source:
        raise EnvironmentFault("this is no job of GitLab CI", where="environment, CI_PIPELINE_SOURCE")
    kind = _KINDS.get(source, "other")
    head = environ.get("CI_COMMIT_SHA", "")
    if kind == "change":
        train = environ.get("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train"
        number = environ.get("CI_MERGE_REQUEST_IID", "")
        return Event(
            kind="queue" if train else "change",
            name=source,
            ref="refs/heads/" + environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", ""),
            target="refs/heads/" + environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
            labels=tuple(text.strip() for text in environ.get("CI_MERGE_REQUEST_LABELS", "").split(",")),
            foreign=_foreign(environ),
            base_commit=environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""),
            head_commit=head,
            number=int(number) if number.isdigit() else 0,
        )
    before = environ.get("CI_COMMIT_BEFORE_SHA", "")
    return Event(
        kind=kind,
        name=source,
        ref=_ref(environ),
        inputs={name: environ[name.upper()] for name in _KEPT if environ.get(name.upper())},
        base_commit=before if before.strip("0") else "",
        head_commit=head,
    )


def _ref(environ: Environment) -> str:
    if tag := environ.get("CI_COMMIT_TAG"):
        return f"refs/tags/{tag}"
    branch = environ.get("CI_COMMIT_BRANCH")
    return f"refs/heads/{branch}" if branch else ""


def _foreign(environ: Environment) -> str:
    """The project that the code is from, unless it is the one it goes to, and the pipeline is that one's too."""
    own = environ.get("CI_MERGE_REQUEST_PROJECT_PATH", "")
    for name in ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "CI_PROJECT_PATH"):
        if not own or environ.get(name) != own:
            return environ.get(name) or "a project that is gone"
    return ""


def _trust(config: Config, environ: Environment) -> Trust:
    """Source: GitLab Docs, "Configure OpenID Connect in AWS": the claim `sub` of an ID token."""
    path = repository_of(config)
    where = "[tool.sandgate], key ci_subjects"
    found: list[str] = []
    for subject in exact(config.ci_subjects, where=where):
        kind, _, name = subject.removeprefix("ref:refs/").partition("/")
        if not subject.startswith("ref:"):
            raise ConfigError(
                f"ci_subjects: GitLab's tokens do not name {subject!r}", where=where, hint="ref:refs/heads/NAME"
            )
        found.append(f"project_path:{path}:ref_type:{_REF_TYPES[kind]}:ref:{name}")
    url = urlsplit(api_url(environ, SERVER, "https://gitlab.com"))
    return Trust(issuer=f"{url.netloc}{url.path}", subjects=tuple(found))


def _notice(text: str) -> str:
    return f"NOTICE sandgate: {text}"


PROVIDER = Provider(
    name="gitlab",
    summary="GitLab CI/CD, on gitlab.com or the server that CI_SERVER_URL names.",
    here=lambda environ: environ.get("GITLAB_CI") == "true",
    read_event=gitlab_event,
    changed=changed_files,
    open_store=open_store,
    trust=_trust,
    files=files,
    notice=_notice,
)
