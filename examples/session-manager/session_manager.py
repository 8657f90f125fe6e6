"""Sessions of AWS that know whose they are, can become somebody else, and can be handed to a child process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import boto3

__all__ = ["SessionManager"]

_FROM_ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


class SessionManager:
    """A session, and the clients that were made of it.

    Args:
        session: boto3's; by default that of the environment.
        expires: when its credentials end; `None` where they do not.
    """

    def __init__(self, session: boto3.Session | None = None, *, expires: datetime | None = None) -> None:
        self.session = session or boto3.Session()
        self.expires = expires
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "") -> Any:
        """The client of a service in a region, which is made once."""
        region = region or self.region
        if (service, region) not in self._clients:
            self._clients[service, region] = self.session.client(service, region_name=region)
        return self._clients[service, region]

    # -- who am I ---------------------------------------------------------------------------------------------------

    @property
    def region(self) -> str:
        """Of the session."""
        return str(self.session.region_name)

    @property
    def account(self) -> str:
        """Its account's id."""
        return str(self._caller["Account"])

    @property
    def arn(self) -> str:
        """Of the user, or of the session of a role."""
        return str(self._caller["Arn"])

    @cached_property
    def alias(self) -> str | None:
        """The account's alias; `None` where it has none, as most do."""
        aliases: list[str] = self.client("iam").list_account_aliases()["AccountAliases"]
        return aliases[0] if aliases else None

    @cached_property
    def _caller(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client("sts").get_caller_identity()
        return found

    # -- somebody else ----------------------------------------------------------------------------------------------

    def assume_role(
        self,
        arn: str,
        *,
        session_name: str = "",
        duration: timedelta = timedelta(hours=1),
        external_id: str = "",
    ) -> SessionManager:
        """Take a role.

        Args:
            arn: of the role.
            session_name: which AWS's logs will show; by default a random one.
            duration: how long it lasts, from 15 minutes on.
            external_id: which the role may ask for.
        """
        outside = {"ExternalId": external_id} if external_id else {}
        taken = self.client("sts").assume_role(
            RoleArn=arn,
            RoleSessionName=session_name or uuid.uuid4().hex,
            DurationSeconds=int(duration.total_seconds()),
            **outside,
        )["Credentials"]
        session = boto3.Session(
            aws_access_key_id=taken["AccessKeyId"],
            aws_secret_access_key=taken["SecretAccessKey"],
            aws_session_token=taken["SessionToken"],
            region_name=self.region,
        )
        return type(self)(session, expires=taken["Expiration"])

    def is_expired(self, within: timedelta = timedelta(0)) -> bool:
        """Whether the credentials have ended, or will `within` some time."""
        return self.expires is not None and datetime.now(UTC) + within >= self.expires

    def environment(self) -> dict[str, str]:
        """The whole environment of a child process that is to be the same caller; this process keeps its own."""
        found = self.session.get_credentials()
        if found is None:
            raise RuntimeError("the session has no credentials")
        key = found.get_frozen_credentials()
        kept = {name: value for name, value in os.environ.items() if name not in _FROM_ELSEWHERE}
        return {
            **kept,
            "AWS_ACCESS_KEY_ID": str(key.access_key),
            "AWS_SECRET_ACCESS_KEY": str(key.secret_key),
            **({"AWS_SESSION_TOKEN": str(key.token)} if key.token else {}),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
