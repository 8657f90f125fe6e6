"""The emulator's own environment: made once per version in the user's cache, safe when two runs make it at once.

The emulator pins one exact botocore, so it cannot share the user's environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sandgate.errors import EnvironmentFault

__all__ = ["emulator_made", "emulator_python", "ensure_environment", "find_uv"]

_INDEX_HINT = (
    "the package index must be reachable once; behind a proxy set HTTPS_PROXY, with a mirror set PIP_INDEX_URL "
    "(uv: UV_INDEX_URL), then run the same command again"
)


def emulator_python(cache_dir: Path, version: str, progress: Callable[[str], None]) -> Path:
    """The Python of the environment of MiniStack `version`; see `ensure_environment`.

    SAM templates need the translator; installing it afterwards would pull botocore past the emulator's pin, so all
    of it is one resolve.
    """
    name, needed = _emulator(version)
    return ensure_environment(cache_dir, name, needed, progress)


def emulator_made(cache_dir: Path, version: str) -> bool:
    """Whether the environment of MiniStack `version` is there already; nothing is made."""
    name, _ = _emulator(version)
    return _is_made(cache_dir / name)


def _emulator(version: str) -> tuple[str, tuple[str, ...]]:
    """Directory name and requirements of the environment."""
    needed = (f"ministack=={version}", "aws-sam-translator", "cryptography", "uvicorn", "httptools", "uvloop")
    digest = hashlib.sha256("\n".join((*needed, sys.version)).encode()).hexdigest()[:8]
    return f"ministack-{version}-{digest}", needed


def _is_made(final: Path) -> bool:
    return (final / ".complete").exists() and (final / "bin" / "python").exists()


def ensure_environment(
    cache_dir: Path, name: str, requirements: Sequence[str], progress: Callable[[str], None]
) -> Path:
    """The Python executable of the environment `name`, made if it is missing.

    Args:
        cache_dir: the user's cache directory.
        name: directory name; holds every version, so that a new version is a new environment.
        requirements: all of them in one resolve; adding one afterwards can pull another past its pin.
        progress: told what is happening; it takes some seconds the first time.

    Raises:
        EnvironmentFault: the directory cannot be written, or the package index cannot be reached.
    """
    final = cache_dir / name
    python = final / "bin" / "python"
    if _is_made(final):
        return python
    from filelock import FileLock  # noqa: PLC0415 - nearly always it is made already

    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{name}.lock"):
            if not _is_made(final):
                _build(cache_dir, final, requirements, progress)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write the cache directory: {error.strerror}",
            where=str(cache_dir),
            hint="set SANDGATE_CACHE_DIR to a directory that you may write, or mend its permissions",
        ) from error
    return python


def _build(cache_dir: Path, final: Path, requirements: Sequence[str], progress: Callable[[str], None]) -> None:
    """Build beside the final place and rename, so that a killed build leaves nothing that looks finished."""
    for killed in cache_dir.glob(f".{final.name}.*"):  # we hold the lock: nobody builds it now
        shutil.rmtree(killed, ignore_errors=True)
    progress("making the emulator's environment (once per version, about 15 s)")
    building = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=cache_dir))
    try:
        uv = find_uv()
        python = building / "bin" / "python"
        if uv:
            _run([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, "--clear", str(building)])
            progress("installing the emulator with uv")
            _run([uv, "pip", "install", "--quiet", "--python", str(python), *requirements])
        else:
            _run([sys.executable, "-m", "venv", str(building)])
            progress("installing the emulator with pip")
            _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
        progress("compiling the emulator")
        _run([str(python), "-m", "compileall", "-q", "-j", "0", str(building / "lib")], check=False)
        (building / ".complete").touch()
        shutil.rmtree(final, ignore_errors=True)
        building.rename(final)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def find_uv() -> str:
    """The program uv: on the path, or the one that its package brings; empty where there is none."""
    if found := shutil.which("uv"):
        return found
    with contextlib.suppress(ImportError):
        import uv  # noqa: PLC0415 - optional, and only needed the first time

        return str(uv.find_uv_bin())
    return ""


def _run(command: Sequence[str], *, check: bool = True) -> None:
    # A user's PYTHONPATH or active virtual environment must not leak into the emulator's.
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    environ["UV_LINK_MODE"] = environ.get("UV_LINK_MODE", "hardlink")
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    if check and done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in (done.stderr or done.stdout).strip().splitlines()[-8:])
        raise EnvironmentFault(
            f"cannot make the emulator's environment; the installer said:\n{tail}", where=command[0], hint=_INDEX_HINT
        )
