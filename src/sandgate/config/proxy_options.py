"""Options about hosts that are written into code, and about the internet."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandgate.config.also_options import AlsoOptions
from sandgate.config.declare import option

__all__ = ["ProxyOptions"]

_HOST = re.compile(r"(?:\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_COMMANDS = "commands"


def _address(value: str) -> str:
    """The usual spelling of an address, by which it is found again; empty for anything else."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return ""


def _egress(value: tuple[str, ...]) -> str:
    for entry in value:
        address = _address(entry)
        if address and address == entry:
            continue
        if address:
            return f"spells an address in another way than usual: {address!r}, not {entry!r}"
        if not entry.isascii():
            return f"must be names as they go over the wire: 'xn--...', not {entry!r}"
        if not _HOST.fullmatch(entry):
            return f"must be lower-case host names, *.host or addresses, without scheme, port and path, not {entry!r}"
        if entry.startswith("*.") and "." not in entry[2:]:
            return f"{entry!r} is too wide: name the hosts below it"
    return ""


def _setup(value: Mapping[str, tuple[str, ...]]) -> str:
    for key, commands in value.items():
        if key != _COMMANDS:
            return f"knows the key {_COMMANDS} only, not {key!r}"
        if not all(command.strip() for command in commands):
            return "has an empty command"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyOptions(AlsoOptions):
    """The values of these options, after those about a second account."""

    egress: tuple[str, ...] = option(
        (),
        check=_egress,
        doc="Hosts that tests may reach beside AWS: names, `*.host` for all below one, addresses. On the tier of a "
        "real account public hosts need no entry. Addresses that are not public need the host itself.",
    )
    endpoint: str = option(
        "http",
        choices=("http", "https"),
        command_line=True,
        doc="`https`: `AWS_ENDPOINT_URL` is an https:// address with a certificate of the run, for clients that send "
        "some bodies over TLS only. `http` takes less time.",
    )
    setup: Mapping[str, tuple[str, ...]] = option(
        check=_setup,
        doc="`commands`: lines for /bin/sh that prepare the tests, such as `npm ci`, in the folder of the "
        "configuration file. They run before the gate starts: with the internet, and without a variable of AWS.",
    )

    @property
    def setup_commands(self) -> tuple[str, ...]:
        """The lines of `setup`."""
        return self.setup.get(_COMMANDS, ())
