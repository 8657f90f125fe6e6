"""`Config` travels: as JSON to the gate, pickled to a parallel worker."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.config.options import OPTIONS, EndpointOptions, StackOptions

FILE = """
[tool.sandgate]
tier = "endpoints"
prefix = ["test", "it"]
variables = { DYNAMODB_ENDPOINT = "gate_url" }

[tool.sandgate.stacks.app]
template = "template.yaml"
parameters = { Stage = "test" }

[tool.sandgate.stacks.shared]
adopt = true
data = "disposable"

[tool.sandgate.endpoints.s3]
url = "http://127.0.0.1:9000"
access_key_id_env = "MINIO_KEY"
secret_access_key_env = "MINIO_SECRET"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A configuration with every kind of value."""
    (tmp_path / "pyproject.toml").write_text(FILE)
    return load(cwd=tmp_path, environ={"SANDGATE_RECORD_PARAMS": "1"}, overrides={"allow_empty": True})


def test_tables_become_typed_records(config: Config) -> None:
    assert config.stacks["app"] == StackOptions(template="template.yaml", parameters={"Stage": "test"})
    assert config.stacks["shared"].adopt
    assert config.endpoints["s3"] == EndpointOptions(
        url="http://127.0.0.1:9000", access_key_id_env="MINIO_KEY", secret_access_key_env="MINIO_SECRET"
    )


def test_json_round_trip(config: Config) -> None:
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_pickle_round_trip(config: Config) -> None:
    assert pickle.loads(pickle.dumps(config)) == config


def test_it_cannot_be_changed(config: Config) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.tier = "sandbox"  # type: ignore[misc]


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_s_default_is_a_legal_value(name: str) -> None:
    entry = OPTIONS[name]
    assert entry.accept(entry.kind.dump(entry.default)) == entry.default


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_explained_in_a_sentence(name: str) -> None:
    for entry in (OPTIONS[name], *OPTIONS[name].fields.values()):
        assert entry.doc.endswith("."), entry.name
