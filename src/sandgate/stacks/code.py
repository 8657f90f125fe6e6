"""The code of functions and layers: found, built, checked, and made ready to zip."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandgate.errors import StackError
from sandgate.stacks.archive import content_hash, file_hash, write_zip
from sandgate.stacks.artifacts import Artifact, Settings, members, stays
from sandgate.stacks.build import has_requirements, install_requirements
from sandgate.stacks.files import select
from sandgate.stacks.handlers import missing_module, suggestion
from sandgate.stacks.template import Template

__all__ = ["code_artifacts", "function_globals"]

_FUNCTION = "AWS::Serverless::Function"
_PROPERTIES: Mapping[str, tuple[str, str, str]] = {
    _FUNCTION: ("CodeUri", "Bucket", "Key"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "Bucket", "Key"),
    "AWS::Lambda::Function": ("Code", "S3Bucket", "S3Key"),
    "AWS::Lambda::LayerVersion": ("Content", "S3Bucket", "S3Key"),
}
"""Type to the property that names a folder, and the members of the location that replaces it."""
_ARCHIVES = frozenset({".zip", ".jar", ".war"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """A function or layer of a template whose code is local."""

    template: Template
    logical_id: str
    resource: Mapping[str, Any]
    properties: Mapping[str, Any]
    """Those of the resource over those of `Globals`."""
    path: str

    @property
    def member(self) -> str:
        """The property that names the folder."""
        return _PROPERTIES[self.resource["Type"]][0]

    @property
    def is_layer(self) -> bool:
        return str(self.resource["Type"]).endswith("LayerVersion")

    @property
    def runtime(self) -> str:
        """Of a layer: what its `BuildMethod` says."""
        if self.is_layer:
            return str((self.resource.get("Metadata") or {}).get("BuildMethod", ""))
        return str(self.properties.get("Runtime", ""))

    @property
    def architecture(self) -> str:
        listed = self.properties.get("Architectures") or self.properties.get("CompatibleArchitectures")
        first = listed[0] if isinstance(listed, list) and listed else listed
        return first if isinstance(first, str) else "x86_64"

    @property
    def is_built(self) -> bool:
        """Whether requirements are installed: not where the user says no, nor in what `sam build` has built."""
        skip = str((self.resource.get("Metadata") or {}).get("SkipBuild", "")).lower() == "true"
        return not skip and ".aws-sam" not in self.template.path.absolute().parts and self.runtime.startswith("python")

    def where(self, name: str = "") -> str:
        return self.template.where("Resources", self.logical_id, "Properties", name or self.member)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """What goes into a package; `archive` is set when it is one already."""

    folder: Path
    files: Mapping[str, Path]
    archive: Path | None = None


def function_globals(body: Mapping[str, Any]) -> dict[str, Any]:
    """`Globals.Function` of a SAM template, the very object."""
    section = body.get("Globals")
    defaults = section.get("Function") if isinstance(section, dict) else None
    return defaults if isinstance(defaults, dict) else {}


def code_artifacts(template: Template, settings: Settings) -> list[Artifact]:
    """The packages of a template; each folder is read and built once.

    Raises:
        StackError: a path names nothing, requirements do not install, or a handler's module is not there.
    """
    units = _units(template)
    read: dict[tuple[str, str, str, bool], _Code] = {}
    codes: dict[str, _Code] = {}
    for unit in units:
        key = (unit.path, unit.runtime, unit.architecture, unit.is_built)
        if key not in read:
            read[key] = _read(unit, settings)
        codes[unit.logical_id] = read[key]
    for unit in units:
        _check_handler(unit, codes)
    return [_artifact(unit, codes[unit.logical_id], settings) for unit in units]


def _units(template: Template) -> list[_Unit]:
    defaults = function_globals(template.body)
    found = []
    for logical_id, resource in template.resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if not isinstance(kind, str) or kind not in _PROPERTIES:
            continue
        own = resource.get("Properties") or {}
        properties = {**defaults, **own} if kind == _FUNCTION else own
        path = _path(kind, own, properties)
        if path is not None:
            unit = _Unit(template=template, logical_id=logical_id, resource=resource, properties=properties, path=path)
            found.append(unit)
    return found


def _path(kind: str, own: Mapping[str, Any], properties: Mapping[str, Any]) -> str | None:
    """Where the code is, or None where there is nothing to package; SAM's default is the template's folder."""
    elsewhere = "InlineCode" in own or "ImageUri" in own or properties.get("PackageType") == "Image"
    if kind == _FUNCTION and elsewhere:
        return None
    value = properties.get(_PROPERTIES[kind][0])
    if value is None and kind == _FUNCTION:
        return "."
    return None if stays(value) else str(value)


def _read(unit: _Unit, settings: Settings) -> _Code:
    place = settings.root / unit.path
    if place.is_file() and place.suffix.lower() in _ARCHIVES:
        return _Code(folder=place.parent, files=_names_in(place, unit), archive=place)
    if not unit.path.strip() or not place.is_dir():
        problem = "is a file, not a folder" if unit.path.strip() and place.exists() else "names no folder"
        hint = f"paths start from {settings.root.absolute()}"
        raise StackError(f"{unit.member} {unit.path!r} {problem}", where=unit.where(), hint=hint)
    selection = select(place)
    if selection.secrets:
        settings.progress(f"leaving out {', '.join(selection.secrets)}: secrets are never packaged")
    files = _with_requirements(unit, place, selection.files, settings) if unit.is_built else selection.files
    if not files:
        raise StackError(f"{unit.member} {unit.path!r} holds no file to package", where=unit.where())
    return _Code(folder=place, files=files)


def _names_in(place: Path, unit: _Unit) -> Mapping[str, Path]:
    try:
        with zipfile.ZipFile(place) as archive:
            return dict.fromkeys(archive.namelist(), place)
    except (OSError, zipfile.BadZipFile) as error:
        raise StackError(f"{place.name} is not a readable archive: {error}", where=unit.where()) from None


def _with_requirements(unit: _Unit, place: Path, files: Mapping[str, Path], settings: Settings) -> Mapping[str, Path]:
    """The files over the installed requirements: own code wins over a package of the same name."""
    requirements = place / "requirements.txt"
    installed: Mapping[str, Path] = {}
    if has_requirements(requirements):
        folder = install_requirements(
            requirements,
            runtime=unit.runtime,
            architecture=unit.architecture,
            target=settings.target,
            cache_dir=settings.cache_dir,
            progress=settings.progress,
        )
        installed = select(folder).files
    merged = {**installed, **files}
    # Where Lambda looks for a layer's Python packages.
    return {f"python/{name}": path for name, path in merged.items()} if unit.is_layer else merged


def _check_handler(unit: _Unit, codes: Mapping[str, _Code]) -> None:
    handler, runtime = unit.properties.get("Handler"), unit.properties.get("Runtime")
    if unit.is_layer or not isinstance(handler, str) or not isinstance(runtime, str):
        return
    code = codes[unit.logical_id]
    missing = missing_module(handler, runtime, code.files)
    if not missing or _may_be_in_layer(missing, unit.properties.get("Layers"), codes):
        return
    raise StackError(
        f"Handler {handler!r} names {missing}, which is not in {code.folder}",
        where=unit.where("Handler"),
        hint=suggestion(missing, code.files),
    )


def _may_be_in_layer(missing: str, layers: object, codes: Mapping[str, _Code]) -> bool:
    """Whether a layer holds the module, or one that cannot be looked into might."""
    for layer in layers if isinstance(layers, list) else []:
        local = codes.get(str(layer.get("Ref"))) if isinstance(layer, dict) else None
        if local is None or any(name.endswith(f"/{missing}") for name in local.files):
            return True
    return False


def _artifact(unit: _Unit, code: _Code, settings: Settings) -> Artifact:
    _, bucket, key = _PROPERTIES[unit.resource["Type"]]

    def make() -> tuple[str, Path]:
        if code.archive:
            return f"{file_hash(code.archive)[:32]}{code.archive.suffix.lower()}", code.archive
        name = f"{content_hash(code.files)}.zip"
        return name, write_zip(code.files, settings.cache_dir / "packages" / name)

    return Artifact(
        logical_id=unit.logical_id,
        member=unit.member,
        what=str(code.archive) if code.archive else f"{len(code.files)} files of {code.folder}",
        make=make,
        shape=members(bucket, key),
    )
