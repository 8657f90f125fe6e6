"""Whether everything that one pattern matches is matched by another. Sound: a yes is right, a no may be too strict.

Where the inner pattern may produce anything (`*`, a variable), the outer one must accept anything. Whether two patterns
meet at all is answered as soundly: a no is right.
"""

from __future__ import annotations

from sandgate.iam.arns import arn_segments
from sandgate.iam.match import ONE, STAR, Pattern, Wild, joined
from sandgate.iam.variables import Template, Variable

__all__ = ["arn_included", "arns_meet", "included", "meets", "widened"]


def widened(parts: Template) -> Pattern:
    """A pattern with variables as one that matches whatever any request makes of it."""
    return joined(STAR if isinstance(part, Variable) else part for part in parts)


def included(inner: Pattern, outer: Pattern) -> bool:
    """Whether `outer` matches all that `inner` matches.

    Works from the end over both patterns, letter by letter; time is the product of their lengths.
    """
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


def arn_included(inner: Template, outer: Template) -> bool:
    """Whether a resource pattern stays inside another, segment by segment; `*` alone matches everything."""
    if widened(outer) == (STAR,):
        return True
    inside, around = arn_segments(inner), arn_segments(outer)
    if inside is None or around is None:
        return False
    return all(included(widened(one), widened(other)) for one, other in zip(inside, around, strict=True))


def meets(one: Pattern, other: Pattern) -> bool:
    """Whether some text is matched by both.

    Works from the end over both patterns, letter by letter, as `included`.
    """
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
    """Whether some resource is matched by both patterns, segment by segment; `*` alone matches everything."""
    left, right = arn_segments(one), arn_segments(other)
    if left is None or right is None:
        return meets(widened(one), widened(other))
    return all(meets(widened(a), widened(b)) for a, b in zip(left, right, strict=True))


def _letters(parts: Pattern) -> list[str | Wild]:
    """The pattern with one entry per character."""
    out: list[str | Wild] = []
    for part in joined(parts):
        out += list(part) if isinstance(part, str) else [part]
    return out
