"""The stand-in answers clients that know nothing of it, and is as strict as AWS is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.sandbox.standin.account import StandIn

CALLER = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


def test_profiles_are_three_people(standin: StandIn) -> None:
    arns = [standin.profile_client("sts", name).get_caller_identity()["Arn"] for name in ("root", "admin", "other")]
    assert arns == [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/admin",
        "arn:aws:iam::000000000000:user/admin",
    ]


def test_plain_boto3_in_another_process(standin: StandIn, tmp_path: Path) -> None:
    environ = standin.env(tmp_path, AWS_PROFILE="admin")
    said = subprocess.run([sys.executable, "-c", CALLER], env=environ, capture_output=True, text=True, check=True)
    assert said.stdout == "arn:aws:iam::111122223333:user/admin\n"
