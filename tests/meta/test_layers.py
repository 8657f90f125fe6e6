"""A module imports only layers listed earlier; imports for types count, and so do those inside functions."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = """
errors
core
config
wire
names templates
iam
resources tiers ci routes faults
keys rewrite
guard ledger
identity stacks
gate proxy
control
sweep stories reports
run
preparing
daemon session
past
sweeping
sharing
adopting
finish
cli pytest_plugin
__main__ extend testing cdk
"""
RANK = {name: rank for rank, line in enumerate(LAYERS.split("\n")) for name in line.split()}
FRONT_ENDS = ("cli", "pytest_plugin")
HEAVY = ("aiohttp", "botocore", "boto3")


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, with relative names made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def trespasses(name: str, tree: ast.AST) -> list[str]:
    """The imports of a module that its layer may not have."""
    own = name.split(".")[1] if "." in name else ""
    found = []
    for target in imports(tree, name.rpartition(".")[0]):
        parts = target.split(".")
        # The package's own names (`__version__`) belong to no layer.
        if parts[0] != "sandgate" or len(parts) < 2 or parts[1] == own or parts[1].startswith("__"):
            continue
        if parts[1] not in RANK or RANK[parts[1]] >= RANK[own]:
            found.append(target)
    return found


def test_every_folder_is_a_layer(module: Any) -> None:
    assert not module.folder or module.folder in RANK, "name the folder in LAYERS, where the design puts it"


def test_imports_point_downward(module: Any) -> None:
    if module.folder:
        assert trespasses(module.name, module.tree) == []


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("sandgate.core.a", "from sandgate.wire.http import Request", True),
        ("sandgate.core.a", "if TYPE_CHECKING:\n    from sandgate.gate import server", True),
        ("sandgate.tiers.a", "import sandgate.routes.b", True),
        ("sandgate.tiers.a", "def f():\n    from sandgate import cli", True),
        ("sandgate.tiers.a", "from ..gate import server", True),
        ("sandgate.daemon", "from sandgate.session import Session", True),
        ("sandgate.tiers.a", "from sandgate.elsewhere import b", True),
        ("sandgate.tiers.a", "from sandgate.tiers._model import Tier", False),
        ("sandgate.gate.a", "from sandgate.core.call import Call", False),
        ("sandgate.cli.a", "from sandgate import __version__", False),
        ("sandgate.core.a", "import json", False),
    ],
)
def test_the_rule_itself(name: str, source: str, wrong: bool) -> None:
    assert bool(trespasses(name, ast.parse(source))) == wrong


def test_core_needs_the_standard_library_only(modules: Any) -> None:
    outside = [
        (module.name, target)
        for module in modules
        if module.folder in ("core", "errors")
        for target in imports(module.tree, module.name.rpartition(".")[0])
        if target.split(".")[0] not in {*sys.stdlib_module_names, "sandgate"}
    ]
    assert outside == []


def test_front_ends_load_no_http_server_and_no_botocore(modules: Any, checkout: Path) -> None:
    names = [module.name for module in modules if module.folder in FRONT_ENDS and not module.name.endswith("__main__")]
    code = f"import sys\nfor name in {names}: __import__(name)\nprint(*(n for n in {HEAVY} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
