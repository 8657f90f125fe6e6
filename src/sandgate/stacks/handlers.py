"""Whether the module that a handler names is in the package, by the rules of each runtime.

See https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html#naming-handler-python and its neighbours. Runtimes
whose handler is a class or a binary are not checked.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from sandgate.core.registry import nearest

__all__ = ["candidates", "missing_module", "suggestion"]

_SUFFIXES = {
    "python": (".py", "/__init__.py", ".so", ".pyc"),
    "nodejs": (".js", ".mjs", ".cjs"),
    "ruby": (".rb",),
}


def candidates(handler: str, runtime: str) -> tuple[str, ...]:
    """The paths of which one must be in the package or in a layer; none where the runtime does not tell.

    Args:
        handler: `src/api/users.lambda_handler`; Python takes dots for slashes too.
        runtime: `python3.12`.
    """
    family = next((name for name in _SUFFIXES if runtime.startswith(name)), "")
    if not family or "." not in handler:
        return ()
    if family == "python":
        module = handler.rsplit(".", 1)[0].replace(".", "/")
    else:
        folder, name = posixpath.split(handler)
        module = posixpath.join(folder, name.split(".", 1)[0])
    module = posixpath.normpath(module).lstrip("/")
    return tuple(module + suffix for suffix in _SUFFIXES[family])


def missing_module(handler: str, runtime: str, files: Collection[str]) -> str:
    """The path that the handler names and no file has, or an empty string."""
    wanted = candidates(handler, runtime)
    if not wanted or any(path in files for path in wanted):
        return ""
    stem = wanted[0].removesuffix(posixpath.splitext(wanted[0])[1])
    if any(name.startswith(f"{stem}.cpython-") for name in files):  # an extension module carries its platform
        return ""
    return wanted[0]


def suggestion(missing: str, files: Collection[str]) -> str:
    """What the user may have meant: the same file elsewhere, its TypeScript source, or the nearest name."""
    stem, suffix = posixpath.splitext(missing)
    if f"{stem}.ts" in files:
        return f"{stem}.ts is there; build it to JavaScript first"
    alike = [name for name in files if name.endswith(suffix)]
    same = [name for name in alike if posixpath.basename(name) == posixpath.basename(missing)]
    close = nearest(missing, alike)
    best = same[0] if same else close
    return f"did you mean {best}?" if best else "paths in Handler start from the code folder"
