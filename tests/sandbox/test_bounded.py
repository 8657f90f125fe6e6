"""Roles that tests make on a real account, by calls and by stacks that say nothing of a boundary: as on every tier."""

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
"""


def test_each_gets_the_boundary_that_the_policy_demands(project: Project) -> None:
    project.configure('services = ["iam", "cloudformation", "s3"]')
    assert project.sandgate("up", "--yes").status == 0
    (project.folder / "suite.py").write_text(SUITE)
    said, _ = project.start("run", "--tier", "sandbox", "--", sys.executable, "suite.py").communicate(timeout=120)
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/{project.identity}-boundary"
    found: list[Any] = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    assert found == [[boundary, boundary], [boundary]], said
