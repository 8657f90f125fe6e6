"""`sandgate down`: everything goes, and each absence is seen; what is somebody else's stays."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.sandbox.project import Project

from sandgate.ledger.book import NAME, Book


@pytest.fixture
def made(project: Project) -> Project:
    """A project whose identity is there."""
    project.env_file.touch(mode=0o600)
    project.env_file.write_text("# kept\nOTHER=1\n")
    assert project.sandgate("up", "--yes").status == 0
    project.standin.front.seen.clear()
    return project


def nothing_left(project: Project) -> bool:
    iam = project.iam
    users = {user["UserName"] for user in iam.list_users()["Users"]}
    roles = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    policies = {policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]}
    names = {*users, *roles, *policies}
    return not any(name == project.identity or name.startswith(f"{project.identity}-") for name in names)


def test_all_of_it_goes_in_order_and_twice_is_fine(made: Project) -> None:
    done = made.sandgate("down", "--yes")
    assert done.status == 0, done
    assert made.changes() == ["DeleteAccessKey", "DeleteStack"]
    assert made.env_file.read_text() == "# kept\nOTHER=1\n"
    assert nothing_left(made)
    again = made.sandgate("down", "--yes")
    assert (again.status, "there is no" in again.out) == (0, True), again
    assert made.changes() == ["DeleteAccessKey", "DeleteStack"]


def test_a_stack_that_somebody_else_deployed_can_stay(made: Project) -> None:
    done = made.sandgate("down", "--keep-stack", "--yes")
    assert (done.status, "has no key any more" in done.out) == (0, True), done
    assert made.changes() == ["DeleteAccessKey"]
    assert made.env_file.read_text() == "# kept\nOTHER=1\n"
    assert made.keys() == {}
    again = made.sandgate("rotate", "--replace-all", "--yes")
    assert again.status == 0, again
    assert made.works()


def test_nothing_goes_before_somebody_agrees(made: Project) -> None:
    assert json.loads(made.sandgate("down", "--dry-run", "--json").out)["keys"] == 1
    assert made.sandgate("down").status == 2
    assert made.sandgate("down", typed="n\n").status == 130
    assert made.changes() == []
    assert made.works()


def test_down_that_was_killed_can_be_run_again(made: Project) -> None:
    slow = made.standin.front.fault("slow", service="iam", operation="DeleteAccessKey", seconds=60.0)
    made.kill_at(made.start("down", "--yes"), slow)
    made.standin.front.heal()
    assert made.sandgate("down", "--yes").status == 0
    assert nothing_left(made)
    assert made.env_file.read_text() == "# kept\nOTHER=1\n"


def test_a_key_of_somebody_else_stays_in_the_env_file(made: Project) -> None:
    key = made.standin.profiles["root"]
    text = f"AWS_ACCESS_KEY_ID={key.access_key_id}\nAWS_SECRET_ACCESS_KEY={key.secret}\n"
    made.env_file.write_text(text)
    done = made.sandgate("down", "--yes")
    assert (done.status, "it is a key of arn:aws:iam::111122223333:root" in done.out) == (0, True), done
    assert made.env_file.read_text() == text
    assert nothing_left(made)


def test_a_user_whose_stack_is_elsewhere_is_not_called_gone(made: Project) -> None:
    text = (made.folder / "sandgate.toml").read_text().replace("eu-west-1", "us-east-1")
    (made.folder / "sandgate.toml").write_text(text)
    done = made.sandgate("down", "--yes")
    assert (done.status, "is still there" in done.err) == (5, True), done
    up = made.sandgate("up", "--yes")
    assert (up.status, "its stack is not here" in up.err) == (3, True), up


def test_a_run_that_owns_something_is_not_left_behind(made: Project) -> None:
    run = made.folder / ".sandgate" / "runs" / "20260101-120000-abcdef"
    book = _ledger(run, account="111122223333")
    live = made.sandgate("down", "--yes")
    assert (live.status, "lives, and needs the identity" in live.err) == (2, True), live
    book.close()
    done = made.sandgate("down", "--yes")
    assert (done.status, f"{run.name}" in done.err, "--sweep" in done.err) == (2, True, True), done
    assert made.changes() == []
    assert f"run {run.name}: what it owns is swept (1)" in made.sandgate("down", "--sweep", "--dry-run").out


def test_a_run_of_another_account_is_no_matter(made: Project) -> None:
    _ledger(made.folder / ".sandgate" / "runs" / "20260101-120000-abcdef", account="000000000000").close()
    assert made.sandgate("down", "--yes").status == 0


def _ledger(folder: Path, *, account: str) -> Book:
    """The ledger of a run that was killed with a table."""
    folder.mkdir(parents=True)
    book = Book(folder / NAME)
    book.write("open", run=folder.name, tier="sandbox", account=account, at=time.time(), namespace="k3x9q2")
    table = {"TableName": "test-k3x9q2-orders"}
    book.write("intent", id="1", at=time.time(), type="dynamodb-table", region="eu-west-1", key=table)
    return book
