"""Packaging: what is uploaded, what the template says afterwards, and what is refused before any upload."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.errors import StackError
from sandgate.stacks.package import template_url
from sandgate.stacks.template import Template

SAM = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = SAM + "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.12\n"
CODE = "def handler(event, context): return {}\n"
Project = Callable[..., Template]
Pack = Callable[..., Template]


def test_a_function_without_codeuri_is_the_templates_folder(project: Project, pack: Pack, bucket: Any) -> None:
    template = project(
        FUNCTION + "      Handler: src/api/users.handler\n",
        {"src/api/users.py": CODE, ".env": "SECRET=1", ".venv/pyvenv.cfg": "", ".git/HEAD": "", ".sandgate/x": ""},
    )
    told: list[str] = []
    properties = pack(template, progress=told.append).resources["Fn"]["Properties"]
    (key,) = bucket.objects
    assert properties["CodeUri"] == {"Bucket": "artifacts", "Key": key}
    assert properties["Handler"] == "src/api/users.handler"
    assert bucket.names(key) == ["src/api/users.py", "template.yaml"]
    assert any(".env" in line for line in told)
    assert "CodeUri" not in template.resources["Fn"]["Properties"]


def test_unchanged_code_has_the_same_key_and_changed_code_another(project: Project, pack: Pack, bucket: Any) -> None:
    text = FUNCTION + "      Handler: app.handler\n      CodeUri: src\n"
    pack(project(text, {"src/app.py": CODE}))
    pack(project(text + "      Timeout: 9\n", {"src/app.py": CODE}))
    assert len(bucket.objects) == 1
    pack(project(text, {"src/app.py": CODE + "# changed\n"}))
    assert len(bucket.objects) == 2


def test_globals_reach_every_function_but_not_the_uploaded_template(project: Project, pack: Pack, bucket: Any) -> None:
    text = f"""{SAM}Globals:
  Function: {{Runtime: python3.12, CodeUri: src, Handler: app.handler}}
Resources:
  One: {{Type: AWS::Serverless::Function}}
  Two: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: other, Handler: other.handler}}}}
  Inline: {{Type: AWS::Serverless::Function, Properties: {{InlineCode: "x = 1", Handler: index.handler}}}}
"""
    packaged = pack(project(text, {"src/app.py": CODE, "other/other.py": CODE}))
    assert packaged.body["Globals"]["Function"] == {"Runtime": "python3.12", "Handler": "app.handler"}
    keys = [packaged.resources[name]["Properties"]["CodeUri"]["Key"] for name in ("One", "Two")]
    assert [bucket.names(key) for key in keys] == [["app.py"], ["other.py"]]
    assert packaged.resources["Inline"]["Properties"] == {"InlineCode": "x = 1", "Handler": "index.handler"}


def test_plain_lambda_resources_and_layers(project: Project, pack: Pack, bucket: Any) -> None:
    text = """Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: app.handler, Runtime: python3.12}}
  Layer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: layer}}
  SamLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
"""
    resources = pack(project(text, {"src/app.py": CODE, "layer/python/lib.py": "x = 1\n"})).resources
    assert set(resources["Fn"]["Properties"]["Code"]) == {"S3Bucket", "S3Key"}
    key = resources["Layer"]["Properties"]["Content"]["S3Key"]
    assert bucket.names(key) == ["python/lib.py"]
    assert resources["SamLayer"]["Properties"]["ContentUri"] == {"Bucket": "artifacts", "Key": key}


@pytest.mark.parametrize(
    "value",
    ["s3://bucket/key.zip", "https://s3.amazonaws.com/b/k", "{Bucket: b, Key: k}", "!Sub 's3://${B}/k'"],
)
def test_locations_elsewhere_stay(project: Project, pack: Pack, bucket: Any, value: str) -> None:
    template = project(FUNCTION + f"      Handler: app.handler\n      CodeUri: {value}\n")
    assert pack(template).body == template.body
    assert bucket.objects == {}


@pytest.mark.parametrize(
    "resource",
    [
        "{Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}, Handler: index.handler, Runtime: python3.12}}",
        "{Type: AWS::Lambda::Function, Properties: {Code: {ImageUri: 'x.dkr.ecr/y'}, PackageType: Image}}",
        "{Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: 'x.dkr.ecr/y'}}",
        "{Type: AWS::S3::Bucket}",
    ],
)
def test_nothing_local_nothing_packed(project: Project, pack: Pack, bucket: Any, resource: str) -> None:
    template = project(f"Resources:\n  R: {resource}\n")
    assert pack(template).body == template.body
    assert bucket.objects == {}


def test_a_folder_that_does_not_exist_names_file_resource_and_property(
    project: Project, pack: Pack, bucket: Any
) -> None:
    template = project(FUNCTION + "      Handler: app.handler\n      CodeUri: scr/\n", {"src/app.py": CODE})
    with pytest.raises(StackError, match="CodeUri 'scr/' names no folder") as caught:
        pack(template)
    assert caught.value.where == f"{template.path}:8: Resources.Fn.Properties.CodeUri"
    assert str(template.folder) in caught.value.hint
    assert bucket.objects == {}


@pytest.mark.parametrize(("value", "words"), [("app.py", "is a file"), ("''", "names no folder"), ("empty", "no file")])
def test_other_wrong_folders(project: Project, pack: Pack, value: str, words: str) -> None:
    template = project(FUNCTION + f"      Handler: app.handler\n      CodeUri: {value}\n", {"app.py": CODE})
    (template.folder / "empty").mkdir()
    with pytest.raises(StackError, match=words):
        pack(template)


def test_a_handler_without_its_module_is_refused_before_any_upload(project: Project, pack: Pack, bucket: Any) -> None:
    text = f"""{SAM}Globals: {{Function: {{Runtime: python3.12}}}}
Resources:
  Good: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: src, Handler: app.handler}}}}
  Bad: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: src, Handler: api.handler}}}}
"""
    with pytest.raises(StackError, match=r"'api\.handler' names api\.py") as caught:
        pack(project(text, {"src/app.py": CODE}))
    assert "Resources.Bad.Properties.Handler" in caught.value.where
    assert caught.value.hint == "did you mean app.py?"
    assert bucket.objects == {}


@pytest.mark.parametrize(
    ("layers", "passes"),
    [("[!Ref Local]", True), ("['arn:aws:lambda:eu-west-1:111122223333:layer:x:1']", True), ("[!Ref Other]", False)],
)
def test_a_handler_may_be_in_a_layer(project: Project, pack: Pack, layers: str, *, passes: bool) -> None:
    text = (
        FUNCTION
        + f"      Handler: wrapper.handler\n      CodeUri: src\n      Layers: {layers}\n"
        + "  Local: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n"
        + "  Other: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: other}}\n"
    )
    template = project(text, {"src/app.py": CODE, "layer/python/wrapper.py": CODE, "other/python/x.py": CODE})
    if passes:
        assert pack(template).resources["Fn"]["Properties"]["Layers"]
    else:
        with pytest.raises(StackError, match=r"names wrapper\.py"):
            pack(template)


def test_an_archive_is_uploaded_as_it_is(project: Project, pack: Pack, bucket: Any, tmp_path: Path) -> None:
    template = project(FUNCTION + "      Handler: app.handler\n      CodeUri: src\n", {"src/app.py": CODE})
    pack(template)
    (original,) = bucket.objects.values()
    (template.folder / "built.zip").write_bytes(original)
    zipped = project(FUNCTION + "      Handler: app.handler\n      CodeUri: built.zip\n")
    key = pack(zipped).resources["Fn"]["Properties"]["CodeUri"]["Key"]
    assert bucket.objects[key] == original
    (template.folder / "built.zip").write_bytes(b"not a zip")
    with pytest.raises(StackError, match="not a readable archive"):
        pack(zipped)


def test_documents_are_uploaded(project: Project, pack: Pack, bucket: Any) -> None:
    text = SAM + (
        "Resources:\n  Api: {Type: AWS::Serverless::Api, Properties: {StageName: x, DefinitionUri: api.yaml}}\n"
        "  Flow: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: flow.asl.json}}\n"
    )
    resources = pack(project(text, {"api.yaml": "openapi: 3.0.1\n", "flow.asl.json": "{}"})).resources
    key = resources["Api"]["Properties"]["DefinitionUri"]["Key"]
    assert bucket.objects[key] == b"openapi: 3.0.1\n"
    assert resources["Flow"]["Properties"]["DefinitionUri"]["Key"].endswith(".json")
    with pytest.raises(StackError, match=r"DefinitionUri 'api\.yml' is not a file"):
        pack(project(text.replace("api.yaml", "api.yml")))


def test_nested_templates_are_packaged_and_addressed(project: Project, pack: Pack, bucket: Any) -> None:
    inner = FUNCTION + "      Handler: app.handler\n      CodeUri: code\n"
    text = "Resources:\n  In: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner/template.yaml}}\n"
    template = project(text, {"inner/template.yaml": inner, "inner/code/app.py": CODE})
    url = pack(template, region="eu-west-1").resources["In"]["Properties"]["TemplateURL"]
    key = url.rpartition("/")[2]
    assert url == f"https://s3.eu-west-1.amazonaws.com/artifacts/{key}"
    body = json.loads(bucket.objects[key])
    assert body["Resources"]["Fn"]["Properties"]["CodeUri"]["Key"] in bucket.objects


def test_a_mistake_in_a_nested_template_shows_before_any_upload(project: Project, pack: Pack, bucket: Any) -> None:
    inner = FUNCTION + "      Handler: app.handler\n      CodeUri: nowhere\n"
    text = (
        FUNCTION
        + "      Handler: app.handler\n      CodeUri: code\n"
        + "  In: {Type: AWS::Serverless::Application, Properties: {Location: inner.yaml}}\n"
    )
    template = project(text, {"inner.yaml": inner, "code/app.py": CODE})
    with pytest.raises(StackError, match="'nowhere' names no folder") as caught:
        pack(template)
    assert "inner.yaml:8" in caught.value.where
    assert bucket.objects == {}


def test_a_template_that_nests_itself_ends(project: Project, pack: Pack) -> None:
    text = "Resources:\n  In: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}\n"
    with pytest.raises(StackError, match="nested more than"):
        pack(project(text))


def test_addresses_follow_the_partition() -> None:
    assert template_url("b", "k", "cn-north-1") == "https://s3.cn-north-1.amazonaws.com.cn/b/k"
    assert template_url("b", "k", "") == "https://s3.amazonaws.com/b/k"
