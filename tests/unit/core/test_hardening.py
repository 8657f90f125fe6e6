"""A hardened process leaves no core dump and lets nobody attach."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import ctypes, resource, sys
from sandgate.core.hardening import harden
harden()
print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_no_core_dump_and_not_dumpable() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0", "0"]
