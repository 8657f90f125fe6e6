"""Policies of AWS and of SAM that a role, user or group of the stack would get: only those that a sandbox may have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from sandgate.guard.templates.model import Place, Problem
from sandgate.guard.templates.sam_roles import SAM_POLICIES
from sandgate.guard.templates.values import Unknown, shown

__all__ = ["attached"]

_KEYS = ("ManagedPolicyArns", SAM_POLICIES)


def attached(
    properties: Mapping[str, Any], path: tuple[str, ...], place: Place
) -> tuple[dict[str, Any], list[Problem]]:
    """Look at the policies that are attached by name.

    Args:
        properties: resolved properties; documents taken out.
        path: where they stand.
        place: where the stack is.

    Returns:
        The properties with what is left to look at: ARNs of customers' policies and resources that SAM's templates
        name; and what must not be attached.
    """
    left, problems = dict(properties), []
    for key in _KEYS:
        if key not in properties:
            continue
        entries = properties[key] if isinstance(properties[key], list) else [properties[key]]
        kept = []
        for index, entry in enumerate(entries):
            why, rest = _attached(entry, place)
            if why:
                problems.append(
                    Problem(
                        code="managed_policy",
                        path=".".join((*path, key, str(index))),
                        value=shown(entry),
                        why=why,
                        remedy="write the permissions as a policy of the template, on resources of the sandbox",
                    )
                )
            kept += rest
        left[key] = kept
    return left, problems


def _attached(entry: object, place: Place) -> tuple[str, list[object]]:
    """Why an entry must not be attached, and what is left to look at."""
    if isinstance(entry, Mapping):
        return _template(entry)
    if isinstance(entry, Unknown):
        return f"the policy is not known before the stack exists: {entry.why}", []
    if not isinstance(entry, str):
        return "a policy must be named by a text", []
    prefix = f"arn:{place.partition}:iam::aws:policy/"
    if entry.startswith(prefix) or not entry.startswith(("arn:", "\ue000")):
        name = entry.removeprefix(prefix)
        allowed = any(name in {known, known.rpartition("/")[2]} for known in _data("managed_policies.json")["policies"])
        return ("" if allowed else "this policy of AWS reaches resources outside the sandbox"), []
    return "", [{"PolicyArn": entry}]


def _template(entry: Mapping[str, Any]) -> tuple[str, list[object]]:
    """A policy template of SAM; an empty mapping is a document that was taken out."""
    left: list[object] = []
    for name, parameters in entry.items():
        named = _data("sam_policies.json")["templates"].get(name)
        if named is None or not isinstance(parameters, Mapping):
            return "this policy template is not one that a sandbox may have", []
        left.append({key: parameters.get(key, Unknown(f"{name} names no {key}")) for key in named})
    return "", left


@cache
def _data(name: str) -> Mapping[str, Any]:
    text = resources.files("sandgate.guard.templates").joinpath("data", name).read_text(encoding="utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data
