"""Lists of tables: read strictly, handed to the gate as JSON, and taken back equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandgate.config.declare import declared
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.config.options import OPTIONS, AllowOptions
from sandgate.errors import ConfigError

TEXT = """
adopt = "orders"
[[allow]]
actions = "s3:GetObject"
resources = ["arn:aws:s3:::a/*"]
conditions = {StringLike = {"s3:prefix" = ["x/*"]}}
[[allow]]
actions = ["ses:SendEmail"]
resources = "*"
"""


def test_they_survive_the_way_to_the_gate(tmp_path: Path) -> None:
    (tmp_path / "sandgate.toml").write_text(TEXT)
    config = load(cwd=tmp_path, environ={}, overrides={})
    assert config.allow == (
        AllowOptions(
            actions=("s3:GetObject",),
            resources=("arn:aws:s3:::a/*",),
            conditions={"StringLike": {"s3:prefix": ("x/*",)}},
        ),
        AllowOptions(actions=("ses:SendEmail",), resources=("*",)),
    )
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_their_keys_are_known_to_the_reference() -> None:
    assert list(OPTIONS["allow"].fields) == list(declared(AllowOptions)) == ["actions", "resources", "conditions"]
    assert not OPTIONS["allow"].variable


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('allow = {actions = "a:b"}', "allow"),
        ("allow = [1]", "allow.0"),
        ('allow = [{actions = 1, resources = "*"}]', "allow.0.actions"),
        ('allow = [{actions = "a:b", resources = "*", conditions = {x = "y"}}]', "allow.0.conditions.x"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "sandgate.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(cwd=tmp_path, environ={}, overrides={})
    assert caught.value.where == f"{tmp_path / 'sandgate.toml'}, key {key}"
