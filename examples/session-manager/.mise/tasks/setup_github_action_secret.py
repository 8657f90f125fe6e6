#!/usr/bin/env python3
# [MISE] description="Give the key in the env file to the CI of the repository, once AWS has said whose it is"
"""Give the key in the env file to the CI of the repository; the token is in GITHUB_TOKEN."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import settings

command = [sys.executable, "-m", "sandgate", "ci", "secrets", "push"]
sys.exit(subprocess.run(command, cwd=settings.PROJECT, check=False).returncode)
