"""Options about hosts, and what is wrong with values of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.errors import ConfigError


def loaded(folder: Path, toml: str) -> Config:
    """A configuration of these lines."""
    (folder / "sandgate.toml").write_text(toml)
    return load(cwd=folder, environ={}, overrides={})


def test_good_values_are_taken(tmp_path: Path) -> None:
    toml = 'egress = ["a.example.org", "*.b.test", "10.0.0.1", "fd00::1", "localhost"]\nendpoint = "https"\n'
    config = loaded(tmp_path, f'{toml}[setup]\ncommands = ["npm ci"]\n')
    assert config.egress[1] == "*.b.test"
    assert (config.endpoint, config.setup_commands) == ("https", ("npm ci",))
    assert Config.from_json(config.to_json()) == config
    assert loaded(tmp_path, "").setup_commands == ()


@pytest.mark.parametrize(
    ("toml", "text"),
    [
        ('egress = ["https://example.org"]', "without scheme"),
        ('egress = ["example.org:443"]', "without scheme"),
        ('egress = ["example.org/path"]', "without scheme"),
        ('egress = ["Example.org"]', "lower-case"),
        ('egress = ["10.0.0.0/8"]', "without scheme"),
        ('egress = ["FD00::1"]', "'fd00::1'"),
        ('egress = ["0:0::1"]', "'::1'"),
        ('egress = ["b\u00fccher.example"]', "xn--"),
        ('egress = ["*"]', "host names"),
        ('egress = ["*.com"]', "too wide"),
        ('egress = ["a.*.org"]', "host names"),
        ('egress = [""]', "host names"),
        ("egress = 3", "list of text"),
        ('endpoint = "ftp"', "one of http, https"),
        ('[setup]\ncommand = "x"', "the key commands only"),
        ("[setup]\ncommands = 3", "list of text"),
        ('[setup]\ncommands = [" "]', "empty command"),
        ('setup = "npm ci"', "table"),
    ],
)
def test_wrong_values_are_explained(tmp_path: Path, toml: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        loaded(tmp_path, toml)
