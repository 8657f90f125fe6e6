"""ARN operators: per segment, with wildcards; `ArnEquals` and `ArnLike` are the same."""

from __future__ import annotations

from sandgate.iam.arns import SEGMENTS, arn_matcher
from sandgate.iam.conditions._model import Family, Operator, Test
from sandgate.iam.match import STAR, Pattern

__all__ = ["FAMILY"]


def _any_arn(_value: str) -> bool:
    return True


def _prepare(pattern: Pattern) -> Test:
    matches = _any_arn if pattern == (STAR,) else arn_matcher(pattern)
    if matches is None:
        text = "".join(part if isinstance(part, str) else part.value for part in pattern)
        raise ValueError(f"{text!r} is not an ARN pattern of six segments")

    def compare(value: str) -> bool | None:
        return matches(value) if value.count(":") >= SEGMENTS - 1 else None

    return compare


FAMILY = Family(
    name="arn",
    operators=tuple(
        Operator(name=name, prepare=_prepare, negated="Not" in name, variables=True, wildcards=True)
        for name in ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
    ),
)
