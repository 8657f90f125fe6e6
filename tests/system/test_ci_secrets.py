"""Secrets of CI: sealed so that only the repository can open them, and failures in words that hold no secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.system.forges import OWNER_ID, REPOSITORY, REPOSITORY_ID, Forge, Secret, forge

from sandgate.ci.choice import providers
from sandgate.ci.event import Event
from sandgate.ci.secrets import check, delete, push, uses_secrets
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault

TOKEN = "ghp_" + "t0ken" * 6
VALUES = {"KEY_ID": "AKIAEXAMPLEEXAMPLE77", "KEY_SECRET": "se+cret/with=signs and ümlaut"}
BOTH = pytest.mark.parametrize("provider", ["github", "gitlab"])
Configure = Callable[..., Config]


@pytest.fixture(scope="module")
def _forge() -> Iterator[Forge]:
    with forge(TOKEN) as made:
        yield made


@pytest.fixture
def server(_forge: Forge) -> Forge:
    """GitHub and GitLab, with no secrets yet."""
    _forge.heal()
    return _forge


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """`configure(ci_provider="gitlab")`."""

    def make(**options: object) -> Config:
        (tmp_path / "sandgate.toml").write_text("")
        return load(cwd=tmp_path, environ={}, overrides={"repository": REPOSITORY, **options})

    return make


@BOTH
def test_a_key_arrives_as_it_is(provider: str, server: Forge, configure: Configure) -> None:
    said: list[str] = []
    for _ in range(2):
        push(configure(ci_provider=provider), VALUES, environ=server.environ(), progress=said.append)
    assert {name: secret.value for name, secret in server.secrets.items()} == VALUES
    assert said == [f"{REPOSITORY}: secret {name} written" for name in (*VALUES, *VALUES)]


def test_gitlab_masks_it_and_takes_it_as_it_is(server: Forge, configure: Configure) -> None:
    push(configure(ci_provider="gitlab"), VALUES, environ=server.environ())
    assert [secret.settings for secret in server.secrets.values()] == [{"masked": True, "raw": True}] * 2


def test_which_are_there_and_which_are_older_than_the_key(server: Forge, configure: Configure) -> None:
    config, made = configure(), time.time() - 100.5
    server.secrets["KEY_ID"] = Secret(value="x", updated=made + 50)
    server.secrets["KEY_SECRET"] = Secret(value="x", updated=made - 50)
    server.secrets["OTHER"] = Secret(value="x", updated=made)
    states = check(config, ["KEY_ID", "KEY_SECRET", "MISSING"], environ=server.environ(), since=made)
    assert [(state.name, state.exists, state.current) for state in states] == [
        ("KEY_ID", True, True),
        ("KEY_SECRET", True, False),
        ("MISSING", False, False),
    ]
    assert [state.text for state in states] == [
        "exists, and was written after the key was made",
        "is older than the key",
        "is missing",
    ]
    assert ("GET", f"/repos/{REPOSITORY}/actions/secrets?page=2") in server.requests


def test_a_secret_of_the_same_second_is_current(server: Forge, configure: Configure) -> None:
    now = float(int(time.time()))
    server.secrets["KEY_ID"] = Secret(value="x", updated=now)
    (state,) = check(configure(), ["KEY_ID"], environ=server.environ(), since=now + 0.9)
    assert state.current


def test_gitlab_does_not_say_when(server: Forge, configure: Configure) -> None:
    push(configure(ci_provider="gitlab"), VALUES, environ=server.environ())
    states = check(configure(ci_provider="gitlab"), VALUES, environ=server.environ(), since=time.time() + 9)
    assert [(state.updated, state.current) for state in states] == [(None, True)] * 2
    assert states[0].text == "exists; the provider does not say since when"


@BOTH
def test_deleting_twice(provider: str, server: Forge, configure: Configure) -> None:
    config, said = configure(ci_provider=provider), list[str]()
    push(config, VALUES, environ=server.environ())
    for _ in range(2):
        delete(config, VALUES, environ=server.environ(), progress=said.append)
    assert server.secrets == {}
    assert [line.rpartition(" secret ")[2] for line in said] == [
        "KEY_ID deleted",
        "KEY_SECRET deleted",
        "KEY_ID was not there",
        "KEY_SECRET was not there",
    ]


def test_a_secret_that_stays_is_told(server: Forge, configure: Configure) -> None:
    push(configure(), VALUES, environ=server.environ())
    server.fail("DELETE", "KEY_SECRET", 404)
    with pytest.raises(EnvironmentFault, match="KEY_SECRET is still there"):
        delete(configure(), VALUES, environ=server.environ())


LIMIT = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99"}


@pytest.mark.parametrize(
    ("provider", "status", "headers", "told"),
    [
        ("github", 401, {}, "GitHub does not accept the token"),
        ("github", 403, {}, "the token may not do this"),
        ("github", 403, LIMIT, "GitHub's rate limit is used up"),
        ("github", 403, {"Retry-After": "3600"}, "GitHub's rate limit is used up"),
        ("github", 429, {}, "GitHub's rate limit is used up"),
        ("github", 404, {}, f"GitHub shows this token no repository {REPOSITORY}"),
        ("github", 409, {}, "GitHub answers with status 409"),
        ("gitlab", 401, {}, "GitLab does not accept the token"),
        ("gitlab", 403, {}, "the token may not do this"),
        ("gitlab", 404, {}, f"GitLab shows this token no project {REPOSITORY}"),
        ("gitlab", 429, {"Retry-After": "0"}, "GitLab's rate limit is used up"),
        ("gitlab", 502, {}, "GitLab answers with status 502"),
    ],
)
def test_failures_are_told(
    provider: str, status: int, headers: dict[str, str], told: str, server: Forge, configure: Configure
) -> None:
    for method in ("GET", "PUT", "POST"):
        server.fail(method, "secrets|variables", status, headers=headers)
    for ask in (
        lambda config: push(config, VALUES, environ=server.environ()),
        lambda config: check(config, VALUES, environ=server.environ()),
    ):
        with pytest.raises(EnvironmentFault) as error:
            ask(configure(ci_provider=provider))
        assert error.value.message == told
        assert not any(secret in f"{error.value!s}{error.value!r}" for secret in (TOKEN, *VALUES.values()))
        assert error.value.__cause__ is None


def test_a_rate_limit_says_when_it_ends(server: Forge, configure: Configure) -> None:
    server.fail("GET", "secrets", 403, headers={**LIMIT, "X-RateLimit-Reset": str(int(time.time()) + 500)})
    with pytest.raises(EnvironmentFault) as error:
        check(configure(), VALUES, environ=server.environ())
    assert 490 <= int(error.value.hint.split()[3]) <= 500


def test_a_short_fault_is_waited_out(server: Forge, configure: Configure) -> None:
    server.fail("PUT", "secrets", 502, times=1)
    server.fail("GET", "public-key", 500, times=1)
    push(configure(), VALUES, environ=server.environ())
    assert len(server.secrets) == 2


@pytest.mark.parametrize(("provider", "path"), [("github", "secrets/KEY_SECRET"), ("gitlab", "variables")])
def test_half_a_key_is_told_and_mended(provider: str, path: str, server: Forge, configure: Configure) -> None:
    config = configure(ci_provider=provider)
    server.fail("PUT" if provider == "github" else "POST", path, 503, skip=0 if provider == "github" else 1)
    with pytest.raises(EnvironmentFault) as error:
        push(config, VALUES, environ=server.environ())
    assert "KEY_ID was written, KEY_SECRET was not, so CI has halves of two keys" in error.value.message
    assert set(server.secrets) == {"KEY_ID"}
    server._faults.clear()
    push(config, VALUES, environ=server.environ())
    assert {name: secret.value for name, secret in server.secrets.items()} == VALUES


@BOTH
@pytest.mark.parametrize("page", ["<html>", {"a": 1}, [{}], {"key": "??", "key_id": 1, "secrets": [{}]}])
def test_what_answers_is_no_api(provider: str, page: object, server: Forge, configure: Configure) -> None:
    server.page = page
    config = configure(ci_provider=provider)
    for ask in (push, check, delete):
        with pytest.raises(EnvironmentFault) as error:
            ask(config, VALUES, environ=server.environ())
        assert not any(secret in str(error.value) for secret in (TOKEN, *VALUES.values()))
    with pytest.raises(EnvironmentFault):
        providers()["github"].trust(config, server.environ())


@BOTH
def test_a_value_that_did_not_stay_is_told(provider: str, server: Forge, configure: Configure) -> None:
    server.forgets = True
    with pytest.raises(EnvironmentFault, match="KEY_ID, KEY_SECRET was written, and is not there"):
        push(configure(ci_provider=provider), VALUES, environ=server.environ())


@BOTH
def test_nobody_there(provider: str, configure: Configure) -> None:
    environ = {"GITHUB_API_URL": "http://127.0.0.1:9", "CI_SERVER_URL": "http://127.0.0.1:9"}
    with pytest.raises(EnvironmentFault, match="cannot be reached: ConnectionError"):
        check(configure(ci_provider=provider), VALUES, environ={**environ, "GITHUB_TOKEN": "t", "GITLAB_TOKEN": "t"})


@BOTH
@pytest.mark.parametrize(
    "url", ["http://ghe.example.com", "ftp://127.0.0.1", "https://me:pw@ghe.example.com", "x", "https://"]
)
def test_a_token_goes_over_tls_only(provider: str, url: str, configure: Configure) -> None:
    environ = {"GITHUB_API_URL": url, "CI_SERVER_URL": url, "GITHUB_TOKEN": TOKEN, "GITLAB_TOKEN": TOKEN}
    with pytest.raises(ConfigError, match="is no address that a token may be sent to"):
        push(configure(ci_provider=provider), VALUES, environ=environ)


@BOTH
def test_without_token_or_repository(provider: str, server: Forge, configure: Configure) -> None:
    with pytest.raises(EnvironmentFault, match="there is no token"):
        push(configure(ci_provider=provider), VALUES, environ={})
    with pytest.raises(ConfigError, match="no repository is configured"):
        push(configure(ci_provider=provider, repository=""), VALUES, environ=server.environ())
    assert server.requests == []


def test_the_token_of_the_command_line_tool_will_do(server: Forge, configure: Configure) -> None:
    environ = server.environ()
    push(configure(), VALUES, environ={"GITHUB_API_URL": server.url, "GH_TOKEN": environ["GITHUB_TOKEN"]})
    assert len(server.secrets) == 2


def test_an_empty_value_is_nothing_to_write(server: Forge, configure: Configure) -> None:
    with pytest.raises(ConfigError, match="KEY_SECRET has no value"):
        push(configure(), {**VALUES, "KEY_SECRET": ""}, environ=server.environ())
    assert server.requests == []


def test_who_keeps_keys_in_ci(configure: Configure) -> None:
    assert uses_secrets(configure())
    assert not uses_secrets(configure(repository=""))
    assert not uses_secrets(configure(ci_credentials="oidc"))


def test_changed_files_from_the_api(server: Forge, configure: Configure) -> None:
    server.files += [{"filename": "b.py", "previous_filename": "a.py"}, {"filename": "c.py"}]
    event = Event(kind="change", name="pull_request", number=7)
    environ = server.environ()
    assert providers()["github"].changed(event, configure(), environ) == ("b.py", "a.py", "c.py")
    assert providers()["gitlab"].changed(event, configure(), environ) == ("b.py", "c.py")
    assert providers()["github"].changed(event, configure(), {}) is None
    server.fail("GET", "pulls|merge_requests", 500)
    assert providers()["github"].changed(event, configure(), environ) is None
    assert providers()["gitlab"].changed(event, configure(), environ) is None


def test_a_repository_is_spelt_as_in_tokens(server: Forge, configure: Configure) -> None:
    with pytest.raises(ConfigError, match="GitHub calls it 'octo-org/shop', and tokens do too"):
        providers()["github"].trust(configure(repository="Octo-Org/Shop"), server.environ())


def test_ids_of_a_repository_are_asked_for(server: Forge, configure: Configure) -> None:
    trust = providers()["github"].trust(configure(ci_subjects=["pull_request"]), server.environ())
    assert trust.subjects == (
        f"repo:{REPOSITORY}:pull_request",
        f"repo:octo-org@{OWNER_ID}/shop@{REPOSITORY_ID}:pull_request",
    )
