"""Reading templates: short forms, what must stay text, and mistakes with their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.errors import StackError
from sandgate.stacks.template import load_template, parse_template

HEAD = "Resources:\n  A:\n    Type: AWS::X::Y\n    Properties:\n      P: "


def read(value: str) -> Any:
    return parse_template(HEAD + value + "\n", Path("t.yaml")).resources["A"]["Properties"]["P"]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("!Ref Q", {"Ref": "Q"}),
        ("!Sub '${A}-x'", {"Fn::Sub": "${A}-x"}),
        ("!Sub ['${a}', {a: !Ref B}]", {"Fn::Sub": ["${a}", {"a": {"Ref": "B"}}]}),
        ("!GetAtt Q.Arn", {"Fn::GetAtt": ["Q", "Arn"]}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Q, Arn]", {"Fn::GetAtt": ["Q", "Arn"]}),
        ("!Join ['-', [a, !Ref B]]", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
        ("!If [Prod, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["Prod", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Not [!Condition Prod]", {"Fn::Not": [{"Condition": "Prod"}]}),
        ("!Select [0, !GetAZs '']", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ("!Base64 {'Fn::Sub': x}", {"Fn::Base64": {"Fn::Sub": "x"}}),
        ("!FindInMap [M, !Ref 'AWS::Region', k]", {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}),
        ("!ImportValue x", {"Fn::ImportValue": "x"}),
        ("!Transform {Name: 'AWS::Include', Parameters: {Location: s3://b/k}}",
         {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}),
    ],
)  # fmt: skip
def test_short_forms_become_long(text: str, meaning: object) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("2012-10-17", "2012-10-17"),
        ("000000000000", "000000000000"),
        ("0123", "0123"),
        ("111122223333", 111122223333),
        ("22:22", "22:22"),
        ("1.10", "1.10"),
        ("1.5", 1.5),
        ("-7", -7),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("yes", True),
        ("off", False),
        ("'yes'", "yes"),
        ("~", None),
        ("=", "="),
    ],
)
def test_scalars_stay_as_written(text: str, meaning: object) -> None:
    value = read(text)
    assert (value, type(value)) == (meaning, type(meaning))


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=12))
def test_a_quoted_value_is_that_text(text: str) -> None:
    assert read(json.dumps(text)) == text


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_a_number_can_be_written_back(number: int) -> None:
    assert read(str(number)) == number


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("{111122223333: a, on: b, 2012-10-17: c}") == {"111122223333": "a", "on": "b", "2012-10-17": "c"}


def test_anchors_and_merges_are_expanded() -> None:
    text = f"{HEAD}&base {{x: 1, y: 2}}\n  B:\n    Type: T\n    Properties: {{<<: *base, y: 3}}\n"
    template = parse_template(text, Path("t.yaml"))
    assert template.resources["B"]["Properties"] == {"x": 1, "y": 3}
    assert json.loads(template.dumps()) == template.body


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("Resources:\n  A:\n  - b\n c: [\n", "4:2", "did not find expected key"),
        ("Resources:\n\tA: b\n", "2:1", "cannot start any token"),
        ("Resources: !Foo x\n", "1:12", "unknown tag !Foo"),
        ("Resources:\n  A: {Type: T}\n  A: {Type: T}\n", "3:3", "'A' appears twice"),
        ("a: !!python/object/apply:os.system [ls]\n", "1:4", "not supported"),
        ("a: !!binary aGk=\n", "1:4", "not supported"),
        ("a: &x\n  b: *x\n", "1:4", "alias of itself"),
        ("a: {? [x] : 2}\n", "1:7", "plain name"),
        ("a: \x07\n", "1:4", "not allowed in YAML"),
        ("---\na: 1\n---\nb: 2\n", "3:1", "another document"),
        ("[" * 50_000, "1:101", "nested deeper"),
        ("a: *nowhere\n", "1:4", "undefined alias"),
    ],
)
def test_a_syntax_error_has_line_and_column(text: str, place: str, words: str) -> None:
    with pytest.raises(StackError) as caught:
        parse_template(text, Path("t.yaml"))
    assert words in caught.value.message
    assert caught.value.where == f"t.yaml:{place}"


def test_a_small_file_cannot_stand_for_a_huge_one() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]" for n in range(9)]
    with pytest.raises(StackError, match="aliases are expanded"):
        parse_template("\n".join(lines), Path("t.yaml"))


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ('{"Resources": {"A" 1}}', "t.json:1:20", "':' delimiter"),
        ('{"Resources": {"A": 1, "A": 2}}', "t.json", "'A' appears twice"),
        ('{"Resources": NaN}', "t.json:1:1", "NaN"),
        ('{"a":' * 50_000, "t.json:1:1", "nested"),
        ("[1]", "t.json", "a list"),
    ],
)
def test_json_mistakes(text: str, where: str, words: str) -> None:
    with pytest.raises(StackError, match=words) as caught:
        parse_template(text, Path("t.json"))
    assert caught.value.where == where


def test_json_is_read_whatever_its_name() -> None:
    assert parse_template('{"Resources":\t{"A": {"Type": "T"}}}', Path("x.template")).resources["A"]["Type"] == "T"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("just text", "a str"),
        ("Parameters: {}\n", "no Resources"),
        ("Resources: {}\n", "no Resources"),
        ("Resources: {A: {Properties: {}}}\n", "no Type"),
        ("Resources: {A: {Type: T, Properties: [1]}}\n", "must be a mapping"),
    ],
)
def test_what_is_no_template_says_so(text: str, words: str) -> None:
    with pytest.raises(StackError, match=words):
        parse_template(text, Path("t.yaml"))


@pytest.mark.parametrize("value", ["[X]", "foo", "5", "''", "[]", "0", "~"])
@pytest.mark.parametrize(
    "place",
    [
        "Parameters", "Parameters.X", "Outputs", "Outputs.X", "Conditions", "Conditions.X", "Mappings", "Mappings.X",
        "Mappings.X.Y", "Rules", "Metadata", "Globals", "Globals.Function", "Resources.A.Properties",
        "Resources.A.Metadata", "Resources.A.UpdatePolicy", "Outputs.X.Export",
    ],
)  # fmt: skip
def test_what_must_be_a_mapping_is_one(place: str, value: str) -> None:
    _refused(place, value, f"{place.rpartition('.')[2]} must be a mapping")


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("Parameters.X.AllowedValues", "5", "AllowedValues must be a list"),
        ("Parameters.X.AllowedValues", "{a: b}", "AllowedValues must be a list"),
        ("Parameters.X.Type", "[String]", "Type must be text"),
        ("Parameters.X.Default", "[a]", "Default must be one plain value"),
        ("Parameters.X.Default", "~", "Default must be one plain value"),
        ("Description", "[a]", "Description must be one plain value"),
        ("Resources.A.DependsOn", "~", "DependsOn must be a name or a list of names"),
        ("Resources.A.DependsOn", "5", "DependsOn must be a name or a list of names"),
        ("Resources.A.DependsOn", "{B: C}", "DependsOn must be a name or a list of names"),
        ("Resources.A.DependsOn", "[5]", "DependsOn must be a name or a list of names"),
        ("Resources.A.DependsOn", "[~]", "DependsOn must be a name or a list of names"),
        ("Resources.A.Condition", "5", "Condition must be text"),
        ("Outputs.X.Condition", "~", "Condition must be text"),
    ],
)
def test_what_must_have_another_shape_has_it(place: str, value: str, words: str) -> None:
    _refused(place, value, words)


def _refused(place: str, value: str, words: str) -> None:
    """The member is one error, with its line, and with a hint where nothing stands there."""
    *outer, name = place.split(".")
    lines = ["Resources:", " A:", "  Type: T"]
    if outer[:1] != ["Resources"]:
        lines += [f"{' ' * depth}{key}:" for depth, key in enumerate(outer)]
    lines.append(f"{' ' * len(outer)}{name}: {value}")
    with pytest.raises(StackError, match=words) as caught:
        parse_template("\n".join(lines), Path("t.yaml"))
    assert caught.value.where == f"t.yaml:{len(lines)}: {place}"
    assert bool(caught.value.hint) == (value == "~")


def test_what_functions_make_may_have_any_shape() -> None:
    text = (
        "Parameters: {P: {Type: Number, Default: 5, AllowedValues: [5]}}\n"
        "Mappings: {Fn::Transform: [x], M: {Fn::Transform: x, k: {a: 1}}}\n"
        "Conditions: {Fn::ForEach::C: [a, [b], {}], D: !Equals [a, b]}\n"
        "Resources:\n  Fn::ForEach::R: [a, [b], {}]\n  A: {Type: T, DependsOn: [B, C], Condition: D}\n"
        "  B: {Type: T, DependsOn: A, Properties: {}, Metadata: {a: b}}\n"
        "Outputs: {Fn::ForEach::O: [a, [b], {}], P: {Value: 1, Condition: D, Export: {Name: x}}}\n"
    )
    assert set(parse_template(text, Path("t.yaml")).resources) == {"Fn::ForEach::R", "A", "B"}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("x")
    with pytest.raises(StackError, match="does not exist") as caught:
        load_template(tmp_path / "template.yaml")
    assert "other.yaml" in caught.value.hint
    with pytest.raises(StackError, match="folder"):
        load_template(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(StackError, match=r"not UTF-8 text \(byte 3\)"):
        load_template(tmp_path / "latin.yaml")
    with (tmp_path / "big.yaml").open("wb") as stream:
        stream.truncate(9 * 1024 * 1024)
    with pytest.raises(StackError, match="too large"):
        load_template(tmp_path / "big.yaml")


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"\xef\xbb\xbfResources: {A: {Type: T}}\n")
    assert load_template(path).resources["A"]["Type"] == "T"


def test_places_name_file_line_and_key() -> None:
    template = parse_template(HEAD + "x\n", Path("t.yaml"))
    assert template.where("Resources", "A", "Properties", "P") == "t.yaml:5: Resources.A.Properties.P"
    assert template.where("Resources", "A", "Properties", "CodeUri") == "t.yaml:4: Resources.A.Properties.CodeUri"
    assert template.where("Outputs") == "t.yaml: Outputs"


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        ("AWS::Serverless-2016-10-31", ("AWS::Serverless-2016-10-31",)),
        ("[A, {Name: B}]", ("A", "B")),
        ("{Name: C}", ("C",)),
        ("[]", ()),
        ("~", ()),
    ],
)
def test_transforms_are_known_by_name(declared: str, names: tuple[str, ...]) -> None:
    text = f"Transform: {declared}\nResources: {{A: {{Type: T}}}}\n"
    assert parse_template(text, Path("t.yaml")).transforms == names
