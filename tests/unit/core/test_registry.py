"""Cases are files: found, checked, and the nearest one suggested."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandgate.core.registry import discover, lookup, nearest
from sandgate.errors import UsageError


@dataclass(frozen=True)
class Case:
    """A case of a registry in these tests."""

    name: str


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty package of cases called `cases_of_a_test`."""
    folder = tmp_path / "cases_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "_model.py").write_text("raise RuntimeError('a helper is not a case')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "Case", Case)
    sys.modules["case_of_a_test"] = sys.modules[__name__]
    yield folder
    for name in [name for name in sys.modules if name.startswith(("cases_of_a_test", "case_of_a_test"))]:
        del sys.modules[name]


def write(folder: Path, file: str, name: str) -> None:
    (folder / f"{file}.py").write_text(f"from case_of_a_test import Case\nCASE = Case({name!r})\n")


def test_cases_are_found_sorted_by_name(package: Path) -> None:
    write(package, "b_two", "b-two")
    write(package, "a_one", "a.one")
    assert list(discover("cases_of_a_test", "CASE", Case)) == ["a.one", "b-two"]


def test_one_that_is_wanted_is_loaded_alone(package: Path) -> None:
    write(package, "a_one", "a-one")
    write(package, "b_two", "b-two")
    assert list(discover("cases_of_a_test", "CASE", Case, only="b-two")) == ["b-two"]
    assert "cases_of_a_test.a_one" not in sys.modules
    assert list(discover("cases_of_a_test", "CASE", Case, only="c")) == ["a-one", "b-two"], "all, to say what is known"


def test_nobody_can_change_what_was_found(package: Path) -> None:
    write(package, "a", "a")
    with pytest.raises(TypeError):
        discover("cases_of_a_test", "CASE", Case)["b"] = Case("b")  # type: ignore[index]


def test_a_name_must_match_its_file(package: Path) -> None:
    write(package, "a", "b")
    with pytest.raises(TypeError, match="file and name must agree"):
        discover("cases_of_a_test", "CASE", Case)


@pytest.mark.parametrize("source", ["", "CASE = 'a'"])
def test_a_file_without_its_case_is_a_bug(source: str, package: Path) -> None:
    (package / "a.py").write_text(source)
    with pytest.raises(TypeError, match="must export CASE: Case"):
        discover("cases_of_a_test", "CASE", Case)


def test_an_unknown_name_suggests_the_nearest() -> None:
    cases = {"emulated": Case("emulated"), "sandbox": Case("sandbox")}
    assert lookup(cases, "sandbox", what="tier").name == "sandbox"
    with pytest.raises(UsageError) as caught:
        lookup(cases, "emulate", what="tier", where="here")
    assert (caught.value.message, caught.value.where) == ("unknown tier 'emulate'", "here")
    assert caught.value.hint == "did you mean 'emulated'? known: emulated, sandbox"
    with pytest.raises(UsageError) as caught:
        lookup(cases, "integraton", what="tier", aliases=["integration"])
    assert caught.value.hint == "did you mean 'integration'? known: emulated, sandbox, integration"


def test_nothing_near_is_nothing() -> None:
    assert nearest("zzz", ["emulated"]) == ""
