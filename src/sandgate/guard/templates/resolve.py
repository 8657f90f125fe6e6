"""Intrinsic functions, resolved as far as AWS and an emulator read them alike; everything else stays unknown.

Source: CloudFormation Template Reference, "Intrinsic function reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sandgate.guard.templates.values import NO_VALUE, Unknown, marked

__all__ = ["LONGEST", "Members", "Resolver", "function_in"]

LONGEST = 100_000
"""Characters of one text; a template that joins its way beyond is not resolved further."""
_ALL = 8_000_000
_PAIR, _TRIPLE = 2, 3
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_BARE = re.compile(r"\$(\$|[A-Za-z_][A-Za-z0-9_]*)")
_OWN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GAP = "\0"
_HALF = re.compile(rf"\{{{_GAP}*\{{|\{{{_GAP}|{_GAP}\{{|resolve:")
_NO_VALUES = "readers differ in what becomes of a list when entries without a value are taken out"
_INDEX = re.compile(r"0|[1-9][0-9]{0,3}")
_DYNAMIC = re.compile(r"\{\{resolve:([a-z-]+):([^{}]*)\}\}")


def function_in(node: object) -> str:
    """The first key of a mapping that is a function; empty where a value is none."""
    keys = node if isinstance(node, Mapping) else ()
    return next((key for key in keys if isinstance(key, str) and (key == "Ref" or key.startswith("Fn::"))), "")


class _Shortened(list[object]):
    """A list that has lost entries without a value: readers differ in whether the others move up."""


class Members(Protocol):
    """What the resolver asks about the resources of the template."""

    def has(self, logical_id: str) -> bool:
        """Whether the stack would have it."""

    def value(self, logical_id: str, attribute: str) -> object:
        """What `Ref` (no attribute) or `Fn::GetAtt` gives: text, mark, or `Unknown`."""


class Resolver:
    """Resolves values of one template under one assignment of its conditions.

    Args:
        values: parameters and pseudo parameters.
        mappings: the section of the template.
        conditions: the value of each condition.
        members: the resources.
        report: told of each function that nobody can resolve before the stack exists: path and why.
        dynamic: told of each dynamic reference: path, service, and what follows it.
    """

    def __init__(
        self,
        *,
        values: Mapping[str, object],
        mappings: Mapping[str, Any],
        conditions: Mapping[str, bool],
        members: Members,
        report: Callable[[tuple[str, ...], str, object], None],
        dynamic: Callable[[tuple[str, ...], str, str], None],
    ) -> None:
        self._values, self._mappings, self._conditions = values, mappings, conditions
        self._members, self._report, self._dynamic = members, report, dynamic
        self._budget = _ALL

    def resolve(self, node: object, path: tuple[str, ...]) -> object:
        """A value with its functions resolved: texts, numbers, lists, mappings, `Unknown` or `NO_VALUE`."""
        if isinstance(node, list):
            parts = [self.resolve(part, (*path, str(index))) for index, part in enumerate(node)]
            kept = [part for part in parts if part is not NO_VALUE]
            return kept if len(kept) == len(parts) else _Shortened(kept)
        value = self._mapping(node, path) if isinstance(node, Mapping) else node
        # What a function gives can hold a text that nobody has looked at: that of a parameter, or one cut and joined.
        if isinstance(value, list) and function_in(node):
            return type(value)(self._text(part, path) if isinstance(part, str) else part for part in value)
        return self._text(value, path) if isinstance(value, str) else value

    def _mapping(self, node: Mapping[Any, Any], path: tuple[str, ...]) -> object:
        function_name = function_in(node)
        if not function_name:
            members = {str(key): self.resolve(part, (*path, str(key))) for key, part in node.items()}
            return {key: part for key, part in members.items() if part is not NO_VALUE}
        if len(node) > 1:
            return self._fail(path, f"{function_name} stands beside other keys", node)
        function = _FUNCTIONS.get(function_name)
        if function is None:
            return self._fail(path, f"{function_name} is not known before the stack exists", node[function_name])
        return function(self, node[function_name], path)

    def _fail(self, path: tuple[str, ...], why: str, value: object) -> Unknown:
        self._report(path, why, value)
        return Unknown(why)

    def _text(self, text: str, path: tuple[str, ...]) -> str | Unknown:
        self._budget -= len(text)
        if self._budget < 0 or len(text) > LONGEST:
            return self._fail(path, "functions join texts beyond any template's size", text[:60])
        if "{{resolve:" not in text:
            return text
        for found in _DYNAMIC.finditer(text):
            self._dynamic(path, found[1], found[2])
        if "{{resolve:" in _DYNAMIC.sub("", text):
            return self._fail(path, "malformed dynamic reference", text)
        return Unknown("a dynamic reference is read when the stack is made")

    def _ref(self, name: object, path: tuple[str, ...]) -> object:
        if not isinstance(name, str):
            return self._fail(path, "Ref names no text", name)
        if name in self._values:
            return self._values[name]
        return self._attribute(name, "", path)

    def _attribute(self, logical_id: str, attribute: str, path: tuple[str, ...]) -> object:
        if not self._members.has(logical_id):
            return self._fail(path, "names what the template does not have", logical_id)
        return self._members.value(logical_id, attribute)

    def _get_att(self, arguments: object, path: tuple[str, ...]) -> object:
        if isinstance(arguments, str):
            arguments = arguments.split(".", 1)
        if not isinstance(arguments, list) or len(arguments) != _PAIR:
            return self._fail(path, "Fn::GetAtt needs a resource and an attribute", arguments)
        logical_id, attribute = arguments
        if not isinstance(logical_id, str) or not isinstance(attribute, str) or not attribute:
            return self._fail(path, "Fn::GetAtt needs a resource and an attribute, both texts", arguments)
        return self._attribute(logical_id, attribute, path)

    def _sub(self, arguments: object, path: tuple[str, ...]) -> object:
        template, given = arguments, {}
        if isinstance(arguments, list) and len(arguments) == _PAIR:
            template, given = arguments
        if not isinstance(template, str) or not isinstance(given, Mapping):
            return self._fail(path, "Fn::Sub needs a text and a mapping", arguments)
        own = {name: self.resolve(part, (*path, str(name))) for name, part in given.items()}
        bare = (found[1] for found in _BARE.finditer(template)) if own else ()
        if any(name == "$" or name in own for name in bare) or not all(_OWN_NAME.fullmatch(name) for name in own):
            return self._fail(path, "readers differ in what Fn::Sub makes of a dollar sign or name in it", template)
        parts: list[object] = []
        end = 0
        for found in _VARIABLE.finditer(template):
            value = self._variable(found[1], own, path)
            if isinstance(value, str) and ("${" in value or value.endswith("$")) and found[1][0] != "!":
                return self._fail(path, "Fn::Sub puts in a variable, which some readers look up once more", value)
            parts += [template[end : found.start()], value]
            end = found.end()
        return self._join("", [*parts, template[end:]], path)

    def _variable(self, name: str, own: Mapping[str, object], path: tuple[str, ...]) -> object:
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name in own:
            return own[name]
        if name in self._values:
            return self._values[name]
        logical_id, _, attribute = name.partition(".")
        return self._attribute(logical_id, attribute, path)

    def _join_of(self, arguments: object, path: tuple[str, ...]) -> object:
        if not isinstance(arguments, list) or len(arguments) != _PAIR or not isinstance(arguments[0], str):
            return self._fail(path, "Fn::Join needs a text and a list", arguments)
        parts = self.resolve(arguments[1], path)
        return self._join(arguments[0], parts, path) if isinstance(parts, list) else _unlisted(parts)

    def _join(self, delimiter: str, parts: Sequence[object], path: tuple[str, ...]) -> object:
        # The text of a boolean or a fraction differs between readers.
        if any(isinstance(part, bool | float) or not isinstance(part, str | int | Unknown) for part in parts):
            return self._fail(path, "text is joined from what is not a text", "")
        texts = [_GAP if isinstance(part, Unknown) else str(part) for part in parts]
        if sum(map(len, texts)) + len(delimiter) * len(texts) > LONGEST:
            return self._fail(path, "functions join texts beyond any template's size", "")
        joined = delimiter.join(texts)
        shortened = Unknown(_NO_VALUES) if isinstance(parts, _Shortened) else None
        unknown = next((part for part in parts if isinstance(part, Unknown)), shortened)
        if unknown is None:
            return joined
        if _HALF.search(joined):
            return self._fail(path, "a dynamic reference is joined from what is not known", joined.replace(_GAP, "…"))
        # A name may stand beside what none is made of.
        return Unknown(unknown.why)

    def _select(self, arguments: object, path: tuple[str, ...]) -> object:
        if not isinstance(arguments, list) or len(arguments) != _PAIR:
            return self._fail(path, "Fn::Select needs an index and a list", arguments)
        index, parts = self.resolve(arguments[0], path), self.resolve(arguments[1], path)
        if not isinstance(parts, list):
            return _unlisted(parts)
        if isinstance(parts, _Shortened):
            return self._fail(path, _NO_VALUES, "")
        if isinstance(index, bool) or not _INDEX.fullmatch(str(index)) or int(str(index)) >= len(parts):
            return self._fail(path, "Fn::Select has no such entry", index)
        return parts[int(str(index))]

    def _split(self, arguments: object, path: tuple[str, ...]) -> object:
        if not isinstance(arguments, list) or len(arguments) != _PAIR or not isinstance(arguments[0], str):
            return self._fail(path, "Fn::Split needs a text and a value", arguments)
        text = self.resolve(arguments[1], path)
        if not isinstance(text, str) or not arguments[0]:
            return text if isinstance(text, Unknown) else Unknown("Fn::Split needs texts")
        # A mark that is cut is no mark; what it stood for may hold the delimiter as well.
        if not marked(text):
            return text.split(arguments[0])
        cut = "a value of a member is split"
        return self._fail(path, cut, text) if "{" in text else Unknown(cut)

    def _if(self, arguments: object, path: tuple[str, ...]) -> object:
        if not isinstance(arguments, list) or len(arguments) != _TRIPLE:
            return self._fail(path, "Fn::If needs a condition and two values", arguments)
        name = arguments[0]
        if not isinstance(name, str) or name not in self._conditions:
            return self._fail(path, "Fn::If names no condition of the template", name)
        chosen = 1 if self._conditions[name] else 2
        return self.resolve(arguments[chosen], (*path, "Fn::If", str(chosen)))

    def _find_in_map(self, arguments: object, path: tuple[str, ...]) -> object:
        if not isinstance(arguments, list) or len(arguments) != _TRIPLE:
            return self._fail(path, "Fn::FindInMap needs a map and two keys", arguments)
        found: object = self._mappings
        for argument in arguments:
            key = self.resolve(argument, path)
            if isinstance(key, bool) or not isinstance(key, str | int) or not isinstance(found, Mapping):
                return self._fail(path, "Fn::FindInMap has keys that are not known", key)
            found = found.get(str(key))
        if found is None or isinstance(found, Mapping):
            return self._fail(path, "Fn::FindInMap finds no text", arguments)
        return self.resolve(found, path)

    def _opaque(self, arguments: object, path: tuple[str, ...]) -> object:
        """Functions whose result no name is made of; their arguments are read all the same."""
        self.resolve(arguments, path)
        return Unknown("an encoded text, or what differs by account", harmless=True)


def _unlisted(value: object) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown("what must be a list is none")


_FUNCTIONS: Mapping[str, Callable[[Resolver, object, tuple[str, ...]], object]] = {
    "Ref": Resolver._ref,  # noqa: SLF001 - the table of the class's own methods
    "Fn::Base64": Resolver._opaque,  # noqa: SLF001
    "Fn::Cidr": Resolver._opaque,  # noqa: SLF001
    "Fn::FindInMap": Resolver._find_in_map,  # noqa: SLF001
    "Fn::GetAZs": Resolver._opaque,  # noqa: SLF001
    "Fn::GetAtt": Resolver._get_att,  # noqa: SLF001
    "Fn::If": Resolver._if,  # noqa: SLF001
    "Fn::Join": Resolver._join_of,  # noqa: SLF001
    "Fn::Select": Resolver._select,  # noqa: SLF001
    "Fn::Split": Resolver._split,  # noqa: SLF001
    "Fn::Sub": Resolver._sub,  # noqa: SLF001
}
