"""The plain evaluator that answers are compared with, and short ways to ask."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.iam.compile import Compiled, compile_document
from sandgate.iam.document import Kind
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("iam_reference", Path(__file__).with_name("reference.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reference() -> Any:
    """`reference.py` of this folder."""
    return _load()


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Compiled]:
    """A compiled document of these statements."""

    def make(
        *statements: dict[str, Any], kind: Kind = "identity", version: str = "2012-10-17", label: str = ""
    ) -> Compiled:
        source = {"Version": version, "Statement": list(statements)}
        return compile_document(parse_document(source, kind=kind), label=label)

    return make


@pytest.fixture(scope="session")
def ask() -> Callable[..., AccessRequest]:
    """A request; context keys in lower case, a single value without a tuple."""

    def make(action: str, resource: str = "*", context: dict[str, Any] | None = None) -> AccessRequest:
        values = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in (context or {}).items()}
        return AccessRequest(action=action, resource=resource, context=values)

    return make
