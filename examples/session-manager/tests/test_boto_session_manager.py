"""The same questions to the library that this one is modelled on: nothing of it knows of sandgate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest
import settings
from boto_session_manager.api import BotoSesManager
from botocore.exceptions import ClientError

YEAR = 365 * 24 * 60 * 60


@pytest.fixture(scope="module")
def bsm() -> BotoSesManager:
    """The identity of the tests, by the variables that the library's own tests would read."""
    return BotoSesManager(
        aws_access_key_id=os.environ[settings.KEY_ID_VARIABLE],
        aws_secret_access_key=os.environ[settings.SECRET_VARIABLE],
        region_name=settings.REGION,
    )


@pytest.fixture(scope="module")
def bsm_assumed(bsm: BotoSesManager, role: str, eventually: Any) -> BotoSesManager:
    """A session of a role, with a random name and without an external id."""
    found: BotoSesManager = eventually(lambda: bsm.assume_role(role_arn=role), ignoring=ClientError)
    return found


def test_account_and_region(bsm: BotoSesManager, bsm_assumed: BotoSesManager, sandgate: Any, role: str) -> None:
    assert (bsm.aws_account_id, bsm.principal_arn) == (sandgate.account, sandgate.caller)
    assert bsm_assumed.aws_account_id == sandgate.account
    assert bsm_assumed.aws_region == bsm.aws_region == sandgate.region
    start = f"arn:aws:sts::{sandgate.account}:assumed-role/{role.rpartition('/')[2]}/"
    assert bsm_assumed.principal_arn.startswith(start)
    assert bsm_assumed.aws_account_user_id != bsm.aws_account_user_id


def test_alias(bsm: BotoSesManager) -> None:
    aliases = bsm.get_client("iam").list_account_aliases()["AccountAliases"]
    assert bsm.aws_account_alias == (aliases[0] if aliases else None)


def test_expiry(bsm: BotoSesManager, bsm_assumed: BotoSesManager) -> None:
    assert not bsm.is_expired()
    assert not bsm_assumed.is_expired()
    assert bsm_assumed.is_expired(delta=YEAR)


@pytest.mark.usefixtures("bsm_assumed")
def test_refreshed_by_itself(bsm: BotoSesManager, role: str) -> None:
    refreshing = bsm.assume_role(role_arn=role, auto_refresh=True)
    assert f":assumed-role/{role.rpartition('/')[2]}/" in refreshing.principal_arn


def test_awscli(bsm_assumed: BotoSesManager) -> None:
    if shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not installed")
    with bsm_assumed.awscli():
        said = subprocess.run(["aws", "sts", "get-caller-identity"], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["Arn"] == bsm_assumed.principal_arn
