"""Where there can be a second account, and where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.cli._isolate import Isolation
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.core.registry import discover
from sandgate.daemon.second import check_second
from sandgate.errors import ConfigError, SandgateError
from sandgate.tiers._model import Tier

TIERS = discover("sandgate.tiers", "TIER", Tier)
PAIR = 'variables = { ID = "run_key", SECRET = "run_secret" }'


def _config(folder: Path, toml: str) -> Config:
    (folder / "pyproject.toml").write_text(f"[tool.sandgate]\n{toml}\n")
    return load(cwd=folder, environ={}, overrides={})


@pytest.mark.parametrize(
    ("tier", "toml", "complaint"),
    [
        ("emulated", "", ""),
        ("endpoints", "", ""),
        ("emulated", 'also_profile = "corp"', ""),
        ("sandbox", 'also_profile = "corp"', ""),
        ("endpoints", 'also_profile = "corp"', "there is no second account"),
        ("emulated", f'also_profile = "default"\n{PAIR}', ""),
        ("emulated", 'also_profile = "default"', "no variables hold the run's own key"),
        ("emulated", 'also_profile = "default"\nvariables = { ID = "run_key" }', "no variables hold"),
    ],
)
def test_each_tier_says_whether_it_has_one(tmp_path: Path, tier: str, toml: str, complaint: str) -> None:
    config = _config(tmp_path, toml)
    if not complaint:
        check_second(config, TIERS[tier])
        return
    with pytest.raises(SandgateError, match=complaint) as caught:
        check_second(config, TIERS[tier])
    assert "also_profile" in caught.value.where


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ('also_allow = ["s3:GetObject"]', "must be among iam:ListAccountAliases"),
        ('also_allow = ["sts:GetSessionToken"]', "must be among iam:ListAccountAliases"),
        ('also_profile = "a]\\n[b"', "must be the name of an AWS profile"),
    ],
)
def test_what_the_options_may_not_say(tmp_path: Path, toml: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        _config(tmp_path, toml)


def test_an_isolated_command_has_none(tmp_path: Path) -> None:
    with pytest.raises(SandgateError, match="sees no AWS profiles"):
        Isolation.prepared(_config(tmp_path, 'also_profile = "corp"'), {}, "true")
