"""Policy variables: `${aws:username}`, with a default `${aws:username, 'nobody'}`, and escapes `${*}` `${?}` `${$}`.

A value that comes from the request is literal: a `*` in a user's name is a letter. A key that the request lacks, or has
several values of, gives no value at all, which is equal and like to nothing.

Source: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandgate.iam.match import Pattern, Wild, joined, pattern

__all__ = ["Context", "Template", "Variable", "has_variables", "resolve", "template"]

Context = Mapping[str, tuple[str, ...]]

_VARIABLE = re.compile(
    r"\$\{(?:(?P<escape>[*?$])|(?P<key>[^{}$*?,'\s][^{}$*?,']*?)(?:\s*,\s*'(?P<default>[^']*)')?)\s*\}"
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A place that the request fills."""

    key: str
    """Condition key in lower case."""
    default: str | None


Template = tuple[str | Wild | Variable, ...]


def template(text: str, *, variables: bool, wildcards: bool) -> Template:
    """A text of a policy, read.

    Args:
        text: as it stands in the document.
        variables: whether `${…}` means anything, which it does since version 2012-10-17.
        wildcards: whether `*` and `?` mean anything in this place.

    Raises:
        ValueError: a `${` that is no variable.
    """
    if not variables or "${" not in text:
        return pattern(text) if wildcards else (text,)
    out: list[str | Wild | Variable] = []
    at = 0
    while (start := text.find("${", at)) >= 0:
        found = _VARIABLE.match(text, start)
        if found is None:
            raise ValueError(f"{text[start:]!r} does not begin with a policy variable such as ${{aws:username}}")
        out += pattern(text[at:start]) if wildcards else (text[at:start],)
        out.append(found["escape"] or Variable(found["key"].lower(), found["default"]))
        at = found.end()
    out += pattern(text[at:]) if wildcards else (text[at:],)
    return tuple(part for part in out if part != "")


def has_variables(parts: Template) -> bool:
    """Whether the request has a say in what the text means."""
    return any(isinstance(part, Variable) for part in parts)


def resolve(parts: Template, context: Context) -> Pattern | None:
    """The pattern in this request, or `None` where a variable has no value."""
    out: list[str | Wild] = []
    for part in parts:
        if isinstance(part, Variable):
            values = context.get(part.key, ())
            if len(values) == 1:
                out.append(values[0])
            elif part.default is not None and not values:
                out.append(part.default)
            else:
                return None
        else:
            out.append(part)
    return joined(out)
