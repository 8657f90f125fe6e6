"""The workflow files are what the providers accept, pin what they run, and ask for as little as they need."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sandgate.ci.choice import providers
from sandgate.ci.plan import WorkflowPlan
from sandgate.ci.providers._github_files import ACTIONS
from sandgate.ci.render import fill, sealed, state_of
from sandgate.config.load import load
from sandgate.errors import ConfigError

ROLE = "arn:aws:iam::111122223333:role/unit-tester-ci"
SECRETS = ("UNIT_KEY_ID", "UNIT_SECRET")
SCHEMAS = {"github": "github-workflows", "gitlab": "gitlab-ci"}
PLANS = [(name, role, folder) for name in SCHEMAS for role in ("", ROLE) for folder in ("", "services/shop")]


def text_of(
    provider: str, role: str = "", folder: str = "", command: str = "python -m pytest", environment: str = ""
) -> str:
    plan = WorkflowPlan(
        command=command,
        install='python -m pip install -e ".[test]"',
        python="3.12",
        region="eu-west-1",
        key_id_variable=SECRETS[0],
        secret_variable=SECRETS[1],
        folder=folder,
        environment=environment,
        role=role,
    )
    (text,) = providers()[provider].files(plan).values()
    return text


@cache
def schema(provider: str) -> dict[str, Any]:
    """What the provider accepts, as SchemaStore has it; the package brings it along."""
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    found: dict[str, Any] = json.loads((folder / f"{SCHEMAS[provider]}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(("provider", "role", "folder"), PLANS)
def test_the_provider_accepts_them(provider: str, role: str, folder: str) -> None:
    text = text_of(provider, role, folder)
    jsonschema.Draft7Validator(schema(provider)).validate(yaml.load(text, Loader=Plain))
    assert not re.search(r"@[A-Z_]+@", text)


class Plain(yaml.SafeLoader):
    """YAML 1.2, in which `on` is a word."""


Plain.yaml_implicit_resolvers = {
    key: [(tag, regexp) for tag, regexp in found if tag != "tag:yaml.org,2002:bool" or key not in "oOyYnN"]
    for key, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(params=["", ROLE], ids=["keys", "oidc"])
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(text_of("github", request.param), Loader=Plain)
    return found


def steps_of(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_actions_are_pinned_by_commit(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for step in steps_of(workflow) if "uses" in step]
    assert used
    for each in used:
        action, commit = each.split("@")
        assert commit == ACTIONS[action][0]
        assert re.fullmatch(r"[0-9a-f]{40}", commit)


def test_pins_say_which_release_they_are() -> None:
    for line in text_of("github", ROLE).splitlines():
        if "uses:" in line:
            assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_the_page_about_ci_has_the_same_pins() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)@(\S+)(?: # (\S+))?", page)
    assert used
    assert [(action, ACTIONS[action]) for action, _, _ in used] == [(name, (pin, tag)) for name, pin, tag in used]


def test_no_job_has_more_rights_than_it_needs(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    oidc = "id-token" in workflow["jobs"]["sandbox"]["permissions"]
    for name, job in workflow["jobs"].items():
        wants = {"contents": "read", **({"id-token": "write"} if oidc and name in ("sandbox", "sweep") else {})}
        assert job["permissions"] == wants
    checkouts = [step for step in steps_of(workflow) if step.get("uses", "").startswith("actions/checkout")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_only_the_real_account_gets_the_secrets() -> None:
    workflow = yaml.load(text_of("github"), Loader=Plain)
    for name, job in workflow["jobs"].items():
        assert "env" not in job
        for step in job["steps"]:
            runs = step.get("run", "")
            wants = name in ("sandbox", "sweep") and ("sandgate run" in runs or "sandgate sweep" in runs)
            assert (step.get("env", {}) == {each: f"${{{{ secrets.{each} }}}}" for each in SECRETS}) is wants
    assert "secrets." not in text_of("github", ROLE)


def test_the_sandbox_waits_for_the_gate_and_the_emulated_tier(workflow: dict[str, Any]) -> None:
    sandbox = workflow["jobs"]["sandbox"]
    assert sandbox["needs"] == ["emulated", "gate"]
    assert sandbox["if"] == "needs.gate.outputs.decision == 'run'"
    assert workflow["jobs"]["gate"]["outputs"] == {"decision": "${{ steps.gate.outputs.decision }}"}
    assert "if" not in workflow["jobs"]["emulated"]


def test_jobs_with_the_role_run_in_the_environment_that_it_asks_for() -> None:
    workflow = yaml.load(text_of("github", ROLE, environment="real account"), Loader=Plain)
    jsonschema.Draft7Validator(schema("github")).validate(workflow)
    named = {name: job.get("environment") for name, job in workflow["jobs"].items()}
    assert named == {"emulated": None, "gate": None, "sandbox": "real account", "sweep": "real account"}
    assert "environment" not in text_of("github", environment="real account")


def test_the_sweep_runs_after_a_cancellation_too(workflow: dict[str, Any]) -> None:
    sweep = workflow["jobs"]["sweep"]
    assert sweep["if"].startswith("always() && ")
    assert "sandbox" in sweep["needs"]
    upload = next(step for step in workflow["jobs"]["sandbox"]["steps"] if "upload-artifact" in step.get("uses", ""))
    assert upload["if"] == "always()"
    hidden = [f"!.sandgate/runs/*/{name}" for name in ("run.json", "*.vmoptions", "*.credentials")]
    assert upload["with"]["path"].split() == [".sandgate/runs", *hidden]


def test_runs_of_one_branch_replace_each_other_only_on_pull_requests(workflow: dict[str, Any]) -> None:
    assert workflow["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_no_expression_stands_in_a_script(workflow: dict[str, Any]) -> None:
    assert not [step["run"] for step in steps_of(workflow) if "${{" in step.get("run", "")]


def test_commands_stay_what_they_are_on_gitlab() -> None:
    jobs = yaml.load(text_of("gitlab", command="""sh -c 'echo "a: b" # c'"""), Loader=Plain)
    assert jobs["sandgate-emulated"]["script"] == ["""sandgate run --tier emulated -- sh -c 'echo "a: b" # c'"""]
    assert jobs[".sandgate"]["before_script"] == ['python -m pip install -e ".[test]"']


def test_what_jobs_set_is_nothing_that_sandgate_reads_otherwise(tmp_path: Path) -> None:
    for provider in SCHEMAS:
        text = text_of(provider, ROLE)
        names = {*re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", text)}
        assert load(cwd=tmp_path, environ=dict.fromkeys(names, "x"), overrides={}).tier == "emulated"


@pytest.mark.parametrize("provider", SCHEMAS)
@pytest.mark.parametrize("command", ["a\nb", "", " ", "a\rb", "a\x1b[0m"])
def test_a_command_is_one_line(provider: str, command: str) -> None:
    with pytest.raises(ConfigError, match="command must be one line"):
        text_of(provider, command=command)


def test_a_folder_is_a_plain_path() -> None:
    with pytest.raises(ConfigError, match="is no folder that a workflow could name"):
        text_of("github", folder="a b; rm")


@pytest.mark.parametrize(
    ("there", "state"),
    [
        (None, "absent"),
        (sealed("new\n"), "same"),
        (sealed("old\n"), "ours"),
        (sealed("old\n") + "changed\n", "changed"),
        ("mine\n", "changed"),
        ("", "changed"),
    ],
)
def test_whose_file_it_is(there: str | None, state: str) -> None:
    assert state_of(there, sealed("new\n")) == state


def test_a_gap_without_a_value_is_a_bug() -> None:
    values = {"COMMAND": "a", "INSTALL": "b", "PYTHON": "3", "FOLDER": ""}
    with pytest.raises(KeyError):
        fill("@NOT_THERE@", values)


@pytest.mark.parametrize("role", ["", ROLE])
@pytest.mark.parametrize(("decision", "ran"), [("run", ["ci", "run"]), ("skip", ["ci"])])
def test_gitlabs_script_does_what_the_gate_says(decision: str, ran: list[str], role: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "sandgate"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'echo "$1 ${AWS_ID_TOKEN:-}" >> said\n'
        f'[ "$1" = ci ] && printf "decision={decision}\\nrule=nightly-or-label\\n" >> "$4"\n'
        '[ "$1" = ci ] || cat "${AWS_WEB_IDENTITY_TOKEN_FILE:-/dev/null}" > token\n'
    )
    program.chmod(0o755)
    jobs = yaml.load(text_of("gitlab", role), Loader=Plain)
    script = "\n".join(["set -eu", *jobs["sandgate-sandbox"]["script"]])
    environ = {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "CI_BUILDS_DIR": str(tmp_path),
        "CI_PIPELINE_ID": "7",
        "AWS_ID_TOKEN": "header.claims.signature",
    }
    subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environ, check=True)
    said = [line.split(" ") for line in (tmp_path / "said").read_text().splitlines()]
    assert [words[0] for words in said] == ran
    if role and decision == "run":
        # Where SDKs look for it, and nowhere else.
        assert (tmp_path / "token").read_text() == "header.claims.signature"
        assert (tmp_path / "sandgate-token").stat().st_mode & 0o777 == 0o600
        assert said[-1][1] == ""
