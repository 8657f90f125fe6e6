"""Places in what was parsed, and the way back."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize(
    "text", ["arn:aws:sqs:eu-west-1:111122223333:q", "me@example.com", "+15550100", "https://a.example", "http://a:80/"]
)
def test_an_address_without_secrets_stays(text: str) -> None:
    assert first(text, "address(@)") == text


@pytest.mark.parametrize(
    "text",
    [
        "https://user:CANARY@a.example",
        "https://CANARY@a.example/",
        "https://user:pa@CANARY@a.example/x",
        "https://a.example/integration/CANARY/enqueue",
        "https://a.example?key=CANARY",
        "https://a.example#CANARY",
        "https://[CANARY@a.example",
    ],
)
def test_an_address_shows_no_secret(text: str) -> None:
    """Keys of webhooks stand in the user, in the path or in the query."""
    shown = str(first(text, "address(@)"))
    assert "CANARY" not in shown
    assert re.fullmatch(r"https://a\.example#[0-9a-f]{8}", shown)


def test_addresses_are_told_apart_but_for_the_password() -> None:
    """SNS lists `https://user:****@host`, whatever the password was."""
    texts = [f"https://a.example/{name}" for name in ("", "a", "b", "?a", "?b")]
    texts += ["https://u:1@a.example/a", "https://v:1@a.example/a", "https://u@a.example/a"]
    assert len({first(text, "address(@)") for text in texts}) == len(texts)
    same = {first(f"https://u:{word}@a.example/a", "address(@)") for word in ("1", "2", "****", "x:y@z")}
    assert len(same) == 1
