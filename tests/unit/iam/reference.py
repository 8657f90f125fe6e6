"""IAM once more, slow and plain: loops and regular expressions over the raw JSON, nothing prepared, nothing remembered.

What `sandgate.iam` answers is compared with this. It shares no code with it, and reads like the documentation.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["decide", "glob", "statement_matches"]

Json = Any
VARIABLE = re.compile(r"\$\{([^}]*)\}")


def aslist(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def glob(pattern: str, text: str) -> bool:
    """Backtracking over both, one character at a time."""
    if pattern == "":
        return text == ""
    if pattern[0] == "*":
        return glob(pattern[1:], text) or (text != "" and glob(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


def expression(
    pattern: str, context: Json, *, version: str, wildcards: bool, star: str = ".*", one: str = "."
) -> str | None:
    """A regular expression for a text of a policy; `None` where a variable has no value."""

    def plain(text: str) -> str:
        if not wildcards:
            return re.escape(text)
        return "".join(star if c == "*" else one if c == "?" else re.escape(c) for c in text)

    if version != "2012-10-17":
        return plain(pattern)
    out, at = "", 0
    for found in VARIABLE.finditer(pattern):
        out += plain(pattern[at : found.start()])
        at = found.end()
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            out += re.escape(name)
            continue
        values = context.get(name.strip().lower(), ())
        if len(values) == 1:
            out += re.escape(values[0])
        elif default and not values:
            out += re.escape(default.strip()[1:-1])
        else:
            return None
    return out + plain(pattern[at:])


def text_matches(pattern: str, text: str, context: Json, version: str, *, wildcards: bool, flags: int = 0) -> bool:
    found = expression(pattern, context, version=version, wildcards=wildcards)
    return found is not None and re.fullmatch(found, text, re.DOTALL | flags) is not None


def arn_matches(pattern: str, text: str, context: Json, version: str) -> bool | None:
    """`None` where a variable has no value."""
    if pattern == "*":
        return True
    # A variable's own colons do not count.
    hidden = VARIABLE.sub(lambda found: found[0].replace(":", "\0"), pattern) if version == "2012-10-17" else pattern
    wanted = [part.replace("\0", ":") for part in hidden.split(":", 5)]
    expressions = []
    for part in wanted:
        found = expression(part, context, version=version, wildcards=True)
        if found is None:
            return None
        expressions.append(found)
    got = text.split(":", 5)
    if len(got) != 6:
        return False
    return all(re.fullmatch(e, part, re.DOTALL) is not None for e, part in zip(expressions, got, strict=True))


def action_matches(statement: Json, action: str) -> bool:
    name = "Action" if "Action" in statement else "NotAction"
    found = any(glob(pattern.lower(), action.lower()) for pattern in aslist(statement[name]))
    return found == (name == "Action")


def resource_matches(statement: Json, resource: str, context: Json, version: str) -> bool:
    if "Resource" in statement:
        return any(
            arn_matches(pattern, resource, context, version) is True for pattern in aslist(statement["Resource"])
        )
    if "NotResource" in statement:
        answers = [arn_matches(pattern, resource, context, version) for pattern in aslist(statement["NotResource"])]
        if any(answers):
            return False
        return statement["Effect"] == "Deny" or None not in answers
    return True


def instant(text: str) -> float:
    if re.fullmatch(r"\d{5,}(\.\d+)?", text):
        return float(text)
    for shape in ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC).timestamp()
        except ValueError:
            pass
    raise ValueError(text)


def number(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not found.is_finite() or "e" in text.lower():
        raise ValueError(text)
    return found


def truth(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


ORDER = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}


def value_fits(  # noqa: PLR0911 - one exit per operator
    operator: str, wanted: str, got: str, context: Json, version: str
) -> bool:
    """One wanted value against one value of the request. An error: they cannot be compared."""
    match operator:
        case "StringEquals":
            return text_matches(wanted, got, context, version, wildcards=False)
        case "StringEqualsIgnoreCase":
            return text_matches(wanted, got, context, version, wildcards=False, flags=re.IGNORECASE)
        case "StringLike":
            return text_matches(wanted, got, context, version, wildcards=True)
        case "ArnEquals" | "ArnLike":
            if len(got.split(":", 5)) != 6:
                raise ValueError(got)
            return bool(arn_matches(wanted, got, context, version))
        case "Bool":
            return truth(wanted) == truth(got)
        case "BinaryEquals":
            return base64.b64decode(wanted, validate=True) == base64.b64decode(got, validate=True)
        case "IpAddress":
            return ipaddress.ip_address(got) in ipaddress.ip_network(wanted, strict=False)
    if operator.startswith("Numeric"):
        return bool(ORDER[operator.removeprefix("Numeric")](number(got), number(wanted)))
    assert operator.startswith("Date"), operator
    return bool(ORDER[operator.removeprefix("Date")](instant(got), instant(wanted)))


def condition_holds(operator: str, key: str, wanted: list[str], context: Json, version: str, *, allow: bool) -> bool:
    prefix, _, name = operator.rpartition(":")
    values = list(context.get(key.lower(), ()))
    if name == "Null":
        return any((not values) == truth(value) for value in wanted)
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    name = name.replace("Not", "")

    def one(got: str) -> bool:
        try:
            answers = [value_fits(name, value, got, context, version) for value in wanted]
        except (ValueError, KeyError):
            return not allow
        return any(answers) != negated

    if prefix == "ForAllValues":
        return all(one(got) for got in values if got != "")
    if prefix == "ForAnyValue":
        return any(one(got) for got in values)
    if not values:
        return negated or if_exists
    return all(one(got) for got in values) if allow else any(one(got) for got in values)


def texts(values: Json) -> list[str]:
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in aslist(values)]


def conditions_hold(statement: Json, context: Json, version: str) -> bool:
    return all(
        condition_holds(operator, key, texts(values), context, version, allow=statement["Effect"] == "Allow")
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def statement_matches(statement: Json, version: str, action: str, resource: str, context: Json) -> bool:
    """Everything but principals."""
    return (
        action_matches(statement, action)
        and resource_matches(statement, resource, context, version)
        and conditions_hold(statement, context, version)
    )


def effects(documents: list[Json], action: str, resource: str, context: Json) -> set[str]:
    return {
        statement["Effect"]
        for document in documents
        for statement in aslist(document["Statement"])
        if statement_matches(statement, document.get("Version", "2008-10-17"), action, resource, context)
    }


def decide(groups: list[list[Json]], action: str, resource: str, context: Json) -> str:
    """The answer for groups of documents without principals: any denial denies, and each group must allow."""
    found = [effects(group, action, resource, context) for group in groups]
    if any("Deny" in one for one in found):
        return "explicit_deny"
    return "allowed" if all("Allow" in one for one in found) else "implicit_deny"
