"""What every pytest that a test starts does without."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["QUICK"]

QUICK: Mapping[str, str] = {
    "PYTEST_ADDOPTS": "-p no:anyio -p no:hypothesispytest -o tmp_path_retention_count=1000000",
}
"""Plugins that libraries of this environment bring along, which no project of a test uses: half of a pytest's start.
And the removal of what earlier sessions of this suite have left, which took the first test that started one a minute.
"""
