"""Whether everything that one pattern matches is matched by another. Sound: a yes is right, a no may be too strict.

Where the inner pattern may produce anything (`*`, a variable), the outer one must accept anything. Whether two patterns
meet at all is answered as soundly: a no is right.
"""

from __future__ import annotations

from typing import NamedTuple

from sandgate.iam.arns import arn_segments
from sandgate.iam.match import ONE, STAR, Pattern, Wild, is_literal, joined
from sandgate.iam.variables import Template, Variable

__all__ = ["ArnPattern", "arn_included", "arns_meet", "included", "meets", "widened"]


def widened(parts: Template) -> Pattern:
    """A pattern with variables as one that matches whatever any request makes of it."""
    return joined(STAR if isinstance(part, Variable) else part for part in parts)


def included(inner: Pattern, outer: Pattern) -> bool:
    """Whether `outer` matches all that `inner` matches.

    The usual shapes (everything, a text, a beginning) are decided by how both begin. Others work from the end over both
    patterns, letter by letter; time is the product of their lengths.
    """
    start, wanted_start = _head(inner), _head(outer)
    if not start.startswith(wanted_start):
        return False
    if is_literal(outer):
        return is_literal(inner) and start == wanted_start
    if outer[-1] is STAR and is_literal(outer[:-1]):
        return True
    small, large = _letters(inner), _letters(outer)
    # below[j]: small[i+1:] is included in large[j:]; row[j]: the same for small[i:]. An empty rest fits stars only.
    below = _rest_is_stars(large)
    for letter in reversed(small):
        row = [False] * (len(large) + 1)
        for at in range(len(large) - 1, -1, -1):
            wanted = large[at]
            if wanted is STAR:
                row[at] = row[at + 1] or below[at]
            elif letter is STAR:
                row[at] = False
            else:
                row[at] = below[at + 1] and (wanted is ONE or wanted == letter)
        below = row
    return below[0]


def _rest_is_stars(large: list[str | Wild]) -> list[bool]:
    out = [True]
    for letter in reversed(large):
        out.append(out[-1] and letter is STAR)
    return out[::-1]


class ArnPattern(NamedTuple):
    """A resource pattern, taken apart once to be compared with many."""

    whole: Pattern
    segments: tuple[Pattern, ...] | None
    """Six, or `None` where the pattern has fewer."""

    @classmethod
    def of(cls, parts: Template) -> ArnPattern:
        """A pattern that matches whatever any request makes of `parts`."""
        found = arn_segments(parts)
        return cls(widened(parts), None if found is None else tuple(map(widened, found)))

    def within(self, outer: ArnPattern) -> bool:
        """Whether this stays inside another, segment by segment; `*` alone matches everything."""
        if outer.whole == (STAR,):
            return True
        if self.segments is None or outer.segments is None:
            return False
        return all(map(included, self.segments, outer.segments))

    def meets(self, other: ArnPattern) -> bool:
        """Whether some resource is matched by both, segment by segment; `*` alone matches everything."""
        if self.segments is None or other.segments is None:
            return meets(self.whole, other.whole)
        return all(map(meets, self.segments, other.segments))


def arn_included(inner: Template, outer: Template) -> bool:
    """`ArnPattern.within` of patterns that are compared once."""
    return ArnPattern.of(inner).within(ArnPattern.of(outer))


def meets(one: Pattern, other: Pattern) -> bool:
    """Whether some text is matched by both.

    Works from the end over both patterns, letter by letter, as `included`, where they begin alike.
    """
    start, other_start = _head(one), _head(other)
    if not (start.startswith(other_start) or other_start.startswith(start)):
        return False
    left, right = _letters(one), _letters(other)
    below = _rest_is_stars(right)
    for at in range(len(left) - 1, -1, -1):
        letter = left[at]
        row = [letter is STAR and below[-1]] * (len(right) + 1)
        for by in range(len(right) - 1, -1, -1):
            wanted = right[by]
            if STAR in (letter, wanted):
                row[by] = below[by] or row[by + 1]
            else:
                row[by] = below[by + 1] and (ONE in (letter, wanted) or letter == wanted)
        below = row
    return below[0]


def arns_meet(one: Template, other: Template) -> bool:
    """`ArnPattern.meets` of patterns that are compared once."""
    return ArnPattern.of(one).meets(ArnPattern.of(other))


def _head(parts: Pattern) -> str:
    """The text before the first wildcard."""
    out = ""
    for part in parts:
        if not isinstance(part, str):
            break
        out += part
    return out


def _letters(parts: Pattern) -> list[str | Wild]:
    """The pattern with one entry per character."""
    out: list[str | Wild] = []
    for part in joined(parts):
        out += list(part) if isinstance(part, str) else [part]
    return out
