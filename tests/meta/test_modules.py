"""Every module stands alone, says what it exports, and is short enough to read in one sitting."""

from __future__ import annotations

import ast
import inspect
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

LONGEST_MODULE = 500
MEDIAN_MODULE = 150
LONGEST_FUNCTION = 60
FACADES = ("sandgate", "sandgate.extend", "sandgate.testing")
HEAVY = ("boto3", "botocore.session", "cbor2", "dotenv", "pytest", "rich.progress", "typer", "yaml")


def import_each(names: list[str], heavy: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Import each module in a fresh copy of an interpreter that holds other people's modules, but none of ours."""
    import importlib  # noqa: PLC0415 - this function's source is sent to another interpreter
    import os  # noqa: PLC0415
    import traceback  # noqa: PLC0415
    import warnings  # noqa: PLC0415

    for name in heavy:
        importlib.import_module(name)
    warnings.simplefilter("error")
    for name in names:
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: BLE001 - whatever an import raises is what the test is about
                os.write(writing, traceback.format_exc().encode()[-4000:])
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as said:
            yield name, said.read()
        os.wait()


def test_every_module_imports_alone(modules: Any) -> None:
    # The one of the CDK starts node when it is imported, which tests/system/test_cdk.py does.
    names = [module.name for module in modules if module.name != "sandgate.cdk"]
    code = f"from collections.abc import Iterator\n{inspect.getsource(import_each)}\n"
    code += f"for name, said in import_each({names}, {HEAVY}):\n    if said: print(name, said)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")


def defined(tree: ast.Module) -> set[str]:
    """Public names that a module defines itself."""
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec"))):
                pass
            case ast.Assign(targets=targets):
                found |= {leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return {name for name in found if not name.startswith("_")}


def exported(tree: ast.Module) -> list[str] | None:
    """What `__all__` says, or `None` where there is none."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                return list(ast.literal_eval(value))
            case _:
                pass
    return None


def test_all_is_exact(module: Any) -> None:
    said = exported(module.tree)
    if len(module.tree.body) <= bool(ast.get_docstring(module.tree)):
        return
    assert said is not None, "write __all__"
    assert len(set(said)) == len(said)
    if module.name not in FACADES:
        assert set(said) == defined(module.tree)


@pytest.mark.parametrize("name", FACADES)
def test_a_facade_exports_what_it_has(name: str, modules: Any) -> None:
    for module in modules:
        if module.name == name:
            imported = __import__(name, fromlist=["*"])
            said = exported(module.tree) or []
            assert [entry for entry in said if not hasattr(imported, entry)] == []
            assert said == sorted(said)


def test_modules_are_short(modules: Any) -> None:
    lengths = {module.name: module.lines for module in modules if module.lines > 5}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_MODULE


def test_functions_are_short(module: Any) -> None:
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(): ...\nclass C: ...\nasync def g(): ...", {"f", "C", "g"}),
        ("A = B = 1\n(c, d) = 1, 2\nE: int = 1", {"A", "B", "c", "d", "E"}),
        ("T = TypeVar('T')", set()),
        ("import os\nfrom x import y\n_hidden = 1\n__all__ = []", set()),
    ],
)
def test_what_counts_as_defined(source: str, names: set[str]) -> None:
    assert defined(ast.parse(source)) == names
