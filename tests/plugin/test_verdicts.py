"""A green run is one that proved something."""

from __future__ import annotations

from typing import Any

import pytest

PATHS = '[tool.sandgate]\npaths = ["tests/integration"]\n'
PASSES = "def test_unit(): pass\n"
SKIPS_PART = """import boto3, unittest

class TestIt(unittest.TestCase):
    def test_it(self):
        boto3.client("sts").get_caller_identity()
        with self.subTest("part"):
            self.skipTest("why")
"""
SKIPS = "import pytest\n\n@pytest.mark.skip\ndef test_it(): pass\n"


def test_every_outcome_is_counted_once_and_calls_know_their_test(project: Any) -> None:
    project.write(
        {
            "pyproject.toml": "[tool.sandgate]\n",
            "test_it.py": """
                import boto3, pytest
                sts = boto3.client("sts")
                def test_passes(): sts.get_caller_identity()
                def test_fails(): assert 0
                def test_skips(): pytest.skip("why")
                @pytest.mark.xfail
                def test_xfails(): assert 0
                @pytest.mark.xfail
                def test_xpasses(): pass
                @pytest.fixture
                def broken(): raise ValueError
                def test_errors(broken): pass
                @pytest.fixture
                def late():
                    yield
                    sts.get_caller_identity()
                    raise ValueError
                def test_errors_late(late): pass
            """,
            "test_module.py": "import pytest\npytest.skip('all of it', allow_module_level=True)\n",
        }
    )
    done = project.pytest()
    assert done.status == 1, done.out
    assert done.receipt["tests"] == {"error": 2, "failed": 1, "passed": 1, "skipped": 2, "xfailed": 1, "xpassed": 1}
    tests = [event["id"] for event in done.events("test")]
    assert len(tests) == len(set(tests)) == 8
    assert [call.get("test") for call in done.events("call")] == [
        "test_it.py::test_passes", "test_it.py::test_errors_late",
    ]  # fmt: skip
    assert "red because the command ended with status 1" in done.out


@pytest.mark.parametrize(
    ("files", "arguments", "status", "says"),
    [
        ({"test_it.py": PASSES}, [], 7, "no call reached the tier 'emulated'"),
        ({"test_it.py": SKIPS}, [], 7, "every test was skipped"),
        ({"test_it.py": SKIPS_PART}, ["--on-skip", "fail"], 7, "1 test was skipped"),
        ({}, [], 7, "no test was selected"),
        ({}, ["--allow-empty"], 0, ""),
        ({"test_it.py": PASSES}, ["--allow-empty"], 0, ""),
        ({"test_it.py": "import nothing_of_that_name\n"}, [], 2, "red because the command ended with status 2"),
    ],
    ids=["no-call", "all-skipped", "part-skipped", "no-test", "no-test-allowed", "no-call-allowed", "not-importable"],
)
def test_a_run_that_proved_nothing_is_red(
    project: Any, files: dict[str, str], arguments: list[str], status: int, says: str
) -> None:
    project.write({"pyproject.toml": "[tool.sandgate]\n", **files})
    done = project.pytest(*arguments)
    assert done.status == status, done.out + done.err
    assert done.receipt["status"] == (status if status != 2 else 1)
    assert says in done.out


@pytest.mark.parametrize(
    ("integration", "arguments", "status", "says"),
    [
        (PASSES.replace("unit", "it"), [], 7, "no call reached"),
        (PASSES.replace("unit", "it"), ["-k", "unit"], 0, "green"),
        (PASSES.replace("unit", "it"), ["tests/unit"], 0, "green"),
        (SKIPS, [], 7, "no call reached"),
        ("", [], 7, "no call reached"),
        ("", ["tests/unit"], 0, "green"),
        ("", ["-k", "misspelt"], 7, "no test was selected"),
    ],
)
def test_paths_say_which_tests_must_reach_the_tier(
    project: Any, integration: str, arguments: list[str], status: int, says: str
) -> None:
    project.write(
        {"pyproject.toml": PATHS, "tests/unit/test_unit.py": PASSES, "tests/integration/test_it.py": integration}
    )
    done = project.pytest(*arguments)
    assert (done.status, says in done.out) == (status, True), done.out + done.err


def test_leftovers_are_red(project: Any) -> None:
    project.write(
        {
            "pyproject.toml": "[tool.sandgate]\n",
            "test_it.py": """
                def test_it(aws, namespace):
                    aws.client("s3").create_bucket(Bucket=namespace.bucket("left"))
            """,
        }
    )
    done = project.pytest()
    assert done.status == 8, done.out + done.err
    left = done.receipt["leftovers"]
    assert [entry["type"] for entry in left] == ["AWS::S3::Bucket"]
    assert left[0]["name"].endswith("-left")
    assert "red because 1 resource was left behind" in done.out


def test_a_gate_that_dies_is_red_even_if_the_tests_are_content(project: Any, nothing_left: Any) -> None:
    project.write(
        {
            "pyproject.toml": "[tool.sandgate]\n",
            "test_it.py": """
                import json, os, signal

                def test_it(sandgate, aws):
                    aws.client("sts").get_caller_identity()
                    pid = json.loads((sandgate.directory / "run.json").read_text())["pid"]
                    os.kill(pid, signal.SIGKILL)
            """,
        }
    )
    done = project.pytest()
    assert done.status == 6, done.out + done.err
    assert "Traceback" not in done.out + done.err
    nothing_left()


def test_a_required_service_must_be_reached(project: Any, calls: str) -> None:
    project.write({"pyproject.toml": '[tool.sandgate]\nrequire = ["s3"]\n', "test_it.py": calls})
    done = project.pytest()
    assert done.status == 7, done.out
    assert "required service 's3' was not reached" in done.out
