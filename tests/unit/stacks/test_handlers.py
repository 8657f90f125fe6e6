"""Which file a handler means, by runtime."""

from __future__ import annotations

import pytest

from sandgate.stacks.handlers import candidates, missing_module, suggestion


@pytest.mark.parametrize(
    ("handler", "runtime", "file"),
    [
        ("app.handler", "python3.12", "app.py"),
        ("src/api/users.lambda_handler", "python3.13", "src/api/users.py"),
        ("src.api.users.lambda_handler", "python3.13", "src/api/users.py"),
        ("src/pkg.handler", "python3.9", "src/pkg/__init__.py"),
        ("fast.handler", "python3.12", "fast.so"),
        ("fast.handler", "python3.12", "fast.cpython-312-x86_64-linux-gnu.so"),
        ("./app.handler", "python3.12", "app.py"),
        ("index.handler", "nodejs20.x", "index.js"),
        ("dist/index.handler", "nodejs20.x", "dist/index.mjs"),
        ("dist/index.api.get", "nodejs22.x", "dist/index.cjs"),
        ("lambda_function.App::Handler.process", "ruby3.3", "lambda_function.rb"),
    ],
)
def test_the_module_is_found(handler: str, runtime: str, file: str) -> None:
    assert missing_module(handler, runtime, {file, "other.txt"}) == ""
    assert missing_module(handler, runtime, {"other.txt"}) == candidates(handler, runtime)[0]


@pytest.mark.parametrize(
    ("handler", "runtime"),
    [
        ("bootstrap", "provided.al2023"),
        ("com.x.App::handle", "java21"),
        ("A::B.C::D", "dotnet8"),
        ("nodot", "python3.12"),
    ],
)
def test_what_cannot_be_told_is_not_checked(handler: str, runtime: str) -> None:
    assert missing_module(handler, runtime, set()) == ""


def test_hints_name_what_was_meant() -> None:
    assert suggestion("api/users.py", {"src/api/users.py", "a.py"}) == "did you mean src/api/users.py?"
    assert suggestion("userz.py", {"users.py"}) == "did you mean users.py?"
    assert "build it" in suggestion("app.js", {"app.ts"})
    assert "code folder" in suggestion("app.py", {"README"})
