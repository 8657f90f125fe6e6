"""Refusals in a suite: red unless expected, and `expect_denied` sees who refused, alone, in workers and in a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
CONFTEST = """
    import boto3, json, pytest

    @pytest.fixture
    def stranger():
        def client(service):
            return boto3.client(service, aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
        return client

    @pytest.fixture
    def role(aws, namespace):
        # Of functions: the tests may not take it.
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        name, iam = namespace.name("functions"), aws.client("iam")
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        yield iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        iam.delete_role(RoleName=name)
"""
MEANT = """
    import boto3, pytest
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import ClientError

    def test_of_the_gate(aws, stranger, expect_denied):
        aws.client("sts").get_caller_identity()
        with expect_denied("DynamoDB:listtables") as denied:
            stranger("dynamodb").list_tables()
        assert (denied.by, denied.rule, denied.call) == ("gate", "unknown-key", "dynamodb:ListTables")
        assert denied.value == "AKIA...MPLE" and denied.source and denied.remedy and denied.count == 1

    def test_of_the_upstream(aws, role, expect_denied):
        with expect_denied("sts:AssumeRole", by="upstream") as denied:
            aws.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")
        assert (denied.by, denied.error, denied.rule) == ("upstream", "AccessDenied", "")

    def test_of_anybody(stranger, expect_denied):
        with expect_denied("s3:HeadBucket", by="any") as denied:
            stranger("s3").head_bucket(Bucket="test-b")
        assert denied.by == "gate"

    def test_of_a_client_that_is_not_boto3s(expect_denied):
        import os, urllib.request
        with expect_denied("s3:ListBuckets") as denied:
            urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"])
        assert denied.rule == "unsigned"

    def test_that_is_caught_inside(expect_denied):
        with expect_denied("dynamodb:ListTables") as denied:
            with pytest.raises(ClientError):
                boto3.client("dynamodb", config=Config(signature_version=UNSIGNED)).list_tables()
        assert denied.rule == "unsigned"

    def test_that_is_followed_by_another_error(aws, stranger, namespace, expect_denied):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            with expect_denied("dynamodb:ListTables"):
                with pytest.raises(ClientError):
                    stranger("dynamodb").list_tables()
                aws.client("s3").list_objects_v2(Bucket=namespace.bucket("missing"))
"""
FAILS = """
    import pytest

    def test_nothing_reached_the_gate(expect_denied):
        with expect_denied("s3:GetObject"):
            pass

    def test_allowed(aws, expect_denied):
        with expect_denied("sts:GetCallerIdentity"):
            aws.client("sts").get_caller_identity()

    def test_other_calls(aws, expect_denied):
        with expect_denied("s3:GetObject"):
            aws.client("sts").get_caller_identity()

    def test_something_else(stranger, expect_denied):
        with expect_denied("s3:GetObject"):
            stranger("s3").list_buckets()

    def test_more(stranger, expect_denied):
        with expect_denied("s3:ListBuckets"):
            with pytest.raises(Exception):
                stranger("s3").list_buckets()
            stranger("dynamodb").list_tables()

    def test_upstream_instead(aws, role, expect_denied):
        with expect_denied("sts:AssumeRole"):
            aws.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")

    def test_gate_instead(stranger, expect_denied):
        with expect_denied("s3:ListBuckets", by="upstream"):
            stranger("s3").list_buckets()

    def test_another_statement(stranger, expect_denied):
        with expect_denied("s3:ListBuckets", statement="Objects"):
            stranger("s3").list_buckets()

    def test_a_wrong_word(expect_denied):
        with expect_denied("s3:ListBuckets", by="aws"):
            pass

    def test_a_failed_assertion(stranger, expect_denied):
        with expect_denied("s3:ListBuckets"):
            assert 1 == 2, "of the test itself"
"""
SAYS = {
    "nothing_reached_the_gate": "no call of this test reached the gate",
    "allowed": "the gate refuses sts:GetCallerIdentity; it was allowed, and answered with status 200",
    "other_calls": "nothing was refused; the calls were sts:GetCallerIdentity (200)",
    "something_else": "refused was s3:ListBuckets by the gate's rule 'unknown-key': AKIA...MPLE",
    "more": "s3:ListBuckets was refused as expected, but so was dynamodb:ListTables by the gate's rule",
    "upstream_instead": "the gate let it pass, and refused was sts:AssumeRole by the upstream (AccessDenied)",
    "gate_instead": "it never got there: refused was s3:ListBuckets by the gate's rule",
    "another_statement": "it was refused, but by no statement, but rule 'unknown-key'",
    "a_wrong_word": "by must be 'gate', 'upstream' or 'any', not 'aws'",
    "a_failed_assertion": "of the test itself",
}


@pytest.fixture
def write(project: Any) -> Callable[..., Any]:
    def make(text: str, toml: str = "") -> Any:
        return project.write(
            {"pyproject.toml": f"[tool.sandgate]\n{toml}", "conftest.py": CONFTEST, "test_it.py": text}
        )

    return make


@pytest.mark.parametrize("way", ["alone", "workers", "joined"])
def test_what_is_meant_is_green(write: Any, way: str) -> None:
    made = write(MEANT)
    if way == "joined":
        done = made.sandgate("run", "--", *PYTEST, "-n", "1")
    else:
        done = made.pytest(*(["-n", "2"] if way == "workers" else []))
    assert done.status == 0, done.out + done.err
    assert done.receipt["refused"] == {"total": 5, "expected": 5, "counted": 0}
    assert done.receipt["denied_upstream"] == {"sts:AssumeRole": 1}
    assert "refused  5 as expected by tests" in done.out + done.err
    assert "to allow it" not in done.out + done.err
    refused = {event["id"]: event for event in done.events("refused")}
    for event in done.events("expected"):
        assert [refused[key]["test"] for key in event["refusals"]] == [event["test"]]
        assert [refused[key]["worker"] for key in event["refusals"]] == [event["worker"]]


@pytest.fixture(scope="module")
def failed(new_project: Callable[[], Any]) -> Any:
    files = {"pyproject.toml": "[tool.sandgate]\n", "conftest.py": CONFTEST, "test_it.py": FAILS}
    return new_project().write(files).pytest("-rf", "--tb=short", COLUMNS="400")


@pytest.mark.parametrize("name", SAYS)
def test_what_is_not_as_expected_fails_with_its_reason(failed: Any, name: str) -> None:
    (line,) = [line for line in failed.out.splitlines() if line.startswith(f"FAILED test_it.py::test_{name} ")]
    assert SAYS[name] in line


def test_only_what_was_refused_as_expected_is_marked(failed: Any) -> None:
    assert failed.receipt["tests"] == {"failed": len(SAYS)}
    assert {event["test"] for event in failed.events("expected")} == {"test_it.py::test_more"}
    assert failed.receipt["refused"] == {"total": 5, "expected": 1, "counted": 4}
    assert "the gate refused 4 calls" in failed.receipt["reasons"]


SWALLOWS = """
    import pytest

    @pytest.mark.parametrize("number", range(2))
    def test_swallows(aws, stranger, number):
        aws.client("sts").get_caller_identity()
        with pytest.raises(Exception):
            stranger("dynamodb").list_tables()
"""


CALLS = """
    def test_other(aws):
        aws.client("sts").get_caller_identity()
"""


def test_a_swallowed_refusal_turns_green_tests_red(write: Any) -> None:
    done = write(SWALLOWS).pytest()
    assert done.status == 9, done.out + done.err
    assert "2 passed" in done.out
    assert "red because the gate refused 2 calls" in done.out
    assert done.out.count("by rule unknown-key") == 1
    assert "in: test_it.py::test_swallows[0], test_it.py::test_swallows[1]" in done.out
    (group,) = done.receipt["refusals"]
    assert (group["call"], group["rule"], group["by"]) == ("dynamodb:ListTables", "unknown-key", "gate")
    assert (group["count"], group["counted"], group["in_tests"]) == (2, 2, 2)


@pytest.mark.parametrize(("toml", "arguments"), [('on_refusal = "report"\n', []), ("", ["--on-refusal", "report"])])
def test_report_shows_it_and_stays_green(write: Any, toml: str, arguments: list[str]) -> None:
    done = write(SWALLOWS, toml).pytest(*arguments)
    assert done.status == 0, done.out + done.err
    assert "dynamodb:ListTables (2x) by rule unknown-key" in done.out
    assert done.receipt["on_refusal"] == "report"


@pytest.mark.parametrize(("options", "status"), [((), 9), (("--on-refusal", "report"), 0)])
def test_a_session_in_a_run_that_goes_on_is_judged_by_its_own_refusals(
    write: Any, options: tuple[str, ...], status: int
) -> None:
    made = write(SWALLOWS + CALLS)
    run = f"{sys.executable} -m sandgate"
    pytests = [f"{' '.join(PYTEST)} {arguments}" for arguments in ("-k other", "-n 1", "-k other")]
    lines = [f"{run} start {' '.join(options)}", f'eval "$({run} env)"', *(f"{it}; echo status $?" for it in pytests)]
    try:
        done = made.run("sh", "-c", "\n".join(lines))
    finally:
        stopped = made.sandgate("stop")
    assert [line for line in done.out.splitlines() if line.startswith("status")] == [
        "status 0", f"status {status}", "status 0",
    ]  # fmt: skip
    assert done.out.count("dynamodb:ListTables (2x) by rule unknown-key") == 1
    assert (stopped.status, "(2x) by rule unknown-key" in stopped.out) == (status, True)


def test_failed_tests_keep_pytests_status(write: Any) -> None:
    done = write(SWALLOWS + "        assert number\n").pytest()
    assert (done.status, done.receipt["status"]) == (1, 1)
    assert "the gate refused 2 calls" in done.receipt["reasons"]


def test_a_process_that_dies_in_the_block_has_marked_nothing(write: Any) -> None:
    text = """
        import os
        def test_dies(stranger, expect_denied):
            with expect_denied("dynamodb:ListTables"):
                try:
                    stranger("dynamodb").list_tables()
                finally:
                    os._exit(0)
    """
    done = write(text).sandgate("run", "--allow-empty", "--", *PYTEST)
    assert done.status == 9, done.out + done.err
    assert done.events("expected") == []


GUARDLESS = "def test_it(aws): aws.client('sts').get_caller_identity()\n"


def test_without_the_guard_everything_says_so(write: Any) -> None:
    done = write(GUARDLESS).pytest("--unsafe-no-guard", "-n", "1")
    assert done.status == 0, done.out + done.err
    assert done.out.count("guard OFF (--unsafe-no-guard)") == 1
    assert "  guard    OFF (--unsafe-no-guard)" in done.out
    assert done.receipt["guard"] == "off"


@pytest.mark.parametrize("place", ["pytest.ini", "variable"])
def test_the_guard_is_not_switched_off_by_a_file_or_variable(write: Any, place: str) -> None:
    made = write(GUARDLESS)
    environ = {}
    if place == "pytest.ini":
        made.write({"pytest.ini": "[pytest]\naddopts = --unsafe-no-guard\n"})
    else:
        environ = {"PYTEST_ADDOPTS": "--unsafe-no-guard"}
    done = made.pytest(**environ)
    assert done.status == 3, done.out + done.err
    assert "--unsafe-no-guard can only be given on the command line" in done.err
    assert made.runs() == set()
