"""What the integration tests share: mocks that cannot lie, temporary things, names of each test, and a PostgreSQL.

`namespace` and `canned_responses` come from sandgate's pytest plugin.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import boto3
import pytest
from scripts.database_provision import Server, drop
from support import postgres as postgres_of_tests
from support.leftovers import Leftovers, sweep_dead
from support.postgres import removed_at

FIXTURES = Path(__file__).parent / "fixtures"
client = functools.cache(boto3.client)
RECORDS = Path(__file__).resolve().parents[2] / ".sandgate" / "databases"


@pytest.fixture
def isolated_namespace(namespace: Any) -> str:
    """Begins the names of one test: `test-<run>-<eight characters>`. No two tests, workers or runs share it."""
    name: str = namespace.name(uuid.uuid4().hex[:8])
    return name


@pytest.fixture
def isolated_path(isolated_namespace: str) -> str:
    """The same for parameters, whose names are paths: `test/<run>/<eight characters>`."""
    return isolated_namespace.replace("-", "/")


@pytest.fixture
def temp_resource() -> Iterator[Callable[[Callable[[], Any], Callable[[], Any]], Any]]:
    """`temp_resource(create, delete)` creates now and deletes after the test, last one first, whatever happens."""
    with contextlib.ExitStack() as cleanup:

        def make(create: Callable[[], Any], delete: Callable[[], Any]) -> Any:
            made = create()
            cleanup.callback(delete)
            return made

        yield make


@pytest.fixture
def mock_aws() -> Iterator[dict[str, MagicMock]]:
    """A mock for each service, as `boto3.client` would give it; a service that is not here is an error, not a mock."""
    clients = {name: MagicMock(name=name) for name in ("ecr", "secretsmanager", "ssm")}
    with patch("boto3.client", side_effect=lambda name, **_: clients[name]):
        yield clients


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the sample image, which is what `local` means to the test."""
    shutil.copy(FIXTURES / "test_data" / "sample-image.tar", tmp_path)
    monkeypatch.setenv("ECR_SYNC_LOCAL", str(tmp_path))
    return tmp_path


@pytest.fixture
def repository(isolated_namespace: str, temp_resource: Any) -> str:
    """A repository of the test's own, empty."""
    name = f"{isolated_namespace}/backstage"
    ecr = client("ecr")
    temp_resource(
        lambda: ecr.create_repository(repositoryName=name),
        lambda: ecr.delete_repository(repositoryName=name, force=True),
    )
    return name


@pytest.fixture(scope="session")
def records() -> Iterator[Leftovers]:
    """What this process makes outside of AWS; what dead ones left is removed first."""
    record = Leftovers(RECORDS)
    yield record
    left = record.left
    record.close()
    assert left == [], "databases, roles or servers were left behind"


@pytest.fixture(scope="session")
def postgres(records: Leftovers) -> Iterator[postgres_of_tests.Postgres]:
    """A PostgreSQL of this process."""
    if reason := postgres_of_tests.missing():
        pytest.skip(reason)
    sweep_dead(RECORDS, removed_at(None))
    folder = postgres_of_tests.new_folder()
    records.will_make(kind="server", folder=str(folder))
    with postgres_of_tests.running(folder) as server:
        yield server
    records.gone(kind="server", folder=str(folder))


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """The server on which databases are made: this process's own, or the one that `PLATFORM_POSTGRES` describes.

    That variable names a file, JSON as in the secret of an RDS instance, with `ca_file` beside. Databases of dead runs
    are removed from that server.
    """
    described = os.environ.get("PLATFORM_POSTGRES", "")
    if not described:
        own: Server = request.getfixturevalue("postgres").master
        return own
    found = Server(**json.loads(Path(described).read_text(encoding="utf-8")))
    sweep_dead(RECORDS, removed_at(found))
    return found


@pytest.fixture
def temp_named(server: Server, records: Leftovers) -> Iterator[Callable[[str], tuple[str, str]]]:
    """`temp_named("x")` gives names of a database and a role that end so, and drops both after the test."""
    at = f"{server.host}:{server.port}"
    # Those of this process's own server go with it, also when the process dies.
    on = "" if os.environ.get("PLATFORM_POSTGRES") else "own"
    with contextlib.ExitStack() as cleanup:

        def names(word: str) -> tuple[str, str]:
            name = f"test_{uuid.uuid4().hex[:8]}_{word}"
            entry = {"kind": "database", "at": at, "on": on, "database": name, "username": f"{name}_user"}
            records.will_make(**entry)
            cleanup.callback(records.gone, **entry)
            cleanup.callback(drop, server, database=name, username=f"{name}_user")
            return name, f"{name}_user"

        yield names


@pytest.fixture
def master_secret(server: Server, isolated_namespace: str, temp_resource: Any) -> str:
    """Name of the secret that holds the server and its master, as RDS writes it."""
    name = f"{isolated_namespace}/rds/master"
    value = {name: value for name, value in asdict(server).items() if name != "ca_file"}
    temp_resource(
        lambda: client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(value)),
        lambda: client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True),
    )
    return name


@pytest.fixture
def forget() -> Iterator[Callable[[str, str], None]]:
    """`forget(provider, name)` removes that secret after the test at once, if it is there."""
    names: list[tuple[str, str]] = []
    yield lambda provider, name: names.append((provider, name))
    for provider, name in names:
        if provider == "ssm":
            with contextlib.suppress(client("ssm").exceptions.ParameterNotFound):
                client("ssm").delete_parameter(Name=name)
        else:
            with contextlib.suppress(client("secretsmanager").exceptions.ResourceNotFoundException):
                client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
