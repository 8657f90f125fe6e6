"""AWS as checks ask it: with the tests' own credentials, with short patience, and never by way of another endpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from sandgate.cli.checks._model import Facts
from sandgate.config.credentials import Keys
from sandgate.config.identity import IdentityNames, identity_names
from sandgate.errors import ConfigError, EnvironmentFault

__all__ = ["Who", "aliases", "credentials", "names", "prepare", "who", "who_is"]

_CONNECT_SECONDS, _READ_SECONDS = 4, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """What AWS says of credentials."""

    account: str = ""
    arn: str = ""
    code: str = ""
    """Why it refuses them, as it calls that."""
    skew: float | None = None
    """Seconds by which this machine's clock is ahead of AWS's."""

    @property
    def name(self) -> str:
        """What follows the account in the ARN, `user/unit-tester`."""
        return self.arn.rpartition(":")[2]


def names(facts: Facts) -> IdentityNames:
    """What the identity is called."""
    return identity_names(facts.config)


def prepare(facts: Facts) -> None:
    """Let botocore see in this process what it sees in a gate; before the checks, since they share its environment."""
    from sandgate.tiers._aws_credentials import adopt_environment  # noqa: PLC0415 - brings botocore

    adopt_environment(facts.environ, ci=facts.config.ci)


def credentials(facts: Facts) -> Keys:
    """The tests' credentials, found where a run finds them.

    Raises:
        ConfigError: there are none, they are not whole, or there is no such profile.
        EnvironmentFault: a profile does not give its credentials.
    """
    from sandgate.tiers._aws_credentials import find_source, open_session  # noqa: PLC0415
    from sandgate.tiers._model import AbsentError  # noqa: PLC0415

    try:
        source = find_source(facts.config, facts.environ, open_session(facts.config))
    except AbsentError as absent:
        raise absent.error from None
    found = source.read()
    return Keys(
        access_key_id=found.access_key_id,
        secret_access_key=found.secret_access_key,
        session_token=found.session_token,
        source=source.described,
    )


def who(facts: Facts) -> Who:
    """Whose the tests' credentials are.

    Raises:
        EnvironmentFault: there are none, or AWS cannot be asked.
    """
    try:
        keys = facts.once(credentials)
    except (ConfigError, EnvironmentFault):
        # What is the matter with them is told by the check that is about them.
        raise EnvironmentFault("there are no credentials to ask with") from None
    return who_is(keys, facts.config.region)


def who_is(keys: Keys, region: str) -> Who:
    """Whose credentials these are.

    Raises:
        EnvironmentFault: AWS cannot be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - takes a fifth of a second
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    began = time.time()
    try:
        said: Mapping[str, Any] = _client("sts", keys, region).get_caller_identity()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "")) or "an error without a code"
        return Who(code=code, skew=_skew(error.response, began))
    except (BotoCoreError, ResponseParserError) as error:
        raise _unreachable(error) from None
    return Who(account=said["Account"], arn=said["Arn"], skew=_skew(said, began))


def aliases(facts: Facts) -> tuple[str, ...]:
    """The account's aliases, of which there is one or none.

    Raises:
        EnvironmentFault: AWS cannot be asked, or does not say.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        client = _client("iam", facts.once(credentials), facts.config.region)
        return tuple(client.list_account_aliases()["AccountAliases"])
    except ClientError as error:
        raise EnvironmentFault(f"AWS does not tell the alias: {error.response['Error']['Code']}") from None
    except (BotoCoreError, ResponseParserError) as error:
        raise _unreachable(error) from None


def _client(service: str, keys: Keys, region: str) -> Any:
    from botocore.config import Config as ClientConfig  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    settings: dict[str, Any] = {"ignore_configured_endpoint_urls": True, "retries": {"total_max_attempts": 1}}
    patience = ClientConfig(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, **settings)
    # No profile that a shell exports has a say: these keys are all that is needed.
    session = Session(session_vars={"profile": (None, None, None, None)})
    return session.create_client(
        service,
        region_name=region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token or None,
        config=patience,
    )


def _skew(answer: Mapping[str, Any], began: float) -> float | None:
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        theirs = parsedate_to_datetime(said).timestamp()
    except (TypeError, ValueError):
        return None
    # The header has whole seconds, and was written between the request and now.
    return (began + time.time()) / 2 - theirs - 0.5


def _unreachable(error: Exception) -> EnvironmentFault:
    return EnvironmentFault(
        f"AWS cannot be asked: {type(error).__name__}", hint="look at the network, HTTPS_PROXY and `region`"
    )
