"""What has to happen to a user's access keys, decided from what there is: so it can be run again at any point. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sandgate.config.credentials import shown_key
from sandgate.errors import ConfigError
from sandgate.identity.keys import MOST_KEYS, AccessKey

__all__ = ["KeyFacts", "KeyPlan", "plan_rotation", "plan_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What is known of the keys of one user."""

    user: str
    """ARN."""
    keys: tuple[AccessKey, ...] = ()
    kept: str = ""
    """The id in the env file; empty where it has none."""
    kept_is: str = ""
    """ARN of whom AWS takes that key for; empty where it does not work."""
    env_file: str
    lost: tuple[str, ...] = ()
    """Ids of keys that were made here and whose secret nobody has."""
    due: Mapping[str, float] = field(default_factory=dict)
    """Ids of keys that were disabled here, and from when on each may be deleted."""
    replaced: str = ""
    """The id that the kept key took the place of."""
    now: float

    @property
    def works(self) -> bool:
        """Whether the env file holds a working key of the user."""
        return self.kept_is == self.user

    def has(self, key: str) -> AccessKey | None:
        """The key of that id, if the user has it."""
        return next((one for one in self.keys if one.id == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """What will happen, in this order."""

    delete_first: tuple[tuple[AccessKey, str], ...] = ()
    """Keys, each with the reason."""
    make: bool = False
    replaces: str = ""
    """The id that the new key takes the place of."""
    disable: str = ""
    """The id to disable once the key in the env file is live everywhere."""
    others: tuple[AccessKey, ...] = ()
    """Keys that work and stay, though they stand in no env file that is known of."""


def plan_up(facts: KeyFacts) -> KeyPlan:
    """What `up` does: a key that works stays, else one is made.

    Raises:
        ConfigError: the env file holds somebody else's key, or the user has two that are not ours to delete.
    """
    _check_owner(facts)
    first = {key.id: (key, why) for key, why in (*_lost(facts), *_over(facts))}
    if facts.works:
        unfinished = _unfinished(facts)
        others = _others(facts, {*first, facts.kept, unfinished})
        return KeyPlan(delete_first=tuple(first.values()), disable=unfinished, others=others)
    dead = facts.has(facts.kept)
    if dead is not None:
        first[dead.id] = (dead, "it stands in the env file and does not work")
    _check_room(facts, first)
    return KeyPlan(
        delete_first=tuple(first.values()), make=True, replaces=facts.kept, others=_others(facts, set(first))
    )


def plan_rotation(facts: KeyFacts, *, everything: bool = False) -> KeyPlan:
    """What `rotate` does: a new key, and the old one disabled when it is live; or what an earlier one left undone.

    Args:
        facts: what is known.
        everything: whether every key is deleted first.

    Raises:
        ConfigError: there is nothing to rotate, or no room for a second key.
    """
    _check_owner(facts)
    if everything:
        return KeyPlan(delete_first=tuple((key, _whose(facts, key)) for key in facts.keys), make=True)
    if not facts.works:
        raise ConfigError(
            "the env file holds no working key that could be rotated",
            where=facts.env_file,
            hint="`sandgate up` makes one; `sandgate rotate --replace-all` deletes all there are and makes one",
        )
    first = {key.id: (key, why) for key, why in (*_lost(facts), *_over(facts))}
    if unfinished := _unfinished(facts):
        return KeyPlan(delete_first=tuple(first.values()), disable=unfinished)
    if len(facts.keys) - len(first) >= MOST_KEYS:
        for key in facts.keys:
            if key.id in facts.due:
                first[key.id] = (key, "it is disabled, its grace is not over, and IAM gives no room for a third")
    _check_room(facts, first)
    return KeyPlan(delete_first=tuple(first.values()), make=True, replaces=facts.kept, disable=facts.kept)


def _check_owner(facts: KeyFacts) -> None:
    if facts.kept_is and not facts.works:
        raise ConfigError(
            f"the env file holds a key of {facts.kept_is}, which would be lost",
            where=f"{facts.env_file}, {shown_key(facts.kept)}",
            hint="take it out, or give this identity an env file of its own: --env-file FILE",
        )


def _check_room(facts: KeyFacts, first: Mapping[str, object]) -> None:
    stay = [key for key in facts.keys if key.id not in first]
    if len(stay) >= MOST_KEYS:
        told = "; ".join(f"{key.text} ({_whose(facts, key)})" for key in stay)
        raise ConfigError(
            f"{facts.user} has {MOST_KEYS} access keys already, and IAM gives no more: {told}",
            where=facts.env_file,
            hint="delete one that nobody uses, or `sandgate rotate --replace-all` deletes both and makes one",
        )


def _lost(facts: KeyFacts) -> list[tuple[AccessKey, str]]:
    found = (facts.has(key) for key in facts.lost)
    return [(key, "it was made by a command that was interrupted, and its secret is lost") for key in found if key]


def _over(facts: KeyFacts) -> list[tuple[AccessKey, str]]:
    return [
        (key, "it was replaced, and its grace is over")
        for key in facts.keys
        if not key.active and facts.due.get(key.id, facts.now + 1) <= facts.now
    ]


def _others(facts: KeyFacts, handled: Collection[str]) -> tuple[AccessKey, ...]:
    return tuple(key for key in facts.keys if key.active and key.id not in handled)


def _unfinished(facts: KeyFacts) -> str:
    """The key that should have been disabled when the one in the env file took its place."""
    old = facts.has(facts.replaced)
    return old.id if old is not None and old.active else ""


def _whose(facts: KeyFacts, key: AccessKey) -> str:
    if key.id == facts.kept:
        return f"the one in {facts.env_file}"
    if key.id in facts.lost:
        return "nobody's: its secret is lost"
    if key.id in facts.due:
        return "replaced by a rotation from here"
    return "somebody else's: not made here, or its env file is another one"
