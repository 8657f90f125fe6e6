"""Delete the identity's keys, the env file's entries and the secrets of CI; the stack is the CDK's to destroy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

command = [sys.executable, "-m", "sandgate", "down", "--keep-stack", "--sweep", "--yes"]
sys.exit(subprocess.run(command, cwd=PROJECT, check=False).returncode)
