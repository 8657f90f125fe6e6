"""The user's access keys: IAM keeps two at most, and tells a key's secret once, when it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandgate.config.credentials import shown_key
from sandgate.config.identity import OWNER_TAG
from sandgate.errors import ConfigError, EnvironmentFault
from sandgate.identity._aws import aws_errors, code_of, silent_logs
from sandgate.identity.record import Record

__all__ = ["MOST_KEYS", "AccessKey", "NewKey", "delete_key", "disable_key", "list_keys", "make_key", "owner_of"]

MOST_KEYS = 2
"""IAM User Guide, "IAM and STS quotas": access keys of one user."""
_GONE = "NoSuchEntity"
_ATTEMPTS, _WAIT = 20, 0.5
"""Looks, and seconds between them, until IAM says everywhere that a key is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """What IAM tells of a key."""

    id: str
    active: bool
    created: float
    """Seconds since 1970."""
    last_used: float = 0.0
    """0 where IAM knows of no use; it learns of one hours later at times."""

    @property
    def text(self) -> str:
        """One line for people; the id with its middle hidden."""
        used = f"last used {_day(self.last_used)}" if self.last_used else "not used yet, as far as IAM knows"
        return f"{shown_key(self.id)}: made {_day(self.created)}, {used}{'' if self.active else ', disabled'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key whose secret is at hand."""

    id: str
    secret: str = field(repr=False)


def owner_of(iam: Any, user: str) -> str | None:
    """The name of the identity that a user belongs to; empty for somebody else's user, `None` where there is none.

    Raises:
        EnvironmentFault: AWS refuses to tell.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    with aws_errors(f"the user {user!r} cannot be looked at"):
        try:
            tags = iam.list_user_tags(UserName=user)["Tags"]
        except ClientError as error:
            if code_of(error) == _GONE:
                return None
            raise
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == OWNER_TAG), "")


def list_keys(iam: Any, user: str) -> tuple[AccessKey, ...]:
    """The keys of a user, oldest first; none where there is no such user.

    Raises:
        EnvironmentFault: AWS refuses to tell.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    with aws_errors(f"the keys of {user!r} cannot be listed"):
        try:
            found = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        except ClientError as error:
            if code_of(error) == _GONE:
                return ()
            raise
        keys = (
            AccessKey(
                id=item["AccessKeyId"],
                active=item["Status"] == "Active",
                created=item["CreateDate"].timestamp(),
                last_used=_last_used(iam, item["AccessKeyId"]),
            )
            for item in found
        )
        return tuple(sorted(keys, key=lambda key: (key.created, key.id)))


def _last_used(iam: Any, key: str) -> float:
    said = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"].get("LastUsedDate")
    return float(said.timestamp()) if said else 0.0


def make_key(iam: Any, user: str, record: Record, *, known: Iterable[AccessKey], replaces: str = "") -> NewKey:
    """Make a key; that it is being made is written down first, so that it is found when nobody hears of it.

    Args:
        iam: client of the administrator that sends no call twice.
        user: name.
        record: of the user.
        known: the keys that there are.
        replaces: id of the key that it will take the place of.

    Raises:
        ConfigError: there are two keys already.
        EnvironmentFault: AWS refuses, or the record cannot be written.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    record.write("making", known=[key.id for key in known])
    with silent_logs(), aws_errors(f"a key of {user!r} cannot be made"):
        try:
            made = iam.create_access_key(UserName=user)["AccessKey"]
        except ClientError as error:
            if code_of(error) != "LimitExceeded":
                raise
            raise ConfigError(
                f"the user {user!r} has {MOST_KEYS} access keys, and IAM gives no more",
                hint="`sandgate rotate --replace-all` deletes them first, after saying whose they are",
            ) from None
    record.write("made", id=made["AccessKeyId"], replaces=replaces)
    return NewKey(id=made["AccessKeyId"], secret=made["SecretAccessKey"])


def disable_key(iam: Any, user: str, key: str, record: Record, *, delete_after: float) -> None:
    """Disable a key; it can be enabled again until somebody deletes it.

    Args:
        iam: client of the administrator.
        user: name.
        key: id.
        record: of the user.
        delete_after: when it may be deleted, in seconds since 1970.

    Raises:
        EnvironmentFault: AWS refuses, or the record cannot be written.
    """
    record.write("disabled", id=key, delete_after=delete_after)
    with aws_errors(f"the key {shown_key(key)} cannot be disabled"):
        iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")


def delete_key(iam: Any, user: str, key: str, record: Record, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Delete a key, and see that it is gone; one that is gone already is fine.

    Raises:
        EnvironmentFault: AWS refuses, or lists the key still, or the record cannot be written.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    with aws_errors(f"the key {shown_key(key)} cannot be deleted"):
        try:
            iam.delete_access_key(UserName=user, AccessKeyId=key)
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
    for _ in range(_ATTEMPTS):
        if key not in {one.id for one in list_keys(iam, user)}:
            record.write("deleted", id=key)
            return
        sleep(_WAIT)
    raise EnvironmentFault(f"the key {shown_key(key)} is deleted, and IAM lists it still", hint="run it again")


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
