"""Which service answers under a host name of AWS, and for which scopes its requests are signed.

Both follow from the endpoint rules that botocore carries: their templates are turned around to recognise a host, and
the rules themselves say how its requests are signed.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader

__all__ = ["LOADER", "Place", "is_aws", "place"]

LOADER = Loader(extra_search_paths=[str(Path(botocore.__file__).parent / "data")])
_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
_GLOBAL = "us-east-1"
_VARIABLES = (
    (r"\{(?:Region|url#region)\}", _REGION),
    (r"\{\w+#implicitGlobalRegion\}", re.escape(_GLOBAL)),
    (r"\{\w+#dnsSuffix\}", r"amazonaws\.com"),
    (r"\{\w+#dualStackDnsSuffix\}", r"api\.aws"),
    (r"\{Bucket\}", r"(?P<bucket>[a-z0-9][a-z0-9.-]+)"),
    (r"\{\w*(?:Arn#a|A)ccountId\}", r"\d{12}"),
    (r"\{[^}]*\}", r"[a-z0-9-]+"),
)
_DATA_PLANES = {
    rf"[a-z0-9]+\.execute-api\.{_REGION}\.amazonaws\.com": "execute-api",
    rf"[a-z0-9]+\.lambda-url\.{_REGION}\.on\.aws": "lambda",
    rf"[a-z0-9-]+\.auth\.{_REGION}\.amazoncognito\.com": "",
    rf"\d{{12}}\.dkr\.ecr\.{_REGION}\.amazonaws\.com": "",
    r"[a-z0-9]+\.cloudfront\.net": "",
}
"""Hosts that no model names, and what their requests are signed for, if they are."""
_AWS = re.compile(r"(?:^|\.)(?:amazonaws\.com|api\.aws|on\.aws|amazoncognito\.com|cloudfront\.net)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a host name stands for."""

    host: str
    services: tuple[str, ...]
    """botocore's names of those that answer there; empty on a data plane."""
    scopes: frozenset[tuple[str, str]]
    """Signing names and regions that it accepts."""
    region: str
    bucket: str = ""

    @property
    def is_s3(self) -> bool:
        """Whether requests are signed in the way of S3."""
        return any(name in ("s3", "s3-outposts", "s3express") for name, _ in self.scopes)


def is_aws(host: str) -> bool:
    """Whether the name belongs to AWS."""
    return _AWS.search(host.lower()) is not None


@cache
def place(host: str) -> Place | None:
    """What the host name stands for; `None` where AWS has nothing under that name."""
    host = host.lower()
    for pattern, name in _DATA_PLANES.items():
        if match := re.fullmatch(pattern, host):
            region = match.groupdict().get("region") or _GLOBAL
            return Place(host=host, services=(), scopes=frozenset({(name, region)} if name else ()), region=region)
    found = _matches(host)
    if not found:
        found = _behind_prefix(host)
    if not all(region in _regions() for _, region, _ in found if region) or not found:
        return None
    scopes = frozenset(_scope(service, region, dual="api.aws" in host or ".dualstack." in host)
                       for service, region, _ in found)  # fmt: skip
    if host.endswith(".s3.amazonaws.com"):  # the bucket's own region is asked for, whichever that is
        scopes = frozenset(("s3", region) for region in _regions())
    services = tuple(dict.fromkeys(service for service, _, _ in found))
    bucket = next((name for _, _, name in found if name), "")
    region = next((name for _, name, _ in found if name), _GLOBAL)
    return Place(host=host, services=services, scopes=scopes, region=region, bucket=bucket)


def _matches(host: str) -> list[tuple[str, str, str]]:
    """Service, region (empty where there is one for all) and bucket of each template that fits."""
    found = []
    for service, fragments, pattern in _templates():
        if all(fragment in host for fragment in fragments) and (match := re.fullmatch(pattern, host)):
            groups = match.groupdict()
            found.append((service, groups.get("region") or "", groups.get("bucket") or ""))
    plain = [each for each in found if not each[2]]  # `s3.eu-west-1…` fits the template of buckets as well
    return plain or found


def _behind_prefix(host: str) -> list[tuple[str, str, str]]:
    """Operations may put a prefix before the host (trait `endpoint` of the model)."""
    for cut in (match.end() for match in re.finditer(r"[.-]", host)):
        for service, region, bucket in _matches(host[cut:]):
            if not bucket and any(re.fullmatch(known, host[:cut]) for known in _prefixes(service)):
                return [(service, region, "")]
    return []


@cache
def _prefixes(service: str) -> frozenset[str]:
    operations = LOADER.load_service_model(service, "service-2")["operations"].values()
    prefixes = {operation["endpoint"]["hostPrefix"] for operation in operations if "endpoint" in operation}
    return frozenset(re.sub(r"\\\{\w+\\\}", "[a-z0-9-]+", re.escape(prefix)) for prefix in prefixes)


@cache
def _templates() -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Service, the fixed parts of a host, and its pattern."""
    found = []
    for path in sorted((Path(botocore.__file__).parent / "data").glob("*/*/endpoint-rule-set-1.json.gz")):
        text = gzip.decompress(path.read_bytes()).decode()
        for url in sorted(set(re.findall(r'"https://([^"/]+)[^"]*"', text))):
            if "fips" not in url:
                fragments = tuple(part for part in re.split(r"\{[^}]*\}", url) if part)
                found.append((path.parents[1].name, fragments, _pattern(url)))
    return tuple(found)


def _pattern(template: str) -> str:
    parts = re.split(r"(\{[^}]*\})", template)
    seen: set[str] = set()
    text = ""
    for part in parts:
        piece = re.escape(part)
        if part.startswith("{"):
            piece = next(into for of, into in _VARIABLES if re.fullmatch(of, part))
        for name in re.findall(r"\?P<(\w+)>", piece):
            if name in seen:
                piece = f"(?P={name})"
            seen.add(name)
        text += piece
    return text


@cache
def _scope(service: str, region: str, *, dual: bool) -> tuple[str, str]:
    """Signing name and region by the rules of one service.

    Source: the property `authSchemes` of an endpoint; where there is none, the model's `signingName`, and its
    `endpointPrefix` where it has no such either.
    """
    scheme: dict[str, Any] = {}
    try:
        rules = EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), _partitions())
        resolved = rules.resolve_endpoint(Region=region or "aws-global", UseFIPS=False, UseDualStack=dual)
        schemes = resolved.properties.get("authSchemes", [])
        scheme = next((each for each in schemes if each["name"] == "sigv4"), {})
    except BotoCoreError:  # some need more than the region to say a host; none of these signs for another name
        pass
    name = scheme.get("signingName")
    if not name:
        metadata = LOADER.load_service_model(service, "service-2")["metadata"]
        name = metadata.get("signingName") or metadata["endpointPrefix"]
    return str(name), str(scheme.get("signingRegion") or region or _GLOBAL)


@cache
def _regions() -> frozenset[str]:
    """Those of the partition `aws`."""
    return frozenset(_partitions()["partitions"][0]["regions"])


@cache
def _partitions() -> Any:
    return LOADER.load_data("partitions")
