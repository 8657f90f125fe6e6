"""What the identity of the tests is called: template, keys, CI and tiers read its names here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from sandgate.config.model import Config
from sandgate.errors import ConfigError

__all__ = ["IDENTITY_READS", "OWNER_TAG", "IdentityNames", "identity_names", "ledger_table", "own_names"]

OWNER_TAG = "sandgate:identity"
"""Tag whose value is the user's name; `up` and `down` touch nothing that does not carry it."""

IDENTITY_READS = ("sts:GetCallerIdentity", "sts:GetAccessKeyInfo", "iam:ListAccountAliases")
"""What says who one is: every identity may ask it, whatever its services are."""

_MOST = 64
"""Characters of a role's name; IAM User Guide, "IAM and STS quotas", names of roles and users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNames:
    """The names of one identity; all lie outside the sandbox, so that tests can never touch them."""

    stack: str
    user: str
    role: str
    """Of the tests; the user may assume it and nothing else."""
    deployer_role: str
    """Of stack commands; trusts the test role only."""
    boundary: str
    """Managed policy that no role or user which tests make may be without."""
    limit: str
    """Managed policy that bounds the test role and the deployer role themselves."""
    ci_role: str
    """Role that CI takes by OpenID Connect, where it has no key."""
    ledger_role: str
    """Role of the gate alone, for the table of the shared ledger."""
    key_id_variable: str
    """Name in the environment, the env file and the secrets of CI; so is the next one."""
    secret_variable: str
    external_id: str = ""
    """What who assumes the test role must say; empty: nothing. No secret, as AWS says of external ids."""
    service: str = ""
    """Where the identity is for one service only."""

    @property
    def variables(self) -> tuple[str, str]:
        """Both names of the key, id first."""
        return (self.key_id_variable, self.secret_variable)

    def policy(self, number: int, *, deployer: bool = False) -> str:
        """The name of a managed policy that holds a part of the sandbox policy.

        Args:
            number: of the part, from 1.
            deployer: whether it is the deployer's.
        """
        return f"{self.deployer_role if deployer else self.role}-sandbox-{number}"

    def user_arn(self, account: str, partition: str = "aws") -> str:
        """The user's ARN."""
        return f"arn:{partition}:iam::{account}:user/{self.user}"

    def role_arn(self, account: str, partition: str = "aws") -> str:
        """The test role's ARN."""
        return f"arn:{partition}:iam::{account}:role/{self.role}"

    def deployer_role_arn(self, account: str, partition: str = "aws") -> str:
        """The deployer role's ARN."""
        return f"arn:{partition}:iam::{account}:role/{self.deployer_role}"

    def ledger_role_arn(self, account: str, partition: str = "aws") -> str:
        """The ARN of the role for the shared ledger."""
        return f"arn:{partition}:iam::{account}:role/{self.ledger_role}"

    def ci_role_arn(self, account: str, partition: str = "aws") -> str:
        """The ARN of the role of CI."""
        return f"arn:{partition}:iam::{account}:role/{self.ci_role}"

    def boundary_arn(self, account: str, partition: str = "aws") -> str:
        """The permission boundary's ARN."""
        return f"arn:{partition}:iam::{account}:policy/{self.boundary}"


def identity_names(config: Config, service: str = "") -> IdentityNames:
    """The names of a configuration's identity.

    Args:
        config: its options `identity`, `key_variables`, `external_id`, `prefix` and `adopt`.
        service: botocore's name of the only service that it is for; empty for the project's own identity. An
            identity whose name ends with the service already is that one.

    Raises:
        ConfigError: a name would lie inside the sandbox, where tests may change it, or is too long.
    """
    names = _names(config, service)
    _check(names, config)
    return names


def own_names(config: Config) -> frozenset[str]:
    """The names of the project's own identity, none of which tests may adopt."""
    names = _names(config, "")
    own = (names.stack, names.user, names.deployer_role, names.boundary, names.limit, names.ci_role, names.ledger_role)
    return frozenset(own)


def _names(config: Config, service: str) -> IdentityNames:
    base = config.identity
    user = f"{base}-{service}" if service and not base.endswith(f"-{service}") else base
    key_id, secret = config.key_variables
    return IdentityNames(
        stack=f"sandgate-{user}",
        user=user,
        role=user,
        deployer_role=f"{user}-deployer",
        boundary=f"{user}-boundary",
        limit=f"{user}-limit",
        ci_role=f"{user}-ci",
        ledger_role=f"{user}-ledger",
        key_id_variable=key_id,
        secret_variable=secret,
        external_id=f"sandgate-{user}" if config.external_id else "",
        service=service,
    )


def ledger_table(config: Config) -> str:
    """The name of the shared ledger's table; empty where there is none.

    Raises:
        ConfigError: it lies inside the sandbox, where tests make and remove tables.
    """
    name = config.ledger.removeprefix("dynamodb://")
    for prefix in config.prefix if name else ():
        if name.startswith((f"{prefix}-", f"{prefix}_")) or name in config.adopt:
            raise ConfigError(
                f"ledger: the table {name!r} lies inside the sandbox, so tests could remove it",
                where=f"{config.sources.get('ledger', '')}, key ledger",
                hint="choose a name that begins otherwise, such as sandgate-ledger",
            )
    return name


def _check(names: IdentityNames, config: Config) -> None:
    where = f"{config.sources.get('identity', '')}, key identity"
    if len(names.deployer_role) > _MOST:
        raise ConfigError(
            f"identity: {names.deployer_role!r} has {len(names.deployer_role)} characters; IAM takes {_MOST}",
            where=where,
            hint="choose a shorter one",
        )
    for prefix in config.prefix:
        if names.user.startswith((f"{prefix}-", f"{prefix}_")):
            raise ConfigError(
                f"identity: {names.user!r} carries the prefix {prefix!r}, so tests could change who they are",
                where=where,
                hint="choose a name that begins otherwise, such as unit-tester",
            )
    own = {names.stack, names.user, names.deployer_role, names.boundary, names.limit, names.ci_role}
    own.add(names.ledger_role)
    for name in config.adopt:
        if name in own or (name.startswith("arn:") and name.rpartition("/")[2] in own):
            raise ConfigError(
                f"adopt: {name!r} belongs to the identity, and tests could change who they are",
                where=f"{config.sources.get('adopt', '')}, key adopt",
                hint="leave it out",
            )
