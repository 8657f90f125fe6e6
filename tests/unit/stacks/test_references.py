"""A template that refers to what it does not have is refused on every tier, as AWS would."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.errors import StackError
from sandgate.stacks.references import check_references
from sandgate.stacks.template import load_template, parse_template

BASE = """Parameters: {Stage: {Type: String, Default: x}}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Other:
    Type: AWS::SQS::Queue
    Properties:
"""
SAM = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn: {Type: AWS::Serverless::Function}\n"


@pytest.mark.parametrize(
    "line",
    [
        "QueueName: !Ref Stage",
        "QueueName: !Ref AWS::StackName",
        "QueueName: !GetAtt Queue.Arn",
        "QueueName: {Fn::GetAtt: Queue.Arn}",
        "QueueName: !Sub '${Queue}-${Stage}-${AWS::Region}-${Queue.Arn}-${!Literal}'",
        "QueueName: !Sub ['${Own}-${Queue}', {Own: !Ref Stage}]",
        "QueueName: !If [Prod, a, !Ref AWS::NoValue]",
        "QueueName: !Sub ['${A.B}', {A.B: x}]",
    ],
)
def test_what_is_there_passes(line: str) -> None:
    check_references(parse_template(f"{BASE}      {line}\n", Path("t.yaml")))


@pytest.mark.parametrize(
    ("line", "name", "hint"),
    [
        ("QueueName: !Ref Queeu", "Queeu", "Queue"),
        ("QueueName: !GetAtt Stage.Arn", "Stage", ""),
        ("QueueName: !Sub '${Stag}-x'", "Stag", "Stage"),
        ("QueueName: !Sub '${Queu.Arn}'", "Queu", "Queue"),
        ("QueueName: !Sub ['${Own}', {Other: x, Own2: !Ref Gone}]", "Own", ""),
        ("QueueName: !If [Prd, a, b]", "Prd", "Prod"),
        ("Tags: [{Key: a, Value: !Join ['', [!Ref Gone]]}]", "Gone", ""),
        ("QueueName: !Ref AWS::Regoin", "AWS::Regoin", ""),
    ],
)
def test_what_is_not_there_is_named_with_its_place(line: str, name: str, hint: str) -> None:
    with pytest.raises(StackError, match=f"refers to '{name}'") as caught:
        check_references(parse_template(f"{BASE}      {line}\n", Path("t.yaml")))
    assert caught.value.where.startswith("t.yaml:8: Resources.Other.Properties.")
    assert not hint or repr(hint) in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  A: {Type: T, DependsOn: B}\n",
        "Resources:\n  A: {Type: T, DependsOn: [A, B]}\n",
        "Resources:\n  A: {Type: T, Condition: B}\n",
        "Resources:\n  A: {Type: T}\nOutputs:\n  O: {Value: !Ref B}\n",
        "Resources:\n  A: {Type: T}\nOutputs:\n  O: {Condition: B, Value: x}\n",
    ],
)
def test_every_place_is_looked_at(text: str) -> None:
    with pytest.raises(StackError, match="refers to 'B'"):
        check_references(parse_template(text, Path("t.yaml")))


@pytest.mark.parametrize("name", ["FnRole", "Fn.Version", "ServerlessRestApi", "ServerlessRestApiProdStage", "Fn"])
def test_what_sam_makes_passes(name: str) -> None:
    check_references(parse_template(f"{SAM}Outputs: {{O: {{Value: !Ref {name}}}}}\n", Path("t.yaml")))
    with pytest.raises(StackError, match="refers to 'Gone'"):
        check_references(parse_template(f"{SAM}Outputs: {{O: {{Value: !Ref Gone}}}}\n", Path("t.yaml")))


def test_what_a_macro_makes_is_not_known() -> None:
    text = "Transform: [AWS::LanguageExtensions]\nResources: {A: {Type: T, DependsOn: B}}\n"
    check_references(parse_template(text, Path("t.yaml")))


def test_the_examples_refer_to_what_they_have(checkout: Path) -> None:
    templates = list((checkout / "examples").glob("*/template.yaml"))
    assert templates
    for path in templates:
        check_references(load_template(path))
