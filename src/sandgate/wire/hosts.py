"""What a real AWS host name says: the service, and for S3 the bucket or access point in front of it.

The gate's own host says nothing: there S3 is addressed path style, and the credential scope names the service.
Shapes of the S3 names: "Virtual hosting of buckets", "Making requests over dual-stack endpoints" and "Access point
restrictions" in the S3 user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Host", "read_host"]

_SUFFIX = re.compile(r"\.(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$")
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-\d+$")
_S3 = re.compile(r"(?:(?P<bucket>.+)\.)?(?P<kind>s3(?:-accelerate|-fips|-external-1|-[a-z]{2,3}(?:-[a-z]+)+-\d+)?)$")
_POINT = re.compile(r"(?P<name>[a-z0-9-]+)-(?P<account>\d{12})\.(?P<kind>s3-accesspoint|s3-object-lambda)(?:-fips)?$")
_EXPRESS = re.compile(r"(?:(?P<bucket>[a-z0-9-]+)\.)?s3express-[a-z0-9-]+$")
_CONTROL = re.compile(r"(?:(?P<account>\d{12})\.)?s3-control(?:-fips)?$")
_OUTPOST = re.compile(r"(?P<name>[a-z0-9-]+)-(?P<account>\d{12})\.(?P<outpost>op-[a-z0-9]+)\.s3-outposts$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An AWS host name, read."""

    endpoint_prefix: str = ""
    """What stands before the region: `dynamodb`, `api.ecr`; possibly after a host prefix of an operation."""
    bucket: str = ""
    """What the client calls Bucket: a bucket name or the ARN of an access point."""
    known: bool = False
    """Whether this is a host of AWS at all."""


_OTHER = Host()


def read_host(value: str) -> Host:
    """Read a Host header.

    Args:
        value: host and optional port, any case.
    """
    name = value.lower().partition(":")[0]
    suffix = _SUFFIX.search(name)
    if suffix is None:
        return _OTHER
    labels = name[: suffix.start()].removesuffix(".dualstack")
    rest, _, last = labels.rpartition(".")
    region = last if _REGION.match(last) else ""
    if region:
        labels = rest.removesuffix(".dualstack")
    return _s3_host(labels, region, "aws-cn" if name.endswith(".cn") else "aws") or Host(
        endpoint_prefix=labels, known=True
    )


def _s3_host(labels: str, region: str, partition: str) -> Host | None:
    if found := _POINT.match(labels):
        service = "s3" if found["kind"] == "s3-accesspoint" else found["kind"]
        arn = f"arn:{partition}:{service}:{region}:{found['account']}:accesspoint/{found['name']}"
        return Host(endpoint_prefix="s3", bucket=arn, known=True)
    if found := _OUTPOST.match(labels):
        arn = f"arn:{partition}:s3-outposts:{region}:{found['account']}:outpost/{found['outpost']}"
        return Host(endpoint_prefix="s3", bucket=f"{arn}/accesspoint/{found['name']}", known=True)
    if _CONTROL.match(labels):
        return Host(endpoint_prefix="s3-control", known=True)
    if found := _EXPRESS.match(labels) or _S3.match(labels):
        return Host(endpoint_prefix="s3", bucket=found["bucket"] or "", known=True)
    return None
