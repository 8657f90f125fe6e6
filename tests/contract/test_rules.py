"""Every rule through a real gate: it refuses natively and says rule, value, source and remedy, and the remedy helps."""

from __future__ import annotations

import ast
import io
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sandgate
from sandgate.cli.main import run
from sandgate.core.rules import NOTHING, heading, is_option
from sandgate.gate.rules import all_rules
from sandgate.reports.refusals import refusals_of
from sandgate.reports.summary import refusal_lines
from sandgate.wire.limits import LIMITS

PARTS = ("rule", "value", "source", "remedy")
TEXT = (
    r"sandgate refused this call by rule (?P<rule>\S+); value: (?P<value>.+?); from: (?P<source>.+?); "
    r"to allow it(?:, in \[tool\.sandgate\])?: (?P<remedy>.+)"
)
REAL_RUNS = {"no-endpoint", "not-on-aws", "not-shared", "second-account", "unmapped-operation"}
"""Rules with tests of their own, since their remedies are for the composition root."""
NATIVE = {"AccessDenied", "AccessDeniedException"}
OWN = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Tables", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/test-*"},
        {
            "Sid": "Never",
            "Effect": "Deny",
            "Action": "dynamodb:PutItem",
            "Resource": "arn:aws:dynamodb:*:*:table/test-x",
        },
    ],
}


_asked: dict[int, Any] = {}
"""What was said to each case: every test of it looks at the same answer."""


def coded() -> set[str]:
    """Every rule that a refusal in the source names as text; those of `ci/` decide whether jobs run, not calls."""
    found: set[str] = set()
    source = Path(sandgate.__file__).parent
    for path in set(source.rglob("*.py")) - set((source / "ci").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case (
                    ast.keyword(arg="rule", value=ast.Constant(value=str(code)))
                    | ast.Assign(targets=[ast.Name(id="rule")], value=ast.Constant(value=str(code)))
                ):
                    found.add(code)
                case ast.FunctionDef(name="_rule"):
                    tuples = (each for each in ast.walk(node) if isinstance(each, ast.Tuple) and each.elts)
                    firsts = (each.elts[0] for each in tuples)
                    found |= {
                        each.value for each in firsts if isinstance(each, ast.Constant) and isinstance(each.value, str)
                    }
    return found - {""}


def refused(world: Any, case: Any) -> tuple[Any, Any]:
    """The answer to a call that must not pass, and what is said of it: in the answer's text, and in the event."""
    (world.folder / "own.json").write_text(json.dumps(OWN))
    world.write(case.config)
    if id(case) not in _asked:
        _asked[id(case)] = world.perform(case)
    result = _asked[id(case)]
    assert list(result.visits) == []
    said = re.fullmatch(TEXT, result.text)
    if case.full:  # then no event can be written either
        assert said is not None
        return result, said.groupdict()
    (event,) = result.refused
    assert said is None or said.groupdict() == {part: event[part] for part in PARTS}
    return result, event


def test_every_rule_in_the_source_is_registered() -> None:
    assert coded() <= set(all_rules())
    assert {"outside-run", "unknown-key", "stack-template", "unmapped-operation"} <= coded()


def test_every_registered_rule_refuses_something_here(cases: Any) -> None:
    assert {case.rule for case in cases} | REAL_RUNS == set(all_rules())


def test_rules_say_what_they_are() -> None:
    for rule in all_rules().values():
        assert rule.text.endswith(".")
        assert rule.remedy.endswith(".")
        assert rule.final == rule.remedy.startswith("nothing"), rule


def test_a_refusal_is_native_and_whole(case: Any, world: Any) -> None:
    result, event = refused(world, case)
    assert event["rule"] == case.rule, event
    assert result.code in ({case.code} if case.code else NATIVE), result
    assert all(event[part] for part in PARTS), event
    if case.code not in {"", *LIMITS}:
        assert event["source"] in result.text  # AWS's own error, as AWS says it
        return
    assert re.fullmatch(TEXT, result.text), result.text
    assert f"; {heading(event['remedy'])}: " in result.text


def test_the_remedy_is_taken_at_its_word(case: Any, world: Any, obeyed: Callable[..., Any]) -> None:
    _, event = refused(world, case)
    assert re.fullmatch(case.remedy, event["remedy"]), event
    assert event["remedy"].startswith(NOTHING) == all_rules()[case.rule].final
    result = world.perform(obeyed(world, case, event["remedy"]))
    assert list(result.refused) == [], result.refused
    assert len(result.visits) == 1


def test_the_summary_can_be_copied(case: Any, world: Any) -> None:
    _, event = refused(world, case)
    lines = list(refusal_lines(refusals_of([event]), "fail"))
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []
    at = next((number for number, line in enumerate(lines) if line.strip() == f"{heading(event['remedy'])}:"), None)
    assert (at is not None) == is_option(event["remedy"])
    if at is not None:
        inner = [line for line in lines[at + 1 :] if line.startswith(" " * 13)]
        assert tomllib.loads("\n".join(inner)) == tomllib.loads(event["remedy"])


def test_policy_explain_says_the_same(
    judged: Any, world: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = judged
    _, event = refused(world, case)
    region = case.http.get("region", "eu-west-1")
    world.write(f'region = "eu-west-1"\n{case.config}')
    members = json.loads(case.http["body"]) if case.http else case.members
    monkeypatch.chdir(world.folder)
    typed = ["--params", json.dumps(members), "--namespace", "k3x9q2", "--call-region", region, "--json"]
    assert run(["policy", "explain", case.call, *typed], stderr=io.StringIO()) == 1
    said = json.loads(capsys.readouterr().out)
    assert {part: said[part] for part in ("rule", "value", "remedy")} == {
        part: event[part] for part in ("rule", "value", "remedy")
    }
    assert said["source"].partition(", ")[0] == event["source"].partition(", ")[0]
