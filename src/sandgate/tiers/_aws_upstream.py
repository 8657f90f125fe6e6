"""The account, once it is proven: where its calls go, as whom, and what renews that.

Imports botocore's endpoint rules and credentials, so only a started tier imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version as distribution_version

from sandgate.config.identity import identity_names, ledger_table
from sandgate.config.model import Config
from sandgate.core.call import ALLOWED, Decision
from sandgate.errors import ConfigError
from sandgate.tiers._aws_clock import AwsClock
from sandgate.tiers._aws_credentials import adopt_environment, find_source, open_session, trusted
from sandgate.tiers._aws_endpoints import AwsEndpoints, NoPlaceError, data_plane_host
from sandgate.tiers._aws_rule import NOT_THERE
from sandgate.tiers._aws_sessions import Sessions, Standing, settle
from sandgate.tiers._aws_sts import AwsCalls, AwsDenied
from sandgate.tiers._aws_table import AwsTable
from sandgate.tiers._aws_tripwire import Expected, check_alias
from sandgate.tiers._model import Aim, AwsFacts, Denial, FunctionSession, Leftover, Target, TierContext
from sandgate.tiers._rules import SigningRules
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign_v4a import can_sign_v4a

__all__ = ["Account", "expected_of", "open_account"]

_SIGV4A = "the endpoint is of several regions at once, for which the gate signs (SigV4A) with the extra crt"
_HTTPS = 443
_LONGEST = 64
"""Characters of a role session's name (STS API Reference, AssumeRole)."""


@dataclass(kw_only=True)
class Account:
    """The account, reached."""

    sessions: Sessions
    endpoints: AwsEndpoints
    region: str
    account: str
    caller: str
    versions: Mapping[str, str]
    aws: AwsFacts | None
    private: bool = False
    acts_as_stack_role: bool = True

    def begin(self) -> None:
        """Renew credentials in the background from now on."""
        self.sessions.begin()

    def admits(self, aim: Aim, /) -> Decision:
        """Whatever AWS has an endpoint for, in the account's partition."""
        try:
            target = self.target(aim)
        except NoPlaceError as error:
            return _refused(str(error), "botocore's endpoint rules")
        if target.scheme == "sigv4a" and not can_sign_v4a():
            return replace(
                _refused(f"{aim.service}:{aim.operation} in {target.region}", _SIGV4A),
                remedy="pip install 'sandgate[crt]'",
            )
        return ALLOWED

    def target(self, aim: Aim, /) -> Target:
        """A host of AWS, by botocore's endpoint rules; the client's own host decides nothing."""
        if not aim.region:
            aim = replace(aim, region=self.region)
        if aim.data_plane:
            self.endpoints.check_region(aim.region)
            host, path = data_plane_host(aim, self.endpoints.suffix)
            return _target(host, path, aim.signing_name, aim.region)
        place = self.endpoints.place(aim)
        path = aim.path
        if aim.service == "s3" and aim.parameters.get("Bucket"):
            # The first step is the bucket, which the rules have put where it belongs.
            path = "/" + path[1:].partition("/")[2]
        return _target(place.host, place.path + path, place.signing_name, place.region, place.scheme)

    def credential(self, kind: str, _service: str, /) -> Credential:
        """Of the test role or the deployer role, renewed in the background."""
        return self.sessions.standing.credentials[kind]

    async def mend(self, denial: Denial, /) -> bool:
        """Renew what has expired, or follow AWS's clock."""
        return await self.sessions.mend(denial)

    async def function_session(self, _access_key_id: str, _region: str) -> FunctionSession | None:
        """Functions run in AWS, and do not pass the gate."""
        return None

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        """There is one AWS, and it does not start anew."""
        return {}

    async def leftovers(self, _called: frozenset[tuple[str, str, str]], /) -> tuple[Leftover, ...]:
        """The ledger knows what the run has made; the account also holds what is others'."""
        return ()

    def death(self) -> str:
        """Why AWS takes no call any more."""
        return self.sessions.death()

    async def stop(self) -> None:
        """Nothing runs on this machine."""
        await self.sessions.end()


def _target(host: str, path: str, name: str, region: str, scheme: str = "sigv4") -> Target:
    return Target(
        host=host, signing_name=name, region=region, address=(host, _HTTPS), tls=host, path=path, names_all=True,
        scheme=scheme,
    )  # fmt: skip


def _refused(value: str, source: str) -> Decision:
    return Decision(allowed=False, rule=NOT_THERE.code, value=value, source=source, remedy=NOT_THERE.remedy)


def open_account(context: TierContext, rules: SigningRules, upstream: str) -> Account:
    """Find credentials, prove whose they are, and take the roles; blocks.

    Args:
        context: of the run.
        rules: signing names and regions.
        upstream: what the receipt is to say that calls reached.

    Raises:
        AbsentError: there are no credentials.
        SandgateError: they cannot be used.
    """
    config = context.config
    adopt_environment(context.environ, ci=config.ci)
    session = open_session(config)
    source = find_source(config, context.environ, session)
    endpoints = AwsEndpoints(rules.partition(config.region) or "aws", rules)
    calls = AwsCalls(
        endpoints=endpoints,
        region=config.region,
        region_source=config.sources.get("region", ""),
        trust=trusted(session),
        clock=AwsClock(),
    )
    table = ledger_table(config)
    renew = partial(
        settle,
        source,
        calls,
        expected_of(config, endpoints),
        partial(identity_names, config),
        _session_name(context.run_dir.name),
        ledger=bool(table),
    )
    standing = renew()
    alias = _alias(calls, standing, config)
    sessions = Sessions(standing, renew, calls)
    return Account(
        sessions=sessions,
        endpoints=endpoints,
        region=config.region,
        account=standing.caller.account,
        caller=standing.caller.arn,
        versions={"botocore": distribution_version("botocore")},
        aws=AwsFacts(
            partition=standing.caller.partition,
            trust=calls.trust,
            evidence={
                "upstream": upstream,
                "alias": alias,
                "matched": standing.rule,
                "credentials": source.described,
                "boundary": _boundary(config, standing),
            },
            clock=calls.clock.now,
            ledger=_ledger(table, calls, sessions) if table else None,
        ),
    )


def _ledger(table: str, calls: AwsCalls, sessions: Sessions) -> AwsTable:
    return AwsTable(
        table,
        calls,
        lambda: sessions.standing.credentials["ledger"],
        sessions.standing.caller.account,
        mend=sessions.mend_from_thread,
    )


def _boundary(config: Config, standing: Standing) -> str:
    """What the role's policy asks for of whom tests make; others have rights that nobody here knows."""
    if standing.rule == "identities":
        return ""
    caller = standing.caller
    names = identity_names(config, caller.name.removeprefix(config.identity).lstrip("-"))
    return names.boundary_arn(caller.account, caller.partition)


def expected_of(config: Config, endpoints: AwsEndpoints) -> Expected:
    """What the tripwire lets pass by a configuration."""
    names = identity_names(config)
    return Expected(
        account=config.account,
        account_source=config.sources.get("account", ""),
        forbidden=config.forbidden_accounts,
        forbidden_source=config.sources.get("forbidden_accounts", ""),
        user=names.user,
        role=names.role,
        ci_role=names.ci_role,
        services=endpoints.services,
        trusted=config.trusted,
        identities=config.identities,
    )


def _alias(calls: AwsCalls, standing: Standing, config: Config) -> str:
    """The account's alias, empty where it has none; unknown only where nobody expects one."""
    wanted, source = config.expected_alias, config.sources.get("expected_alias", "")
    try:
        aliases = calls.aliases(standing.credentials["identity"])
    except AwsDenied as denied:
        if not wanted:
            return ""
        raise ConfigError(
            f"the account's alias cannot be read ({denied.code}), and {wanted!r} is expected",
            where=f"expected_alias, {source}",
            hint="allow iam:ListAccountAliases, as `sandgate up` does",
        ) from None
    check_alias(aliases, wanted, source)
    return aliases[0] if aliases else ""


def _session_name(run: str) -> str:
    return f"sandgate-{run}"[:_LONGEST]
