"""Forms: how a name may be written. A text is read by the first form that it matches as a whole, or not at all.

A form is a template, `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`, or after `re:` a regular expression
with named groups. What it binds is put into ARNs, so no binding can hold a separator of ARNs that its variable
does not allow, a character that policies read as a pattern, or a control character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

__all__ = ["NAME", "PLACE", "compiled", "variables_of"]

NAME = r"[^\s/:*?$\x00-\x1f\x7f]+"
"""What a variable holds unless the table says otherwise."""
PLACE: Mapping[str, str] = {
    "Partition": r"aws(?:-[a-z]+)*",
    "Region": r"[a-z]{2,}(?:-[a-z]+)+-\d+",
    "Account": r"\d{12}|aws",
}
"""Variables of every ARN. An ARN that leaves region or account empty where the template has them is not read."""
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


def variables_of(template: str) -> tuple[str, ...]:
    """The names in a template, in order."""
    return tuple(_VARIABLE.findall(template))


@cache
def compiled(form: str, patterns: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """The regular expression of a form.

    Args:
        form: template or `re:` expression.
        patterns: variable to what it may hold, where that is not `NAME`.
    """
    known = {**PLACE, **dict(patterns)}
    if form.startswith("re:"):
        return re.compile(_VARIABLE.sub(lambda found: f"(?P<{found[1]}>{known.get(found[1], NAME)})", form[3:]))
    out, place, seen = [], 0, set()
    for found in _VARIABLE.finditer(form):
        out.append(re.escape(form[place : found.start()]))
        name, place = found[1], found.end()
        out.append(f"(?P={name})" if name in seen else f"(?P<{name}>{known.get(name, NAME)})")
        seen.add(name)
    out.append(re.escape(form[place:]))
    return re.compile("".join(out))
