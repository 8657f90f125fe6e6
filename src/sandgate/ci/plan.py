"""What the workflow files are made of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WorkflowPlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowPlan:
    """The parts of a project that its workflow files name."""

    command: str
    """What runs the tests, for a shell; without a tier."""
    install: str
    """What installs the project, its tests and sandgate, for a shell."""
    python: str
    """Version, such as 3.12."""
    region: str
    key_id_variable: str
    secret_variable: str
    folder: str = ""
    """Of the project, from the repository's root; empty where it is the root itself."""
    environment: str = ""
    """That jobs with the role run in, where the role asks for one."""
    role: str = ""
    """ARN of the OIDC role; empty where CI holds keys."""
