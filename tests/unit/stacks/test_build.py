"""The build step, with real pip and wheels made on the spot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.errors import EnvironmentFault, StackError
from sandgate.stacks.build import BuildTarget, has_requirements, install_requirements
from sandgate.stacks.template import Template

HERE = BuildTarget(python=Path(sys.executable))
LAMBDA = BuildTarget()
FUNCTION = """Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Code: src, Handler: app.handler, Runtime: python3.12}
"""
LAYER = """Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer}
    Metadata: {BuildMethod: python3.12}
"""


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    def run(text: str, target: BuildTarget = HERE, runtime: str = "python3.12", **options: Any) -> Path:
        path = tmp_path / "requirements.txt"
        path.write_text(text)
        defaults: dict[str, Any] = {"architecture": "x86_64", "cache_dir": tmp_path / "cache"}
        return install_requirements(path, runtime=runtime, target=target, **{**defaults, **options})

    return run


def test_requirements_are_installed_once(install: Callable[..., Path], wheel: Callable[..., None]) -> None:
    wheel("tinydep")
    told: list[str] = []
    first = install("tinydep==1.0\n", progress=told.append)
    assert (first / "tinydep" / "__init__.py").read_text() == "ANSWER = 42\n"
    assert install("tinydep==1.0\n", progress=told.append) == first
    assert len(told) == 1
    assert install("tinydep==1.0 # same but for this\n", progress=told.append) != first


def test_what_may_change_elsewhere_is_installed_again(
    install: Callable[..., Path], wheel: Callable[..., None], tmp_path: Path
) -> None:
    wheel("tinydep")
    told: list[str] = []
    local = f"./{(tmp_path / 'wheels').name}/tinydep-1.0-py3-none-any.whl\n"
    folder = install(local, progress=told.append)
    assert install(local, progress=told.append) == folder
    assert (folder / "tinydep").is_dir()
    assert len(told) == 2


def test_a_file_that_another_includes_counts(
    install: Callable[..., Path], wheel: Callable[..., None], tmp_path: Path
) -> None:
    wheel("tinydep")
    (tmp_path / "base.txt").write_text("tinydep\n")
    first = install("-r base.txt\n")
    (tmp_path / "base.txt").write_text("tinydep==1.0\n")
    second = install("-r base.txt\n")
    assert first != second
    assert (second / "tinydep").is_dir()
    with pytest.raises(StackError, match="requirements cannot be read"):
        install("--requirement=gone.txt\n")


def test_a_failure_shows_the_end_of_what_pip_said(
    install: Callable[..., Path], wheel: Callable[..., None], tmp_path: Path
) -> None:
    with pytest.raises(StackError) as caught:
        install("no-such-package-here==9\n")
    assert "No matching distribution found for no-such-package-here==9" in caught.value.message
    assert caught.value.where == str(tmp_path / "requirements.txt")
    assert list((tmp_path / "cache" / "requirements").iterdir()) == []


def test_lambda_gets_wheels_for_its_own_platform(install: Callable[..., Path], wheel: Callable[..., None]) -> None:
    wheel("native", "cp312-cp312-manylinux_2_28_x86_64")
    assert (install("native\n", LAMBDA) / "native").is_dir()
    for options in ({"runtime": "python3.11"}, {"architecture": "arm64"}):
        with pytest.raises(StackError, match="for Lambda") as caught:
            install("native\n", LAMBDA, **options)
        assert "wheels" in caught.value.hint


def test_an_older_runtime_gets_older_wheels(install: Callable[..., Path], wheel: Callable[..., None]) -> None:
    wheel("native", "cp39-cp39-manylinux2014_aarch64")
    assert (install("native\n", LAMBDA, runtime="python3.9", architecture="arm64") / "native").is_dir()


def test_a_runtime_without_version_is_an_error(install: Callable[..., Path]) -> None:
    with pytest.raises(StackError, match="does not say which Python"):
        install("native\n", LAMBDA, runtime="python")


def test_faults_of_the_machine(install: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="interpreter does not run"):
        install("x\n", BuildTarget(python=tmp_path / "no-python"))
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(EnvironmentFault, match="cache cannot be written"):
        install("x\n")


def test_only_comments_ask_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    assert not has_requirements(path)
    path.write_text("# none\n\n")
    assert not has_requirements(path)
    path.write_text("# one\nx\n")
    assert has_requirements(path)


def test_a_functions_own_code_lies_over_its_requirements(
    project: Callable[..., Template], pack: Callable[..., Template], bucket: Any, wheel: Callable[..., None]
) -> None:
    wheel("tinydep")
    sources = {"src/app.py": "", "src/requirements.txt": "tinydep", "src/tinydep/__init__.py": "ANSWER = 1\n"}
    pack(project(FUNCTION, sources), target=HERE)
    (key,) = bucket.objects
    names = bucket.names(key)
    assert {"app.py", "tinydep/__init__.py", "tinydep-1.0.dist-info/METADATA"} <= set(names)
    assert names.count("tinydep/__init__.py") == 1
    assert bucket.read(key, "tinydep/__init__.py") == "ANSWER = 1\n"
    assert not any(name.endswith(".pyc") for name in names)


def test_nothing_is_built_where_the_user_says_so(
    project: Callable[..., Template], pack: Callable[..., Template], bucket: Any
) -> None:
    template = project(
        FUNCTION + "    Metadata: {SkipBuild: true}\n", {"src/app.py": "", "src/requirements.txt": "never-installed"}
    )
    pack(template)
    (key,) = bucket.objects
    assert bucket.names(key) == ["app.py", "requirements.txt"]


def test_a_layer_is_built_where_lambda_looks(
    project: Callable[..., Template], pack: Callable[..., Template], bucket: Any, wheel: Callable[..., None]
) -> None:
    wheel("tinydep")
    pack(project(LAYER, {"layer/requirements.txt": "tinydep", "layer/own.py": ""}))
    (key,) = bucket.objects
    assert {"python/own.py", "python/tinydep/__init__.py"} <= set(bucket.names(key))


def test_what_sam_has_built_is_not_built_again(
    project: Callable[..., Template], pack: Callable[..., Template], bucket: Any
) -> None:
    built = {".aws-sam/build/src/app.py": "", ".aws-sam/build/src/requirements.txt": "never-installed"}
    pack(project(FUNCTION, built, name=".aws-sam/build/template.yaml"))
    (key,) = bucket.objects
    assert bucket.names(key) == ["app.py", "requirements.txt"]
