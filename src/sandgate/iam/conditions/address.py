"""IP address operators; IPv4 and IPv6, one address or a network in CIDR notation."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern

__all__ = ["FAMILY"]


def _prepare(pattern: Pattern) -> Test:
    try:
        network = ip_network(text_of(pattern), strict=False)
    except ValueError as error:
        raise ValueError(f"{text_of(pattern)!r} is not an IP address or network such as 203.0.113.0/24") from error

    def compare(value: str) -> bool | None:
        try:
            return ip_address(value) in network
        except ValueError:
            return None

    return compare


FAMILY = Family(
    name="address",
    operators=(
        Operator(name="IpAddress", prepare=_prepare),
        Operator(name="NotIpAddress", prepare=_prepare, negated=True),
    ),
)
