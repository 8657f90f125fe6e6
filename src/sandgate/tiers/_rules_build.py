"""Read from botocore's endpoint rule sets which services sign for another name or region than a client's own.

Imported only when the result is not in the cache, because it imports botocore.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

__all__ = ["build"]

_OTHER_REGION = re.compile(rb'"signingRegion"\s*:\s*"(?!\{Region\}")')
_REGULAR = {"UseFIPS": False, "UseDualStack": False, "UseGlobalEndpoint": False}


def build() -> dict[str, Any]:
    """The exceptions of every service, by service, partition and region.

    Returns:
        `partitions`: name and pattern of each partition's regions. `services`: service to region, or to partition
        where all of its regions agree, to signing name (empty: the usual one) and signing region.
    """
    loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    partitions = loader.load_data("partitions")
    regions = {
        entry["id"]: [name for name in entry["regions"] if not name.endswith("-global")]
        for entry in partitions["partitions"]
    }
    services: dict[str, Mapping[str, tuple[str, str]]] = {}
    for service in loader.list_available_services("endpoint-rule-set-1"):
        data = _bytes(loader, service)
        if _OTHER_REGION.search(data):
            found = dict(_exceptions(EndpointProvider(json.loads(data), partitions), regions))
            if found:
                services[service] = found
    patterns = [(entry["id"], entry["regionRegex"]) for entry in partitions["partitions"]]
    return {"partitions": patterns, "services": services}


def _bytes(loader: Loader, service: str) -> bytes:
    version = loader.determine_latest_version(service, "endpoint-rule-set-1")
    path = Path(Loader.BUILTIN_DATA_PATH) / service / str(version) / "endpoint-rule-set-1.json"
    return path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".json.gz").read_bytes())


def _exceptions(provider: EndpointProvider, regions: Mapping[str, list[str]]) -> Iterator[tuple[str, tuple[str, str]]]:
    for partition, names in regions.items():
        scopes = {region: _scope(provider, region) for region in names}
        if len(set(scopes.values())) == 1 and len(scopes) > 1:
            yield partition, next(iter(scopes.values()))
        else:
            yield from ((region, scope) for region, scope in scopes.items() if scope != ("", region))


def _scope(provider: EndpointProvider, region: str) -> tuple[str, str]:
    try:
        endpoint = provider.resolve_endpoint(**_REGULAR, Region=region)
    except EndpointProviderError:
        return "", region  # not offered there; whoever calls it all the same signs as usual
    schemes = endpoint.properties.get("authSchemes") or [{}]
    scheme = next((entry for entry in schemes if entry.get("name") == "sigv4"), {})
    return str(scheme.get("signingName", "")), str(scheme.get("signingRegion", region))
