"""For which region a call is signed upstream: botocore's endpoint rules, cached in a form that costs nothing to load.

Clients sign for their own region, whatever the service; IAM, Route 53 and others verify another one.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

from sandgate.core.files import replace_text

__all__ = ["SigningRules"]

_FORMAT = 1
"""Raise it when the content changes, so that files of older releases are not read."""


@dataclass(frozen=True, slots=True)
class SigningRules:
    """The services that do not sign for the region of the client. Make it with `SigningRules.load`."""

    partitions: tuple[tuple[str, re.Pattern[str]], ...]
    services: Mapping[str, Mapping[str, tuple[str, str]]]

    @classmethod
    def load(cls, cache_dir: Path | None) -> SigningRules:
        """Read the rules of the installed botocore, and make the file when it is missing or damaged.

        Args:
            cache_dir: where the file is kept, one per botocore version; None builds them in memory each time.
        """
        path = cache_dir / f"signing-{_FORMAT}-{distribution_version('botocore')}.json" if cache_dir else None
        if path is not None:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                return cls._of(json.loads(path.read_bytes()))
        # By name, not above: the builder imports botocore, which a gate with a cache never needs for this.
        data: dict[str, Any] = importlib.import_module("sandgate.tiers._rules_build").build()
        if path is not None:
            # A cache that cannot be written costs a fifth of a second per start, and is no reason to fail.
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_text(path, json.dumps(data, separators=(",", ":")))
        return cls._of(data)

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> SigningRules:
        return cls(
            tuple((name, re.compile(pattern)) for name, pattern in data["partitions"]),
            {
                service: {place: (str(name), str(region)) for place, (name, region) in found.items()}
                for service, found in data["services"].items()
            },
        )

    def scope(self, service: str, signing_name: str, region: str) -> tuple[str, str]:
        """What a call is signed for.

        Args:
            service: botocore's name of the service.
            signing_name: its usual signing name.
            region: the client's.

        Returns:
            Signing name and region of the credential scope.
        """
        places = self.services.get(service)
        if places is None:
            return signing_name, region
        found = places.get(region) or places.get(self.partition(region))
        return (found[0] or signing_name, found[1]) if found else (signing_name, region)

    def partition(self, region: str) -> str:
        """The partition that a region is of; empty for none that is known."""
        return next((name for name, pattern in self.partitions if pattern.match(region)), "")
