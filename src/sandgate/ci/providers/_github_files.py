"""The workflow of GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from sandgate.ci.plan import WorkflowPlan
from sandgate.ci.render import fill, sealed, template

__all__ = ["ACTIONS", "files"]

_PATH = ".github/workflows/sandgate.yml"

ACTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "actions/cache": ("cdf6c1fa76f9f475f3d7449005a359c84ca0f306", "v5.0.3"),
        "actions/checkout": ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6.0.2"),
        "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
        "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
        "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
        "aws-actions/configure-aws-credentials": ("8df5847569e6427dd6c4fb1cf565c83acfa8afa7", "v6.0.0"),
    }
)
"""Action to the commit that its release's tag names, and that tag: a tag can be moved, a commit cannot. Each pair was
held against the workflows of several unrelated public repositories; Renovate and Dependabot read the comment and renew
both."""

_DEFAULTS = """\
defaults:
  run:
    working-directory: {folder}

"""
_STEP = """
      - uses: {action}
        with:
          role-to-assume: {role}
          aws-region: {region}"""
_ENV = """
        env:
          {key_id}: ${{{{ secrets.{key_id} }}}}
          {secret}: ${{{{ secrets.{secret} }}}}"""


def files(plan: WorkflowPlan) -> Mapping[str, str]:
    """Path to text."""
    pins = {action: f"{action}@{commit} # {tag}" for action, (commit, tag) in ACTIONS.items()}
    oidc = bool(plan.role)
    values = {
        "COMMAND": plan.command,
        "INSTALL": plan.install,
        "PYTHON": plan.python,
        "FOLDER": f"{plan.folder}/" if plan.folder else "",
        "DEFAULTS": _DEFAULTS.format(folder=plan.folder) if plan.folder else "",
        "ENVIRONMENT": f"\n    environment: {json.dumps(plan.environment)}" if oidc and plan.environment else "",
        "OIDC_PERMISSION": "\n      id-token: write" if oidc else "",
        "OIDC_STEP": _STEP.format(
            action=pins["aws-actions/configure-aws-credentials"], role=plan.role, region=plan.region
        )
        if oidc
        else "",
        "KEYS_ENV": "" if oidc else _ENV.format(key_id=plan.key_id_variable, secret=plan.secret_variable),
        **pins,
    }
    return {_PATH: sealed(fill(template("github.yml"), values))}
