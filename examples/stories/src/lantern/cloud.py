"""What a deployment is in AWS: a role, a table, a layer and a function, all named after its UUID."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

_HERE = Path(__file__).parent
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_NOT_THERE = ("NoSuchEntity", "ResourceNotFoundException")


class Deployment:
    """One deployment.

    Args:
        ident: its UUID.
        prefix: what its names begin with.
    """

    def __init__(self, ident: str, prefix: str = "lantern") -> None:
        self.name = f"{prefix}-{uuid.UUID(ident)}"

    @cached_property
    def _lambda(self) -> Any:
        return boto3.client("lambda")

    @cached_property
    def _iam(self) -> Any:
        return boto3.client("iam")

    @cached_property
    def _table(self) -> Any:
        return boto3.resource("dynamodb").Table(self.name)

    def deploy(self, service: str, layer: Path | None, bucket: str) -> None:
        """Make everything.

        Args:
            service: text of the service.
            layer: folder with further packages for the layer.
            bucket: that the service may write pictures to; empty for none.
        """
        table = self._make_table()
        role = self._make_role(table, bucket)
        files = {"lantern_kit.py": (_HERE / "kit.py").read_bytes(), **dict(_files(layer))}
        packed = _zip({f"python/{name}": data for name, data in files.items()})
        runtime = f"python3.{sys.version_info.minor}"
        made = self._lambda.publish_layer_version(
            LayerName=self.name, Content={"ZipFile": packed}, CompatibleRuntimes=[runtime]
        )
        code = _zip({"function.py": (_HERE / "function.py").read_bytes(), "service.py": service.encode()})
        variables = {"LANTERN_TABLE": self.name, "LANTERN_BUCKET": bucket}
        self._create_function(
            FunctionName=self.name,
            Runtime=runtime,
            Role=role,
            Handler="function.handler",
            Code={"ZipFile": code},
            Layers=[made["LayerVersionArn"]],
            Environment={"Variables": variables},
            Timeout=60,
        )
        self._lambda.get_waiter("function_active_v2").wait(FunctionName=self.name)

    def invoke(self) -> tuple[str, object]:
        """Run the service once, and wait for its result: session id and result."""
        session = uuid.uuid4().hex[:12]
        said = self._lambda.invoke(FunctionName=self.name, Payload=json.dumps({"session": session, "part": 0}))
        answer = json.loads(said["Payload"].read())
        if "FunctionError" in said:
            raise SystemExit(f"session {session} failed: {answer.get('errorType')}: {answer.get('errorMessage')}")
        return session, answer["result"]

    def fan_out(self, parts: int, patience: float) -> str:
        """Run it in that many parts at once, and wait until each has ended; the session id."""
        session = uuid.uuid4().hex[:12]
        for part in range(parts):
            payload = json.dumps({"session": session, "part": part})
            said = self._lambda.invoke(FunctionName=self.name, InvocationType="Event", Payload=payload)
            assert said["StatusCode"] == 202, said
        deadline = time.monotonic() + patience
        while len(self.read(session, "done")) < parts:
            if time.monotonic() > deadline:
                raise SystemExit(f"session {session}: not every part has ended within {patience:g} s")
            time.sleep(0.5)
        return session

    def read(self, session: str, kind: str) -> list[str]:
        """What a session has written down of one kind, in the order of time."""
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self._table.query(
                KeyConditionExpression="pk = :pk AND begins_with(sk, :kind)",
                ExpressionAttributeValues={":pk": session, ":kind": f"{kind}#"},
                ConsistentRead=True,
                **more,
            )
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return [str(item.get("text", item["sk"])) for item in found]
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def destroy(self) -> list[str]:
        """Remove whatever of it is there; what that was."""
        gone = []
        policy = {"RoleName": self.name, "PolicyName": "lantern"}
        for what, remove in (
            ("function", lambda: self._lambda.delete_function(FunctionName=self.name)),
            ("layer", self._delete_layers),
            ("policy", lambda: self._iam.delete_role_policy(**policy)),
            ("role", lambda: self._iam.delete_role(RoleName=self.name)),
            ("table", self._table.delete),
        ):
            try:
                remove()
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NOT_THERE:
                    raise
            else:
                gone.append(what)
        return gone

    def _delete_layers(self) -> None:
        for page in self._lambda.get_paginator("list_layer_versions").paginate(LayerName=self.name):
            for version in page["LayerVersions"]:
                self._lambda.delete_layer_version(LayerName=self.name, VersionNumber=version["Version"])

    def _make_table(self) -> str:
        client = self._table.meta.client
        made = client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )
        client.get_waiter("table_exists").wait(TableName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return str(made["TableDescription"]["TableArn"])

    def _make_role(self, table: str, bucket: str) -> str:
        allowed = [{"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:Query"], "Resource": table}]
        if bucket:
            allowed.append({"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": f"arn:aws:s3:::{bucket}/*"})
        role = self._iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=json.dumps(_TRUST))
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        self._iam.put_role_policy(RoleName=self.name, PolicyName="lantern", PolicyDocument=document)
        return str(role["Role"]["Arn"])

    def _create_function(self, **wanted: Any) -> None:
        """A role that was made a moment ago is not known to Lambda at once: IAM is eventually consistent."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self._lambda.create_function(**wanted)
            except self._lambda.exceptions.InvalidParameterValueException as error:
                if "role" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(2)
            else:
                return


def prefix() -> str:
    """What names begin with, so that several people can share an account."""
    return os.environ.get("LANTERN_PREFIX", "lantern")


def _files(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(folder)), path.read_bytes()  # type: ignore[arg-type]


def _zip(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()
