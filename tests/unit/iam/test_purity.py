"""Reasoning about policies loads no client and no network: the gate imports it at every start."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("asyncio", "boto3", "botocore", "http.client", "socket", "ssl", "urllib.request", "yaml")
MODULES = ("compile", "document", "evaluate", "explain", "parse", "principal", "scope", "variables", "verdict")


def test_nothing_heavy_is_loaded() -> None:
    code = f"import sys\nfor name in {MODULES}: __import__('sandgate.iam.' + name)\n"
    code += "from sandgate.iam.conditions._clause import operators\noperators()\n"
    code += f"print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
