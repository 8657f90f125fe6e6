"""`sandgate ci` and `sandgate receipt` as a job runs them: processes with a job's environment and files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandgate.cli.main import run

COMMIT = "0123456789abcdef0123456789abcdef01234567"
POLICY = '[tool.sandgate]\nci_policy = "platform"\nci_critical_paths = ["src/aws/**"]\n'
Job = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The program in this process, where its own start is nothing that a test is about."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def sandgate(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Any:
        """Run it."""
        with self.patch.context() as patch:
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            self.capture.readouterr()
            status = run(arguments)
        out, err = self.capture.readouterr()
        error = dict(re.findall(r"^(error|where|hint): +(.*)$", err, re.MULTILINE))
        return SimpleNamespace(status=status, out=out, err=err, error=error)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """A project, and the program in this process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.sandgate]\n")
    return Here(folder=tmp_path, patch=monkeypatch, capture=capsys)


@pytest.fixture
def job(here: Here) -> Job:
    """`job("pull_request", {...})` is what the gate says in such a job of GitHub Actions."""
    return job_in(here)


def job_in(project: Any) -> Job:
    """The same, in a project."""
    project.write("pyproject.toml", POLICY)

    def in_job(event: str, payload: dict[str, Any], *arguments: str, **environ: str) -> Any:
        path = project.write("event.json", json.dumps(payload))
        setting = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_OUTPUT": str(project.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(project.folder / "summary.md"),
        }
        return project.sandgate("ci", "gate", *arguments, environ={**setting, **environ})

    return in_job


def test_a_night(project: Any) -> None:
    said = job_in(project)("schedule", {"schedule": "23 2 * * *"})
    assert (said.status, said.out, said.err) == (0, "run: nightly: the schedule started it\n", "")
    assert (project.folder / "output").read_text() == "decision=run\nrule=nightly\n"
    summary = (project.folder / "summary.md").read_text()
    assert summary == "**sandgate gate: run** by rule `nightly`: `the schedule started it`\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git without anybody's settings."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_critical_files_without_the_label(project: Any) -> None:
    job, folder = job_in(project), project.folder
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    base = git(folder, "rev-parse", "HEAD")
    # The name of a file is whoever's choice who opens the pull request; a line of its own would be a command.
    name = "src/aws/keys\n::stop-commands::x.py"
    (folder / "src" / "aws").mkdir(parents=True)
    (folder / "src" / "aws" / "keys\n::stop-commands::x.py").write_text("x")
    git(folder, "add", name)
    git(folder, "commit", "-qm", "topic")
    repository = {"full_name": "octo-org/shop"}
    request: dict[str, Any] = {
        "number": 7,
        "labels": [],
        "base": {"ref": "main", "sha": base},
        "head": {"ref": "topic", "sha": git(folder, "rev-parse", "HEAD"), "repo": repository},
    }
    said = job("pull_request", {"action": "synchronize", "repository": repository, "pull_request": request})
    decision, notice = said.out.splitlines()
    assert decision.startswith("skip: label or nightly or promotion: it lacks the label 'integration'; ")
    assert notice == (
        "::notice title=sandgate::src/aws/keys?::stop-commands::x.py changed, and nothing ran against the real "
        "account; the label 'integration' asks for that"
    )
    assert (folder / "output").read_text() == "decision=skip\nrule=label-or-nightly-or-promotion\n"


def test_gitlab_takes_the_decision_from_a_file(project: Any) -> None:
    project.write("pyproject.toml", '[tool.sandgate]\nci_provider = "gitlab"\nci_policy = "manual"\n')
    environ = {"GITLAB_CI": "true", "CI": "true", "CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "main"}
    said = project.sandgate("ci", "gate", "--output", "gate.env", environ=environ)
    assert (said.status, said.out) == (0, "run: manual: somebody started it by hand\n")
    assert project.shell('. ./gate.env && test "$decision" = run').returncode == 0
    environ["SANDGATE_CI_POLICY"] = "any(nightly, all(label, branch))"
    assert project.sandgate("ci", "gate", "--output", "skip.env", environ=environ).status == 0
    said = project.shell('set -eu; . ./skip.env; echo "$decision $rule"')
    assert (said.stdout, said.stderr) == ("skip nightly-or-label\n", "")


def test_the_wrong_provider_is_told(job: Job) -> None:
    said = job("schedule", {}, GITHUB_ACTIONS="", GITLAB_CI="true")
    assert (said.status, said.error["hint"]) == (3, 'ci_provider = "gitlab"')


def test_a_decision_that_cannot_be_written_is_an_error(job: Job) -> None:
    said = job("schedule", {}, GITHUB_OUTPUT="/nowhere/output")
    assert said.status == 4
    assert said.error["where"] == "/nowhere/output"


@pytest.mark.parametrize(
    ("policy", "status", "error"),
    [
        ("nihgtly", 3, "ci_policy: there is no rule 'nihgtly'"),
        ("*", 3, "SANDGATE_CI_POLICY must be a rule, a preset"),
    ],
)
def test_a_wrong_policy_is_no_decision(policy: str, status: int, error: str, job: Job, here: Here) -> None:
    said = job("schedule", {}, SANDGATE_CI_POLICY=policy)
    assert (said.status, said.out) == (status, "")
    assert error in said.error["error"]
    assert not (here.folder / "output").exists()


def test_files_of_the_provider_are_written_once(here: Here) -> None:
    path = here.folder / ".github" / "workflows" / "sandgate.yml"
    shown = here.sandgate("ci", "init", "--dry-run")
    assert not path.exists()
    written = here.sandgate("ci", "init")
    assert written.out == ".github/workflows/sandgate.yml written\n"
    assert written.err == "ci_policy is never, so no job will use the real account\n"
    assert shown.out == f"# .github/workflows/sandgate.yml\n{path.read_text()}"
    assert here.sandgate("ci", "init").out == ".github/workflows/sandgate.yml is as it should be\n"
    assert here.sandgate("ci", "init", "--python", "3.13").out == ".github/workflows/sandgate.yml replaced\n"
    path.write_text(path.read_text().replace("timeout-minutes: 20", "timeout-minutes: 25"))
    said = here.sandgate("ci", "init")
    assert (said.status, said.error["hint"]) == (2, "--dry-run shows the new one, --force writes it")
    assert "timeout-minutes: 25" in path.read_text()
    assert here.sandgate("ci", "init", "--force").out == ".github/workflows/sandgate.yml replaced\n"
    assert "timeout-minutes: 20" in path.read_text()


def test_files_belong_to_the_repositorys_root(project: Any) -> None:
    git(project.folder, "init", "-q")
    inner = project.folder / "services" / "shop"
    inner.mkdir(parents=True)
    (inner / "sandgate.toml").write_text(
        'ci_credentials = "oidc"\naccount = "111122223333"\nci_subjects = "environment:real"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "sandgate", "ci", "init"],
        cwd=inner,
        env=project.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ".github/workflows/sandgate.yml written\n"
    text = (project.folder / ".github" / "workflows" / "sandgate.yml").read_text()
    assert "working-directory: services/shop\n" in text
    assert text.count('environment: "real"') == 2
    assert "role-to-assume: arn:aws:iam::111122223333:role/unit-tester-ci\n" in text


def receipt(project: Any, run: str, **change: Any) -> Path:
    """A receipt of a run on the real account that ended an hour ago, or one that is not quite that."""
    found = {
        "schema": 1,
        "run": run,
        "green": True,
        "status": 0,
        "reasons": [],
        "tier": "sandbox",
        "asked": "sandbox",
        "upstream": "aws",
        "account": "111122223333",
        "commit": COMMIT,
        "dirty": False,
        "guard": "on",
        "tests": {"passed": 3},
        "reached": {"dynamodb": 3},
        "started": time.time() - 3700,
        **change,
    }
    path: Path = project.write(f".sandgate/runs/{run}/receipt.json", json.dumps(found))
    return path


def verify(project: Any, *arguments: str) -> Any:
    return project.sandgate(
        "receipt", "verify", "--tier", "sandbox", "--commit", COMMIT, "--max-age", "24h", *arguments
    )


def test_a_promotion_with_evidence(project: Any) -> None:
    project.write("pyproject.toml", '[tool.sandgate]\naccount = "111122223333"\n')
    receipt(project, "20270101-080000-aaaaaa", dirty=True)
    receipt(project, "20270101-070000-bbbbbb")
    said = verify(project)
    assert (said.status, said.err) == (0, "")
    assert said.out == "20270101-070000-bbbbbb proves 0123456789ab on tier sandbox, 61 m ago\n"


def test_a_promotion_without(here: Here) -> None:
    here.write("pyproject.toml", '[tool.sandgate]\naccount = "111122223333"\n')
    fallback = receipt(here, "r1", tier="emulated", upstream="", account="000000000000")
    receipt(here, "r2", upstream="stand-in")
    receipt(here, "r3", commit="f" * 40)
    receipt(here, "r4", started=time.time() - 90000)
    receipt(here, "r5", green=False, status=1, reasons=["2 tests failed\x1b[2J"])
    receipt(here, "r6", dirty=True)
    here.write(".sandgate/runs/r7/receipt.json", "{")
    said = verify(here)
    assert (said.status, said.out) == (11, "")
    broken = here.folder / ".sandgate" / "runs" / "r7" / "receipt.json"
    assert said.err.splitlines() == [
        "no receipt proves 0123456789ab on tier sandbox",
        f"  {broken}: the receipt cannot be read: JSONDecodeError",
        "  r6: the tree had changes that were not committed",
        "  r5: the run was red: 2 tests failed?[2J",
        "  r4: the run began 25.0 h ago, and may be 24.0 h old",
        "  r3: the run was of commit ffffffffffff, not 0123456789ab",
        "  r2: the run ended at stand-in, not at aws",
        "  r1: the run was on tier emulated, not sandbox, though sandbox was asked for",
        "  r1: the run was in account 000000000000, not 111122223333",
    ]
    # Named alone, each is refused as well; a folder is all receipts in it.
    assert verify(here, str(fallback)).status == 11
    assert verify(here, "r2").status == 11
    receipt(here, "r8")
    assert verify(here, str(here.folder / ".sandgate")).status == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--commit", COMMIT[:12]], f"'{COMMIT[:12]}' is not the whole id of a commit"),
        (["--commit", "main"], "'main' is not the whole id of a commit"),
        (["--max-age", "soon"], "'soon' is no length of time"),
        (["--tier", "sandbx"], "unknown tier 'sandbx'"),
        (["nowhere"], "there is no receipt 'nowhere'"),
        (["../../etc"], "there is no receipt '../../etc'"),
    ],
)
def test_questions_that_are_none(arguments: list[str], error: str, here: Here) -> None:
    said = verify(here, *arguments)
    assert (said.status, said.error["error"]) == (2, error)


def test_nothing_proves_nothing(here: Here) -> None:
    said = verify(here)
    assert said.status == 11
    assert said.err == "no receipt proves 0123456789ab on tier sandbox\n  no run of this project has ended yet\n"


def test_showing_the_newest(here: Here) -> None:
    assert here.sandgate("receipt", "show").error["error"] == "there is no receipt here"
    receipt(here, "20270101-070000-bbbbbb")
    receipt(here, "20270101-080000-aaaaaa", tests={"passed": 9})
    said = here.sandgate("receipt", "show")
    assert said.out.splitlines()[0] == "sandgate 20270101-080000-aaaaaa: green on tier sandbox"
    assert "| tests | 9 passed |" in here.sandgate("receipt", "show", "--format", "markdown").out
    assert json.loads(here.sandgate("receipt", "show", "--format", "json").out)["tests"] == {"passed": 9}


def test_the_role_of_a_repository(here: Here) -> None:
    here.write("pyproject.toml", '[tool.sandgate]\nrepository = "octo-org/shop"\n')
    ids = {
        "GITHUB_REPOSITORY": "octo-org/shop",
        "GITHUB_REPOSITORY_OWNER_ID": "583231",
        "GITHUB_REPOSITORY_ID": "1296269",
    }
    made = json.loads(here.sandgate("ci", "oidc", "show", environ=ids).out)
    subjects = json.dumps(made["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"])
    assert "repo:octo-org@583231/shop@1296269:ref:refs/heads/main" in subjects
    assert "Provider" in made["Resources"]
    assert (
        "Provider"
        not in json.loads(here.sandgate("ci", "oidc", "show", "--existing-provider", environ=ids).out)["Resources"]
    )
