"""Read from botocore's endpoint rules which services sign for another region, or name, than a client's own.

Imported only when the result is not in the cache, because it imports botocore.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

__all__ = ["build"]

_OTHER_REGION = re.compile(rb'"signingRegion"\s*:\s*"(?!\{Region\}"|\{bucketArn#region\}")')
"""What the signing region can be beside the client's and, of an access point, the ARN's."""
_REGULAR = {"UseFIPS": False, "UseDualStack": False, "UseGlobalEndpoint": False}

_Scope = tuple[str, str]
"""Signing name, empty for the service's usual one, and signing region."""


def build() -> dict[str, Any]:
    """The exceptions of every service, by service, partition and region.

    As in botocore's clients, a rule set decides, and `endpoints.json` where the rule set leaves the scope open.

    Returns:
        `partitions`: name and pattern of each partition's regions. `services`: service to region, or to partition
        where all of its regions agree, to signing name and signing region.
    """
    loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    partitions = loader.load_data("partitions")
    older = EndpointResolver(loader.load_data("endpoints"))
    regions = {
        entry["id"]: [name for name in entry["regions"] if not name.endswith("-global")]
        for entry in partitions["partitions"]
    }
    services: dict[str, Mapping[str, _Scope]] = {}
    for service in loader.list_available_services("endpoint-rule-set-1"):
        data = _bytes(loader, service)
        if _OTHER_REGION.search(data) or _older_region(older, service, "eu-west-1") != "eu-west-1":
            provider = EndpointProvider(json.loads(data), partitions)

            def scope(region: str, service: str = service, provider: EndpointProvider = provider) -> _Scope:
                return _scope(provider, region, _older_region(older, service, region))

            services[service] = dict(_exceptions(scope, regions))
    patterns = [(entry["id"], entry["regionRegex"]) for entry in partitions["partitions"]]
    return {"partitions": patterns, "services": {name: found for name, found in services.items() if found}}


def _bytes(loader: Loader, service: str) -> bytes:
    version = loader.determine_latest_version(service, "endpoint-rule-set-1")
    path = Path(Loader.BUILTIN_DATA_PATH) / service / str(version) / "endpoint-rule-set-1.json"
    return path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".json.gz").read_bytes())


def _exceptions(scope: Callable[[str], _Scope], regions: Mapping[str, list[str]]) -> Iterator[tuple[str, _Scope]]:
    for partition, names in regions.items():
        scopes = {region: scope(region) for region in names}
        if len(scopes) > 1 and len(set(scopes.values())) == 1:
            yield partition, next(iter(scopes.values()))
        else:
            yield from ((region, found) for region, found in scopes.items() if found[1] != region)


def _scope(provider: EndpointProvider, region: str, otherwise: str) -> _Scope:
    try:
        endpoint = provider.resolve_endpoint(**_REGULAR, Region=region)
    except EndpointProviderError:
        return "", region  # not offered there; whoever calls it all the same signs as usual
    schemes = endpoint.properties.get("authSchemes", ())
    found: Mapping[str, object] = next((scheme for scheme in schemes if scheme.get("name") == "sigv4"), {})
    return str(found.get("signingName", "")), str(found.get("signingRegion", otherwise))


def _older_region(resolver: EndpointResolver, service: str, region: str) -> str:
    """The signing region in `endpoints.json`, whose keys are mostly, not always, service names."""
    endpoint = resolver.construct_endpoint(service, region) or {}
    return str(endpoint.get("credentialScope", {}).get("region", region))
