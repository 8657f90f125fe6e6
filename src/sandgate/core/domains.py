"""The domains that AWS's own hosts are in, as far as the run's certificate authority may speak for them."""

from __future__ import annotations

__all__ = ["AWS_DOMAINS", "in_aws", "reaches_aws"]

AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws", "amazoncognito.com")


def in_aws(host: str) -> bool:
    """Whether a host name, in lower case, lies below one of them."""
    return host.endswith(tuple(f".{domain}" for domain in AWS_DOMAINS))


def reaches_aws(entry: str) -> bool:
    """Whether an entry of `NO_PROXY` names hosts of AWS, or all hosts.

    Args:
        entry: a name or `.name`, with or without a port; clients differ on `*.name`, which is read as `.name` here.
    """
    name = entry.strip().lower().partition(":")[0].lstrip("*").strip(".")
    if not name:
        return bool(entry.strip())
    return any(f".{domain}".endswith(f".{name}") or f".{name}".endswith(f".{domain}") for domain in AWS_DOMAINS)
