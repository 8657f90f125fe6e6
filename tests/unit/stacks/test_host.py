"""How names of stacks must begin, as far as that is known before the gate is asked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandgate.config.load import load
from sandgate.errors import StackError, UsageError
from sandgate.stacks.host import Host, delete_stack, deploy_stack, name_starts

CASES: dict[str, tuple[str, dict[str, object], tuple[str, ...]]] = {
    "by default with the namespace": ("", {}, ("test-k3x9q2",)),
    "each prefix": ('prefix = ["it", "hark"]', {}, ("it-k3x9q2", "hark-k3x9q2")),
    "fixed names": ('isolation = "prefix"', {}, ("test",)),
    "an adopted name": ('adopt = ["test-users"]', {}, ()),
    "another adopted name": ('adopt = ["users"]', {}, ("test-k3x9q2",)),
    "a statement": ('allow = [{actions = ["cloudformation:*"], resources = ["arn:aws:cloudformation:*"]}]', {}, ()),
    "the user's own policy": ('policy = "p.json"', {}, ()),
    "no guard": ("", {"unsafe_no_guard": True}, ()),
}


@pytest.mark.parametrize("case", CASES)
def test_how_a_name_must_begin(tmp_path: Path, case: str) -> None:
    toml, overrides, starts = CASES[case]
    (tmp_path / "pyproject.toml").write_text(f"[tool.sandgate]\n{toml}\n")
    config = load(cwd=tmp_path, environ={}, overrides=overrides)
    assert name_starts(config, "k3x9q2", "test-users") == starts


@pytest.mark.parametrize("name", ["users", "test-users", "testing-users"])
@pytest.mark.parametrize("starts", [("test-k3x9q2",), ("it-k3x9q2", "test-k3x9q2")])
def test_a_name_outside_is_refused_with_one_inside(tmp_path: Path, name: str, starts: Any) -> None:
    host = cast("Host", SimpleNamespace(directory=tmp_path, namespace="k3x9q2"))
    with pytest.raises(StackError, match="outside the sandbox") as caught:
        deploy_stack(host, tmp_path / "template.yaml", name=name, prefixes=starts)
    better = caught.value.hint.removeprefix("call it ")
    kept = name if len(starts) > 1 else name.removeprefix("test-")
    assert better == f"{starts[0]}-{kept}"
    assert not list(tmp_path.iterdir()), "nothing is left to delete"


@pytest.mark.parametrize("seconds", [-3.0, 0.0, float("nan"), float("inf"), float("-inf")])
def test_a_time_that_is_none_is_an_error_of_usage(tmp_path: Path, seconds: float) -> None:
    host = cast("Host", SimpleNamespace(directory=tmp_path, namespace="k3x9q2"))
    with pytest.raises(UsageError, match="is no time to wait"):
        deploy_stack(host, tmp_path / "template.yaml", name="test-x", timeout=seconds)
    with pytest.raises(UsageError, match="is no time to wait"):
        delete_stack(host, "test-x", timeout=seconds)
    assert not list(tmp_path.iterdir()), "nothing is left to delete"
