"""Delete the identity's keys, the env file's entries and the secrets of CI; the stack is the CDK's to destroy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import settings

arguments = ["down", "--keep-stack", "--sweep", "--yes", "--admin-profile", settings.ADMIN_PROFILE]
command = [sys.executable, "-m", "sandgate", *arguments]
sys.exit(subprocess.run(command, cwd=settings.PROJECT, check=False).returncode)
