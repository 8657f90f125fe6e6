"""The jobs of GitLab CI/CD."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from sandgate.ci.oidc import AUDIENCE
from sandgate.ci.plan import WorkflowPlan
from sandgate.ci.render import fill, sealed, template

__all__ = ["files"]

_PATH = ".gitlab/sandgate.yml"
_TOKEN = f"""
  id_tokens:
    AWS_ID_TOKEN:
      aud: {AUDIENCE}"""
_STEP = """
    - |
      umask 077 && printf %s "$AWS_ID_TOKEN" > "$CI_BUILDS_DIR/sandgate-token"
      unset AWS_ID_TOKEN
      export AWS_WEB_IDENTITY_TOKEN_FILE="$CI_BUILDS_DIR/sandgate-token" AWS_ROLE_ARN={role}
      export AWS_ROLE_SESSION_NAME="gitlab-$CI_PIPELINE_ID\""""


def files(plan: WorkflowPlan) -> Mapping[str, str]:
    """Path to text."""
    values = {
        "COMMAND": plan.command,
        "INSTALL": plan.install,
        "PYTHON": plan.python,
        "FOLDER": f"{plan.folder}/" if plan.folder else "",
        "CHANGE_FOLDER": f"\n    - cd {shlex.quote(plan.folder)}" if plan.folder else "",
        "OIDC_TOKEN": _TOKEN if plan.role else "",
        "OIDC_STEP": _STEP.format(role=plan.role) if plan.role else "",
    }
    text = template("gitlab.yml")
    # A command is one scalar of a list here, so what YAML would read differently is quoted as a whole.
    lines = [_quoted(fill(line, values)) if _is_command(line) else fill(line, values) for line in text.splitlines()]
    return {_PATH: sealed("\n".join(lines) + "\n")}


def _is_command(line: str) -> bool:
    return line.strip().startswith("- ") and ("@COMMAND@" in line or "@INSTALL@" in line)


def _quoted(line: str) -> str:
    """A list entry as a YAML double-quoted scalar, which JSON's text is too."""
    indent, _, text = line.partition("- ")
    return f"{indent}- {json.dumps(text, ensure_ascii=False)}"
