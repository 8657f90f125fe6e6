"""Every option of sandgate, declared once.

The annotation is its type, the default its default; the reference page, the variables, the flags and the
messages about wrong values all come from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandgate.config import checks
from sandgate.config.declare import Option, declared, option
from sandgate.config.kinds import WrongValue
from sandgate.config.proxy_options import ProxyOptions

__all__ = ["INTERNAL_VARIABLES", "OPTIONS", "AllowOptions", "EndpointOptions", "Options", "StackOptions"]

_PORTS = 65536
_COLONS = 5
_MOST_OF_PREFIX = 7
"""`<prefix>-<six characters>` may have 14: CloudFormation shortens the names it makes beyond that."""


def _prefixes(value: tuple[str, ...]) -> str:
    if not value:
        return "must name at least one prefix"
    for prefix in value:
        if not re.fullmatch(rf"[a-z][a-z0-9]{{0,{_MOST_OF_PREFIX - 1}}}", prefix):
            return f"must be 1 to {_MOST_OF_PREFIX} lower-case letters and digits, a letter first, not {prefix!r}"
    return ""


def _adopted(value: tuple[str, ...]) -> str:
    for name in value:
        if not re.fullmatch(r"[\w.:/@+=,-]+", name, re.ASCII):
            return f"must be whole names and ARNs, not {name!r}"
        if name.startswith("arn:") and name.count(":") < _COLONS:
            return f"{name!r} is not a whole ARN"
    return ""


def _region(value: str) -> str:
    ok = re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d", value)
    return "" if ok else f"must be the name of an AWS region such as eu-west-1, not {value!r}"


def _port(value: int) -> str:
    return "" if 0 <= value < _PORTS else f"must be a port, 0 to {_PORTS - 1}, not {value}"


def _version(value: str) -> str:
    return "" if re.fullmatch(r"\d+(\.\d+)+\S*", value) else f"must be a version such as 1.5.33, not {value!r}"


def _variables(value: Mapping[str, str]) -> str:
    for name, content in value.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            return f"{name!r} is not a name for an environment variable"
        if content not in _CONTENTS:
            return f"{name} must be one of {', '.join(_CONTENTS)}, not {content!r}"
    return ""


def _paths(value: tuple[str, ...]) -> str:
    return next((complaint for complaint in map(checks.path, value) if complaint), "")


def _identity(value: str) -> str:
    ok = re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", value)
    return "" if ok else f"must be letters, digits and hyphens, a letter first, not {value!r}"


def _principals(value: tuple[str, ...]) -> str:
    for arn in value:
        if not re.fullmatch(r"arn:[a-z-]+:(iam|sts)::\d{12}:(user|role|assumed-role)/[\w+=,.@/-]+", arn, re.ASCII):
            return f"must be whole ARNs of users and roles, not {arn!r}"
    return ""


def _tags(value: Mapping[str, str]) -> str:
    for key in value:
        if not key or key.lower().startswith(("aws:", "sandgate:")):
            return f"{key!r} is no key that a tag may have"
    return ""


def _pair(value: tuple[str, ...]) -> str:
    if len(set(value)) != len(value) or len(value) != len(_PAIR):
        return "must be two names: of the access key id and of the secret access key"
    for name in value:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            return f"{name!r} is not a name for an environment variable"
    return ""


_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_CONTENTS = ("gate_url", "run_key", "run_secret", "region")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """One stack under `[tool.sandgate.stacks.NAME]`."""

    template: str = option(
        "", check=checks.path, doc="Template file, SAM or CloudFormation, relative to the configuration file."
    )
    parameters: Mapping[str, str] = option(doc="Template parameters.")
    outputs: str = option(
        "",
        check=checks.path,
        doc="Where outputs are read from when it is not the stack itself: a `cdk-outputs.json`, a file written by "
        "`terraform output -json`, or `ssm:/parameter/name`.",
    )
    data: str = option(
        "keep",
        choices=("keep", "disposable"),
        doc="`disposable` lets fixtures empty tables, buckets and queues of an adopted stack.",
    )
    adopt: bool = option(default=False, doc="Use a stack that exists already; it is neither deployed nor deleted.")

    def __post_init__(self) -> None:
        """A stack that is neither deployed nor adopted would be nothing."""
        if not self.template and not self.adopt:
            raise WrongValue("names no template", path=("template",), hint="set template, or adopt = true")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions:
    """One service of the tier `endpoints`, under `[tool.sandgate.endpoints.SERVICE]`."""

    url: str = option("", check=checks.url, doc="Where the service's emulator listens.")
    region: str = option("", doc="Region to sign for; empty is the run's region.")
    access_key_id_env: str = option(
        "",
        doc="Name of the variable (environment or env file) that holds the emulator's access key id; without both "
        "names, the pair is `test` and `test`.",
    )
    secret_access_key_env: str = option(
        "", doc="Name of the variable (environment or env file) that holds the emulator's secret access key."
    )
    start: str = option("", doc="Command for /bin/sh that starts the emulator, such as `docker compose up -d minio`.")
    stop: str = option("", doc="Command that stops it; it runs whenever `start` ran.")
    health: str = option(
        "", check=checks.url, doc="URL that answers below 500 once the emulator is ready; empty is `url`."
    )
    timeout: float = option(60.0, check=checks.seconds, doc="Seconds to wait for it to become ready.")

    def __post_init__(self) -> None:
        """A key without its secret is a spelling mistake; using neither would hide it."""
        if bool(self.access_key_id_env) != bool(self.secret_access_key_env):
            missing = "secret_access_key_env" if self.access_key_id_env else "access_key_id_env"
            raise WrongValue("only one half of the key pair is named", path=(missing,), hint=f"set {missing} as well")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowOptions:
    """One statement under `[[tool.sandgate.allow]]`; its effect is Allow."""

    actions: tuple[str, ...] = option((), doc="IAM actions, `s3:GetObject`; wildcards after the colon.")
    resources: tuple[str, ...] = option((), doc="ARNs, or patterns of them.")
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = option(
        doc="Operator to condition key to values, as in an IAM policy document."
    )

    def __post_init__(self) -> None:
        """A statement without either would say nothing, or too much."""
        for name in ("actions", "resources"):
            if not getattr(self, name):
                raise WrongValue("is missing or empty", path=(name,), hint=f"set {name} to what the statement is about")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ProxyOptions):
    """The value of every option."""

    tier: str = option(
        "emulated",
        choices_from="sandgate.tiers",
        check=checks.tier_name,
        command_line=True,
        doc="Where calls end; `sandgate tiers` lists them.",
    )
    region: str = option("us-east-1", check=_region, command_line=True, doc="AWS region of the run.")
    isolation: str = option(
        "run",
        choices=("run", "prefix"),
        command_line=True,
        doc="`run`: names carry this run's namespace. `prefix`: the prefix is enough, for suites with fixed names.",
    )
    prefix: tuple[str, ...] = option(
        ("test",), check=_prefixes, doc="Prefixes that names inside the sandbox begin with; new names use the first."
    )
    adopt: tuple[str, ...] = option(
        (),
        check=_adopted,
        doc="Exact names that are inside the sandbox without the prefix, in every service, and ARNs of single "
        "resources, also of those with random ids. Whatever exists there is then the tests' to change and delete.",
    )
    services: tuple[str, ...] = option(
        (),
        doc="Services that tests may use, as boto3 names them; empty is every service that sandgate knows. "
        "Administration of accounts and organisations is never among them; who one is may always be asked "
        "(sts:GetCallerIdentity, sts:GetAccessKeyInfo, iam:ListAccountAliases).",
    )
    allow: tuple[AllowOptions, ...] = option((), doc="Statements beside those that follow from the other options.")
    policy: str = option(
        "",
        check=checks.path,
        doc="IAM policy document (JSON), relative to the configuration file, that takes the place of what follows from "
        "`prefix`, `adopt` and `services`; `allow` still adds to it.",
    )
    on_refusal: str = option(
        "fail",
        choices=("fail", "report"),
        command_line=True,
        doc="`fail`: a run is red when the gate refused a call that no `expect_denied` expected. `report`: refusals "
        "are shown only.",
    )
    on_elsewhere: str = option(
        "fail",
        choices=("fail", "report"),
        command_line=True,
        doc="`fail`: a run is red when an SDK was asked to reach another target than the gate, an emulator for one. "
        "`report`: such targets are shown only.",
    )
    on_leftover: str = option(
        "fail",
        choices=("fail", "sweep"),
        command_line=True,
        doc="What tests leave behind is swept when the run ends. `fail`: the run is red all the same. `sweep`: only "
        "what could not be swept turns it red.",
    )
    keep: bool = option(
        default=False, only_typed=True, doc="Sweep nothing when the run ends; `sandgate sweep RUN` does it later."
    )
    keep_on_failure: bool = option(
        default=False, only_typed=True, doc="Like --keep, but only when tests failed: to look at what they left."
    )
    unsafe_no_guard: bool = option(
        default=False,
        only_typed=True,
        doc="Do not keep calls inside the sandbox; the receipt says so. Never on a tier of a real account.",
    )
    paths: tuple[str, ...] = option(
        (), check=_paths, doc="Test folders whose runs must reach the tier; empty is every test."
    )
    require: tuple[str, ...] = option((), doc="Services that must have been reached for a run to be green.")
    allow_empty: bool = option(default=False, command_line=True, doc="Let a run be green that reached no tier.")
    on_skip: str = option(
        "report",
        choices=("report", "fail"),
        command_line=True,
        doc="A run in which every test was skipped is red. `fail`: one in which any test was skipped is red too, for "
        "jobs that have all that the tests need. `report`: they are counted only.",
    )
    record_params: bool = option(
        default=False, command_line=True, doc="Write redacted parameters of calls into the events."
    )
    variables: Mapping[str, str] = option(
        check=_variables, doc=f"Extra variables for the tests: name = one of {', '.join(f'`{c}`' for c in _CONTENTS)}."
    )
    identity: str = option(
        "unit-tester",
        check=_identity,
        doc="Name of the IAM user and role that `sandgate up` makes; it must lie outside `prefix`.",
    )
    admin_profile: str = option(
        "", doc="AWS profile with which `up`, `rotate` and `down` work; empty is the AWS default chain."
    )
    external_id: bool = option(
        default=False, doc="The test role asks for an external id: `sandgate-` and the identity's name."
    )
    trusted: tuple[str, ...] = option(
        (),
        check=_principals,
        doc="ARNs of the principals that may assume the test role, in place of the user that `up` makes.",
    )
    tags: Mapping[str, str] = option(check=_tags, doc="Tags of everything that `up` makes.")
    key_variables: tuple[str, ...] = option(
        _PAIR,
        check=_pair,
        doc="Names of access key id and secret access key in the environment, the env file and the secrets of CI.",
    )
    stacks: Mapping[str, StackOptions] = option(
        doc="Stacks that the `stack` fixture and `sandgate stack` know by name."
    )
    stories: str = option(
        "stories", check=checks.path, doc="Folder of the stories, relative to the configuration file."
    )
    endpoints: Mapping[str, EndpointOptions] = option(doc="Emulators of the tier `endpoints`, one per service.")
    gate_port: int = option(0, check=_port, command_line=True, doc="Port of the gate on 127.0.0.1; 0 takes a free one.")
    gate_timeout: float = option(60.0, check=checks.seconds, doc="Seconds within which gate and tier must be ready.")
    body_limit: int = option(
        80,
        check=checks.more_than_nothing,
        doc="Largest request body outside S3, in MiB; S3 bodies stream and have no limit.",
    )
    ministack_version: str = option("1.5.33", check=_version, doc="Version of the embedded emulator.")
    cache_dir: str = option(
        "", check=checks.path_or_home, doc="Folder for the emulator's environment; empty is the user's cache folder."
    )


_BASES = declared(ProxyOptions)
# Those of a base class come first in a dataclass; readers want them last.
OPTIONS: Mapping[str, Option] = MappingProxyType(
    dict(sorted(declared(Options).items(), key=lambda entry: entry[0] in _BASES))
)

INTERNAL_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "SANDGATE_GATE_URL": "address of the run's gate; set for the children of a run",
        "SANDGATE_RUN_DIR": "folder of the run that this process belongs to; set for the children of a run",
        "SANDGATE_WORKER": "parallel worker that this process is; set for the children of a run",
        "SANDGATE_NAMESPACE": "namespace of the run; set for the children of a run",
        "SANDGATE_OUTSIDE": "the user's own proxy and certificates, which the run has replaced; set for its children",
        "SANDGATE_NODE": "gate and folder of the run; set for what Node.js starts with an environment of its own",
        "SANDGATE_SET": "names that `sandgate env` has set in this shell, so that it can unset them",
        "SANDGATE_REQUIRE_ALL": "1 turns skips for a missing tool into failures in sandgate's own tests",
        "SANDGATE_EFFORT": "how many times the usual number of examples sandgate's own slow tests try",
    }
)
