"""`Bool`: `true` or `false`, in any case."""

from __future__ import annotations

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern

__all__ = ["FAMILY"]


def _prepare(pattern: Pattern) -> Test:
    wanted = text_of(pattern).lower()
    if wanted not in ("true", "false"):
        raise ValueError(f"{text_of(pattern)!r} is neither true nor false")

    def compare(value: str) -> bool | None:
        value = value.lower()
        return value == wanted if value in ("true", "false") else None

    return compare


FAMILY = Family(name="boolean", operators=(Operator(name="Bool", prepare=_prepare),))
