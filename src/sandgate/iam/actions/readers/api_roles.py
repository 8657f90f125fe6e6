"""`api-roles`: the roles that an OpenAPI document has API Gateway assume.

Source: API Gateway Developer Guide, "OpenAPI extensions": `credentials` of `x-amazon-apigateway-integration`,
`authorizerCredentials` of `x-amazon-apigateway-authorizer`. `arn:aws:iam::*:user/*` passes the caller on, no role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandgate.errors import SandgateError
from sandgate.iam.actions.readers._model import Reader
from sandgate.templates.reading import read_text

__all__ = ["READER"]

_EXTENSION = "x-amazon-apigateway-"
_HOLDS_ROLE = frozenset({"credentials", "authorizercredentials"})
_CALLER = "arn:aws:iam::*:user/*"


def _read(value: object) -> Iterator[Mapping[str, object]]:
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        raise ValueError("the API's document is not UTF-8") from None
    if not isinstance(text, str):
        raise ValueError("the API's document is not text")  # noqa: TRY004 - the one error of readers
    try:
        held, _ = read_text(text.removeprefix("\ufeff"), where="body")
    except SandgateError as error:
        raise ValueError(f"the API's document cannot be read: {error}") from None
    yield from ({"Role": role} for role in _roles(held, within=False))


def _roles(node: object, *, within: bool) -> Iterator[str]:
    """Every role below a node.

    Args:
        node: part of the document.
        within: whether an extension of API Gateway holds it.

    Raises:
        ValueError: an extension refers to what is none, or has a role that is no text.
    """
    if isinstance(node, list):
        for entry in node:
            yield from _roles(entry, within=within)
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        name = str(key).lower()
        if within and name == "$ref" and _EXTENSION not in str(value).lower():
            raise ValueError("an extension of API Gateway refers to another part of the document")
        if within and name in _HOLDS_ROLE and value is not None:
            if not isinstance(value, str):
                raise ValueError(f"{key} is not the text of a role's ARN")
            if value not in ("", _CALLER):
                yield value
            continue
        yield from _roles(value, within=within or name.startswith(_EXTENSION))


READER = Reader(name="api-roles", read=_read)
