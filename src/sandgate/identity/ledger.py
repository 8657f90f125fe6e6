"""The table of the shared ledger in an administrator's hands: looked into before `down`, and deleted by it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from sandgate.config.identity import OWNER_TAG
from sandgate.core.table import TableError
from sandgate.errors import EnvironmentFault
from sandgate.identity._aws import aws_errors, code_of

__all__ = ["AdminTable", "delete_table", "owner_of"]

_ABSENT = "ResourceNotFoundException"
_POLLS = 60


class AdminTable:
    """A table by a boto3 client.

    Args:
        name: of the table.
        client: of DynamoDB.
        where: account and region, in words.
    """

    def __init__(self, name: str, client: Any, where: str) -> None:
        self.name = name
        self.where = where
        self._client = client
        self._ahead = 0.0

    def now(self) -> float:
        """The time by AWS's clock, as its last answer told it."""
        return time.time() + self._ahead

    def call(self, operation: str, parameters: Mapping[str, Any], /) -> Mapping[str, Any]:
        """One call.

        Raises:
            TableError: AWS refused it.
            EnvironmentFault: it never arrived.
        """
        from botocore import xform_name  # noqa: PLC0415 - the front ends may not import botocore before they need it
        from botocore.exceptions import ClientError  # noqa: PLC0415

        with aws_errors("the shared ledger cannot be looked at"):
            try:
                answer: Mapping[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
            except ClientError as error:
                raise _failed(error) from None
        with contextlib.suppress(KeyError, ValueError):
            date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
            self._ahead = parsedate_to_datetime(date).timestamp() - time.time()
        return answer


def _failed(error: Any) -> TableError:
    reasons = tuple(str(one.get("Code", "")) for one in error.response.get("CancellationReasons", ()))
    return TableError(code_of(error), str(error.response["Error"].get("Message", "")), reasons)


def owner_of(client: Any, name: str) -> str | None:
    """Whose table one is, by the tag that `up` gives it.

    Args:
        client: of DynamoDB.
        name: of the table.

    Returns:
        The user's name; empty where `up` has not made it, `None` where there is no table.

    Raises:
        EnvironmentFault: it cannot be looked at.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    with aws_errors("the table of the shared ledger cannot be looked at"):
        try:
            arn = client.describe_table(TableName=name)["Table"]["TableArn"]
            tags = client.list_tags_of_resource(ResourceArn=arn)["Tags"]
        except ClientError as error:
            if code_of(error) == _ABSENT:
                return None
            raise
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == OWNER_TAG), "")


def delete_table(client: Any, name: str) -> bool:
    """Delete the table, which is protected from whoever does not mean it, and see that it is gone.

    Args:
        client: of DynamoDB.
        name: of the table.

    Returns:
        Whether there was one.

    Raises:
        EnvironmentFault: it could not be deleted.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    with aws_errors(f"the table {name!r} of the shared ledger cannot be deleted"):
        try:
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
            client.delete_table(TableName=name)
        except ClientError as error:
            if code_of(error) == _ABSENT:
                return False
            raise
        for _ in range(_POLLS):
            try:
                client.describe_table(TableName=name)
            except ClientError as error:
                if code_of(error) == _ABSENT:
                    return True
                raise
            time.sleep(1.0)
    raise EnvironmentFault(f"the table {name!r} of the shared ledger is still being deleted", hint="run it again")
