"""`sandgate doctor` in the shell of somebody who has real keys there, and whose network leads nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.system.forges import REPOSITORY, Forge, Secret, forge

from sandgate.cli.checks import ci_secrets
from sandgate.cli.checks._model import Facts
from sandgate.config.load import load
from sandgate.errors import EnvironmentFault

NOWHERE = "http://127.0.0.1:9"


def test_without_a_network_it_says_what_it_could_not_look_at_and_shows_no_key(
    project: Any, canaries: dict[str, str]
) -> None:
    file = {"AWS_ACCESS_KEY_ID": "AKIA" + "FILEFILEFILEFILE", "AWS_SECRET_ACCESS_KEY": "secret-of-the-file"}
    project.write("pyproject.toml", '[tool.sandgate]\naccount = "111122223333"\n')
    project.write(".env.sandbox", "".join(f"{name}={value}\n" for name, value in file.items())).chmod(0o600)
    project.write("notes.md", f"{canaries['AWS_ACCESS_KEY_ID']}: {canaries['AWS_SECRET_ACCESS_KEY']}\n")
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), NOWHERE)
    environ = {**canaries, **proxies, "NO_PROXY": "", "no_proxy": ""}
    said = project.sandgate("doctor", "--tier", "sandbox", environ=environ)
    programs = project.sandgate("doctor", "--tier", "sandbox", "--json", environ=environ)
    (project.folder / "notes.md").unlink()  # or the search for canaries finds it
    for secret in (*canaries.values(), *file.values()):
        assert secret not in said.out + said.err + programs.out + programs.err
    assert (said.status, programs.status) == (10, 10)
    found = {entry["check"]: entry for entry in json.loads(programs.out)["findings"]}
    states = {check: entry["state"] for check, entry in found.items()}
    assert {check for check, state in states.items() if state == "mend"} == {"keys-in-files"}
    unknown = {check for check, state in states.items() if state == "unknown"}
    assert unknown >= {"credentials", "account", "clock", "policy"}
    assert states["exported"] == "note"
    assert "AWS_ACCESS_KEY_ID is AKIA…" in found["exported"]["text"]
    assert "1 to mend" in said.out


@pytest.fixture
def server() -> Iterator[Forge]:
    with forge("ghp_" + "t0ken" * 6) as made:
        yield made


def test_secrets_of_the_repository(server: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(**options: object) -> list[tuple[str, str, str]]:
        config = load(cwd=tmp_path, environ={}, overrides={"repository": REPOSITORY, **options})
        facts = Facts(config=config, environ=server.environ(), here=tmp_path, now=0.0)
        return [(found.state, found.text, found.remedy) for found in ci_secrets.CHECK.look(facts)]

    made = 1_000_000.0
    monkeypatch.setattr(ci_secrets, "key_made", lambda _facts: made)
    server.secrets["AWS_ACCESS_KEY_ID"] = Secret(value="x", updated=made - 60)
    assert seen() == [
        ("mend", f"{REPOSITORY}: AWS_ACCESS_KEY_ID is older than the key", "sandgate ci secrets push"),
        ("mend", f"{REPOSITORY}: AWS_SECRET_ACCESS_KEY is missing", "sandgate ci secrets push"),
    ]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        server.secrets[name] = Secret(value="x", updated=made + 60)
    assert seen() == [("ok", f"{REPOSITORY} has both, younger than the key", "")]
    assert seen(ci_credentials="oidc") == [("ok", "none needed: CI takes its role by OIDC", "")]
    assert seen(repository="") == [("ok", "none needed: no repository is configured", "")]
    own = server.environ()
    monkeypatch.setattr(server, "environ", lambda: {**own, "GITHUB_TOKEN": "ghp_another"})
    with pytest.raises(EnvironmentFault):
        seen()
