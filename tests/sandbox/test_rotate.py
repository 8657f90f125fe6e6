"""`sandgate rotate`: two keys overlap, and one that is interrupted goes on."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from tests.sandbox.project import Project

from sandgate.config.credentials import shown_key
from sandgate.identity.record import Record

_SHARED: list[str] = []
"""The name of one identity for all these tests, of which each gives its user another key."""


@pytest.fixture
def made(project: Project) -> Project:
    """A project whose identity is there, with one key."""
    if not _SHARED:
        assert project.sandgate("up", "--yes").status == 0
        _SHARED.append(project.identity)
    else:
        project.take_over(_SHARED[0])
    project.standin.front.seen.clear()
    return project


def test_the_new_key_is_live_before_the_old_one_is_disabled(made: Project) -> None:
    old, front = made.key, made.standin.front
    done = made.sandgate("rotate", "--yes")
    assert done.status == 0, done
    new = made.key
    assert made.keys() == {old.access_key_id: "Inactive", new.access_key_id: "Active"}
    assert made.works()
    calls = [seen.operation for seen in front.seen]
    proven = [n for n, seen in enumerate(front.seen) if seen.access_key_id == new.access_key_id]
    assert calls.index("CreateAccessKey") < proven[0]
    assert proven[3] < calls.index("UpdateAccessKey"), "three answers and the role, with the key itself"
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        made.standin.client("sts", old).get_caller_identity()
    assert "deletes it" in done.out
    for text in (done.out, done.err):
        assert old.secret not in text
        assert new.secret not in text


def test_the_old_key_is_deleted_when_its_grace_is_over(made: Project) -> None:
    assert made.sandgate("rotate", "--grace", "0s", "--yes").status == 0
    assert list(made.keys()) == [made.key.access_key_id]
    assert made.sandgate("rotate", "--grace", "0.001s", "--wait", "--yes").status == 0
    assert list(made.keys()) == [made.key.access_key_id]
    assert made.sandgate("rotate", "--grace", "0.001s", "--yes").status == 0
    assert len(made.keys()) == 2
    said = made.sandgate("up", "--yes")
    assert "its grace is over" in said.out
    assert list(made.keys()) == [made.key.access_key_id]


def test_a_grace_ends_early_where_there_is_no_room(made: Project) -> None:
    assert made.sandgate("rotate", "--yes").status == 0
    second = made.key.access_key_id
    shown = made.sandgate("rotate", "--dry-run", "--json")
    assert json.loads(shown.out)["deletes"] == 1
    done = made.sandgate("rotate", "--yes")
    assert (done.status, "its grace is not over" in done.out) == (0, True), done
    assert made.keys() == {second: "Inactive", made.key.access_key_id: "Active"}


@pytest.mark.parametrize("command", ["rotate", "up", "down"])
def test_two_at_once_make_no_key_that_nobody_has(made: Project, command: str) -> None:
    before = (made.keys(), made.entries)
    with Record(root=made.folder, user="anybody").held():
        done = made.sandgate(command, "--yes")
        assert made.sandgate(command, "--dry-run").status == 0, "it changes nothing"
    assert (done.status, "at work" in done.err) == (4, True), done
    assert (made.keys(), made.entries) == before


def test_another_key_of_the_user_is_told(made: Project) -> None:
    other = made.iam.create_access_key(UserName=made.identity)["AccessKey"]["AccessKeyId"]
    said = made.sandgate("up", "--dry-run").out
    assert f"! access key {shown_key(other)}" in said
    assert "--replace-all" in said


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "CreateAccessKey"), ("iam", "UpdateAccessKey")],
)
def test_a_rotation_that_was_killed_can_be_run_again(made: Project, service: str, operation: str) -> None:
    old = made.key
    slow = made.standin.front.fault("slow", service=service, operation=operation, seconds=60.0)
    made.kill_at(made.start("rotate", "--yes"), slow)
    made.standin.front.heal()
    assert made.works(), "whatever happened"
    done = made.sandgate("rotate", "--yes")
    assert done.status == 0, done
    assert made.works()
    assert made.key.access_key_id != old.access_key_id
    assert sorted(made.keys().values()) == ["Active", "Inactive"], "no third one, and none that nobody has"


def test_what_was_left_to_disable_is_disabled(made: Project) -> None:
    old = made.key
    made.standin.front.fault("denied", service="iam", operation="UpdateAccessKey")
    assert made.sandgate("rotate", "--yes").status == 4
    new = made.key
    assert made.keys() == {old.access_key_id: "Active", new.access_key_id: "Active"}
    done = made.sandgate("rotate", "--yes")
    assert (done.status, "+ access key" in done.out) == (0, False), done
    assert made.keys() == {old.access_key_id: "Inactive", new.access_key_id: "Active"}


def test_a_new_key_that_never_works_changes_nothing(made: Project) -> None:
    old = made.key
    made.standin.front.fault("expired", service="sts", operation="AssumeRole", times=0)
    done = made.sandgate("rotate", "--yes")
    assert done.status == 4, done
    assert made.key == old
    made.standin.front.heal()
    assert made.sandgate("rotate", "--yes").status == 0
    assert made.keys() == {old.access_key_id: "Inactive", made.key.access_key_id: "Active"}


def test_two_keys_are_explained_and_replaced_when_asked(made: Project) -> None:
    old = made.key
    other = made.iam.create_access_key(UserName=made.identity)["AccessKey"]
    done = made.sandgate("rotate", "--yes")
    assert (done.status, "the one in .env.sandbox" in done.err) == (3, True), done
    assert "somebody else's" in done.err
    assert set(made.keys()) == {old.access_key_id, other["AccessKeyId"]}
    said = made.sandgate("rotate", "--replace-all", "--dry-run").out
    assert "somebody else's" in said
    assert "the one in .env.sandbox" in said
    assert made.sandgate("rotate", "--replace-all", typed="n\n").status == 130
    assert len(made.keys()) == 2
    assert made.sandgate("rotate", "--replace-all", "--yes").status == 0
    assert list(made.keys()) == [made.key.access_key_id]
    assert made.works()


def test_there_is_nothing_to_rotate_without_a_key(made: Project) -> None:
    made.env_file.unlink()
    done = made.sandgate("rotate", "--yes")
    assert (done.status, "`sandgate up` makes one" in done.err) == (3, True), done
    assert made.sandgate("rotate", "--grace", "soon", "--yes").status == 2
