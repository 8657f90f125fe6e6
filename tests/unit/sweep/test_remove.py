"""Removing one resource: which calls go out, in which order, and what an error means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker
from botocore.stub import Stubber

from sandgate.resources._model import ResourceType, resource_types
from sandgate.sweep.found import CannotListError, Found, pages
from sandgate.sweep.remove import _SLOW_DOWN, Answer, RemovalError, remove, remove_batch

Calls = Sequence[tuple[str, Mapping[str, Any], str | Mapping[str, Any]]]
"""Method, parameters, and AWS's answer or its error code."""

USER = {"UserName": "test-x"}
KEYS = {"AccessKeyMetadata": [{**USER, "AccessKeyId": f"AKIAIOSFODNN7EXAMPL{n}"} for n in (1, 2)]}
FULL: Calls = [
    ("delete_user", USER, "DeleteConflict"),
    ("list_access_keys", USER, KEYS),
    ("delete_access_key", {**USER, "AccessKeyId": "AKIAIOSFODNN7EXAMPL1"}, {}),
    ("delete_access_key", {**USER, "AccessKeyId": "AKIAIOSFODNN7EXAMPL2"}, {}),
]
"""A user that has keys."""
BUCKET = {"Bucket": "test-x"}
TABLE = {"TableName": "test-x"}
UNLOCKED = {**TABLE, "DeletionProtectionEnabled": False}


@contextmanager
def aws(service: str, calls: Calls) -> Iterator[Any]:
    """A client that knows these calls and no other, and sees to it that all of them came."""
    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    wanted = [name for name, _, _ in calls]
    came: list[str] = []
    names = {operation: name for name, operation in client.meta.method_to_api_mapping.items()}
    client.meta.events.register(
        "provide-client-params", lambda model, **_: came.append(names[model.name]), unique_id="came"
    )
    with Stubber(client) as stub:
        for name, given, answer in calls:
            if isinstance(answer, str):
                stub.add_client_error(name, answer, "said by AWS", expected_params=dict(given))
            else:
                stub.add_response(name, dict(answer), dict(given))
        yield client
    assert came == wanted


def one(name: str, key: Mapping[str, Any]) -> tuple[ResourceType, Found]:
    kind = resource_types()[name]
    return kind, Found(key=key, name=str(next(iter(key.values()))))


def outcome(name: str, key: Mapping[str, Any], calls: Calls) -> tuple[Answer, str]:
    kind, found = one(name, key)
    with aws(kind.service, calls) as client:
        return remove(client, kind, found)


def refused(name: str, key: Mapping[str, Any], calls: Calls) -> str:
    kind, found = one(name, key)
    with aws(kind.service, calls) as client, pytest.raises(RemovalError) as caught:
        remove(client, kind, found)
    return str(caught.value)


def test_accepted() -> None:
    assert outcome("dynamodb-table", TABLE, [("delete_table", TABLE, {})]) == (Answer.ACCEPTED, "")


def test_what_is_not_there_is_absent() -> None:
    assert outcome("dynamodb-table", TABLE, [("delete_table", TABLE, "ResourceNotFoundException")]) == (
        Answer.ABSENT,
        "",
    )


def test_busy_is_for_later_and_says_why() -> None:
    answer, why = outcome("dynamodb-table", TABLE, [("delete_table", TABLE, "ResourceInUseException")])
    assert (answer, why) == (Answer.LATER, "DeleteTable: ResourceInUseException: said by AWS")


def test_a_refusal_has_the_reason_of_aws() -> None:
    calls: Calls = [("delete_table", TABLE, "AccessDeniedException")]
    assert refused("dynamodb-table", TABLE, calls) == "DeleteTable: AccessDeniedException: said by AWS"


def test_whoever_never_answers_may_do_so_later() -> None:
    def cut(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://there")

    kind, found = one("dynamodb-table", TABLE)
    with aws("dynamodb", [("delete_table", TABLE, {})]) as client:
        client.meta.events.register("before-parameter-build", cut)
        answer, why = remove(client, kind, found)
    assert (answer, "https://there" in why) == (Answer.LATER, True)


def test_half_an_answer_says_nothing_of_what_became_of_it() -> None:
    def torn(**_: object) -> None:
        raise ResponseParserError("Unable to parse response: <Secret>canary")

    kind, found = one("dynamodb-table", TABLE)
    with aws("dynamodb", [("delete_table", TABLE, {})]) as client:
        client.meta.events.register("before-parameter-build", torn)
        assert remove(client, kind, found) == (Answer.LATER, "an answer that cannot be read")
    with aws("dynamodb", [("list_tables", {}, {})]) as client:
        client.meta.events.register("before-parameter-build", torn)
        with pytest.raises(CannotListError, match="an answer that cannot be read") as caught:
            list(pages(client, "ListTables", {}))
    assert "canary" not in str(caught.value)


# -- slow down --------------------------------------------------------------------------------------------------------

_BOTOCORES = cast("Any", ThrottledRetryableChecker)._THROTTLED_ERROR_CODES
_CODES = sorted({*_SLOW_DOWN, *_BOTOCORES, "RequestTimeout"})


@pytest.mark.parametrize("code", _CODES)
def test_whoever_is_told_to_slow_down_comes_again(code: str) -> None:
    """botocore's own list of codes counts, whole, whatever the type."""
    assert outcome("dynamodb-table", TABLE, [("delete_table", TABLE, code)])[0] is Answer.LATER
    kind = resource_types()["ssm-parameter"]
    with aws("ssm", [("delete_parameters", {"Names": ["a", "b"]}, code)]) as client:
        assert remove_batch(client, kind, [Found(key={"Name": name}, name=name) for name in "ab"])[0] is Answer.LATER


def test_slowing_down_within_counts_as_well() -> None:
    for code in ("Throttling", "RequestLimitExceeded"):
        assert outcome("iam-user", USER, [*FULL[:1], ("list_access_keys", USER, code)])[0] is Answer.LATER
        calls: Calls = [*FULL[:2], ("delete_access_key", FULL[2][1], code)]
        assert outcome("iam-user", USER, calls)[0] is Answer.LATER


# -- full -------------------------------------------------------------------------------------------------------------


def test_nothing_is_listed_after_what_was_in_the_way_is_out() -> None:
    assert outcome("iam-user", USER, [*FULL, ("delete_user", USER, {})])[0] is Answer.ACCEPTED


def test_what_still_holds_something_is_emptied_further() -> None:
    """A step that took nothing out is no reason to try."""
    calls: Calls = [
        *FULL,
        ("delete_user", USER, "DeleteConflict"),
        ("list_user_policies", USER, {"PolicyNames": []}),
        ("list_attached_user_policies", USER, {"AttachedPolicies": []}),
        ("list_groups_for_user", USER, {"Groups": [{**_GROUP, "Path": "/", "GroupId": "g" * 16}]}),
        ("remove_user_from_group", {**USER, "GroupName": "g"}, {}),
        ("delete_user", USER, {}),
    ]
    assert outcome("iam-user", USER, calls)[0] is Answer.ACCEPTED


_GROUP = {
    "GroupName": "g",
    "Arn": "arn:aws:iam::111122223333:group/g",
    "CreateDate": "2026-01-01T00:00:00Z",
}


def test_what_is_full_of_something_that_nobody_finds_is_for_later() -> None:
    role = {"RoleName": "test-x"}
    calls: Calls = [
        ("delete_role", role, "DeleteConflict"),
        ("list_role_policies", role, {"PolicyNames": []}),
        ("list_attached_role_policies", role, {"AttachedPolicies": []}),
        ("list_instance_profiles_for_role", role, {"InstanceProfiles": []}),
        ("delete_role", role, "DeleteConflict"),
    ]
    answer, why = outcome("iam-role", role, calls)
    assert (answer, why) == (Answer.LATER, "DeleteRole: DeleteConflict: said by AWS")


def test_a_part_that_somebody_else_has_taken_out_is_out() -> None:
    gone: Calls = [("delete_access_key", given, "NoSuchEntity") for _, given, _ in FULL[2:]]
    assert outcome("iam-user", USER, [*FULL[:2], *gone, ("delete_user", USER, {})])[0] is Answer.ACCEPTED


def test_a_part_that_is_refused_is_the_reason() -> None:
    calls: Calls = [*FULL[:2], ("delete_access_key", FULL[2][1], "AccessDenied")]
    assert refused("iam-user", USER, calls) == "DeleteAccessKey: AccessDenied: said by AWS"


VERSION = {"Key": "k", "VersionId": "v"}
FULL_BUCKET: Calls = [
    ("delete_bucket", BUCKET, "BucketNotEmpty"),
    ("list_object_versions", BUCKET, {"Versions": [VERSION], "DeleteMarkers": []}),
    ("delete_objects", {**BUCKET, "Delete": {"Objects": [VERSION], "Quiet": True}}, {}),
]


def test_uploads_are_not_listed_where_objects_were_all() -> None:
    assert outcome("s3-bucket", BUCKET, [*FULL_BUCKET, ("delete_bucket", BUCKET, {})])[0] is Answer.ACCEPTED


def test_uploads_are_aborted_where_objects_were_not_all() -> None:
    upload = {"Key": "k", "UploadId": "u"}
    calls: Calls = [
        *FULL_BUCKET,
        ("delete_bucket", BUCKET, "BucketNotEmpty"),
        ("list_multipart_uploads", BUCKET, {"Uploads": [upload]}),
        ("abort_multipart_upload", {**BUCKET, **upload}, {}),
        ("delete_bucket", BUCKET, {}),
    ]
    assert outcome("s3-bucket", BUCKET, calls)[0] is Answer.ACCEPTED


def test_what_goes_while_it_is_emptied_is_absent() -> None:
    calls: Calls = [FULL_BUCKET[0], ("list_object_versions", BUCKET, "NoSuchBucket")]
    assert outcome("s3-bucket", BUCKET, calls)[0] is Answer.ABSENT


# -- locked -----------------------------------------------------------------------------------------------------------


def test_what_is_locked_is_unlocked_and_nothing_else_is() -> None:
    calls: Calls = [
        ("delete_table", TABLE, "ValidationException"),
        ("update_table", UNLOCKED, {}),
        ("delete_table", TABLE, {}),
    ]
    assert outcome("dynamodb-table", TABLE, calls)[0] is Answer.ACCEPTED


def test_what_stays_locked_is_refused() -> None:
    calls: Calls = [
        ("delete_table", TABLE, "ValidationException"),
        ("update_table", UNLOCKED, "AccessDeniedException"),
        ("delete_table", TABLE, "ValidationException"),
    ]
    assert refused("dynamodb-table", TABLE, calls) == "DeleteTable: ValidationException: said by AWS"


def test_whoever_may_not_unlock_so_quickly_comes_again() -> None:
    calls: Calls = [("delete_table", TABLE, "ValidationException"), ("update_table", UNLOCKED, "ThrottlingException")]
    assert outcome("dynamodb-table", TABLE, calls)[0] is Answer.LATER


# -- batches ----------------------------------------------------------------------------------------------------------


def batch(name: str, member: str, calls: Calls) -> tuple[Answer, str]:
    kind = resource_types()[name]
    with aws(kind.service, calls) as client:
        return remove_batch(client, kind, [Found(key={member: value}, name=value) for value in "ab"])


def test_a_batch_is_one_call() -> None:
    both = {"AlarmNames": ["a", "b"]}
    assert batch("cloudwatch-alarm", "AlarmName", [("delete_alarms", both, {})]) == (Answer.ACCEPTED, "")


@pytest.mark.parametrize("code", ["ResourceNotFound", "ValidationError", "AccessDenied"])
def test_one_in_a_batch_says_nothing_of_the_others(code: str) -> None:
    """One is missing, waits for something else, or is refused: only one by one tells which of them it is."""
    both = {"AlarmNames": ["a", "b"]}
    with pytest.raises(RemovalError, match=f"DeleteAlarms: {code}"):
        batch("cloudwatch-alarm", "AlarmName", [("delete_alarms", both, code)])


def test_one_by_one_is_a_list_of_one() -> None:
    calls: Calls = [("delete_alarms", {"AlarmNames": ["a"]}, {})]
    assert outcome("cloudwatch-alarm", {"AlarmName": "a"}, calls)[0] is Answer.ACCEPTED
