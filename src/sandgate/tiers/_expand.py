"""Policy variables written out, for an evaluator that takes them as letters.

What only the request knows is opened on the side of allowing: the gate has judged the call by the document itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandgate.iam.document import Condition, Statement
from sandgate.iam.match import Wild
from sandgate.iam.variables import Variable, template

__all__ = ["expanded"]


def expanded(statement: Statement, variables: Mapping[str, str]) -> Statement | None:
    """The statement without variables.

    Args:
        statement: of a document in which variables mean something.
        variables: condition key in lower case to the value for everyone who carries the document.

    Returns:
        In what is allowed, other variables are `*`, and conditions on them are left out. In what is denied they stay as
        letters, and a statement that denies under such a condition is `None`.
    """
    allow = statement.effect == "Allow"
    conditions = [_condition(condition, variables) for condition in statement.conditions]
    if not allow and None in conditions:
        return None
    return replace(
        statement,
        resources=tuple(_filled(text, variables, wide=allow) for text in statement.resources),
        not_resources=tuple(_filled(text, variables, wide=not allow) for text in statement.not_resources),
        conditions=tuple(condition for condition in conditions if condition is not None),
    )


def _condition(condition: Condition, variables: Mapping[str, str]) -> Condition | None:
    parts = [part for text in condition.values for part in template(text, variables=True, wildcards=False)]
    if any(isinstance(part, Variable) and part.key not in variables for part in parts):
        return None
    return replace(condition, values=tuple(_filled(text, variables, wide=False) for text in condition.values))


def _filled(text: str, variables: Mapping[str, str], *, wide: bool) -> str:
    if "${" not in text:
        return text
    parts = template(text, variables=True, wildcards=True)
    unknown = any(isinstance(part, Variable) and part.key not in variables for part in parts)
    return text if unknown and not wide else "".join(_piece(part, variables) for part in parts)


def _piece(part: str | Wild | Variable, variables: Mapping[str, str]) -> str:
    if isinstance(part, Variable):
        return variables.get(part.key, "*")
    # Only an escaped star or question mark is a text of its own, and nothing but `?` is narrow enough for it.
    return part.value if isinstance(part, Wild) else "?" if part in ("*", "?") else part
