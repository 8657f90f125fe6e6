"""From a request to a database that its role can log in to.

    python -m scripts.database_provision --request requests/orders-database.yaml --master-secret platform/rds/master

Role, database and grants first, then a login, then the secret, then a login with what that says: a secret that is there
has worked. Run it again at any time: what is there stays, and a run that broke off is finished.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import ssl
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection, identifier, literal
from scramp import ScramMechanism

from scripts.database_request_parser import DatabaseRequest, parse
from scripts.request_file import WorkflowError, load, reported
from scripts.secret_stores import NoSecretError, SecretError, store_of

__all__ = ["DatabaseResult", "ProvisionError", "Server", "connected", "drop", "main", "provision", "server_from"]

_LETTERS = string.ascii_letters + string.digits
_WRONG_PASSWORD = "28P01"
"""invalid_password (PostgreSQL, "Error Codes")."""
_DUPLICATES = frozenset({"42710", "42P04", "23505"})
"""duplicate_object, duplicate_database, unique_violation: somebody else made it a moment ago."""


_IS_ROLE = "SELECT 1 FROM pg_roles WHERE rolname = :name"
_MADE_FOR = "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = :name"
_HAS_GRANTS_IN = (
    "SELECT DISTINCT datname FROM pg_database JOIN pg_shdepend ON dbid = pg_database.oid "
    "JOIN pg_roles ON refobjid = pg_roles.oid WHERE rolname = :name"
)
_IN_FUTURE = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
_GRANTS: Mapping[str, tuple[str, ...]] = {
    "owner": (),
    "readwrite": (
        "GRANT USAGE ON SCHEMA public TO {user}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {user}",
        f"{_IN_FUTURE} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{user}}",
        f"{_IN_FUTURE} GRANT USAGE, SELECT ON SEQUENCES TO {{user}}",
    ),
    "readonly": (
        "GRANT USAGE ON SCHEMA public TO {user}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}",
        f"{_IN_FUTURE} GRANT SELECT ON TABLES TO {{user}}",
    ),
}
"""What each access may do, in the database that it is about. An owner needs no grant."""


class ProvisionError(WorkflowError):
    """The server is out of reach, or does not do what a request asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL server and who makes databases there, as the secret of an RDS instance says it."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    dbname: str = "postgres"
    ca_file: str = ""
    """Authorities that may vouch for the server; those of the system by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseResult:
    """What was done, without the password."""

    database: str
    username: str
    secret: str
    role: str
    """`created` or `unchanged`; `healed` where the role had another password than the secret."""
    made: str
    """Of the database: `created` or `unchanged`."""


def server_from(secret: str, ca_file: str = "") -> Server:
    """The server that a secret describes, JSON as RDS writes it.

    Raises:
        ProvisionError: the secret says something else.
    """
    try:
        data = json.loads(secret)
        found = Server(
            host=str(data["host"]),
            port=int(data["port"]),
            username=str(data["username"]),
            password=str(data["password"]),
            dbname=str(data.get("dbname", "postgres")),
            ca_file=ca_file,
        )
        found.host.encode("idna")  # what no name can be is told here, and not by the resolver
    except (ValueError, KeyError, TypeError):
        raise ProvisionError("the master's secret is no JSON with host, port, username and password") from None
    return found


@contextmanager
def connected(server: Server, **other: str) -> Iterator[Connection]:
    """A connection, over TLS and to the host that its certificate names; `other` replaces fields of the server.

    Raises:
        ProvisionError: the server is out of reach, or an error of it ends the block.
    """
    at = Server(**{**asdict(server), **other})
    where = f"{at.username}@{at.host}:{at.port}/{at.dbname}"
    try:
        connection = Connection(
            at.username,
            host=at.host,
            port=at.port,
            database=at.dbname,
            password=at.password,
            timeout=20,
            ssl_context=ssl.create_default_context(cafile=at.ca_file or None),
        )
    except (InterfaceError, DatabaseError, OSError) as error:
        raise ProvisionError(f"{where}: {_said(error)}") from error
    try:
        yield connection
    except (InterfaceError, DatabaseError, OSError) as error:
        raise ProvisionError(f"{where}: {_said(error)}") from error
    finally:
        wire = connection._sock  # noqa: SLF001 - which pg8000 leaves open when the server has ended the connection
        with suppress(InterfaceError, DatabaseError, OSError):  # it is gone; the block has told if that mattered
            connection.close()
        with suppress(OSError):
            wire.close()


def provision(request: DatabaseRequest, server: Server) -> DatabaseResult:
    """Make role, database and grants, write the connection secret, and log in with it.

    Raises:
        ProvisionError: the server is out of reach, belongs to somebody else, or the login fails.
        SecretError: the secret cannot be written.
    """
    store, name = store_of(request.secret.provider), request.secret.secret_name
    held = _held(store, name)
    password = held or "".join(secrets.choice(_LETTERS) for _ in range(32))
    with connected(server) as master:
        role = _role(master, request, password, renew=not held)
        made = _database(master, request)
    with connected(server, dbname=request.database) as inside:
        _grants(inside, request)
    mine = {"username": request.username, "password": password, "dbname": request.database}
    if held and not _works(server, mine):
        with connected(server) as master:
            _password(master, request.username, password)
        role = "healed"
    value = json.dumps({**mine, "engine": "postgres", "host": server.host, "port": server.port}, sort_keys=True)
    if not held:
        with connected(server, **mine) as login:  # before anybody can read a secret that does not
            login.run("SELECT 1")
        store.create(name, value, {"owner": request.secret.owner, "request": request.secret.id})
    written = server_from(store.read(name), server.ca_file)
    with connected(written) as login:
        login.run("SELECT 1")
    return DatabaseResult(database=request.database, username=request.username, secret=name, role=role, made=made)


def drop(server: Server, *, database: str = "", username: str = "") -> None:
    """Remove a database and a role, if they are there, whoever is connected.

    Raises:
        ProvisionError: the server is out of reach or refuses.
    """
    with connected(server) as master:
        if database:
            master.run(f"DROP DATABASE IF EXISTS {identifier(database)} WITH (FORCE)")
        if username and _one(master, _IS_ROLE, name=username):
            role = identifier(username)
            master.run(f"GRANT {role} TO CURRENT_USER")
            # What a role may do is written down in each database that it may do it in.
            for (name,) in master.run(_HAS_GRANTS_IN, name=username):
                with connected(server, dbname=name) as inside:
                    inside.run(f"DROP OWNED BY {role}")
            master.run(f"DROP OWNED BY {role}")
            master.run(f"DROP ROLE {role}")


def _held(store: Any, name: str) -> str:
    """The password that the secret holds, empty where there is no secret."""
    try:
        value = store.read(name)
    except NoSecretError:
        return ""
    try:
        return str(json.loads(value)["password"])
    except (ValueError, KeyError, TypeError):
        raise SecretError(f"{name}: is there, and holds no connection") from None


def _role(master: Connection, request: DatabaseRequest, password: str, *, renew: bool) -> str:
    user, mark = identifier(request.username), f"for the secret {request.secret.provider} {request.secret.secret_name}"
    done = "unchanged"
    if not _one(master, _IS_ROLE, name=request.username):
        verifier = literal(_verifier(password))
        # One transaction, as one message: a role that is there says for whom.
        made = f"CREATE ROLE {user} LOGIN PASSWORD {verifier}; COMMENT ON ROLE {user} IS {literal(mark)}"
        done = "created" if _unless_there(master, made) else done
    if _one(master, _MADE_FOR, name=request.username) != mark:
        # A new password would lock out whoever has it, and give the requester what is theirs.
        raise ProvisionError(f"role {request.username} is there already, and was not made for this request")
    if renew and done == "unchanged":
        _password(master, request.username, password)
    if request.access == "owner":
        # A master that is no superuser, as on RDS, gives databases only to roles that it is a member of.
        master.run(f"GRANT {user} TO CURRENT_USER")
    return done


def _database(master: Connection, request: DatabaseRequest) -> str:
    owner = _owner(master, request.database)
    if request.access != "owner":
        if not owner:
            raise ProvisionError(f"database {request.database} is not there; its owner's request comes first")
        made = "unchanged"
    elif owner and owner != request.username:
        raise ProvisionError(f"database {request.database} belongs to {owner}, not to {request.username}")
    elif owner:
        made = "unchanged"
    else:
        owner_says = f"OWNER {identifier(request.username)} TEMPLATE template0 ENCODING 'UTF8'"
        _unless_there(master, f"CREATE DATABASE {identifier(request.database)} {owner_says}")
        made = "created"
    # By default everybody may connect to every database.
    master.run(f"REVOKE ALL ON DATABASE {identifier(request.database)} FROM PUBLIC")
    master.run(f"GRANT CONNECT ON DATABASE {identifier(request.database)} TO {identifier(request.username)}")
    return made


def _grants(inside: Connection, request: DatabaseRequest) -> None:
    owner = identifier(_owner(inside, request.database))
    for grant in _GRANTS[request.access]:
        inside.run(grant.format(user=identifier(request.username), owner=owner))


def _works(server: Server, mine: Mapping[str, str]) -> bool:
    try:
        with connected(server, **mine):
            return True
    except ProvisionError as error:
        cause = error.__cause__
        if isinstance(cause, DatabaseError) and cause.args[0].get("C") == _WRONG_PASSWORD:
            return False
        raise


def _password(master: Connection, username: str, password: str) -> None:
    master.run(f"ALTER ROLE {identifier(username)} LOGIN PASSWORD {literal(_verifier(password))}")


def _verifier(password: str) -> str:
    """What the server keeps of a password (RFC 5803), made here: so it is in no statement, and no log of them."""
    salt, stored, key, rounds = ScramMechanism("SCRAM-SHA-256").make_auth_info(password)
    return f"SCRAM-SHA-256${rounds}:{_base64(salt)}${_base64(stored)}:{_base64(key)}"


def _base64(data: bytes) -> str:

    return base64.b64encode(data).decode()


def _owner(connection: Connection, database: str) -> str:
    query = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = :name"
    return str(_one(connection, query, name=database) or "")


def _one(connection: Connection, query: str, **values: str) -> Any:
    rows = connection.run(query, **values)
    return rows[0][0] if rows else None


def _unless_there(master: Connection, statement: str) -> bool:
    """Whether a statement made what it makes; it may have been there."""
    try:
        master.run(statement)
    except DatabaseError as error:
        if error.args[0].get("C") not in _DUPLICATES:
            raise
        return False
    return True


def _said(error: Exception) -> str:
    """The server's own words, without what it was asked."""
    said = error.args[0] if error.args else error
    return str(said.get("M", said)) if isinstance(said, dict) else str(error)


def main(arguments: list[str] | None = None) -> int:
    """Carry a request out.

    Returns:
        Exit status: 0, 1 when something went wrong, 2 when the request is refused.
    """
    parser = argparse.ArgumentParser(description="Make the role, database and connection secret of a request.")
    parser.add_argument("--request", type=Path, required=True, help="request file, YAML")
    parser.add_argument(
        "--master-secret", required=True, help="secret with the server and its master, as RDS writes it"
    )
    parser.add_argument("--ca-file", default="", help="authorities that may vouch for the server, PEM")
    options = parser.parse_args(arguments)

    def run() -> None:
        request = parse(load(options.request), str(options.request))
        server = server_from(store_of("secretsmanager").read(options.master_secret), options.ca_file)
        done = provision(request, server)
        print(f"role {done.username}: {done.role}; database {done.database}: {done.made}; secret {done.secret}")

    return reported(run)


if __name__ == "__main__":
    raise SystemExit(main())
