"""A suite on a real account between `up` and `down`: what it makes is bounded unasked, and what it leaves is swept."""

from __future__ import annotations

import json
import sys
from typing import Any

from tests.sandbox.project import Project
from tests.sandbox.standin.account import ACCOUNT

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
SUITE = f"""
import json, os, sys, boto3

iam = boto3.client("iam")
name = "test-" + os.environ["SANDGATE_NAMESPACE"]
iam.create_role(RoleName=name + "-role", AssumeRolePolicyDocument='{json.dumps(TRUST)}')
iam.create_user(UserName=name + "-user")
print(json.dumps([
    iam.get_role(RoleName=name + "-role")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"],
    iam.get_user(UserName=name + "-user")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"],
]))
iam.delete_role(RoleName=name + "-role")
iam.delete_user(UserName=name + "-user")
with open("stack.json", "w") as file:
    json.dump({{"Resources": {{"R": {{"Type": "AWS::IAM::Role", "Properties": {{
        "RoleName": name + "-stacked", "AssumeRolePolicyDocument": {TRUST!r},
    }}}}}}}}, file)
os.system(sys.executable + " -m sandgate stack deploy stack.json --name " + name + "-stack")
print(json.dumps([iam.get_role(RoleName=name + "-stacked")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]]))
os.system(sys.executable + " -m sandgate stack delete " + name + "-stack")
boto3.client("dynamodb").create_table(
    TableName=name + "-left", BillingMode="PAY_PER_REQUEST", KeySchema=[dict(AttributeName="k", KeyType="HASH")],
    AttributeDefinitions=[dict(AttributeName="k", AttributeType="S")],
)
"""


def test_from_up_to_down(project: Project) -> None:
    project.configure('services = ["iam", "cloudformation", "s3", "dynamodb"]')
    assert project.sandgate("up", "--yes").status == 0
    (project.folder / "suite.py").write_text(SUITE)
    command = ("run", "--tier", "sandbox", "--keep", "--", sys.executable, "suite.py")
    said, _ = project.start(*command).communicate(timeout=120)
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/{project.identity}-boundary"
    found: list[Any] = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    assert found == [[boundary, boundary], [boundary]], said

    (run,) = (path.name for path in (project.folder / ".sandgate" / "runs").iterdir() if path.is_dir())
    refused = project.sandgate("down", "--yes")
    assert (refused.status, f"still owns something, which nobody could remove afterwards: {run}" in refused.err) == (
        2,
        True,
    )
    process = project.start("down", "--sweep", "--yes")
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert project.standin.root_client("dynamodb").list_tables()["TableNames"] == []
    assert not project.env_file.exists()
