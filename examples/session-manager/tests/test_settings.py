"""Names that stand in files which cannot read `settings`."""

from __future__ import annotations

import re
import tomllib

import pytest
import settings

WORKFLOW = (settings.PROJECT / ".github" / "workflows" / "main.yml").read_text(encoding="utf-8")
TASKS = tomllib.loads((settings.PROJECT / "mise.toml").read_text(encoding="utf-8"))["tasks"]


def test_the_workflow_passes_the_secrets_on_under_their_names() -> None:
    passed = re.findall(r"(\w+): \$\{\{ secrets\.(\w+) \}\}", WORKFLOW)
    assert set(passed) == {(name, name) for name in (settings.KEY_ID_VARIABLE, settings.SECRET_VARIABLE)}


SCRIPTS = ("cdk/app.py", "cdk/create_access_key.py", "cdk/delete_access_key.py",
           ".mise/tasks/setup_github_action_secret.py")  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_have_no_name_of_their_own(script: str) -> None:
    text = (settings.PROJECT / script).read_text(encoding="utf-8")
    assert "import settings" in text
    own = (settings.ACCOUNT, settings.IDENTITY, settings.ADMIN_PROFILE, settings.KEY_ID_VARIABLE)
    assert not any(name in text for name in own)


@pytest.mark.parametrize("task", ["cdk-up", "cdk-down"])
def test_the_tasks_of_the_cdk_use_the_administrators_profile(task: str) -> None:
    assert re.findall(r"--profile (\S+)", " ".join(TASKS[task]["run"])) == [settings.ADMIN_PROFILE]
