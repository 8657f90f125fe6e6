"""From a request to a secret that can be read.

    python -m scripts.secret_provision create  --request requests/payments-db.yaml
    python -m scripts.secret_provision rotate  --request requests/payments-db.yaml
    python -m scripts.secret_provision delete  --request requests/payments-db.yaml
    python -m scripts.secret_provision restore --request requests/payments-db.yaml

A value that somebody supplies comes by standard input. No value is ever printed.
"""

from __future__ import annotations

import argparse
import secrets
import string
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.request_file import WorkflowError, load, reported
from scripts.secret_request_parser import SecretRequest, parse
from scripts.secret_stores import NoSecretError, SecretError, SecretsManager, Store, store_of

__all__ = ["Provisioned", "create", "delete", "main", "restore", "rotate"]

_LETTERS = string.ascii_letters + string.digits
_MOST = {"secretsmanager": 65536, "ssm": 4096}
"""Bytes of a value: CreateSecret's SecretString, and a standard parameter's Value."""

_NO_TEXT = "the value that came by standard input is no text in UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What was done, without the value."""

    name: str
    done: str
    """`created`, `unchanged`, `rotated`, `deleted` or `restored`."""
    version: str = ""


def create(request: SecretRequest, value: str = "") -> Provisioned:
    """Make the secret, unless it is there: then its value stays, and its readers are set anew.

    Args:
        request: parsed.
        value: where the request says that it is supplied.

    Raises:
        SecretError: the store refuses, or a secret cannot be read back as it was written.
    """
    store, name = store_of(request.provider), request.secret_name
    try:
        store.read(name)
    except NoSecretError:
        wanted = _value(request, value)
        tags = {"owner": request.owner, "request": request.id, "risk": request.risk, "rotation": request.rotation}
        done = Provisioned(name=name, done="created", version=store.create(name, wanted, tags))
        _compare(store, name, wanted)
    else:
        done = Provisioned(name=name, done="unchanged")
    # Whom an earlier request let read it, and this one does not, must not go on reading.
    if isinstance(store, SecretsManager) and (request.readers or done.done == "unchanged"):
        store.let_read(name, request.readers)
    return done


def rotate(request: SecretRequest, value: str = "") -> Provisioned:
    """Give the secret a new value; the one before stays readable as the previous one.

    Raises:
        SecretError: there is no such secret, the new value is the old one, or the store refuses.
    """
    store, name = store_of(request.provider), request.secret_name
    before, wanted = store.read(name), _value(request, value)
    if wanted == before:
        raise SecretError(f"{name}: the new value is the old one")
    version = store.put(name, wanted)
    _compare(store, name, wanted)
    if store.read(name, previous=True) != before:
        raise SecretError(f"{name}: the previous value cannot be read back")
    return Provisioned(name=name, done="rotated", version=version)


def delete(request: SecretRequest) -> Provisioned:
    """Remove the secret; in Secrets Manager it can come back for as many days as the request says."""
    store_of(request.provider).delete(request.secret_name, request.recovery_days)
    return Provisioned(name=request.secret_name, done="deleted")


def restore(request: SecretRequest) -> Provisioned:
    """Bring a deleted secret back.

    Raises:
        SecretError: it is a parameter, or its window is over.
    """
    store = store_of(request.provider)
    if not isinstance(store, SecretsManager):
        raise SecretError(f"{request.secret_name}: a deleted parameter does not come back")
    store.restore(request.secret_name)
    return Provisioned(name=request.secret_name, done="restored")


def _value(request: SecretRequest, value: str) -> str:
    if request.secret_type == "generated":
        if value:
            raise SecretError(f"{request.secret_name}: the request says that its value is generated")
        return "".join(secrets.choice(_LETTERS) for _ in range(request.length))
    if not value:
        raise SecretError(f"{request.secret_name}: the request says that its value is supplied; none came")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise SecretError(f"{request.secret_name}: {_NO_TEXT}") from None
    if size > (most := _MOST[request.provider]):
        raise SecretError(f"{request.secret_name}: {size} bytes are more than the {most} that {request.provider} takes")
    return value


def _supplied(request: SecretRequest) -> str:
    try:
        return sys.stdin.read().removesuffix("\n")
    except UnicodeDecodeError:
        raise SecretError(f"{request.secret_name}: {_NO_TEXT}") from None


def _compare(store: Store, name: str, wanted: str) -> None:
    if store.read(name) != wanted:
        raise SecretError(f"{name}: another value is read back than was written")


_ACTIONS: Mapping[str, Callable[[SecretRequest, str], Provisioned]] = {
    "create": create,
    "rotate": rotate,
    "delete": lambda request, _value: delete(request),
    "restore": lambda request, _value: restore(request),
}


def main(arguments: list[str] | None = None) -> int:
    """Carry a request out.

    Returns:
        Exit status: 0, 1 when something went wrong, 2 when the request is refused.
    """
    parser = argparse.ArgumentParser(description="Create, rotate, delete or restore the secret of a request.")
    parser.add_argument("action", choices=tuple(_ACTIONS))
    parser.add_argument("--request", type=Path, required=True, help="request file, YAML")
    options = parser.parse_args(arguments)

    def run() -> None:
        request = parse(load(options.request), str(options.request))
        supplied = request.secret_type == "supplied" and options.action in ("create", "rotate")
        if supplied and sys.stdin.isatty():
            raise WorkflowError(f"{request.secret_name}: its value comes by standard input")
        done = _ACTIONS[options.action](request, _supplied(request) if supplied else "")
        print(f"{done.name}: {done.done}{f', version {done.version}' if done.version else ''}")

    return reported(run)


if __name__ == "__main__":
    raise SystemExit(main())
