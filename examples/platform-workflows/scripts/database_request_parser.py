"""Requests for databases: which role has which database on which server, and what it may do there.

    python -m scripts.database_request_parser --request requests/payments-database.yaml

The secret that holds the connection is a request for a secret, and goes where those go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.request_file import Fields, main_of_parser
from scripts.secret_request_parser import SecretRequest, secret_fields

__all__ = ["DatabaseRequest", "main", "parse"]

_IDENTIFIER = r"(?!pg_)[a-z_][a-z0-9_]{0,62}"
"""What PostgreSQL takes without folding or shortening it (NAMEDATALEN - 1 bytes); roles of its own begin with pg_."""
_IDENTIFIER_SAYS = "lower-case letters, digits and _, 63 at most, no digit first, and not pg_"
_RESERVED = frozenset({"postgres", "template0", "template1", "rdsadmin", "public", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRequest:
    """What a request says."""

    database: str
    username: str
    access: str
    """`owner`, or what somebody may do in a database that is there: `readwrite`, `readonly`."""
    secret: SecretRequest
    """Where the connection goes."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "database": {"name": self.database, "username": self.username, "access": self.access},
            **self.secret.to_json(),
        }


def parse(document: Mapping[str, Any], source: str = "request") -> DatabaseRequest:
    """Read a request.

    Raises:
        RequestError: all that is wrong with it.
    """
    fields = Fields(document)
    spec = fields.mapping("spec")
    request = DatabaseRequest(
        database=_identifier(spec, "databaseName"),
        username=_identifier(spec, "username"),
        access=spec.choice("access", default="owner"),
        secret=SecretRequest(
            **secret_fields(fields, "RDS"),
            provider=spec.choice("provider", default="secretsmanager"),
            secret_type="supplied",
            length=0,
            rotation="none",
            recovery_days=7,
            readers=(),
        ),
    )
    spec.end()
    fields.check(source)
    return request


def _identifier(spec: Fields, name: str) -> str:
    value = spec.text(name, _IDENTIFIER, _IDENTIFIER_SAYS)
    if value in _RESERVED:
        spec.wrong(name, f"must not be {value}, which is the server's own")
    return value


def main(arguments: list[str] | None = None) -> int:
    """The parser's command line."""
    return main_of_parser(parse, "Check a request for a database, and write it in its stable form.", arguments)


if __name__ == "__main__":
    raise SystemExit(main())
