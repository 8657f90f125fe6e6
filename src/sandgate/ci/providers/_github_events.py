"""Events of GitHub Actions: their payloads as events of CI.

Source: GitHub Docs, "Events that trigger workflows" and "Webhook events and payloads".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandgate.ci.event import Event, Kind
from sandgate.core.paths import every, first

__all__ = ["github_event"]

_PROMOTIONS = frozenset({"published", "released", "prereleased"})
_HEADS = "refs/heads/"
_Payload = Mapping[str, Any]


def github_event(name: str, payload: _Payload) -> Event:
    """An event.

    Args:
        name: as in `GITHUB_EVENT_NAME`.
        payload: as in the file that `GITHUB_EVENT_PATH` names.
    """
    return _READERS.get(name, _other)(name, payload)


def _text(payload: _Payload, path: str) -> str:
    found = first(payload, path)
    return found if isinstance(found, str) else ""


def _number(payload: _Payload, path: str) -> int:
    found = first(payload, path)
    return found if isinstance(found, int) else 0


def _foreign(payload: _Payload, path: str) -> str:
    """The repository that the code is from, unless it is this one; one that was deleted is foreign too."""
    own, other = _text(payload, "repository.full_name"), _text(payload, path)
    return "" if own and own == other else other or "a repository that is gone"


def _commit(text: str) -> str:
    """Forty zeros stand for no commit."""
    return text if text.strip("0") else ""


def _push(name: str, payload: _Payload) -> Event:
    return Event(
        kind="push",
        name=name,
        ref=_text(payload, "ref"),
        base_commit=_commit(_text(payload, "before")),
        head_commit=_commit(_text(payload, "after")),
    )


def _change(name: str, payload: _Payload) -> Event:
    return Event(
        kind="change",
        name=name,
        ref=_HEADS + _text(payload, "pull_request.head.ref"),
        target=_HEADS + _text(payload, "pull_request.base.ref"),
        labels=tuple(str(label) for label in every(payload, "pull_request.labels.name")),
        foreign=_foreign(payload, "pull_request.head.repo.full_name"),
        base_commit=_text(payload, "pull_request.base.sha"),
        head_commit=_text(payload, "pull_request.head.sha"),
        number=_number(payload, "pull_request.number"),
    )


def _queue(name: str, payload: _Payload) -> Event:
    return Event(
        kind="queue",
        name=name,
        ref=_text(payload, "merge_group.head_ref"),
        target=_text(payload, "merge_group.base_ref"),
        base_commit=_text(payload, "merge_group.base_sha"),
        head_commit=_text(payload, "merge_group.head_sha"),
    )


def _schedule(name: str, _payload: _Payload) -> Event:
    return Event(kind="schedule", name=name)


def _manual(name: str, payload: _Payload) -> Event:
    found = payload.get("inputs") or payload.get("client_payload")
    given = found if isinstance(found, Mapping) else {}
    inputs = {str(key): str(value).lower() if isinstance(value, bool) else str(value) for key, value in given.items()}
    return Event(kind="manual", name=name, ref=_text(payload, "ref"), inputs=inputs)


def _release(name: str, payload: _Payload) -> Event:
    action = _text(payload, "action")
    tag = _text(payload, "release.tag_name")
    kind: Kind = "release" if action in _PROMOTIONS else "other"
    return Event(kind=kind, name=f"{name} {action}", ref=f"refs/tags/{tag}")


def _deployment(name: str, payload: _Payload) -> Event:
    return Event(kind="deployment", name=name, ref=_text(payload, "deployment.ref"))


def _after(name: str, payload: _Payload) -> Event:
    return Event(
        kind="after",
        name=name,
        ref=_HEADS + _text(payload, "workflow_run.head_branch"),
        foreign=_foreign(payload, "workflow_run.head_repository.full_name"),
        head_commit=_text(payload, "workflow_run.head_sha"),
    )


def _other(name: str, _payload: _Payload) -> Event:
    return Event(kind="other", name=name)


_READERS: Mapping[str, Callable[[str, _Payload], Event]] = MappingProxyType(
    {
        "push": _push,
        "pull_request": _change,
        "pull_request_target": _change,
        "pull_request_review": _change,
        "merge_group": _queue,
        "schedule": _schedule,
        "workflow_dispatch": _manual,
        "repository_dispatch": _manual,
        "release": _release,
        "deployment": _deployment,
        "workflow_run": _after,
    }
)
