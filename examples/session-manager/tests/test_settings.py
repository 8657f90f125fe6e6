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


@pytest.mark.parametrize("task", ["cdk-up", "cdk-down"])
def test_the_tasks_of_the_cdk_use_the_administrators_profile(task: str) -> None:
    assert re.findall(r"--profile (\S+)", " ".join(TASKS[task]["run"])) == [settings.ADMIN_PROFILE]
