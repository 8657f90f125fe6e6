"""The AWS protocols that `wire/protocols` holds, discovered once."""

from __future__ import annotations

from sandgate.core.registry import discover
from sandgate.wire.protocols._model import Protocol

__all__ = ["PROTOCOLS"]

PROTOCOLS = discover("sandgate.wire.protocols", "PROTOCOL", Protocol)
"""By name: `json`, `query`, `rest-json`, ... without the `smithy-` that models put before some."""
