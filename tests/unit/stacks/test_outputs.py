"""Outputs by whatever deployed, with errors that name file and key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.errors import StackError
from sandgate.stacks.outputs import from_cdk, from_source, from_ssm, from_terraform, pick


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_cdk_outputs(tmp_path: Path) -> None:
    path = write(tmp_path / "cdk-outputs.json", {"One": {"Url": "https://x"}, "Two": {"Table": "t"}})
    assert from_cdk(path, "Two") == {"Table": "t"}
    with pytest.raises(StackError, match="no stack 'Tow'") as caught:
        from_cdk(path, "Tow")
    assert "'Two'" in caught.value.hint
    with pytest.raises(StackError, match="2 stacks, so name one"):
        from_cdk(path)
    assert from_cdk(write(path, {"One": {"Url": "u"}})) == {"Url": "u"}


@pytest.mark.parametrize(
    ("content", "where", "words"),
    [
        ("{", ":1:2", "not JSON"),
        ([], "", "expected an object, found list"),
        ({"One": []}, ": One", "expected an object, found list"),
        ({"One": {"A": {"b": 1}}}, ": One.A", "expected text, found dict"),
    ],
)
def test_cdk_files_that_are_none(tmp_path: Path, content: object, where: str, words: str) -> None:
    path = write(tmp_path / "o.json", content)
    with pytest.raises(StackError, match=words) as caught:
        from_cdk(path)
    assert caught.value.where == f"{path}{where}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot be read: No such file"):
        from_cdk(tmp_path / "gone.json")
    (tmp_path / "latin.json").write_bytes(b"\xe9")
    with pytest.raises(StackError, match="not UTF-8"):
        from_terraform(tmp_path / "latin.json")


def test_terraform_outputs(tmp_path: Path) -> None:
    values = {
        "url": {"sensitive": False, "type": "string", "value": "https://x"},
        "count": {"value": 3},
        "flag": {"value": True},
        "subnets": {"value": ["a", "b"]},
    }
    expected = {"url": "https://x", "count": "3", "flag": "true", "subnets": '["a", "b"]'}
    assert from_terraform(json.dumps(values)) == expected
    assert from_terraform(write(tmp_path / "tf.json", values)) == expected
    with pytest.raises(StackError, match="has no value") as caught:
        from_terraform(json.dumps({"url": "https://x"}))
    assert caught.value.where == "terraform output -json: url"
    with pytest.raises(StackError, match="not JSON"):
        from_terraform("No outputs found", where="the pipe")


class Ssm:
    class exceptions:  # noqa: N801 - botocore's spelling
        ClientError = ClientError

    def __init__(self, **values: str) -> None:
        self._values = values

    def __call__(self, service: str) -> Ssm:
        assert service == "ssm"
        return self

    def get_parameter(self, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert WithDecryption
        if Name not in self._values:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": ""}}, "GetParameter")
        return {"Parameter": {"Value": self._values[Name]}}

    def get_paginator(self, operation: str) -> Ssm:
        assert operation == "get_parameters_by_path"
        return self

    def paginate(self, Path: str, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        found = [{"Name": name, "Value": value} for name, value in self._values.items() if name.startswith(Path)]
        yield from ({"Parameters": [item]} for item in found)


def test_parameter_store() -> None:
    ssm = Ssm(**{"/test/app": '{"Url": "u", "N": 1}', "/test/url": "https://x", "/test/deep/a": "1"})
    assert from_ssm(ssm, "/test/app") == {"Url": "u", "N": "1"}
    assert from_ssm(ssm, "/test/url") == {"url": "https://x"}
    assert from_ssm(ssm, "/test/deep/") == {"a": "1"}
    for name in ("/test/gone", "/test/gone/"):
        with pytest.raises(StackError) as caught:
            from_ssm(ssm, name)
        assert caught.value.where == f"ssm {name}"
    with pytest.raises(StackError, match="not JSON"):
        from_ssm(Ssm(x="{broken"), "x")


def test_one_output_by_name() -> None:
    assert pick({"Url": "u"}, "Url", where="stack x") == "u"
    with pytest.raises(StackError, match="no output 'Ulr'") as caught:
        pick({"Url": "u"}, "Ulr", where="stack x")
    assert (caught.value.where, "'Url'" in caught.value.hint) == ("stack x", True)
    with pytest.raises(StackError) as caught:
        pick({}, "Url", where="stack x")
    assert caught.value.hint == "there are: none"


def test_a_source_is_told_by_its_form(tmp_path: Path) -> None:
    ssm = Ssm(**{"/test/url": "https://x"})
    write(tmp_path / "tf.json", {"url": {"sensitive": False, "value": "tf"}})
    write(tmp_path / "one.json", {"Whatever": {"Url": "only"}})
    write(tmp_path / "two.json", {"test-x": {"Url": "mine"}, "other": {}})
    sources = ("ssm:/test/url", "tf.json", "one.json", "two.json")
    found = [from_source(ssm, source, stack="test-x", root=tmp_path) for source in sources]
    assert found == [{"url": "https://x"}, {"url": "tf"}, {"Url": "only"}, {"Url": "mine"}]
    write(tmp_path / "two.json", {"a": {}, "b": {}})
    with pytest.raises(StackError, match="no stack 'test-x'"):
        from_source(ssm, "two.json", stack="test-x", root=tmp_path)
