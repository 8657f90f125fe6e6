"""`sandgate ci init`: the workflow files of a project, and what becomes of those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sandgate.errors import ConfigError, EnvironmentFault

if TYPE_CHECKING:
    from sandgate.ci.plan import WorkflowPlan
    from sandgate.config.model import Config

__all__ = ["plan_of", "refusal_of", "repository_root", "role_of", "usual_install", "write"]


def usual_install(root: Path) -> str:
    """What most projects of that shape are installed with."""
    own = '-e "."' if (root / "pyproject.toml").is_file() or (root / "setup.py").is_file() else ""
    listed = "-r requirements.txt" if (root / "requirements.txt").is_file() else ""
    return " ".join(filter(None, ("python -m pip install sandgate pytest", listed, own)))


def role_of(config: Config) -> str:
    """ARN of the OIDC role that CI takes; empty where it holds keys.

    Raises:
        ConfigError: the role's account is not configured.
    """
    from sandgate.config.identity import identity_names  # noqa: PLC0415 - `--help` must not pay for it

    if config.ci_credentials != "oidc":
        return ""
    if not config.account:
        raise ConfigError("account is not set, so nobody knows the role's ARN", where="[tool.sandgate], key account")
    return identity_names(config).ci_role_arn(config.account)


def repository_root(folder: Path) -> Path:
    """Where a provider looks for its files: the repository around a folder, or the folder itself."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def plan_of(config: Config, root: Path, *, command: str, install: str, python: str) -> WorkflowPlan:
    """What the workflow files are made of.

    Args:
        config: the project's.
        root: of the repository; the project may be a folder of it.
        command: that runs the tests.
        install: command that installs what they need; empty for the usual one.
        python: version.

    Raises:
        ConfigError: as `role_of`.
    """
    from sandgate.ci.plan import WorkflowPlan  # noqa: PLC0415
    from sandgate.config.identity import identity_names  # noqa: PLC0415

    names = identity_names(config)
    return WorkflowPlan(
        command=command,
        install=install or usual_install(config.root),
        python=python,
        region=config.region,
        key_id_variable=names.key_id_variable,
        secret_variable=names.secret_variable,
        environment=_environment(config),
        role=role_of(config),
        folder="" if config.root == root else config.root.relative_to(root).as_posix(),
    )


def _environment(config: Config) -> str:
    """The environment that a job must run in for its token to have a subject that is let in; empty for none."""
    named = (
        subject.removeprefix("environment:") for subject in config.ci_subjects if subject.startswith("environment:")
    )
    return next(named, "")


def refusal_of(root: Path, path: str, text: str) -> str:
    """Why a file may not be written without `--force`; empty where it may.

    Raises:
        EnvironmentFault: what is there cannot be read.
    """
    from sandgate.ci.render import state_of  # noqa: PLC0415

    return "was changed, or is not of `ci init`" if state_of(_text(root / path), text) == "changed" else ""


def write(root: Path, files: dict[str, str]) -> Iterator[str]:
    """Write the files; says of each what became of it.

    Raises:
        EnvironmentFault: one cannot be written.
    """
    from sandgate.core.files import replace_text  # noqa: PLC0415

    for path, text in files.items():
        target = root / path
        before = _text(target)
        if before == text:
            yield f"{path} is as it should be"
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_text(target, text, mode=0o644)
        except OSError as error:
            raise EnvironmentFault(f"cannot be written: {error.strerror}", where=str(target)) from None
        yield f"{path} {'written' if before is None else 'replaced'}"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFault(f"cannot be read: {type(error).__name__}", where=str(path)) from None
