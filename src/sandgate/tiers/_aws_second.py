"""A second account beside the sandbox: whose profile it is, and that nobody is root there."""

from __future__ import annotations

from dataclasses import replace

from sandgate.errors import ConfigError, EnvironmentFault
from sandgate.tiers._aws_clock import AwsClock
from sandgate.tiers._aws_credentials import of_chain, open_session
from sandgate.tiers._aws_sts import AwsCalls, AwsDenied
from sandgate.tiers._aws_upstream import Account
from sandgate.tiers._model import AbsentError, Second, TierContext

__all__ = ["open_second"]


def open_second(context: TierContext, upstream: Account) -> Second:
    """Find the profile's credentials, and ask AWS whose they are; blocks.

    Args:
        context: of the run.
        upstream: the sandbox, whose endpoints and trust are the same.

    Raises:
        ConfigError: there is no such profile, it is root's, or its account is forbidden.
        EnvironmentFault: it has no credentials, or AWS does not take them.
    """
    config = context.config
    assert upstream.aws is not None
    where = f"also_profile, {config.sources.get('also_profile', '')}"
    own = replace(config, profile=config.also_profile, sources={**config.sources, "profile": where})
    try:
        source = of_chain(own, open_session(own))
    except AbsentError:
        raise EnvironmentFault(f"the profile {config.also_profile!r} has no credentials", where=where) from None
    calls = AwsCalls(
        endpoints=upstream.endpoints,
        region=config.region,
        region_source=config.sources.get("region", ""),
        trust=upstream.aws.trust,
        clock=AwsClock(),
    )
    try:
        caller = calls.caller(source.read())
    except AwsDenied as denied:
        raise EnvironmentFault(
            f"AWS does not take the credentials of the profile {config.also_profile!r} ({denied.code})",
            where=source.described,
            hint=source.remedy,
        ) from None
    if caller.arn.endswith(":root"):
        raise ConfigError(f"the profile {config.also_profile!r} is the root of its account", where=where)
    if caller.account in config.forbidden_accounts:
        raise ConfigError(f"account {caller.account} is forbidden", where=f"{where}; forbidden_accounts")
    return Second(account=caller.account, caller=caller.arn, fetch=source.read)
