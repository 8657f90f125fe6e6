"""Which provider of CI it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sandgate.ci.providers._model import Provider
from sandgate.config.model import Config
from sandgate.core.registry import discover, lookup

__all__ = ["provider_of", "providers"]


@cache
def providers() -> Mapping[str, Provider]:
    """Every provider by name."""
    return discover("sandgate.ci.providers", "PROVIDER", Provider)


def provider_of(config: Config) -> Provider:
    """The provider of a configuration.

    Raises:
        UsageError: there is none of that name.
    """
    return lookup(
        providers(), config.ci_provider, what="provider of CI", where=config.sources.get("ci_provider", "default")
    )
