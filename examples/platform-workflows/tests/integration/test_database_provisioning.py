"""Database provisioning, end to end: request, parser, a real PostgreSQL, the secret, and a login with it."""

from __future__ import annotations

import functools
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from pg8000.native import identifier
from scripts import database_provision
from scripts.database_provision import ProvisionError, Server, connected, provision, server_from
from scripts.database_request_parser import DatabaseRequest, parse
from scripts.secret_stores import NoSecretError, store_of
from support.leftovers import Leftovers, sweep_dead
from support.postgres import removed_at

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def secrets_manager() -> Any:
    """One client for all tests."""
    return store_of("secretsmanager")


@pytest.fixture
def document_for(
    temp_named: Callable[[str], tuple[str, str]], isolated_namespace: str, forget: Callable[[str, str], None]
) -> Callable[..., dict[str, Any]]:
    """A request for a database of the test's own, as its YAML would be read."""

    def make(name: str = "orders", **spec: Any) -> dict[str, Any]:
        database, username = temp_named(name)
        document = {
            "id": "RDS-0001",
            "platform": isolated_namespace,
            "name": name,
            "service": "shop",
            "environment": "dev",
            "owner": "team-shop",
            "spec": {"databaseName": database, "username": username, **spec},
        }
        forget("secretsmanager", parse(document).secret.secret_name)
        return document

    return make


@pytest.fixture
def make(document_for: Callable[..., dict[str, Any]]) -> Callable[..., DatabaseRequest]:
    """The same, parsed."""
    return lambda name="orders", **spec: parse(document_for(name, **spec))


def connection_of(request: DatabaseRequest, server: Server) -> Server:
    """Where the secret says that the database is, and as whom."""
    return server_from(secrets_manager().read(request.secret.secret_name), server.ca_file)


def exists(server: Server, database: str) -> bool:
    with connected(server) as master:
        return bool(master.run("SELECT 1 FROM pg_database WHERE datname = :name", name=database))


def role_exists(server: Server, username: str) -> bool:
    with connected(server) as master:
        return bool(master.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=username))


class TestDatabaseProvisioning:
    """Integration tests for the database workflow."""

    def test_the_master_is_as_on_rds(self, server: Server) -> None:
        """Otherwise the rest would prove less: a superuser may do what a master may not."""
        with connected(server) as master:
            ((superuser, creates),) = master.run(
                "SELECT rolsuper, rolcreatedb AND rolcreaterole FROM pg_roles WHERE rolname = CURRENT_USER"
            )
            ((encrypted,),) = master.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert (superuser, creates, encrypted) == (False, True, True)

    def test_the_secret_logs_in_to_a_database_of_its_own(self, make: Any, server: Server) -> None:
        request = make()
        done = provision(request, server)
        assert (done.role, done.made) == ("created", "created")

        with connected(connection_of(request, server)) as own:
            ((user, database, owner),) = own.run(
                "SELECT current_user, current_database(), pg_get_userbyid(datdba) FROM pg_database "
                "WHERE datname = current_database()"
            )
            own.run("CREATE TABLE orders (id int PRIMARY KEY)")
            own.run("INSERT INTO orders VALUES (1)")
            assert own.run("SELECT id FROM orders") == [[1]]
        assert (user, database, owner) == (request.username, request.database, request.username)

    def test_a_second_time_changes_nothing(self, make: Any, server: Server) -> None:
        request = make()
        provision(request, server)
        before = connection_of(request, server)
        again = provision(request, server)
        assert (again.role, again.made) == ("unchanged", "unchanged")
        assert connection_of(request, server) == before

    def test_grants_are_in_the_right_database(self, make: Any, server: Server) -> None:
        owner = make()
        provision(owner, server)
        with connected(connection_of(owner, server)) as own:
            own.run("CREATE TABLE before (id int)")
        reader = replace(make("reports"), database=owner.database, access="readonly")
        writer = replace(make("imports"), database=owner.database, access="readwrite")
        provision(reader, server)
        provision(writer, server)
        with connected(connection_of(owner, server)) as own:
            own.run("CREATE TABLE after (id int)")

        for table in ("before", "after"):
            with connected(connection_of(writer, server)) as writing:
                writing.run(f"INSERT INTO {table} VALUES (7)")
            with connected(connection_of(reader, server)) as reading:
                assert reading.run(f"SELECT id FROM {table}") == [[7]]
            with (
                pytest.raises(ProvisionError, match="permission denied"),
                connected(connection_of(reader, server)) as no,
            ):
                no.run(f"INSERT INTO {table} VALUES (8)")

    def test_nobody_else_gets_in(self, make: Any, server: Server) -> None:
        orders, reports = make(), make("reports")
        provision(orders, server)
        provision(reports, server)
        other = replace(connection_of(reports, server), dbname=orders.database)
        with pytest.raises(ProvisionError, match="permission denied for database"), connected(other):
            pass

    def test_a_database_of_somebody_else_is_not_taken(self, make: Any, server: Server) -> None:
        orders = make()
        provision(orders, server)
        thief = replace(make("thief"), database=orders.database)
        with pytest.raises(ProvisionError, match=f"belongs to {orders.username}"):
            provision(thief, server)
        with pytest.raises(NoSecretError):
            connection_of(thief, server)

    def test_a_role_of_somebody_else_is_not_taken(self, make: Any, server: Server) -> None:
        """A new password for it would give the requester what is theirs, and lock them out; the master's too."""
        orders = make()
        provision(orders, server)
        before = connection_of(orders, server)
        for username in (orders.username, server.username):
            thief = replace(make("thief"), database=orders.database, username=username)
            with pytest.raises(ProvisionError, match=f"role {username} is there already"):
                provision(thief, server)
            with pytest.raises(NoSecretError):
                connection_of(thief, server)
        for own in (before, server):
            with connected(own):
                pass

    def test_access_to_a_database_that_is_not_there(self, make: Any, server: Server) -> None:
        with pytest.raises(ProvisionError, match="its owner's request comes first"):
            provision(make(access="readonly"), server)

    def test_another_password_is_healed(self, make: Any, server: Server) -> None:
        request = make()
        provision(request, server)
        with connected(server) as master:
            master.run(f"ALTER ROLE {identifier(request.username)} PASSWORD 'another'")
        assert provision(request, server).role == "healed"
        with connected(connection_of(request, server)):
            pass

    def test_the_password_is_in_no_log(self, make: Any, postgres: Any) -> None:
        request, server = make(), postgres.master
        provision(request, server)
        assert f'CREATE ROLE "{request.username}"' in postgres.log or f"CREATE ROLE {request.username}" in postgres.log
        assert connection_of(request, server).password not in postgres.log


class TestInjection:
    """Names that would be statements, where a parser let them through."""

    NAMES = ('a"; DROP ROLE master; --', "x'; SELECT 1; -- :name {user}", "Ä back\\slash; $$%s")

    @pytest.mark.parametrize("name", NAMES)
    def test_they_are_names_and_nothing_else(self, name: str, make: Any, server: Server, temp_named: Any) -> None:
        database, username = temp_named(name)
        request = replace(make(), database=database, username=username)
        provision(request, server)
        assert exists(server, database)
        assert role_exists(server, username)
        assert role_exists(server, server.username)
        with connected(connection_of(request, server)) as own:
            assert own.run("SELECT current_user, current_database()") == [[username, database]]


class TestBreakdowns:
    """The database goes away."""

    def test_before_anything_was_made(self, make: Any, server: Server) -> None:
        request = make()
        with pytest.raises(ProvisionError, match=r"master@127\.0\.0\.1:1/"):
            provision(request, replace(server, port=1, username="master", host="127.0.0.1"))
        with pytest.raises(NoSecretError):
            connection_of(request, server)

    @pytest.mark.parametrize("step", ["_database", "_grants"])
    def test_half_way(self, step: str, make: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """The server ends the connection in mid-work. No secret is there that does not work; the next try finishes."""
        request, real = make(), getattr(database_provision, step)

        def cut(connection: Any, asked: DatabaseRequest) -> Any:
            ((backend,),) = connection.run("SELECT pg_backend_pid()")
            with connected(server) as other:
                other.run("SELECT pg_terminate_backend(:pid)", pid=backend)
            return real(connection, asked)

        with monkeypatch.context() as patched:
            patched.setattr(database_provision, step, cut)
            with pytest.raises(ProvisionError, match=server.username):
                provision(request, server)
        with pytest.raises(NoSecretError):
            connection_of(request, server)

        assert provision(request, server).secret == request.secret.secret_name
        with connected(connection_of(request, server)) as own:
            own.run("CREATE TABLE works (id int)")

    def test_what_nobody_can_log_in_to_is_in_no_secret(
        self, make: Any, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever reads a secret relies on it, so the login comes first."""
        request, real = make(), getattr(database_provision, "_grants")  # noqa: B009

        def locked(connection: Any, asked: DatabaseRequest) -> Any:
            with connected(server) as master:
                master.run(f"ALTER ROLE {identifier(asked.username)} NOLOGIN")
            return real(connection, asked)

        with monkeypatch.context() as patched:
            patched.setattr(database_provision, "_grants", locked)
            with pytest.raises(ProvisionError, match="not permitted to log in"):
                provision(request, server)
        with pytest.raises(NoSecretError):
            connection_of(request, server)
        provision(request, server)
        with connected(connection_of(request, server)):
            pass

    def test_a_certificate_of_somebody_else(self, make: Any, server: Server) -> None:
        with pytest.raises(ProvisionError, match=r"(?i)certificate"):
            provision(make(), replace(server, ca_file=""))

    @pytest.mark.parametrize(
        "secret",
        [
            "not json",
            "{}",
            '{"host": "h", "port": "many"}',
            "[]",
            '{"host": "..", "port": 5432, "username": "u", "password": "p"}',
        ],
    )
    def test_a_master_secret_that_is_none(self, secret: str) -> None:
        with pytest.raises(ProvisionError, match="no JSON with host"):
            server_from(secret)


class TestCommandLine:
    """As somebody types it."""

    def test_a_request_file(
        self, document_for: Any, server: Server, master_secret: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        document = document_for()
        path = tmp_path / "request.yaml"
        path.write_text(json.dumps(document))  # JSON is YAML
        arguments = ["--request", str(path), "--master-secret", master_secret, "--ca-file", server.ca_file]
        assert database_provision.main(arguments) == 0
        said, request = capsys.readouterr(), parse(document)
        assert f"role {request.username}: created; database {request.database}: created" in said.out
        with connected(connection_of(request, server)) as own:
            own.run("SELECT 1")

        arguments[3] = f"{master_secret}-of-nobody"
        assert database_provision.main(arguments) == 1
        assert "ResourceNotFoundException" in capsys.readouterr().err


KILLED = """
import json, sys
from pathlib import Path
from scripts.database_provision import Server, connected
from support.leftovers import Leftovers

record, server = Leftovers(Path(sys.argv[1])), Server(**json.loads(sys.stdin.readline()))
name = sys.argv[2]
record.will_make(kind="database", at=f"{server.host}:{server.port}", database=name, username=name + "_user")
with connected(server) as master:
    master.run(f"CREATE ROLE {name}_user")
    master.run(f"GRANT {name}_user TO CURRENT_USER")
    master.run(f"CREATE DATABASE {name} OWNER {name}_user")
print("made", flush=True)
sys.stdin.readline()
"""


SERVES = """
import sys
from pathlib import Path
from support.leftovers import Leftovers
from support.postgres import new_folder, running

record, folder = Leftovers(Path(sys.argv[1])), new_folder()
record.will_make(kind="server", folder=str(folder))
with running(folder) as server:
    print(folder, server.master.port, flush=True)
    sys.stdin.readline()
"""


class TestLeftovers:
    """Databases and roles are leftovers too, and so is a server."""

    @pytest.mark.usefixtures("postgres")
    def test_the_server_of_a_killed_run_is_ended_by_the_next(self, tmp_path: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", SERVES, str(tmp_path)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as run:  # fmt: skip
            assert run.stdout is not None
            folder, _, port = run.stdout.readline().strip().partition(" ")
            assert sweep_dead(tmp_path, removed_at(None)) == []  # it lives
            run.send_signal(signal.SIGKILL)
        socket.create_connection(("127.0.0.1", int(port)), timeout=20).close()

        assert sweep_dead(tmp_path, removed_at(None)) == [{"kind": "server", "folder": folder}]
        assert not Path(folder).exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=20)

    def test_of_a_killed_run_are_found_and_dropped_by_the_next(
        self, server: Server, temp_named: Any, tmp_path: Path
    ) -> None:
        dead, alive = temp_named("dead")[0], temp_named("alive")[0]
        living = Leftovers(tmp_path)
        living.will_make(kind="database", at=f"{server.host}:{server.port}", database=alive, username=f"{alive}_user")
        with connected(server) as master:
            master.run(f"CREATE DATABASE {identifier(alive)}")
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), dead],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as run:  # fmt: skip
            assert run.stdin is not None
            assert run.stdout is not None
            run.stdin.write(json.dumps(asdict(server)) + "\n")
            run.stdin.flush()
            assert run.stdout.readline() == "made\n"
            assert sweep_dead(tmp_path, removed_at(server)) == []  # it lives
            run.send_signal(signal.SIGKILL)
        assert exists(server, dead)

        elsewhere = replace(server, port=1)
        assert sweep_dead(tmp_path, removed_at(elsewhere)) == []  # they are not at that server
        (swept,) = sweep_dead(tmp_path, removed_at(server))
        assert swept["database"] == dead
        assert not exists(server, dead)
        assert not role_exists(server, f"{dead}_user")
        assert exists(server, alive)

        assert sweep_dead(tmp_path, removed_at(server)) == []
        living.gone(kind="database", at=f"{server.host}:{server.port}", database=alive, username=f"{alive}_user")
        living.close()
        assert list(tmp_path.iterdir()) == []
