"""Make the only access key of the identity's user, proven, into the env file; CloudFormation never sees it.

Where runs go on meanwhile, `sandgate rotate` without `--replace-all` lets the old key live until the new one does.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import settings

arguments = ["rotate", "--replace-all", "--yes", "--no-ci", "--admin-profile", settings.ADMIN_PROFILE]
command = [sys.executable, "-m", "sandgate", *arguments]
sys.exit(subprocess.run(command, cwd=settings.PROJECT, check=False).returncode)
