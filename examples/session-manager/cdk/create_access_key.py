"""Make the only access key of the identity's user, proven, into the env file; CloudFormation never sees it.

Where runs go on meanwhile, `sandgate rotate` without `--replace-all` lets the old key live until the new one does.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

command = [sys.executable, "-m", "sandgate", "rotate", "--replace-all", "--yes", "--no-ci"]
sys.exit(subprocess.run(command, cwd=PROJECT, check=False).returncode)
