"""Places in what was parsed, and the way back."""

from __future__ import annotations

import pytest

from sandgate.core.paths import every, first, nested


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("A.B", ["one", "two"]),
        ("tail(Arn)", ["name"]),
        ("second(Arn)", ["stack"]),
        ("second(Name)", ["Plain"]),
        ("last(Arn)", ["x/stack/name"]),
        ("lower(Name)", ["plain"]),
        ("Missing.B", []),
        ("Name|Missing|tail(Arn)", ["Plain", "name"]),
        ("secret(Secret)", ["test-a/b-c"]),
        ("secret(Name)", ["Plain"]),
        ("layer(Layer)", ["test-a"]),
        ("layer(Name)", ["Plain"]),
    ],
)
def test_a_path_leads_to_values(path: str, found: list[str]) -> None:
    """Lists on the way stand for their entries, and functions take a text apart."""
    node = {"A": [{"B": "one"}, {"B": "two"}], "Arn": "arn:x/stack/name", "Name": "Plain"}
    node["Layer"] = "arn:aws:lambda:eu-west-1:111122223333:layer:test-a:1"
    node["Secret"] = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:test-a/b-c-x1Y2z3"
    assert list(every(node, path)) == found
    assert first(node, path) == (found[0] if found else None)


def test_dotted_parameters_nest() -> None:
    """A member is a step, and 0 the only entry of a list."""
    flat = {"A": 1, "B.C": 2, "B.D.E": 3, "F.0": 4, "G.0.H": 5, "G.0.I": 6}
    assert nested(flat) == {"A": 1, "B": {"C": 2, "D": {"E": 3}}, "F": [4], "G": [{"H": 5, "I": 6}]}


def test_a_text_stands_for_what_is_not_there() -> None:
    """What a request may leave out has a value then; a physical id of two parts may have only one."""
    assert first({}, "tail(EventBusName)|=default") == "default"
    assert first({"EventBusName": "arn:aws:events:eu-west-1:111122223333:event-bus/b"}, "tail(EventBusName)|=x") == "b"
    assert [first("bus|rule", path) for path in ("left(@)|=default", "right(@)")] == ["bus", "rule"]
    assert [first("rule", path) for path in ("left(@)|=default", "right(@)")] == ["default", "rule"]
