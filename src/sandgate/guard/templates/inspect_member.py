"""One way a template could turn out, its conditions decided: every member is looked at in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandgate.guard.templates.definitions import substituted
from sandgate.guard.templates.documents import Findings, examine_document, take_documents
from sandgate.guard.templates.identities import attached
from sandgate.guard.templates.members import ResourceTable
from sandgate.guard.templates.model import Examined, Member, Place, Problem, Reference, Source
from sandgate.guard.templates.parameters import pseudo_values, stored_names
from sandgate.guard.templates.parts import NestedStacks, Parts, Stack
from sandgate.guard.templates.references import Named, aws_owned, named_in, reference_arn
from sandgate.guard.templates.requests import handler_requests
from sandgate.guard.templates.resolve import Resolver, function_in
from sandgate.guard.templates.types import notes, refused_types, rule_of, service_of
from sandgate.guard.templates.values import Unknown, marked, shown

__all__ = ["Inspection"]

_WRONG_NAME = frozenset("*?{}$ \t\r\n")
_REMEDY_NAME = "let the name begin with the stack's: !Sub ${AWS::StackName}-…"
_REMEDY_KNOWN = "write the value, or a parameter or resource of this template"
_NOT_THERE = "names what the template does not have"
_LOOKED_AT = frozenset({"Condition", "DependsOn", "Properties", "Type"})
"""Keys of a resource that hold no value, or one that is looked at by itself."""
_TRAFFIC = "CodeDeployLambdaAliasUpdate"


class Inspection:
    """Looks at the members of one template under one assignment of its conditions."""

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        resources: Mapping[str, Mapping[str, Any]],
        conditions: Mapping[str, bool],
        values: Mapping[str, object],
        stack: Stack,
        place: Place,
        sam: frozenset[str],
        known_action: Callable[[str], bool],
        parts: Parts,
    ) -> None:
        self._resources, self._outputs, self._conditions = resources, template.get("Outputs"), conditions
        self._place, self._known_action = place, known_action
        self._parts = parts
        self._table = ResourceTable(resources, stack_name=stack.name, place=place, sam=sam)
        self._table.samples.update(stack.samples)
        self._values = values
        declared = template.get("Parameters")
        self._stored = stored_names(
            declared if isinstance(declared, Mapping) else {}, stack.parameters, stack.unknown, stack.inherited
        )
        mappings = template.get("Mappings")
        self._resolver = Resolver(
            values={**values, **pseudo_values(stack.name, place)},
            mappings=mappings if isinstance(mappings, Mapping) else {},
            conditions=conditions,
            members=self._table,
            report=self._unresolved,
            dynamic=self._dynamic,
        )
        self._stacks = NestedStacks(
            resources, stack=stack, resolver=self._resolver, samples=self._table.samples, parts=parts
        )
        self._table.bind(self._resolver, self._stacks.output)
        self._members: list[Member] = []
        self._references: list[Reference] = []
        self._findings = Findings()
        self._needed: list[Source] = []

    def run(self) -> Examined:
        """Look at all of them."""
        self._given()
        for logical_id, item in self._resources.items():
            self._member(logical_id, item)
        outputs = self._resolver.resolve(self._outputs, ("Outputs",))
        nested = [self._stacks.examined(logical_id) for logical_id in self._resources if self._nested(logical_id)]
        return Examined(
            members=(*self._members, *(one for found in nested for one in found.members)),
            references=tuple(
                dict.fromkeys((*self._references, *(one for found in nested for one in found.references)))
            ),
            documents=(*self._findings.documents, *(one for found in nested for one in found.documents)),
            grantees=(*self._findings.grantees, *(one for found in nested for one in found.grantees)),
            problems=tuple(
                dict.fromkeys((*(one for found in nested for one in found.problems), *self._findings.problems))
            ),
            needed=tuple(dict.fromkeys((*self._needed, *(one for found in nested for one in found.needed)))),
            outputs=self._outputs_of(outputs),
            samples=dict(self._table.samples),
        )

    def _given(self) -> None:
        """Parameters that are read from Parameter Store, and dynamic references in others, whether used or not."""
        for name in self._values:
            self._resolver.resolve({"Ref": name}, ("Parameters", name))
        for name, value in self._stored.items():
            text = value if isinstance(value, Unknown) else str(value)
            named = text if isinstance(text, Unknown) or text.startswith("arn:") else text.partition(":")[0]
            self._refer(Named(path=("Parameters", name), value=named, kind="parameter"), name)

    def _nested(self, logical_id: str) -> bool:
        rule = self._table.rule(logical_id)
        return rule is not None and rule.nested

    def _outputs_of(self, outputs: object) -> dict[str, object]:
        """The value of each output that there is; anything but a text is nothing that a template above could use."""
        values: dict[str, object] = {}
        for name, output in outputs.items() if isinstance(outputs, Mapping) else ():
            value = output.get("Value") if isinstance(output, Mapping) else None
            condition = output.get("Condition") if isinstance(output, Mapping) else None
            if isinstance(output, Mapping) and self._conditions.get(str(condition), True):
                text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
                values[name] = text if isinstance(text, str | Unknown) else Unknown(f"the output {name} is no text")
        return values

    def _problem(self, code: str, path: tuple[str, ...], value: object, why: str, remedy: str) -> None:
        self._findings.problems.append(
            Problem(code=code, path=shown(".".join(path)), value=shown(value), why=why, remedy=remedy)
        )

    def _unresolved(self, path: tuple[str, ...], why: str, value: object) -> None:
        # An output names nothing that is made; AWS refuses one that refers to nothing.
        if not (path[0] == "Outputs" and why == _NOT_THERE):
            self._problem("unresolvable", path, value, why, _REMEDY_KNOWN)

    def _dynamic(self, path: tuple[str, ...], service: str, rest: str) -> None:
        """A dynamic reference reads a parameter or secret with the rights of the stack."""
        # Outputs that are one text have no logical id below them; CloudFormation refuses them, after we have looked.
        reader = path[1] if len(path) > 1 else path[0]
        if service in {"ssm", "ssm-secure"}:
            self._refer(Named(path=path, value=rest.partition(":")[0], kind="parameter"), reader)
        elif service == "secretsmanager":
            parts = rest.split(":")
            secret = ":".join(parts[:7]) if rest.startswith("arn:") else parts[0]
            self._refer(Named(path=path, value=secret, kind="secret"), reader)
        else:
            self._problem("unresolvable", path, service, "this dynamic reference is not known", _REMEDY_KNOWN)

    def _member(self, logical_id: str, item: Mapping[str, Any]) -> None:
        kind, here = item["Type"], ("Resources", logical_id)
        rule = rule_of(kind)
        if kind in refused_types():
            remedy = "make it outside the sandbox, or leave it out"
            self._problem("account_wide", (*here, "Type"), kind, f"the resource {refused_types()[kind]}", remedy)
        elif rule is None:
            why = "nothing is known of this type: neither how it is named nor what making it asks for"
            remedy = "install sandgate[cfn], which knows more types" if kind.startswith("AWS::") else "leave it out"
            self._problem("unknown_type", (*here, "Type"), kind, why, remedy)
        path, written = (*here, "Properties"), item.get("Properties") or {}
        properties = self._resolver.resolve(written, path)
        self._beside(item, here)
        # Whoever asks for the name of a member looks for it among the properties as they are written.
        if function_in(written) or not isinstance(properties, dict):
            why = "a function stands for all properties, so that none can be looked at"
            self._problem("unresolvable", path, written, why, "write the properties out; each may have a function")
            return
        if rule is None or kind in refused_types():
            return
        name, named_at = self._name(logical_id, path)
        before = len(self._references)
        self._look(kind, properties, path, logical_id)
        requests, may_need = handler_requests(
            kind,
            arn=name[1],
            member=".".join(here),
            references=[one.arn for one in self._references[before:]],
            known_action=self._known_action,
        )
        kept = any(item.get(key, "Delete") != "Delete" for key in ("DeletionPolicy", "UpdateReplacePolicy"))
        self._members.append(
            Member(
                logical_id=logical_id,
                type=kind,
                service=service_of(kind),
                name=name[0],
                arn=name[1],
                path=".".join(named_at),
                requests=requests,
                may_need=may_need,
                kept=kept,
            )
        )

    def _beside(self, item: Mapping[str, Any], here: tuple[str, ...]) -> None:
        """What a resource has beside its properties; the hooks of an update are functions that would be run."""
        beside = {key: self._resolver.resolve(item[key], (*here, key)) for key in item.keys() - _LOOKED_AT}
        policy = beside.get("UpdatePolicy", {})
        if not isinstance(policy, Mapping) or _TRAFFIC in policy:
            why = "an update would be left to an application of CodeDeploy and to functions that nobody looks at"
            self._problem("unresolvable", (*here, "UpdatePolicy"), _TRAFFIC, why, "leave it out")

    def _name(self, logical_id: str, path: tuple[str, ...]) -> tuple[tuple[str | None, str | None], tuple[str, ...]]:
        """Name and ARN of a member; what cannot be one is a problem."""
        rule = self._table.rule(logical_id)
        if rule is None or not rule.name:
            return (None, None), path[:2]
        at, name = (*path, rule.name), self._table.name(logical_id)
        arns = self._table.arns(logical_id)
        if isinstance(name, Unknown) or (arns and not isinstance(arns[0], str)):
            unknown = name if isinstance(name, Unknown) else arns[0]
            why = unknown.why if isinstance(unknown, Unknown) else "the name is no text"
            self._problem("unresolvable", at, unknown, why, _REMEDY_NAME)
            return (None, None), at
        if not isinstance(name, str) or _WRONG_NAME & set(name) or not name:
            self._problem("outside", at, name, "no resource can have this name", _REMEDY_NAME)
            return (None, None), at
        arn = self._table.sample(str(arns[0])) if arns else None
        generated = self._table.generated(logical_id)
        if generated and not rule.generated.startswith("{stack}"):
            why = "CloudFormation makes up a name for this type that does not begin with the stack's"
            self._problem("generated_outside", at, arn or "", why, _REMEDY_NAME)
        return (None if marked(name) else name, arn), at if not generated else path[:2]

    def _look(self, kind: str, properties: dict[str, Any], path: tuple[str, ...], logical_id: str) -> None:
        """Documents, attached policies, grants by property, and references of one member."""
        rest, documents = take_documents(self._whole(kind, properties, path), path)
        for at, document in documents if not notes("for_everybody", kind) else ():
            examine_document(document, at, table=self._table, place=self._place, findings=self._findings)
        assert isinstance(rest, dict)
        rest, problems = attached(rest, path, self._place)
        self._findings.problems += problems
        address = dict(notes("by_address", kind))
        opens_address = bool(address) and all(rest.get(key) == value for key, value in address.items())
        for key in notes("open", kind) if not opens_address else ():
            if key in rest and not self._may_use(rest[key]):
                why = "lets somebody outside the sandbox use a resource of the stack"
                self._problem("trust", (*path, key), rest[key], why, "name a service, or this account")
        for key, values in dict(notes("public", kind)).items():
            if isinstance(rest.get(key), Unknown) or str(rest.get(key)) in values:
                self._problem("trust", (*path, key), rest[key], "lets everybody in", "leave it out")
        for named in named_in(kind, rest, path):
            self._refer(named, logical_id)

    def _whole(self, kind: str, properties: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """Properties with the text of what lies elsewhere; a nested template is examined by itself."""
        whole = dict(properties)
        for key in notes("elsewhere", kind):
            if key not in whole:
                continue
            found = self._parts.read(whole.pop(key), ".".join((*path, key)))
            if isinstance(found, Examined):
                self._findings.problems += found.problems
                self._needed += found.needed
            else:
                whole[key] = found[1]
        if self._nested(path[1]):
            return {key: value for key, value in whole.items() if key not in {"Parameters", "TemplateURL"}}
        return substituted(whole)

    def _may_use(self, principal: object) -> bool:
        text = principal if isinstance(principal, str) else ""
        account = f"arn:{self._place.partition}:iam::{self._place.account}:"
        own = text == self._place.account or text.startswith(account) or self._table.owns(text)
        return own or text.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def _refer(self, named: Named, logical_id: str) -> None:
        """A reference to a member or to what is AWS's own needs no further look."""
        value = named.value
        if isinstance(value, Unknown):
            self._problem("unresolvable", named.path, value, value.why, _REMEDY_KNOWN)
            return
        arn = reference_arn(named.kind, value, self._place)
        if self._table.owns(value) or self._table.owns(arn) or aws_owned(named.kind, value, self._place):
            return
        self._references.append(
            Reference(
                path=shown(".".join(named.path)),
                value=shown(value),
                arn=self._table.sample(arn),
                member=logical_id,
            )
        )
