"""The shared ledger in the identity's template: who may do what with the table, and who must not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.identity import identity_names, ledger_table
from sandgate.config.model import Config
from sandgate.core.ids import machine_word
from sandgate.errors import ConfigError
from sandgate.identity.documents import documents
from sandgate.identity.template import identity_template

ACCOUNT = "111122223333"
ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/testing-ledger"
SHARED = 'ledger = "dynamodb://testing-ledger"\nservices = ["dynamodb"]\n'
"""Its name begins as those of the sandbox do, and is none of them."""
REACHING = '[[allow]]\nactions = ["dynamodb:*"]\nresources = ["*"]\n'

Configure = Callable[[str], Config]


def resources_of(config: Config, service: str = "") -> dict[str, Any]:
    found: dict[str, Any] = identity_template(config, account=ACCOUNT, service=service)["Resources"]
    return found


def test_there_is_none_where_nobody_asked_for_it(configure: Configure) -> None:
    made = resources_of(configure('services = ["dynamodb"]'))
    assert not {"Ledger", "LedgerRole"} & made.keys()
    assert "ledger" not in json.dumps(made).lower()


def test_the_table_outlives_the_stack_and_forgets_what_has_ended(configure: Configure) -> None:
    table = resources_of(configure(SHARED))["Ledger"]
    assert (table["Type"], table["DeletionPolicy"], table["UpdateReplacePolicy"]) == (
        "AWS::DynamoDB::Table",
        "Retain",
        "Retain",
    )
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["Properties"]["DeletionProtectionEnabled"]
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


def test_one_role_has_five_rights_on_one_table_and_only_the_test_role_takes_it(configure: Configure) -> None:
    made = resources_of(configure(SHARED))
    role = made["LedgerRole"]["Properties"]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    rights = {f"dynamodb:{name}" for name in ("BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem")}
    assert (set(statement["Action"]), statement["Resource"]) == (rights, ARN)
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": identity_names(configure(SHARED)).role_arn(ACCOUNT)}
    assert "unit-tester-ledger" in json.dumps(made["TestRole"])
    assert "unit-tester-ledger" not in json.dumps([made["User"], made["DeployerRole"]])


@pytest.mark.parametrize("more", ["", REACHING, 'policy = "own.json"\n'], ids=["plain", "allow", "file"])
def test_nobody_else_may_touch_it_whatever_is_allowed(configure: Configure, tmp_path: Path, more: str) -> None:
    own = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}}
    (tmp_path / "own.json").write_text(json.dumps(own))
    found = documents(configure(SHARED + more), account=ACCOUNT)
    role = [statement for document in found.role.values() for statement in document.statements]
    for statements in (role, found.boundary.statements):
        table = ARN.replace("us-east-1", "*")
        denied = [one for one in statements if one.effect == "Deny" and one.resources == (table, f"{table}/*")]
        assert [one.actions for one in denied] == [("dynamodb:*",)]


def test_an_identity_for_one_service_uses_the_table_and_does_not_make_it(configure: Configure) -> None:
    made = resources_of(configure(SHARED), service="dynamodb")
    assert "Ledger" not in made
    assert made["LedgerRole"]["Properties"]["RoleName"] == "unit-tester-dynamodb-ledger"


@pytest.mark.parametrize("name", ["test-ledger", "test_ledger", "orders"])
def test_a_table_of_the_sandbox_is_none_for_the_ledger(configure: Configure, name: str) -> None:
    config = configure(f'ledger = "dynamodb://{name}"\nadopt = ["orders"]')
    with pytest.raises(ConfigError, match="lies inside the sandbox"):
        ledger_table(config)


@pytest.mark.parametrize("text", ['ledger = "table"', 'ledger = "dynamodb://a/b"', 'ledger_label = "a\\u001bb"'])
def test_what_names_no_table_is_an_error(configure: Configure, text: str) -> None:
    with pytest.raises(ConfigError):
        configure(text)


def test_a_machine_keeps_its_word(tmp_path: Path) -> None:
    word = machine_word(tmp_path / "one")
    assert machine_word(tmp_path / "one") == word != machine_word(tmp_path / "two")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["machine"]
