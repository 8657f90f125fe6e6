"""Calls that rules refuse, and what a person does who reads the remedy and takes it at its word."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["REMEDIES", "Case", "World", "load_cases", "obeyed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A call, and the rule that refuses it."""

    rule: str
    call: str
    """`dynamodb.PutItem`."""
    members: Mapping[str, Any] = field(default_factory=dict)
    config: str = ""
    remedy: str
    """Regular expression that the remedy is, as a whole."""
    kind: str = "identity"
    """Who signs."""
    http: Mapping[str, Any] = field(default_factory=dict)
    """A request below any SDK, in place of `members`."""
    protocol: str = "json"
    """Of that request."""
    mended: Mapping[str, Any] = field(default_factory=dict)
    """Members, or parts of the request, as somebody writes them who was told what is wrong."""
    first: Mapping[str, Any] = field(default_factory=dict)
    """A call that the remedy asks for, with its members."""
    shared: bool = False
    """Whether the upstream is not the run's alone."""
    full: bool = False
    """Whether the disk is full."""
    code: str = ""
    """Error code, where it is not that of a refusal."""

    @property
    def title(self) -> str:
        """Id of the test."""
        return f"{self.rule}-{self.call}"


@cache
def load_cases() -> tuple[Case, ...]:
    """The calls of `refused.yaml`."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return tuple(Case(**entry) for entry in yaml.safe_load(text))


class World:
    """A project's folder, whose configuration every new run reads.

    Args:
        folder: of the project.
        gates: the module with `Gate`.
        models: of botocore.
    """

    def __init__(self, folder: Path, gates: Any, models: Any) -> None:
        self.folder = folder
        self._gates = gates
        self._models = models
        self._runs: list[Any] = []

    def write(self, config: str) -> None:
        """The configuration."""
        (self.folder / "pyproject.toml").write_text(f"[tool.sandgate]\n{config}\n", encoding="utf-8")

    def perform(self, case: Case) -> Any:
        """What a new run says to the call."""
        run = self.folder / f"run{len(self._runs)}"
        run.mkdir()
        gate = self._gates.Gate(run, self._models, "shared" if case.shared else "written", {})
        self._runs.append(gate)
        if case.full:
            gate.log.failed = "no space left on device"
        for call, members in case.first.items():
            assert self._call(gate, call, members, "identity").status == 200
        if case.http:
            request = {"kind": case.kind, **case.http}
            return gate.http(gate.raw(**request), case.protocol)
        return self._call(gate, case.call, case.members, case.kind)

    @staticmethod
    def _call(gate: Any, call: str, members: Mapping[str, Any], kind: str) -> Any:
        service, _, operation = call.partition(".")
        return gate.call(service, operation, dict(members), kind=kind)

    def close(self) -> None:
        """End every run."""
        for gate in self._runs:
            gate.close()


# -- what the remedies say to do --------------------------------------------------------------------------------------


def _option(world: World, case: Case, found: re.Match[str]) -> Case:
    """A line of configuration takes the place of the option's old one."""
    line, option = found[0], found[1]
    assert set(tomllib.loads(line)) == {option}
    kept = re.sub(r"(?ms)^\[\[tool\.sandgate\.allow\]\].*", "", case.config) if option == "allow" else case.config
    kept = "\n".join(each for each in kept.splitlines() if not each.startswith(f"{option} = "))
    config = f"{line}\n{kept}"
    world.write(config)
    return dataclasses.replace(case, config=config)


def _name(_world: World, case: Case, found: re.Match[str]) -> Case:
    member = next(iter(case.members))
    return dataclasses.replace(case, members={**case.members, member: found[1]})


def _statement(world: World, case: Case, found: re.Match[str]) -> Case:
    path = world.folder / found[2]
    document = json.loads(path.read_text())
    document["Statement"] = [each for each in document["Statement"] if each["Sid"] != found[1]]
    path.write_text(json.dumps(document))
    return case


def _mended(_world: World, case: Case, _found: re.Match[str]) -> Case:
    """Whoever reads it changes what it names; what to is theirs."""
    assert case.mended
    if case.http:
        return dataclasses.replace(case, http={**case.http, **case.mended})
    members = {name: value for name, value in {**case.members, **case.mended}.items() if value is not None}
    return dataclasses.replace(case, members=members)


def _key(_world: World, case: Case, _found: re.Match[str]) -> Case:
    return dataclasses.replace(case, kind="identity", http={**case.http, **case.mended})


def _first(_world: World, case: Case, _found: re.Match[str]) -> Case:
    assert case.mended
    return dataclasses.replace(case, first=case.mended)


def _room(_world: World, case: Case, _found: re.Match[str]) -> Case:
    return dataclasses.replace(case, full=False)


REMEDIES: Sequence[tuple[str, Callable[[World, Case, re.Match[str]], Case]]] = (
    (r"([a-z_]+) = \S.*", _option),
    (r"name it (\S+)", _name),
    (r"remove (\S+) from (\S+)", _statement),
    (r"give \S+ as (?:one plain name or a whole ARN|an? .+)", _mended),
    (r"let \S+ name this account, a service, or narrow it by aws:SourceAccount", _mended),
    (r"give \S+ a valid policy document", _mended),
    (r"change .+ so that it says in plain what it works on, inside the sandbox", _mended),
    (r"let the name begin with the stack's.*|name (?:resources|one) .*|refer to a resource of this stack.*", _mended),
    (r"pass it as TemplateBody, or put it into a bucket of the sandbox|let the stack create it", _mended),
    (r"use the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that .*", _key),
    (r"let the SDK sign with the run key that .*", _key),
    (r"create or describe it in this run first, with the run key", _first),
    (r"make room or mend the permissions of \.sandgate/, then start a new run", _room),
    (r"a request as AWS takes it; the error says what was wrong", _mended),
    (r"a newer botocore beside sandgate, if the operation is new: .*", _mended),
    (r"sign with SigV4 over HTTP/1\.1, .*", _mended),
    (r"a higher body_limit in \[tool\.sandgate\], or less in one call", _mended),
    (r"nothing does; call the AWS API instead", _mended),
    (r"nothing does; the gate alone uses this table, and tests use tables of their own", _mended),
)
"""What a remedy looks like, and what is done then."""


def obeyed(world: World, case: Case, remedy: str) -> Case:
    """The call once the remedy was taken at its word.

    Raises:
        AssertionError: the remedy says none of the things that anybody here could do, or more than one.
    """
    found = [(match, act) for pattern, act in REMEDIES if (match := re.fullmatch(pattern, remedy))]
    assert len(found) == 1, remedy
    ((match, act),) = found
    return act(world, case, match)
