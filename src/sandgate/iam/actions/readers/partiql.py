"""`partiql`: the verb and the table of a PartiQL statement of DynamoDB.

Source: DynamoDB Developer Guide, "PartiQL for DynamoDB": SELECT … FROM "table"["."index"], INSERT INTO "table" VALUE …,
UPDATE "table" SET|REMOVE …, DELETE FROM "table"; in transactions EXISTS(SELECT …), which needs ConditionCheckItem.
What is not provably one of these on one table is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<text>'(?:[^']|'')*')
    |(?P<word>[A-Za-z_][A-Za-z0-9_$]*)
    |(?P<sign><=|>=|<>|!=|<<|>>|\|\||[=<>(){}\[\],:?.+*/%-])
    |(?P<number>\d[\w.]*)""",
    re.VERBOSE | re.ASCII,
)
_VERBS = {"SELECT": "Select", "INSERT": "Insert", "UPDATE": "Update", "DELETE": "Delete"}
_CLAUSES = {
    "SELECT": ["SELECT", "FROM"],
    "INSERT": ["INSERT", "INTO"],
    "UPDATE": ["UPDATE"],
    "DELETE": ["DELETE", "FROM"],
}
_NEXT = {"SELECT": {"WHERE", "ORDER"}, "INSERT": {"VALUE"}, "UPDATE": {"SET", "REMOVE"}, "DELETE": {"WHERE"}}
_NAME_TABLES = frozenset(
    {"FROM", "JOIN", "UNION", "INTERSECT", "EXCEPT", "SELECT", "INTO", "INSERT", "UPDATE", "DELETE", "WITH"}
)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")

_Token = tuple[str, str]


def _tokens(statement: str) -> list[_Token]:
    """Tokens without spaces.

    Raises:
        ValueError: a comment, a semicolon, a backtick, an open quote, a sign outside ASCII that is not in quotes.
    """
    out, place = [], 0
    while place < len(statement):
        found = _TOKEN.match(statement, place)
        if found is None or statement.startswith(("--", "/*"), place):
            raise ValueError("the statement has a part that is no plain PartiQL")
        if found.lastgroup != "space":
            out.append((str(found.lastgroup), found[0]))
        place = found.end()
    return out


def _read(value: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(value, str):
        raise ValueError("the statement is not text")  # noqa: TRY004 - the one error of readers
    yield _parsed(value)


@lru_cache(maxsize=64)
def _parsed(statement: str) -> Mapping[str, object]:
    """Verb, table and index; kept, since one rule for each verb asks for them.

    Raises:
        ValueError: the statement is not provably one verb on one table.
    """
    tokens = _tokens(statement)
    if _words(tokens[:2]) == ["EXISTS", "("] and tokens[-1:] == [("sign", ")")]:
        tokens = tokens[2:-1]
        return {"Verb": "Exists", **_table(tokens, verb="SELECT")}
    verb = _words(tokens[:1])
    if not verb or verb[0] not in _VERBS:
        raise ValueError("the statement does not begin with SELECT, INSERT, UPDATE, DELETE or EXISTS")
    return {"Verb": _VERBS[verb[0]], **_table(tokens, verb=verb[0])}


def _words(tokens: list[_Token]) -> list[str]:
    return [text.upper() if kind == "word" else text for kind, text in tokens if kind in ("word", "sign")]


def _table(tokens: list[_Token], *, verb: str) -> Mapping[str, object]:
    """Table and index.

    Raises:
        ValueError: they do not stand where the grammar has them, or there is a second clause that could name one.
    """
    if _words(tokens[:1]) != [verb]:
        raise ValueError(f"the statement does not begin with {verb}")
    words = [(place, text.upper()) for place, (kind, text) in enumerate(tokens) if kind == "word"]
    clauses = [(place, word) for place, word in words if word in _NAME_TABLES]
    if [word for _, word in clauses] != _CLAUSES[verb]:
        raise ValueError("the statement has more or other clauses than one that names a table")
    place = clauses[-1][0]
    if verb in ("INSERT", "DELETE") and place != 1:
        raise ValueError("the table does not follow its keyword")
    depth = sum((text in "([{") - (text in ")]}") for kind, text in tokens[:place] if kind == "sign")
    if depth:
        raise ValueError("the table is named inside brackets")
    names, after = _names(tokens[place + 1 :])
    if len(names) > 1 and verb != "SELECT":
        raise ValueError("only SELECT reads an index")
    _check_end(verb, after)
    return {"TableName": names[0], **({"IndexName": names[1]} if len(names) > 1 else {})}


def _names(tokens: list[_Token]) -> tuple[list[str], list[_Token]]:
    """One name, or two with a dot between, and what follows.

    Raises:
        ValueError: there is none, or one that no table can have.
    """
    names = [_identifier(tokens[:1])]
    rest = tokens[1:]
    if rest[:1] == [("sign", ".")]:
        # Without quotes a dot may be part of the table's name; readers of the language differ.
        if [kind for kind, _ in (tokens[0], *rest[1:2])] != ["quoted", "quoted"]:
            raise ValueError("table and index are not both in quotes")
        names.append(_identifier(rest[1:2]))
        rest = rest[2:]
    if rest[:1] == [("sign", ".")]:
        raise ValueError("the table's name has more than two parts")
    return names, rest


def _identifier(tokens: list[_Token]) -> str:
    kind, text = tokens[0] if tokens else ("", "")
    name = text[1:-1] if kind == "quoted" else text
    if kind not in ("quoted", "word") or not _NAME.fullmatch(name):
        raise ValueError("the table is not named in plain")
    return name


def _check_end(verb: str, after: list[_Token]) -> None:
    """What may follow the table: no second table behind a comma, no alias with a nested path.

    Raises:
        ValueError: something else follows.
    """
    if not after:
        return
    kind, text = after[0]
    if kind != "word" or text.upper() not in _NEXT[verb]:
        raise ValueError("something else than the next clause follows the table")


READER = Reader(name="partiql", read=_read)
