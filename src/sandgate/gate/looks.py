"""What a sweep may read beyond the sandbox: details of what a listing shows, to know the run's own by its name.

An id that AWS chose and nobody heard of is inside for nobody, and only what it is called tells whose it is.
"""

from __future__ import annotations

from functools import cache

from sandgate.core.call import SWEEPER, Call
from sandgate.resources._model import resource_types

__all__ = ["is_look_of_a_sweep"]


def is_look_of_a_sweep(call: Call) -> bool:
    """Whether a call is the read that a resource type declares as the detail of its listing, asked by a sweep."""
    principal = call.principal
    return principal.worker == SWEEPER and principal.kind == "deployer" and (call.service, call.operation) in _details()


@cache
def _details() -> frozenset[tuple[str, str]]:
    kinds = resource_types().values()
    return frozenset((kind.service, kind.listing.detail[0]) for kind in kinds if kind.listing.detail is not None)
