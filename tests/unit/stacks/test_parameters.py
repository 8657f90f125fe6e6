"""Parameters are checked before anything is uploaded, and their values never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.errors import StackError, UsageError
from sandgate.stacks.parameters import check_parameters, parse_parameters
from sandgate.stacks.template import parse_template

TEMPLATE = parse_template(
    "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod, true]}\n"
    "  Retention: {Type: Number, Default: 7}\nResources: {A: {Type: T}}\n",
    Path("t.yaml"),
)


def test_values_may_be_empty_and_hold_equals_signs() -> None:
    assert parse_parameters(["A=", "B=x=y", "C= z"]) == {"A": "", "B": "x=y", "C": " z"}


@pytest.mark.parametrize("pairs", [["hunter2"], ["=hunter2"], ["A=1", "A=hunter2"]])
def test_wrong_arguments_are_usage_errors_without_the_value(pairs: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_parameters(pairs)
    assert "hunter2" not in str(caught.value)


def test_right_parameters_pass() -> None:
    check_parameters(TEMPLATE, {"Stage": "dev"})
    check_parameters(TEMPLATE, {"Stage": "true", "Retention": "1"})


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(StackError, match="no parameter 'Stge'") as caught:
        check_parameters(TEMPLATE, {"Stge": "dev"})
    assert "'Stage'" in caught.value.hint


def test_a_parameter_without_value_and_default() -> None:
    with pytest.raises(StackError, match="'Stage' needs a value") as caught:
        check_parameters(TEMPLATE, {"Retention": "1"})
    assert caught.value.where == "t.yaml:2: Parameters.Stage"


def test_a_value_that_is_not_allowed_is_not_repeated() -> None:
    with pytest.raises(StackError, match="not allowed") as caught:
        check_parameters(TEMPLATE, {"Stage": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "dev, prod, true" in caught.value.hint
