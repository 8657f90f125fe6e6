"""Packaging: local code that a template names becomes zips in a bucket, and the template points there.

Everything that can be wrong is found before the first upload.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandgate.errors import StackError
from sandgate.stacks.archive import file_hash
from sandgate.stacks.artifacts import Artifact, Settings, members, stays
from sandgate.stacks.bounded import with_boundary
from sandgate.stacks.build import BuildTarget
from sandgate.stacks.code import code_artifacts, function_globals
from sandgate.stacks.model import Notice, Upload, silent
from sandgate.stacks.template import Template, load_template

__all__ = ["package", "template_key", "template_url"]

_DOCUMENTS: Mapping[str, str] = {
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
    "AWS::StepFunctions::StateMachine": "DefinitionS3Location",
    "AWS::ApiGateway::RestApi": "BodyS3Location",
    "AWS::ApiGatewayV2::Api": "BodyS3Location",
}
"""Type to the property that names one file."""
_TEMPLATES: Mapping[str, str] = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    "AWS::Serverless::Application": "Location",
}
_MAX_NESTING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A template whose local paths have all been found to be right."""

    template: Template
    artifacts: tuple[Artifact, ...]


def package(
    template: Template,
    *,
    root: Path,
    upload: Upload,
    cache_dir: Path,
    target: BuildTarget,
    region: str = "",
    boundary: str = "",
    progress: Notice = silent,
) -> Template:
    """Upload the local code of a template and point the template at it.

    Args:
        template: the template as read.
        root: the folder that relative paths start from; normally `template.folder`.
        upload: puts a file under a key unless it is there; keys are content hashes.
        cache_dir: keeps zips and installed requirements between runs.
        target: where functions will run, for wheels.
        region: of the bucket, for the addresses of nested templates.
        boundary: ARN of the permissions boundary of roles and users that name none; empty for none.
        progress: told what is packed, installed and left out.

    Returns:
        A template without local paths. S3 locations, images, inline code and functions of functions stay as they are.

    Raises:
        StackError: a path names nothing, a handler's module is not in its package, or requirements do not install.
    """
    settings = Settings(
        root=root,
        upload=upload,
        cache_dir=cache_dir,
        target=target,
        region=region,
        boundary=boundary,
        progress=progress,
    )
    return _carry_out(_plan(template, settings), settings)


def template_url(bucket: str, key: str, region: str) -> str:
    """The address that CloudFormation fetches a template from."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"s3.{region}.{suffix}" if region else f"s3.{suffix}"
    return f"https://{host}/{bucket}/{key}"


def template_key(text: str) -> str:
    """The key of a template by its content."""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.template"


def _plan(template: Template, settings: Settings) -> _Plan:
    artifacts = (*code_artifacts(template, settings), *_documents(template, settings))
    return _Plan(template=template, artifacts=artifacts)


def _carry_out(plan: _Plan, settings: Settings) -> Template:
    body: dict[str, Any] = copy.deepcopy(dict(plan.template.body))
    defaults = function_globals(body)
    if not stays(defaults.get("CodeUri")):
        del defaults["CodeUri"]  # each function has its own from now on
    for artifact in plan.artifacts:
        settings.progress(f"packing {artifact.logical_id}: {artifact.what}")
        key, content = artifact.make()
        resource = body["Resources"][artifact.logical_id]
        resource["Properties"] = {
            **(resource.get("Properties") or {}),
            artifact.member: artifact.shape(*settings.upload(content, key)),
        }
    return with_boundary(replace(plan.template, body=body), settings.boundary)


def _documents(template: Template, settings: Settings) -> Iterator[Artifact]:
    for logical_id, resource in template.resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        name = _DOCUMENTS.get(str(kind)) or _TEMPLATES.get(str(kind))
        value = (resource.get("Properties") or {}).get(name) if name else None
        if name is None or stays(value):
            continue
        path = settings.root / str(value)
        where = template.where("Resources", logical_id, "Properties", name)
        if not path.is_file():
            hint = f"paths start from {settings.root.absolute()}"
            raise StackError(f"{name} {value!r} is not a file", where=where, hint=hint)
        if kind in _TEMPLATES:
            yield _nested(logical_id, name, path, where, settings)
        else:
            yield _document(logical_id, name, path)


def _document(logical_id: str, name: str, path: Path) -> Artifact:
    return Artifact(
        logical_id=logical_id,
        member=name,
        what=str(path),
        make=lambda: (f"{file_hash(path)[:32]}{path.suffix}", path),
        shape=members("Bucket", "Key"),
    )


def _nested(logical_id: str, name: str, path: Path, where: str, settings: Settings) -> Artifact:
    """A template in a template: planned now, so that its mistakes show now; packaged when its turn comes."""
    if settings.depth >= _MAX_NESTING:
        raise StackError(f"templates are nested more than {_MAX_NESTING} deep", where=where)
    inner_settings = replace(settings, root=path.parent, depth=settings.depth + 1)
    plan = _plan(load_template(path), inner_settings)

    def make() -> tuple[str, bytes]:
        text = _carry_out(plan, inner_settings).dumps()
        return template_key(text), text.encode()

    return Artifact(
        logical_id=logical_id,
        member=name,
        what=str(path),
        make=make,
        shape=lambda bucket, key: template_url(bucket, key, settings.region),
    )
