"""The secrets of CI in the life of an identity: pushed when the key works, before the old one dies, and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.project import Project
from tests.system.forges import REPOSITORY, Forge, forge

from sandgate.cli._identity import How
from sandgate.core.files import replace_text

TOKEN = "ghp_" + "canary" * 6


@pytest.fixture(scope="module")
def _forge() -> Iterator[Forge]:
    with forge(TOKEN) as made:
        yield made


@pytest.fixture
def github(_forge: Forge, project: Project) -> Forge:
    """GitHub, where the project's repository has no secrets yet."""
    _forge.heal()
    project.configure(f'services = ["dynamodb"]\nrepository = "{REPOSITORY}"')
    for name, value in _forge.environ().items():
        project.patch.setenv(name, value)
    return _forge


def held(github: Forge) -> dict[str, str]:
    return {name: secret.value for name, secret in github.secrets.items()}


def test_ci_has_the_key_as_long_as_there_is_one(project: Project, github: Forge) -> None:
    assert project.sandgate("up", "--yes", "--no-ci").status == 0
    assert held(github) == {}
    assert project.sandgate("up", "--yes").status == 0
    assert held(github) == dict(project.entries)
    old = project.key

    # The store goes down half-way: the old key lives, and the next one goes on.
    github.fail("PUT", "SECRET", 503)
    done = project.sandgate("rotate", "--yes")
    assert done.status == 4, done
    assert set(project.keys().values()) == {"Active"}
    new = project.key
    github.heal()
    again = project.sandgate("rotate", "--yes")
    assert again.status == 0, again
    assert project.key == new
    assert project.keys() == {old.access_key_id: "Inactive", new.access_key_id: "Active"}
    assert held(github) == dict(project.entries)

    github.secrets.clear()
    assert project.sandgate("up", "--yes").status == 0
    gone = project.sandgate("down", "--yes")
    assert gone.status == 0, gone
    assert held(github) == {}
    for each in (done, again, gone):
        assert new.secret not in each.out + each.err
        assert TOKEN not in each.out + each.err


def test_a_closed_store_is_known_before_anything_is_made(project: Project, github: Forge) -> None:
    project.patch.setenv("GITHUB_TOKEN", "wrong")
    assert project.sandgate("up", "--yes").status == 4
    assert project.changes() == []
    assert not project.env_file.exists()
    assert project.sandgate("up", "--yes", "--no-ci").status == 0


def test_the_identity_of_one_service_leaves_ci_alone(project: Project, github: Forge) -> None:
    assert project.sandgate("up", "--service", "dynamodb", "--env-file", ".env.orders", "--yes").status == 0
    assert held(github) == {}
    assert github.requests == []


class Dead(BaseException):
    """The program ends here, as of a signal that nobody can catch."""


def _dies_writing(patch: pytest.MonkeyPatch, *, after: bool) -> None:
    def die(path: Path, text: str, **settings: Any) -> None:
        if after:
            replace_text(path, text, **settings)
        raise Dead

    patch.setattr("sandgate.identity.env_file.replace_text", die)


def _dies_told(patch: pytest.MonkeyPatch, text: str) -> None:
    def die(_how: How, told: str) -> None:
        if text in told:
            raise Dead

    patch.setattr(How, "progress", die)


STEPS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the key is made, and not in the env file": lambda patch: _dies_writing(patch, after=False),
    "it is in the env file, and nothing says so": lambda patch: _dies_writing(patch, after=True),
    "CI has one half of it": lambda patch: _dies_told(patch, "secret AWS_ACCESS_KEY_ID written"),
    "CI has both": lambda patch: _dies_told(patch, "secret AWS_SECRET_ACCESS_KEY written"),
}


@pytest.mark.parametrize("command", ["up", "rotate"])
@pytest.mark.parametrize("step", STEPS)
def test_who_ends_after_a_step_goes_on_there(step: str, command: str, project: Project, github: Forge) -> None:
    if command == "rotate":
        assert project.sandgate("up", "--yes", "--no-ci").status == 0
    before = project.keys() if command == "rotate" else {}
    with project.patch.context() as patch:
        STEPS[step](patch)
        with pytest.raises(Dead):
            project.sandgate(command, "--yes")
    if command == "rotate":
        assert project.works(), "whatever happened"
    done = project.sandgate(command, "--yes")
    assert done.status == 0, done
    assert project.works()
    assert held(github) == dict(project.entries)
    old = dict.fromkeys(before, "Inactive")
    assert project.keys() == {**old, project.key.access_key_id: "Active"}, "none that nobody has"
