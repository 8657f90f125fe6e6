"""Hosts that are not the gate's to answer for: which may be reached, and at which addresses."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from sandgate.core.domains import in_aws

__all__ = ["Egress", "RefusedHost", "is_public", "resolve"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052, 2.1."""
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6 (IANA, "IPv6 Global Unicast Address Space")."""
_MACHINE = "localhost"
"""And what is below (RFC 6761, 6.3)."""
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedHost(Exception):
    """A host that is not reached.

    Args:
        rule: why, in one word for the event.
        reason: why, for a person.
        remedy: what would let it pass.
        status: of the answer.
    """

    def __init__(self, rule: str, reason: str, remedy: str, status: int = 403) -> None:
        super().__init__(rule, reason)
        self.rule = rule
        self.reason = reason
        self.remedy = remedy
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """The rules of one run."""

    listed: tuple[str, ...]
    """Hosts, and `*.host` for all below one, in lower case."""
    everywhere: bool
    """Whether public hosts need not be listed: on the tier of a real account."""

    def check(self, host: str) -> None:
        """See whether a host may be reached at all, before anybody resolves it.

        Args:
            host: name or address, in lower case.

        Raises:
            RefusedHost: it is not listed, and must be.
        """
        if self.everywhere or self._named(host) or any(_below(host, entry) for entry in self.listed):
            return
        remedy = f'egress = ["{host}"] in [tool.sandgate] lets it pass'
        if in_aws(host):
            remedy = f"{_remedy_at_aws(host)}; {remedy}, to AWS itself"
        raise RefusedHost("egress", f"{host} is no host of an AWS service, and tests have no internet here", remedy)

    def check_addresses(self, host: str, addresses: Sequence[str]) -> None:
        """See whether a host may be reached at these addresses.

        A pattern does not vouch for addresses: whoever may name hosts below it could name one of this machine.

        Raises:
            RefusedHost: one is of this machine, of a private network or of the link, and the host itself is not listed.
        """
        if self._named(host):
            return
        if any(not is_public(address) for address in addresses):
            raise RefusedHost(
                "egress-address",
                f"{host} is an address of this machine or of a private network",
                f'egress = ["{host}"] in [tool.sandgate] lets it pass',
            )

    def check_written(self, host: str) -> None:
        """See whether a host may be reached that somebody else resolves: only what is written as an address is known.

        Raises:
            RefusedHost: it is such an address, in whatever spelling of inet_aton(3), or a name of this machine.
        """
        if f".{host}".endswith(f".{_MACHINE}"):
            self.check_addresses(host, ["127.0.0.1"])
        with contextlib.suppress(ValueError):
            self.check_addresses(host, [str(ipaddress.ip_address(host))])
        with contextlib.suppress(OSError):
            self.check_addresses(host, [socket.inet_ntoa(socket.inet_aton(host))])

    def _named(self, host: str) -> bool:
        return host in self.listed


def _below(host: str, entry: str) -> bool:
    return entry.startswith("*.") and host.endswith(entry[1:]) and host != entry[2:]


def _remedy_at_aws(host: str) -> str:
    if ".s3." in host or ".s3-" in host:
        return "S3 is answered at s3.REGION.amazonaws.com/BUCKET (path style), and at AWS_ENDPOINT_URL"
    return "the gate answers for hosts of services only"


def is_public(address: str) -> bool:
    """Whether an address is one of the internet, whatever it is wrapped in (IANA special-purpose registries).

    Args:
        address: IPv4 or IPv6, without a zone.
    """
    found: _Address = ipaddress.ip_address(address.partition("%")[0])
    inside = [found] if isinstance(found, ipaddress.IPv4Address) else _inside(found)
    if not inside and found not in _UNICAST:
        return False
    return all(one.is_global and not one.is_multicast for one in (found, *inside))


def _inside(address: ipaddress.IPv6Address) -> list[_Address]:
    """IPv4 addresses that an IPv6 one leads to."""
    inner: list[_Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(address.packed[-4:]))
    return inner


async def resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """The addresses of a host, asked for once: what is checked is what is connected to.

    Raises:
        RefusedHost: nobody knows the name.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RefusedHost("unknown-host", f"{host} has no address", "look at name and network", 502) from None
    return [(family, (str(where[0]), int(where[1]))) for family, _, _, _, where in found]
