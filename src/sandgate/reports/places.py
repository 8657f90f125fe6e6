"""Other targets than the gate, in words: each place once, with the services that were asked for there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["places"]


def places(elsewhere: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """One text per place, in the order in which they were seen.

    Args:
        elsewhere: `host`, `service` and `by` of each sighting.
    """
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for sighting in elsewhere:
        services, witnesses = found.setdefault(sighting["host"], ({}, {}))
        services.update({sighting["service"]: None} if sighting["service"] else {})
        witnesses[sighting["by"]] = None
    return tuple(
        f"{host} ({', '.join([*services, 'seen by ' + ' and '.join(witnesses)])})"
        for host, (services, witnesses) in found.items()
    )
