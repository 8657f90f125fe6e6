"""The environment that children of a run get: the gate, a worthless key, and nothing that could reach around it."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandgate.core.domains import reaches_aws
from sandgate.core.java import JAVA_OPTIONS, with_options, without_options

__all__ = [
    "BUNDLE",
    "BUNDLES",
    "OUTSIDE",
    "OWN_AUTHORITY",
    "ChildFacts",
    "changes",
    "child_environment",
    "exceptions",
    "never_passed",
    "outside",
    "preparing",
    "without_credentials",
    "without_preload",
]

_REMOVED = ("AWS_*", "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_*", "BOTO_CONFIG")
"""What could carry a real credential or another target."""
_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_TOKENS = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_LOOPBACK = ("127.0.0.1", "localhost")
_PROXY = ("HTTPS_PROXY", "https_proxy")
BUNDLES = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")
"""Variables that name a file of certificates to trust, in place of the usual ones."""
OWN_AUTHORITY, BUNDLE = "ca.pem", "ca-bundle.pem"
"""In a run's folder: the certificate of its authority; the public roots and that."""
OUTSIDE = "SANDGATE_OUTSIDE"
"""Names and values, as JSON, of what a run has replaced of the user's way to the internet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildFacts:
    """What a child of a run must know."""

    gate_url: str
    endpoint_url: str = ""
    """The same where SDKs are to reach it by TLS; empty where they are not."""
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    run_dir: str
    worker: str
    namespace: str
    empty_file: str
    """A file that exists and is empty: it stands for the shared credential and configuration files."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Extra variable name to one of gate_url, run_key, run_secret, region."""
    env_file_keys: frozenset[str] = frozenset()
    """Names in the project's env files, which children do not inherit."""
    passed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What children get from the env file all the same."""
    also_file: str = ""
    """Shared credentials file with the second account's profile; empty where there is none."""
    node_preload: str = ""
    """File that Node.js loads before anything else; empty for none."""
    proxy_url: str = field(default="", repr=False)
    """The gate as an HTTPS proxy, with the run's secret; empty where nothing may run."""
    bundles: Mapping[str, str] = field(default_factory=dict)
    """Of `BUNDLES` and Node's own variable: name to a file that holds the run's authority too."""
    java_options: str = ""
    """File of options for Java, which names the proxy and what to trust; empty for none."""
    keyless: bool = False
    """Whether children get no key in the environment, since the second account is what SDKs are to take."""


def changes(environ: Mapping[str, str], facts: ChildFacts) -> dict[str, str | None]:
    """What must be set, and what must be unset (`None`), in that environment."""
    found: dict[str, str | None] = {name: None for name in environ if never_passed(name) or name in facts.env_file_keys}
    found.update(facts.passed)
    contents = {
        "gate_url": facts.endpoint_url or facts.gate_url,
        "run_key": facts.access_key_id,
        "run_secret": facts.secret_access_key,
        "region": facts.region,
    }
    found.update(
        {
            "AWS_ENDPOINT_URL": facts.endpoint_url or facts.gate_url,
            "AWS_ACCESS_KEY_ID": facts.access_key_id,
            "AWS_SECRET_ACCESS_KEY": facts.secret_access_key,
            "AWS_REGION": facts.region,
            "AWS_DEFAULT_REGION": facts.region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": facts.empty_file,
            "AWS_CONFIG_FILE": facts.empty_file,
            # For what leads calls to the gate: a program may set the variable above anew for what it starts.
            "SANDGATE_GATE_URL": facts.gate_url,
            "SANDGATE_RUN_DIR": facts.run_dir,
            "SANDGATE_WORKER": facts.worker,
            "SANDGATE_NAMESPACE": facts.namespace,
        }
    )
    if facts.proxy_url:
        found.update(_through_proxy(environ, facts))
    if facts.also_file:
        found["AWS_SHARED_CREDENTIALS_FILE"] = facts.also_file
    if facts.keyless:
        # Set and empty, as the tokens below, where the suite could load the real pair itself.
        found.update({name: "" if name in facts.env_file_keys else None for name in _PAIR})
    # A suite that loads the env file itself would give the run key a real session's token: set and empty, it stays
    # empty, since loaders leave alone what is set, and every SDK takes an empty token for none.
    found.update({name: "" for name in _TOKENS if name in facts.env_file_keys})
    for name in ("NO_PROXY", "no_proxy"):
        found[name] = _with_loopback(environ.get(name, ""), through=bool(facts.proxy_url))
    if facts.node_preload:
        found["NODE_OPTIONS"] = _with_preload(environ.get("NODE_OPTIONS", ""), facts.node_preload)
    if facts.java_options:
        found[JAVA_OPTIONS] = with_options(environ.get(JAVA_OPTIONS, ""), facts.java_options)
    found.update({name: contents[content] for name, content in facts.variables.items()})
    return found


def child_environment(environ: Mapping[str, str], facts: ChildFacts) -> dict[str, str]:
    """The whole environment of a child."""
    result = dict(environ)
    for name, value in changes(environ, facts).items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def without_credentials(environ: Mapping[str, str], but: frozenset[str]) -> dict[str, str]:
    """What a tier may know of the user's environment: the names in `but`, and all that cannot carry a credential."""
    return {name: value for name, value in environ.items() if name in but or not never_passed(name)}


def never_passed(name: str) -> bool:
    """Whether a variable of that name could carry a credential or another target, so that no child may have it."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _REMOVED)


def _through_proxy(environ: Mapping[str, str], facts: ChildFacts) -> dict[str, str]:
    """Hosts of AWS that are written into code are reached through the gate too."""
    ours = {**dict.fromkeys(_PROXY, facts.proxy_url), **facts.bundles}
    before = {name: environ[name] for name in ours if name in environ and not never_passed(name)}
    # A child of a child has the gate's by then; what was there first is what counts.
    return {**ours, OUTSIDE: environ.get(OUTSIDE) or json.dumps({name: before.get(name) for name in ours})}


def outside(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with the user's own way to the internet: for what installs packages, and is no test.

    Args:
        environ: of a child of a run, or any other, which stays as it is.
    """
    found = dict(environ)
    try:
        before = json.loads(environ.get(OUTSIDE) or "{}")
    except ValueError:
        before = {}
    for name, value in before.items() if isinstance(before, dict) else ():
        if isinstance(value, str):
            found[name] = value
        else:
            found.pop(name, None)
    if java := without_options(found.pop(JAVA_OPTIONS, "")):
        found[JAVA_OPTIONS] = java
    return found


def preparing(environ: Mapping[str, str], protected: frozenset[str]) -> dict[str, str]:
    """The environment of what prepares the tests: the user's, without credentials and without anything of AWS.

    Args:
        environ: the user's.
        protected: names in the project's env files.
    """
    return {
        name: value
        for name, value in environ.items()
        if not (never_passed(name) or name in protected or name.startswith("SANDGATE_"))
    }


def exceptions(environ: Mapping[str, str]) -> list[str]:
    """The hosts that a child does not ask the proxy for, where there is one: the user's, and this machine.

    Args:
        environ: its environment so far.
    """
    values = (_with_loopback(environ.get(name, ""), through=True) for name in ("NO_PROXY", "no_proxy"))
    return _unique(entry for value in values for entry in value.split(","))


def _with_loopback(value: str, *, through: bool) -> str:
    """The user's own exceptions, but for those that would lead around the gate."""
    entries = [entry for entry in (e.strip() for e in value.split(",")) if entry]
    if through:
        entries = [entry for entry in entries if not reaches_aws(entry)]
    return ",".join(_unique([*entries, *_LOOPBACK]))


def _with_preload(value: str, path: str) -> str:
    """The user's own options of Node.js, and ours first, so that their preloads already reach the gate.

    Quoting: Node.js, "Command-line API", NODE_OPTIONS.
    """
    ours = _preload(path)
    return value if ours in value else f"{ours} {value}".rstrip()


def without_preload(value: str, path: str) -> str:
    """What is the user's own in options of Node.js.

    Args:
        value: of NODE_OPTIONS.
        path: of our file.
    """
    return value.replace(_preload(path), "", 1).strip()


def _preload(path: str) -> str:
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'--require="{quoted}"' if re.search(r'[\s"\\]', path) else f"--require={path}"


def _unique(entries: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(entries))
