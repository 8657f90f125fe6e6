"""Every name that the CDK app, the scripts and the tests share, read from where sandgate reads it.

Workflow and tasks cannot read Python; `tests/test_settings.py` compares theirs with these.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

__all__ = [
    "ACCOUNT",
    "ADMIN_PROFILE",
    "IDENTITY",
    "KEY_ID_VARIABLE",
    "PROJECT",
    "REGION",
    "SECRET_VARIABLE",
    "STACK",
]

PROJECT = Path(__file__).resolve().parent
_SANDGATE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["sandgate"]

ACCOUNT: str = _SANDGATE["account"]
REGION: str = _SANDGATE["region"]
IDENTITY: str = _SANDGATE["identity"]
"""Of the IAM user, and of the role that it may take."""
ADMIN_PROFILE: str = _SANDGATE["admin_profile"]
KEY_ID_VARIABLE: str = _SANDGATE["key_variables"][0]
"""In the env file, in CI's environment and among the repository's secrets; so is the next one."""
SECRET_VARIABLE: str = _SANDGATE["key_variables"][1]
STACK = f"sandgate-{IDENTITY}"
"""As `sandgate up` and the CDK app call it."""
