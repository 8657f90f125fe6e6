"""Where secrets are kept: AWS Secrets Manager, and SecureString parameters of Systems Manager. One class each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts.request_file import WorkflowError

__all__ = ["NoSecretError", "ParameterStore", "SecretError", "SecretsManager", "Store", "store_of"]


class SecretError(WorkflowError):
    """A store did not do what a request asks for."""


class NoSecretError(SecretError):
    """There is no secret of that name, or no earlier version of it."""


class Store(Protocol):
    """What can be done with a secret; versions are the store's own words for them."""

    def create(self, name: str, value: str, tags: Mapping[str, str]) -> str:
        """Make it, with its first version. What is there already is an error."""

    def put(self, name: str, value: str) -> str:
        """Give it a new version; the one before stays readable."""

    def read(self, name: str, *, previous: bool = False) -> str:
        """Its value, or the one before."""

    def delete(self, name: str, recovery_days: int, /) -> None:
        """Remove it; where there is such a thing, it can come back for so many days."""


_ABSENT = frozenset({"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"})


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        kind = NoSecretError if code in _ABSENT else SecretError
        hint = "; `restore` brings it back" if "deletion" in said else ""
        raise kind(f"{name}: {code}: {said}{hint}") from error
    except BotoCoreError as error:
        raise SecretError(f"{name}: {error}") from error


class SecretsManager:
    """Versions with stages: AWSCURRENT, and AWSPREVIOUS for the one before."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("secretsmanager")

    def create(self, name: str, value: str, tags: Mapping[str, str]) -> str:
        with _explained(name):
            made = self._client.create_secret(
                Name=name, SecretString=value, Tags=[{"Key": key, "Value": tag} for key, tag in tags.items()]
            )
        return str(made["VersionId"])

    def put(self, name: str, value: str) -> str:
        with _explained(name):
            return str(self._client.put_secret_value(SecretId=name, SecretString=value)["VersionId"])

    def read(self, name: str, *, previous: bool = False) -> str:
        stage = "AWSPREVIOUS" if previous else "AWSCURRENT"
        with _explained(name):
            return str(self._client.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"])

    def delete(self, name: str, recovery_days: int, /) -> None:
        with _explained(name):
            self._client.delete_secret(SecretId=name, RecoveryWindowInDays=recovery_days)

    def restore(self, name: str) -> None:
        """Take a deletion back, within its window."""
        with _explained(name):
            self._client.restore_secret(SecretId=name)

    def let_read(self, name: str, readers: tuple[str, ...]) -> None:
        """Say in its own policy who may read it; where nobody is named, it has none."""
        if not readers:
            with _explained(name):
                self._client.delete_resource_policy(SecretId=name)
            return
        statement = {
            "Sid": "Readers",
            "Effect": "Allow",
            "Principal": {"AWS": list(readers)},
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": "*",
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        with _explained(name):
            # An answer of AWS to "does this let the world in?", and a refusal if so.
            self._client.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(document), BlockPublicPolicy=True)


class ParameterStore:
    """Numbered versions of a SecureString; the one before is the number before."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("ssm")

    def create(self, name: str, value: str, tags: Mapping[str, str]) -> str:
        with _explained(name):
            made = self._client.put_parameter(
                Name=name,
                Value=value,
                Type="SecureString",
                Overwrite=False,
                Tags=[{"Key": key, "Value": tag} for key, tag in tags.items()],
            )
        return str(made["Version"])

    def put(self, name: str, value: str) -> str:
        self.read(name)  # overwriting what is not there would make it
        with _explained(name):
            made = self._client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
        return str(made["Version"])

    def read(self, name: str, *, previous: bool = False) -> str:
        with _explained(name):
            found = self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
            if previous:
                if found["Version"] == 1:
                    raise NoSecretError(f"{name}: has one version only")
                earlier = f"{name}:{found['Version'] - 1}"
                found = self._client.get_parameter(Name=earlier, WithDecryption=True)["Parameter"]
        return str(found["Value"])

    def delete(self, name: str, _recovery_days: int) -> None:
        with _explained(name):
            self._client.delete_parameter(Name=name)


_STORES: Mapping[str, type[SecretsManager | ParameterStore]] = {"secretsmanager": SecretsManager, "ssm": ParameterStore}


def store_of(provider: str) -> SecretsManager | ParameterStore:
    """The store of a provider.

    Raises:
        SecretError: nothing says where AWS is, such as a region.
    """
    with _explained(provider):
        return _STORES[provider]()
