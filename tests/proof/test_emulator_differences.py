"""The table of operations on which the emulator's IAM differs is what a comparison of both sides gives now."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.session import cache_directory
from sandgate.tiers._venv import emulator_python

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "refresh_emulator_differences.py"


def test_the_table_is_what_a_comparison_gives(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("refresh_emulator_differences", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script
    spec.loader.exec_module(script)
    config = load(cwd=tmp_path, environ={}, overrides={})
    held = json.loads(script.FILE.read_text(encoding="utf-8"))
    if held["version"] != config.ministack_version:
        pytest.fail(f"made with {held['version']}; run scripts/refresh_emulator_differences.py and read what changed")
    asked = script.questions(emulator_python(cache_directory(config), config.ministack_version, lambda _text: None))
    assert len(asked) > 1000
    found = script.compare(asked)
    changed = {part for part in found if found[part] != held[part]}
    assert changed == set(), "run scripts/refresh_emulator_differences.py and read what changed"
