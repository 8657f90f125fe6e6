"""What providers hand over becomes an event with the facts that rules ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sandgate.ci.choice import providers
from sandgate.ci.event import Event
from sandgate.ci.providers.gitlab import gitlab_event
from sandgate.errors import EnvironmentFault

Events = Callable[[str], Event]
HEAD, BASE = "ec26c3e57ca3a959ca5aad62de7213c562f8c821", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_PROJECT_PATH": "group/shop",
    "CI_COMMIT_SHA": HEAD,
    "CI_COMMIT_BEFORE_SHA": "0" * 40,
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
    "CI_MERGE_REQUEST_LABELS": "bug,integration",
    "CI_MERGE_REQUEST_PROJECT_PATH": "group/shop",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "group/shop",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
}


def test_a_pull_request(github: Events) -> None:
    assert github("pull request labeled") == Event(
        kind="change",
        name="pull_request",
        ref="refs/heads/topic",
        target="refs/heads/main",
        labels=("bug", "integration"),
        base_commit=BASE,
        head_commit=HEAD,
        number=7,
    )


@pytest.mark.parametrize(
    ("event", "foreign"),
    [
        ("pull request of a fork", "eve/shop"),
        ("pull request target of a fork", "eve/shop"),
        ("pull request of a fork that is gone", "a repository that is gone"),
        ("workflow run of a fork", "eve/shop"),
        ("workflow run", ""),
        ("pull request synchronize", ""),
    ],
)
def test_whose_code_it_is(event: str, foreign: str, github: Events) -> None:
    assert github(event).foreign == foreign


def test_what_a_push_is_compared_with(github: Events) -> None:
    event = github("push to main")
    assert (event.base_commit[:7], event.head_commit[:7]) == ("6113728", "0d1a26e")
    assert github("push of a new branch").base_commit == ""


@pytest.mark.parametrize("damage", [{}, {"pull_request": None}, {"pull_request": {"labels": None, "head": []}}])
def test_a_payload_of_another_shape_is_no_traceback_and_nobodys_own_code(damage: dict[str, object]) -> None:
    from sandgate.ci.providers._github_events import github_event  # noqa: PLC0415

    event = github_event("pull_request", {"repository": {"full_name": "octo-org/shop"}, **damage})
    assert event.foreign
    assert event.labels == ()
    assert github_event("workflow_dispatch", {"inputs": ["promote"]}).inputs == {}


def test_a_merge_request() -> None:
    assert gitlab_event(MERGE_REQUEST) == Event(
        kind="change",
        name="merge_request_event",
        ref="refs/heads/topic",
        target="refs/heads/main",
        labels=("bug", "integration"),
        base_commit=BASE,
        head_commit=HEAD,
        number=7,
    )


@pytest.mark.parametrize(
    ("change", "foreign"),
    [
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "eve/shop"}, "eve/shop"),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": ""}, "a project that is gone"),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "eve/shop", "CI_PROJECT_PATH": "eve/shop"}, "eve/shop"),
    ],
)
def test_a_merge_request_of_a_fork(change: dict[str, str], foreign: str) -> None:
    assert gitlab_event({**MERGE_REQUEST, **change}).foreign == foreign


@pytest.mark.parametrize(
    ("environ", "kind", "ref"),
    [
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}, "push", "refs/heads/main"),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1"}, "push", "refs/tags/v1"),
        ({"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}, "schedule", "refs/heads/main"),
        ({"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "main"}, "manual", "refs/heads/main"),
        ({"CI_PIPELINE_SOURCE": "security_orchestration_policy"}, "other", ""),
    ],
)
def test_other_pipelines(environ: dict[str, str], kind: str, ref: str) -> None:
    event = gitlab_event(environ)
    assert (event.kind, event.ref) == (kind, ref)


def test_a_merge_train_and_a_promotion_by_hand() -> None:
    assert gitlab_event({**MERGE_REQUEST, "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}).kind == "queue"
    assert gitlab_event({"CI_PIPELINE_SOURCE": "web", "PROMOTE": "true"}).inputs == {"promote": "true"}


@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_outside_of_ci_there_is_no_event(provider: str) -> None:
    assert not providers()[provider].here({})
    with pytest.raises(EnvironmentFault, match="this is no job of"):
        providers()[provider].read_event({})


@pytest.mark.parametrize("text", ["", "[]", "{", "\udcff"])
def test_a_broken_event_file_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(EnvironmentFault) as told:
        providers()["github"].read_event({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(path)})
    assert told.value.where == str(path)


def test_a_notice_ends_with_its_line() -> None:
    notice = providers()["github"].notice
    assert notice("100%\n::error::x") == "::notice title=sandgate::100%25%0A::error::x"
