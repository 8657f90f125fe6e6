"""`Null`: `true` asks that the key is absent, `false` that it is there."""

from __future__ import annotations

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern

__all__ = ["FAMILY"]


def _prepare(pattern: Pattern) -> Test:
    """A test of whether the key is absent, said as `true` or `false`."""
    wanted = text_of(pattern).lower()
    if wanted not in ("true", "false"):
        raise ValueError(f"{text_of(pattern)!r} is neither true (the key is absent) nor false (it is there)")
    return wanted.__eq__


FAMILY = Family(name="null", operators=(Operator(name="Null", prepare=_prepare, presence=True),))
