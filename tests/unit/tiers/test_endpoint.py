"""Endpoints as the configuration has them: what is read, and what is refused before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.errors import ConfigError
from sandgate.tiers._endpoint import Endpoint, read_endpoints

SERVICES = dict.fromkeys(("dynamodb", "s3", "sqs"))


def read(folder: Path, tables: str, environ: Mapping[str, str] | None = None) -> Mapping[str, Endpoint]:
    (folder / "sandgate.toml").write_text(f'tier = "endpoints"\n{tables}')
    return read_endpoints(load(cwd=folder, environ={}, overrides={}), environ or {}, SERVICES)


@pytest.mark.parametrize(
    ("url", "host", "base_path", "tls"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "", ""),
        ("http://dynamodb-local:8000/", "dynamodb-local:8000", "", ""),
        ("https://minio.example/a/b/", "minio.example", "/a/b", "minio.example"),
        ("http://[::1]:9000/x", "[::1]:9000", "/x", ""),
    ],
)
def test_a_url_in_parts(url: str, host: str, base_path: str, tls: str, tmp_path: Path) -> None:
    endpoint = read(tmp_path, f'[endpoints.s3]\nurl = "{url}"\n')["s3"]
    assert (endpoint.host, endpoint.base_path, endpoint.tls) == (host, base_path, tls)


@pytest.mark.parametrize(
    ("tables", "key", "said"),
    [
        ("", "sandgate.toml", "has no endpoint"),
        ("[endpoints.s3]\nregion = 'eu-west-1'\n", "endpoints.s3.url", "no url"),
        ("[endpoints.s33]\nurl = 'http://127.0.0.1:1'\n", "endpoints.s33", "no AWS service"),
        ("[endpoints.s3]\nurl = 'http://127.0.0.1:99999'\n", "endpoints.s3.url", "not a URL"),
        ("[endpoints.s3]\nurl = 'http://[::1'\n", "endpoints.s3.url", "not a URL"),
        ("[endpoints.s3]\nurl = 'http://127.0.0.1:0'\n", "endpoints.s3.url", "host, port and path only"),
        ("[endpoints.s3]\nurl = 'http://127.0.0.1:1/?a=b'\n", "endpoints.s3.url", "host, port and path only"),
        ("[endpoints.s3]\nurl = 'http://me:mine@127.0.0.1'\n", "endpoints.s3.url", "host, port and path only"),
        (
            "[endpoints.s3]\nurl = 'http://h'\naccess_key_id_env = 'A'\nsecret_access_key_env = 'B'\n",
            "endpoints.s3.access_key_id_env",
            "variable A is set neither",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(tables: str, key: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, tables)
    assert caught.value.where.endswith(key)
    assert said in caught.value.message
    assert caught.value.hint or said == "not a URL"
    assert "mine" not in str(caught.value)


def test_a_misspelt_service_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "[endpoints.dynamo]\nurl = 'http://127.0.0.1:1'\n")
    assert caught.value.hint == "did you mean 'dynamodb'?"


def test_the_environment_goes_before_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env.endpoints").write_text("A=from-file\nB='the secret'\n")
    tables = "[endpoints.s3]\nurl = 'http://h'\naccess_key_id_env = 'A'\nsecret_access_key_env = 'B'\n"
    pair = read(tmp_path, tables, {"A": "from-environment"})["s3"].credential
    assert (pair.access_key_id, pair.secret_access_key) == ("from-environment", "the secret")
    assert "the secret" not in repr(read(tmp_path, tables, {})["s3"])


def test_without_names_the_pair_is_test(tmp_path: Path) -> None:
    pair = read(tmp_path, "[endpoints.s3]\nurl = 'http://h'\n")["s3"].credential
    assert (pair.access_key_id, pair.secret_access_key) == ("test", "test")
