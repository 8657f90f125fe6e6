"""The resources of a template as each other's values: names, ARNs, and marks for what is made up later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandgate.guard.templates.model import Place
from sandgate.guard.templates.resolve import Resolver
from sandgate.guard.templates.types import TypeRule, rule_of
from sandgate.guard.templates.values import INNER, NO_VALUE, RANDOM, Unknown, mark, substitute

__all__ = ["ResourceTable", "arn_of"]

_PROPERTY = re.compile(r"\{([A-Z][A-Za-z]*):([^}]*)\}")
_OWN_VALUE = re.compile("\ue000([^\ue001]*)\ue001(?:[/:]|$)")
_BELOW = re.compile(r"[/:]")
_NO_RULE = TypeRule()
_OUTPUT = "Outputs."
_FIRST = re.compile(f"[.{INNER}]")
_SAM_REFERENCES = frozenset({"Alias", "Deployment", "Stage", "Version"})
"""`Ref: Function.Version`: what SAM makes of a resource. Source: AWS SAM Developer Guide, "Referencing generated"."""
_ARBITRARY = "the value could be any: that of a custom resource, an unknown type, or one that is not a name"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resource:
    properties: Mapping[str, Any]
    rule: TypeRule | None


class ResourceTable:
    """The resources that the stack would have; give it the resolver with `bind` before asking for values."""

    def __init__(
        self,
        resources: Mapping[str, Mapping[str, Any]],
        *,
        stack_name: str,
        place: Place,
        sam: frozenset[str] = frozenset(),
    ) -> None:
        self._stack, self._place, self._sam = stack_name, place, sam
        self._resources = {
            logical_id: _Resource(properties=item.get("Properties") or {}, rule=rule_of(str(item["Type"])))
            for logical_id, item in resources.items()
        }
        self._resolver: Resolver | None = None
        self._output: Callable[[str, str], object] = lambda _stack, _name: Unknown(_ARBITRARY)
        self._names: dict[str, object] = {}
        self._opened: set[str] = set()
        self._own_arns: frozenset[str] | None = None
        self.samples: dict[str, str] = {}
        """A possible text for each mark that stands for a name."""
        for logical_id, resource in self._resources.items():
            self.samples[mark(logical_id)] = self._generated(logical_id, resource.rule or _NO_RULE)

    def bind(self, resolver: Resolver, output: Callable[[str, str], object]) -> None:
        """The resolver that reads properties of members, and what knows an output of a nested stack by both names."""
        self._resolver, self._output = resolver, output

    def has(self, logical_id: str) -> bool:
        """Whether the stack would have it."""
        base, _, made = logical_id.partition(".")
        return logical_id in self._resources or (base in self._sam and made in _SAM_REFERENCES)

    def value(self, logical_id: str, attribute: str) -> object:
        """What `Ref` (no attribute) or `Fn::GetAtt` gives."""
        if logical_id not in self._resources:
            return mark(logical_id)
        resource = self._resources[logical_id]
        rule = resource.rule
        if rule is None or (rule.local and attribute) or (rule.chosen and not attribute):
            return Unknown(_ARBITRARY)
        if not attribute:
            if rule.ref_property:
                value = self._property(logical_id, rule.ref_property)
                return Unknown(_ARBITRARY) if value is NO_VALUE else value
            if rule.ref == "name":
                return self.name(logical_id)
            return self.arns(logical_id)[0] if rule.ref == "arn" and rule.arn else mark(logical_id)
        return self._attribute(logical_id, attribute, resource, rule)

    def _attribute(self, logical_id: str, attribute: str, resource: _Resource, rule: TypeRule) -> object:
        if rule.nested and attribute.startswith(_OUTPUT):
            return self._output(logical_id, attribute.removeprefix(_OUTPUT))
        if attribute == rule.name:
            return self.name(logical_id)
        form = rule.attributes.get(attribute) or (rule.arn[0] if attribute == "Arn" and rule.arn else "")
        if form:
            return self._form(form, logical_id)
        if attribute in resource.properties and attribute not in rule.read_only:
            return self._property(logical_id, attribute)
        return mark(logical_id, attribute) if attribute in rule.read_only else Unknown(_ARBITRARY)

    def rule(self, logical_id: str) -> TypeRule | None:
        """What is known of its type."""
        return self._resources[logical_id].rule

    def name(self, logical_id: str) -> object:
        """The physical name: a text, a mark where it is made up, or `Unknown`."""
        rule = self.rule(logical_id)
        if rule is None or not rule.name:
            return mark(logical_id)
        if logical_id not in self._names:
            value = self._property(logical_id, rule.name)
            self._names[logical_id] = mark(logical_id) if value in (NO_VALUE, None) else value
        return self._names[logical_id]

    def arns(self, logical_id: str) -> tuple[object, ...]:
        """Every form of its ARN: a text with marks, or `Unknown`; none for types that have no ARN."""
        rule = self._resources[logical_id].rule
        return tuple(self._form(form, logical_id) for form in rule.arn) if rule else ()

    def owns(self, text: str) -> bool:
        """Whether a text is a value of a member, its ARN, or what lies below it (an index, an object, a version)."""
        found = _OWN_VALUE.match(text)
        if found and (found[1].startswith(INNER) or _FIRST.split(found[1], maxsplit=1)[0] in self._resources):
            return True
        if self._own_arns is None:
            self._own_arns = frozenset(
                arn for logical_id in self._resources for arn in self.arns(logical_id) if isinstance(arn, str)
            )
        return text in self._own_arns or any(text[: cut.start()] in self._own_arns for cut in _BELOW.finditer(text))

    def sample(self, text: str) -> str:
        """A text as it could be once the stack exists."""
        return substitute(text, self.samples)

    def generated(self, logical_id: str) -> bool:
        """Whether CloudFormation makes up its name."""
        return self.name(logical_id) == mark(logical_id)

    def _property(self, logical_id: str, name: str) -> object:
        """A property of a member; a member that is named after itself has no name."""
        assert self._resolver is not None
        properties = self._resources[logical_id].properties
        if name not in properties:
            return NO_VALUE
        if logical_id in self._opened:
            return Unknown("members are named after each other in a circle")
        self._opened.add(logical_id)
        try:
            return self._resolver.resolve(properties[name], ("Resources", logical_id, "Properties", name))
        finally:
            self._opened.discard(logical_id)

    def _form(self, form: str, logical_id: str) -> object:
        parts: dict[str, object] = {"name": self.name(logical_id), "id": mark(logical_id)}
        for found in _PROPERTY.finditer(form):
            value = self._property(logical_id, found[1])
            parts[found[1]] = found[2] if value is NO_VALUE else value
        for value in parts.values():
            if isinstance(value, Unknown) or not isinstance(value, str):
                return value if isinstance(value, Unknown) else Unknown("a name that is no text")
        return arn_of(_PROPERTY.sub(r"{\1}", form), self._place, {key: str(value) for key, value in parts.items()})

    def _generated(self, logical_id: str, rule: TypeRule) -> str:
        text = rule.generated.format(stack=self._stack, logical=logical_id, random=RANDOM)
        if not rule.name:
            return RANDOM
        return text.lower() if rule.lower else text


def arn_of(form: str, place: Place, parts: Mapping[str, str]) -> str:
    """An ARN from its form.

    Args:
        form: text after the partition, with `{region}`, `{account}` and names of `parts`; `{slash}` stands for a slash
            unless the name begins with one, `{key}` for a key by id or alias.
        place: where the stack is.
        parts: values by name.
    """
    named = parts.get("name", parts.get("value", ""))
    text = form.replace("{region}", place.region).replace("{account}", place.account)
    text = text.replace("{slash}", "" if named.startswith("/") else "/")
    text = text.replace("{key}", named if named.startswith("alias/") else f"key/{named}")
    for key, value in parts.items():
        text = text.replace(f"{{{key}}}", value)
    return f"arn:{place.partition}:{text}"
