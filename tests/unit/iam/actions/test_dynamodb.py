"""DynamoDB: indexes, batches, transactions, PartiQL and streams."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
T = "arn:aws:dynamodb:::table"
OTHER = "arn:aws:dynamodb:us-east-1:000000000000:table/prod"
STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/test_t/stream/2026-01-01T00:00:00.000"


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_an_index_is_the_resource(needs: Needs, operation: str) -> None:
    assert needs(f"dynamodb.{operation}", TableName="test_t") == [f"dynamodb:{operation} {T}/test_t"]
    assert needs(f"dynamodb.{operation}", TableName="test_t", IndexName="i") == [
        f"dynamodb:{operation} {T}/test_t/index/i"
    ]
    assert needs(f"dynamodb.{operation}", TableName=OTHER, IndexName="i") == [f"dynamodb:{operation} {OTHER}/index/i"]
    with pytest.raises(Unresolvable):
        needs(f"dynamodb.{operation}", TableName="test_t", IndexName="*")


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_each_table_of_a_batch_is_asked_for(asked: Asked, operation: str) -> None:
    found = asked(f"dynamodb.{operation}", RequestItems={"test_a": [], OTHER: []})
    assert [(request.action, request.resource) for request in found] == [
        (f"dynamodb:{operation}", "arn:aws:dynamodb:eu-west-1:111122223333:table/test_a"),
        (f"dynamodb:{operation}", OTHER),
    ]
    with pytest.raises(Unresolvable):
        asked(f"dynamodb.{operation}", RequestItems={"test_a": [], "test_*": []})


def test_each_item_of_a_transaction_is_asked_for(asked: Asked) -> None:
    items = [
        {"Put": {"TableName": "test_a"}},
        {"Update": {"TableName": "test_b"}},
        {"Delete": {"TableName": OTHER}},
        {"ConditionCheck": {"TableName": "test_a"}},
    ]
    found = asked("dynamodb.TransactWriteItems", TransactItems=items)
    assert [(request.action, request.resource.rpartition("/")[2], request.member) for request in found] == [
        ("dynamodb:PutItem", "test_a", "TransactItems[0].Put"),
        ("dynamodb:UpdateItem", "test_b", "TransactItems[1].Update"),
        ("dynamodb:DeleteItem", "prod", "TransactItems[2].Delete"),
        ("dynamodb:ConditionCheckItem", "test_a", "TransactItems[3].ConditionCheck"),
    ]
    assert found[2].resource == OTHER
    assert {request.context["dynamodb:enclosingoperation"] for request in found} == {("TransactWriteItems",)}
    (get,) = asked("dynamodb.TransactGetItems", TransactItems=[{"Get": {"TableName": "test_a"}}])
    assert get.action == "dynamodb:GetItem"


def test_an_item_without_a_table_is_refused(needs: Needs) -> None:
    items = [{"Put": {"TableName": "test_a"}}, {"Put": {}}]
    with pytest.raises(Unresolvable):
        needs("dynamodb.TransactWriteItems", TransactItems=items)


STATEMENTS = [
    ('SELECT * FROM "test_t"', "Select", "test_t"),
    ("select a, b from test_t where x = ?", "Select", "test_t"),
    ('SELECT * FROM "test_t"."i" WHERE "a" = \'FROM "prod"\'', "Select", "test_t/index/i"),
    ('SELECT "FROM" FROM "test-t" ORDER BY "x"', "Select", "test-t"),
    ("SELECT COUNT(*) FROM \"test_t\" WHERE begins_with(\"a\", 'x') AND b IN ['y', -1.5e3]", "Select", "test_t"),
    ("INSERT INTO \"test_t\" VALUE {'pk': '--', 'b': <<'x'>>}", "Insert", "test_t"),
    ("UPDATE \"test_t\" SET a.b[0] = list_append(a, [1]) WHERE pk = 'it''s' RETURNING ALL NEW *", "Update", "test_t"),
    ('UPDATE "test_t" REMOVE a WHERE pk = ?', "Update", "test_t"),
    ('\n\tDELETE\nFROM "test_t" WHERE pk = ?', "Delete", "test_t"),
]
REFUSED = [
    "",
    "   ",
    'DROP TABLE "test_t"',
    'SELECT * FROM "test_t"; DELETE FROM "prod"',
    'SELECT * FROM "test_t";',
    'SELECT * FROM "test_t" -- "x"',
    'SELECT * FROM /* "test_t" */ "prod"',
    'SELECT * FROM -- "test_t"\n "prod"',
    "SELECT * FROM test_t--x",
    'SELECT * FROM "test_t", "prod"',
    'SELECT * FROM "test_t" JOIN "prod" ON a = b',
    'SELECT * FROM "test_t" WHERE x IN (SELECT y FROM "prod")',
    'SELECT (SELECT y FROM "prod") FROM "test_t"',
    'SELECT * FROM (SELECT * FROM "prod")',
    'SELECT * FROM "test_t" UNION SELECT * FROM "prod"',
    'SELECT * FROM "test_t" AS t',
    'SELECT * FROM "a"."b"."c"',
    "SELECT * FROM test_t.i",
    'SELECT * FROM "test_t".i',
    'SELECT * FROM test_t."i"',
    "SELECT * FROM test_t.",
    'SELECT * FROM "test_*"',
    'SELECT * FROM "test""t"',
    'SELECT * FROM ""',
    "SELECT * FROM 'test_t'",
    "SELECT * FROM `test_t`",
    'SELECT * FROM "test_t',
    "SELECT * FROM",
    "SELECT *",
    "SELECT * FROM ?",
    'SELECT * FROM "arn:aws:dynamodb:eu-west-1:000000000000:table/prod"',
    'INSERT INTO "test_t" SELECT * FROM "prod"',
    'INSERT "test_t" VALUE {}',
    'INSERT INTO "test_t"."i" VALUE {}',
    'UPDATE "test_t" "prod" SET a = 1',
    'DELETE "x" FROM "test_t"',
    'WITH x AS (SELECT * FROM "prod") SELECT * FROM "test_t"',
    "SELECT * FROM \u201ctest_t\u201d",
    "\uff33ELECT * FROM test_t",
    'EXISTS(SELECT * FROM "prod"',
    'EXISTS(DELETE FROM "prod")',
    7,
]


def partiql(operation: str, statement: object) -> dict[str, Any]:
    """The parameters of each operation that takes statements."""
    every: dict[str, dict[str, Any]] = {
        "ExecuteStatement": {"Statement": statement},
        "BatchExecuteStatement": {"Statements": [{"Statement": statement}]},
        "ExecuteTransaction": {"TransactStatements": [{"Statement": statement}]},
    }
    return every[operation]


@pytest.mark.parametrize("operation", ["ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"])
@pytest.mark.parametrize(("statement", "verb", "resource"), STATEMENTS)
def test_a_statement_says_verb_and_table(
    needs: Needs, operation: str, statement: str, verb: str, resource: str
) -> None:
    found = needs(f"dynamodb.{operation}", **partiql(operation, statement))
    assert found == [f"dynamodb:PartiQL{verb} {T}/{resource}"]


@pytest.mark.parametrize("statement", REFUSED)
def test_a_statement_that_is_not_provably_one_verb_on_one_table_is_refused(needs: Needs, statement: object) -> None:
    for operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        with pytest.raises(Unresolvable):
            needs(f"dynamodb.{operation}", **partiql(operation, statement))


def test_exists_is_a_condition_check_in_transactions_only(needs: Needs) -> None:
    statement = "EXISTS(SELECT * FROM \"test_t\" WHERE pk = 'x')"
    assert needs("dynamodb.ExecuteTransaction", TransactStatements=[{"Statement": statement}]) == [
        f"dynamodb:ConditionCheckItem {T}/test_t"
    ]
    with pytest.raises(Unresolvable):
        needs("dynamodb.ExecuteStatement", Statement=statement)


def test_one_bad_statement_spoils_the_batch(needs: Needs) -> None:
    good, bad = ({"Statement": text} for text in ('SELECT * FROM "test_t"', 'SELECT * FROM "test_t", "prod"'))
    with pytest.raises(Unresolvable):
        needs("dynamodb.BatchExecuteStatement", Statements=[good, bad])
    assert len(needs("dynamodb.BatchExecuteStatement", Statements=[good, good])) == 2


def test_backups_exports_and_tags_are_named_by_arn(needs: Needs) -> None:
    backup = "arn:aws:dynamodb:eu-west-1:000000000000:table/x/backup/01"
    assert needs("dynamodb.DeleteBackup", BackupArn=backup) == [f"dynamodb:DeleteBackup {backup}"]
    with pytest.raises(Unresolvable):
        needs("dynamodb.DeleteBackup", BackupArn=OTHER)
    assert needs("dynamodb.TagResource", ResourceArn=OTHER, Tags=[]) == [f"dynamodb:TagResource {OTHER}"]
    for arn in ("test_t", "*", "arn:aws:sqs:eu-west-1:111122223333:test_t"):
        with pytest.raises(Unresolvable):
            needs("dynamodb.TagResource", ResourceArn=arn, Tags=[])


def test_a_restore_reads_one_table_and_makes_another(needs: Needs) -> None:
    found = needs("dynamodb.RestoreTableToPointInTime", SourceTableArn=OTHER, TargetTableName="test_t")
    assert found[:2] == [
        f"dynamodb:RestoreTableToPointInTime {OTHER}",
        f"dynamodb:RestoreTableToPointInTime {T}/test_t",
    ]


def test_a_global_table_is_a_table_in_each_region(needs: Needs) -> None:
    found = needs(
        "dynamodb.CreateGlobalTable", GlobalTableName="test_t", ReplicationGroup=[{"RegionName": "us-east-1"}]
    )
    assert found == [
        "dynamodb:CreateGlobalTable arn:aws:dynamodb::111122223333:global-table/test_t",
        f"dynamodb:CreateGlobalTable {T}/test_t",
        "dynamodb:CreateGlobalTable arn:aws:dynamodb:us-east-1:111122223333:table/test_t",
    ]


def test_an_import_reads_a_bucket(needs: Needs) -> None:
    call: dict[str, Any] = {"TableCreationParameters": {"TableName": "test_t"}}
    assert needs("dynamodb.ImportTable", **call, S3BucketSource={"S3Bucket": "prod", "S3KeyPrefix": "a/b"})[1:] == [
        "s3:ListBucket arn:aws:s3:::prod",
        "s3:GetObject arn:aws:s3:::prod/a/b",
    ]
    assert needs("dynamodb.ImportTable", **call, S3BucketSource={"S3Bucket": "prod"})[2] == (
        "s3:GetObject arn:aws:s3:::prod/*"
    )
    with pytest.raises(Unresolvable):
        needs("dynamodb.ImportTable", **call)


def test_a_replica_is_a_table_in_its_region(needs: Needs) -> None:
    updates = [{"Create": {"RegionName": "us-east-1"}}]
    assert needs("dynamodb.UpdateTable", TableName="test_t", ReplicaUpdates=updates)[1] == (
        "dynamodb:CreateTableReplica arn:aws:dynamodb:us-east-1:111122223333:table/test_t"
    )


def iterator(**members: object) -> str:
    """A shard iterator as the embedded emulator writes it."""
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode()


OURS = {"t": "test_t", "a": "111122223333", "r": "eu-west-1", "arn": STREAM, "p": 0}


@pytest.mark.parametrize("token", [f"{STREAM}|1|AAAA==", iterator(**OURS)])
def test_a_shard_iterator_says_its_stream(needs: Needs, token: str) -> None:
    (found,) = needs("dynamodbstreams.GetRecords", ShardIterator=token)
    assert found == f"dynamodb:GetRecords {STREAM}".replace(":eu-west-1:111122223333:", ":::")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "AAAA",
        iterator(**{**OURS, "t": "prod"}),
        iterator(**{**OURS, "a": "000000000000"}),
        iterator(**{**OURS, "r": "us-east-1"}),
        iterator(t="test_t", p=0),
        iterator(**{**OURS, "arn": OTHER}),
        f"{STREAM}|1|A B",
        f"{OTHER}|1|AAAA",
    ],
)
def test_a_shard_iterator_that_does_not_say_is_refused(needs: Needs, token: str) -> None:
    with pytest.raises(Unresolvable):
        needs("dynamodbstreams.GetRecords", ShardIterator=token)
