"""What in the user's surroundings would send calls elsewhere than to AWS: refused, by name, before anything starts.

Tests get the gate as their endpoint whatever is exported. But a suite or a tool that reads a variable of its own, such
as `DYNAMODB_ENDPOINT`, would test an emulator while everybody believes in the sandbox.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from sandgate.errors import ConfigError

__all__ = ["check_profile", "check_variables", "is_local"]

_SDK = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_*")
"""Honoured by every SDK ("Service-specific endpoints", AWS SDKs and Tools Reference Guide): wrong with any value."""
_ENDPOINTS = ("*_ENDPOINT", "*_ENDPOINT_URL", "*_ENDPOINTURL")
_BY_CUSTOM = (
    "AWS_S3_HOST", "DYNAMODB_HOST", "DYNAMODB_URL", "DYNAMO_URL", "ELASTICMQ_HOST", "ELASTICMQ_URL", "KINESIS_URL",
    "LOCALSTACK_HOST", "LOCALSTACK_HOSTNAME", "LOCALSTACK_URL", "MINIO_HOST", "MINIO_URL", "MOTO_URL", "S3_HOST",
    "S3_URL", "SNS_URL", "SQS_URL", "TEST_SERVER_MODE_ENDPOINT",
)  # fmt: skip
"""What suites and tools call their emulators by, without the word endpoint."""
_OTHER_THINGS = (
    "AWS_EC2_METADATA_SERVICE_ENDPOINT", "BUILDKIT_*", "DOCKER_*", "GRPC_*", "JAEGER_*", "OTEL_*", "PROMETHEUS_*",
    "ZIPKIN_*",
)  # fmt: skip
"""Endpoints of telemetry, metadata and builders, which are local for good reasons."""
_LOCAL_NAMES = frozenset({"localhost", "host.docker.internal", "localhost.localstack.cloud", "localstack", "minio"})
_LOCAL_SUFFIXES = (".localhost", ".localhost.localstack.cloud")
_OFF = frozenset({"", "false", "0"})


def check_variables(variables: Mapping[str, str], where: str, *, but: Collection[str] = ()) -> None:
    """See that no variable names another endpoint than AWS's.

    Args:
        variables: of the environment or of the env file.
        where: how messages call that.
        but: names that the run itself sets for the tests.

    Raises:
        ConfigError: one does; its value is shown only where it is a local address.
    """
    for name, value in sorted(variables.items()):
        if not value or name in but:
            continue
        if any(fnmatchcase(name, pattern) for pattern in _SDK):
            raise ConfigError(
                f"{name} is set, and on the tier 'sandbox' calls end at AWS itself",
                where=where,
                hint=f"unset {name}; the gate sets AWS_ENDPOINT_URL for the tests",
            )
        if _means_an_endpoint(name) and is_local(value):
            raise ConfigError(
                f"{name} names {_shown(value)}, so a suite that reads it would test an emulator, not the sandbox",
                where=where,
                hint=f"do not set {name} on this tier: SDKs find the gate by AWS_ENDPOINT_URL; where a test needs the "
                f'gate\'s address under this name, [tool.sandgate.variables] {name} = "gate_url" gives it',
            )


def check_profile(config: Mapping[str, Any], profile: str, where: str) -> None:
    """See that the AWS configuration file names no endpoint for the profile in use.

    Args:
        config: `full_config` of a botocore session.
        profile: in use.
        where: the file, for messages.

    Raises:
        ConfigError: it does; names section and key.
    """
    section = config.get("profiles", {}).get(profile, {})
    for key, value in _endpoints_of(section):
        raise _in_file(f"[profile {profile}] {key}", value, where)
    services = section.get("services", "")
    for key, value in _endpoints_of(config.get("services", {}).get(services, {})):
        raise _in_file(f"[services {services}] {key}", value, where)


def _in_file(key: str, value: str, where: str) -> ConfigError:
    return ConfigError(
        "the AWS configuration names an endpoint, and on the tier 'sandbox' calls end at AWS itself",
        where=f"{where}, {key} = {_shown(value)}",
        hint="take it out, or use another profile: profile = NAME",
    )


def _endpoints_of(section: Any) -> Iterator[tuple[str, str]]:
    for key, value in section.items() if isinstance(section, Mapping) else ():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", text) for inner, text in _endpoints_of(value))
        elif key == "endpoint_url":
            yield key, str(value)


def _means_an_endpoint(name: str) -> bool:
    # Libraries for settings, such as pydantic's, take a variable for its field however it is written.
    upper = name.upper()
    if any(fnmatchcase(upper, pattern) for pattern in _OTHER_THINGS):
        return False
    return upper in _BY_CUSTOM or any(fnmatchcase(upper, pattern) for pattern in _ENDPOINTS)


def is_local(value: str) -> bool:
    """Whether a URL, or host with or without a port, is this machine or a container beside it.

    Addresses count in each way that resolvers read them: `127.1`, `0x7f000001`, `::ffff:127.0.0.1`.
    """
    text = value.strip()
    try:
        host = (urlsplit(text if "//" in text else f"//{text}").hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if host in _LOCAL_NAMES or host.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        address = ipaddress.ip_address(host if ":" in host else socket.inet_aton(host))
    except (OSError, ValueError):
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _shown(value: str) -> str:
    """A URL without what may be a secret in it."""
    text = value.strip()
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if parts.scheme else host
