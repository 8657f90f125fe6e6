"""Buckets of the pattern are the account's own, whoever else has one of such a name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.config.model import Config
from sandgate.iam.compile import compile_document
from sandgate.iam.document import Document
from sandgate.iam.evaluate import evaluate
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies
from sandgate.identity.documents import documents

ACCOUNT = "111122223333"
OTHER = "000000000000"
OBJECT = "arn:aws:s3:::test-uploads/key"
Configure = Callable[[str], Config]


def _may(found: tuple[Document, ...], owner: str, bucket: str = OBJECT, action: str = "s3:PutObject") -> bool:
    context = {"aws:resourceaccount": (owner,)} if owner else {}
    asked = AccessRequest(action=action, resource=bucket, context=context)
    return evaluate(asked, Policies(identity=tuple(compile_document(one) for one in found))).allowed


@pytest.mark.parametrize("text", ["", 'services = "s3"'])
@pytest.mark.parametrize(("owner", "allowed"), [(ACCOUNT, True), (OTHER, False), ("", True)])
def test_a_bucket_of_the_pattern_is_the_accounts_own(
    configure: Configure, text: str, owner: str, allowed: bool
) -> None:
    found = documents(configure(text), account=ACCOUNT)
    assert _may(tuple(found.role.values()), owner) == allowed
    assert _may((found.boundary,), owner) == allowed


@pytest.mark.parametrize(("owner", "allowed"), [(ACCOUNT, True), (OTHER, False)])
def test_so_is_the_bucket_of_artifacts(configure: Configure, owner: str, allowed: bool) -> None:
    found = documents(configure('services = "sqs"'), account=ACCOUNT)
    assert _may(tuple(found.deployer.values()), owner, "arn:aws:s3:::test-a-artifacts/zip") == allowed


@pytest.mark.parametrize("bucket", ["lake", "arn:aws:s3:::lake"])
def test_what_is_adopted_may_be_somebody_elses(configure: Configure, bucket: str) -> None:
    found = documents(configure(f'adopt = "{bucket}"'), account=ACCOUNT)
    assert _may(tuple(found.role.values()), OTHER, "arn:aws:s3:::lake/key")
