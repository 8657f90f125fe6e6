"""ARNs and patterns of them, segment by segment.

`arn:partition:service:region:account:resource`: a wildcard in one of the first five segments stays in it, the resource
is one glob, which may run across colons and slashes.

Source: IAM User Guide, "IAM JSON policy elements: Resource"; AWS General Reference, "Amazon Resource Names".
"""

from __future__ import annotations

from sandgate.iam.match import STAR, Matcher, Pattern, is_literal, matcher
from sandgate.iam.variables import Template

__all__ = ["SEGMENTS", "arn_matcher", "arn_segments", "literal_start"]

SEGMENTS = 6


def arn_segments(parts: Template) -> tuple[Template, ...] | None:
    """The six segments of an ARN pattern; colons of variables do not count. `None` where there are fewer."""
    out: list[list[object]] = [[]]
    for part in parts:
        if not isinstance(part, str) or len(out) == SEGMENTS:
            out[-1].append(part)
            continue
        first, *rest = part.split(":", SEGMENTS - len(out))
        out[-1].append(first)
        out += ([text] for text in rest)
    if len(out) != SEGMENTS:
        return None
    return tuple(tuple(part for part in segment if part != "") for segment in out)  # type: ignore[misc]


def literal_start(parts: Pattern) -> str | None:
    """What every matching ARN begins with, where only the end of the resource is free; `None` for other shapes."""
    if len(parts) == 2 and parts[1] is STAR and isinstance(parts[0], str) and parts[0].count(":") >= SEGMENTS - 1:  # noqa: PLR2004 - text and star
        return parts[0]
    return None


def arn_matcher(parts: Pattern) -> Matcher | None:
    """A test of whole ARNs, or `None` where the pattern has fewer than six segments.

    A text that is no ARN matches nothing.
    """
    segments = arn_segments(parts)
    if segments is None:
        return None
    patterns: tuple[Pattern, ...] = segments  # type: ignore[assignment] # a pattern holds no variables
    if all(is_literal(segment) for segment in patterns[:-1]):
        # The literal head holds exactly five colons, so one test of the whole text keeps to the segments.
        return matcher(parts)
    tests = tuple((at, matcher(segment)) for at, segment in enumerate(patterns) if segment != (STAR,))
    start = "".join(str(part) for part in parts[:1] if isinstance(part, str))

    def matches(text: str) -> bool:
        if not text.startswith(start):
            return False
        found = text.split(":", SEGMENTS - 1)
        return len(found) == SEGMENTS and all(test(found[at]) for at, test in tests)

    return matches
