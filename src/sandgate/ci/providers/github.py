"""GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sandgate.ci.event import Event
from sandgate.ci.oidc import Trust
from sandgate.ci.providers._address import repository_of
from sandgate.ci.providers._github_api import changed_files, ids_of, open_store
from sandgate.ci.providers._github_events import github_event
from sandgate.ci.providers._github_files import files
from sandgate.ci.providers._model import Provider
from sandgate.ci.providers._subjects import exact
from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault

__all__ = ["PROVIDER"]

_GITHUB = "https://github.com"
_ISSUER = "token.actions.githubusercontent.com"
_IDS = ("GITHUB_REPOSITORY_OWNER_ID", "GITHUB_REPOSITORY_ID")


def _here(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def _read_event(environ: Mapping[str, str]) -> Event:
    name, path = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_EVENT_PATH", "")
    if not name or not path:
        raise EnvironmentFault(
            "this is no job of GitHub Actions", where="environment, GITHUB_EVENT_NAME and GITHUB_EVENT_PATH"
        )
    try:
        payload = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise EnvironmentFault(f"the event cannot be read: {type(error).__name__}", where=path) from None
    if not isinstance(payload, Mapping):
        raise EnvironmentFault("the event is no JSON object", where=path)
    return github_event(name, payload)


def _trust(config: Config, environ: Mapping[str, str]) -> Trust:
    """Both forms of the subject: with names alone, and with the ids that newer repositories carry."""
    repository = repository_of(config)
    owner, slash, name = repository.partition("/")
    if not slash or "/" in name:
        raise ConfigError(f"repository: {repository!r} is no OWNER/NAME", where="[tool.sandgate], key repository")
    subjects = exact(config.ci_subjects, where="[tool.sandgate], key ci_subjects")
    prefixes = [f"repo:{owner}/{name}"]
    server = environ.get("GITHUB_SERVER_URL") or _GITHUB
    if server == _GITHUB:
        owner_id, repository_id = _ids(config, environ)
        prefixes.append(f"repo:{owner}@{owner_id}/{name}@{repository_id}")
    # An Enterprise Server signs for itself, and knows no subjects with ids.
    issuer = _ISSUER if server == _GITHUB else f"{urlsplit(server).netloc}/_services/token"
    return Trust(issuer=issuer, subjects=tuple(f"{prefix}:{each}" for prefix in prefixes for each in subjects))


def _ids(config: Config, environ: Mapping[str, str]) -> tuple[int, int]:
    given = [environ.get(name, "") for name in _IDS]
    # In a job of another repository these are that one's.
    if all(text.isdigit() for text in given) and environ.get("GITHUB_REPOSITORY") == config.repository:
        return int(given[0]), int(given[1])
    return ids_of(config, environ)


def _notice(text: str) -> str:
    """A workflow command; line ends and percent signs would end it early (GitHub's toolkit, `escapeData`)."""
    return "::notice title=sandgate::" + text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


PROVIDER = Provider(
    name="github",
    summary="GitHub Actions, also of a GitHub Enterprise Server that GITHUB_API_URL names.",
    here=_here,
    read_event=_read_event,
    changed=changed_files,
    open_store=open_store,
    trust=_trust,
    files=files,
    notice=_notice,
    output_variable="GITHUB_OUTPUT",
    summary_variable="GITHUB_STEP_SUMMARY",
)
