"""The real thing: one AWS account, proven before the first call, with credentials that never leave the gate."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import Any

from sandgate.config.env_file import env_values
from sandgate.config.model import Config
from sandgate.errors import ConfigError
from sandgate.tiers._aws_environment import check_variables
from sandgate.tiers._aws_rule import NOT_THERE
from sandgate.tiers._model import Second, Tier, TierContext, Upstream
from sandgate.tiers._rules import SigningRules

__all__ = ["TIER", "UPSTREAM", "check"]

UPSTREAM = "aws"
"""What receipts say that calls reached. Nothing in sandgate sets it; tests before a stand-in for AWS do."""


async def _start(context: TierContext) -> Upstream:
    config = context.config
    check(config, context.environ)
    context.progress("asking AWS who calls")
    rules = await asyncio.to_thread(SigningRules.load, context.cache_dir)
    # By name: botocore's endpoint rules and credentials cost a fifth of a second that only gates of this tier pay.
    account: Any = await asyncio.to_thread(importlib.import_module, "sandgate.tiers._aws_upstream")
    opened = await asyncio.to_thread(account.open_account, context, rules, UPSTREAM)
    opened.begin()
    upstream: Upstream = opened
    return upstream


def _second(context: TierContext, upstream: Any) -> Second:
    second: Any = importlib.import_module("sandgate.tiers._aws_second")
    found: Second = second.open_second(context, upstream)
    return found


def check(config: Config, environ: Mapping[str, str]) -> None:
    """Refuse what would make the run something else than it says, before anything is read or asked.

    Args:
        config: the run's.
        environ: the user's.

    Raises:
        ConfigError: it does.
    """
    if not config.account:
        raise ConfigError(
            "the tier 'sandbox' needs the id of the account that it may use",
            where=str(config.file or config.root),
            hint='account = "111122223333", with the 12 digits of your sandbox account',
        )
    if config.account in config.forbidden_accounts:
        raise ConfigError(
            f"account {config.account} is forbidden",
            where=f"account, {config.sources.get('account', '')}; forbidden_accounts, "
            f"{config.sources.get('forbidden_accounts', '')}",
            hint="one of the two is wrong",
        )
    check_variables(environ, "environment", but=config.variables)
    check_variables(env_values(config), str(config.env_path), but=config.variables)


TIER = Tier(
    name="sandbox",
    summary="a real AWS account: the one that the configuration names, as the identity that `sandgate up` made",
    capabilities=(
        "AWS itself over TLS: every service, real IAM, real timing",
        "account, caller and alias are proven before the first call, and stand in the receipt",
        "credentials from the env file, CI's environment, a profile, SSO, a process, a container or a web identity",
        "role sessions are renewed while the run goes on",
    ),
    limits=(
        (
            "global endpoints of EventBridge, signed for several regions at once, need the extra `crt` and a client "
            "that signs with SigV4: SigV4A of clients is refused"
        ),
        (
            "clients of S3 multi-region access points ignore AWS_ENDPOINT_URL and call AWS themselves, which refuses "
            "the run key"
        ),
        "functions run in AWS, so their calls do not pass the gate and are not recorded",
        (
            "pushes of images, the hosted UI of Cognito and other paths outside the service models are refused, but "
            "not API Gateway, function URLs and the keys of user pools"
        ),
        "the gate reaches AWS directly, without a proxy",
        "tokens that clients sign for other hosts (RDS, EKS, IoT) do not work, since the run key is worthless there",
    ),
    start=_start,
    second=_second,
    rules=(NOT_THERE,),
    needs_environment=True,
)
