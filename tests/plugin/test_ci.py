"""In a CI job only the environment is read, and what is missing there is one error before anything is collected."""

from __future__ import annotations

from typing import Any

READS = """
    import os

    KEY = os.environ["MINIO_KEY"]
"""
ENDPOINTS = """
    [tool.sandgate]
    tier = "dev"
    [tool.sandgate.endpoints.s3]
    url = "http://127.0.0.1:9"
    access_key_id_env = "MINIO_KEY"
    secret_access_key_env = "MINIO_SECRET"
"""


def test_the_env_file_is_not_read_and_that_is_said_once(project: Any, calls: str) -> None:
    project.write(
        {
            "sandgate.toml": 'env_pass = ["APP_NAME"]',
            ".env.emulated": "SANDGATE_REGION=eu-west-1\nAPP_NAME=of-the-file\n",
            "test_it.py": calls
            + """
    def test_environment():
        import os
        assert os.environ["AWS_REGION"] == "us-east-1"
        assert os.environ["APP_NAME"] == "of-the-job"
""",
        }
    )
    done = project.pytest("-n", "2", CI="true", APP_NAME="of-the-job")
    said = "CI is set, so .env.emulated is not read; only the environment counts"
    assert (done.status, (done.out + done.err).count(said)) == (0, 1), done.out + done.err


def test_a_variable_that_is_missing_in_ci_is_one_error(project: Any) -> None:
    project.write({"pyproject.toml": ENDPOINTS, "conftest.py": READS, ".env.dev": "MINIO_KEY=a\nMINIO_SECRET=b\n"})
    done = project.pytest(CI="true")
    assert done.status == 3
    assert done.err.count("ERROR") == 1
    assert "the variable MINIO_KEY is not set in this CI job" in done.err
    assert "make the repository secret MINIO_KEY" in done.err
    assert "KeyError" not in done.out + done.err


def test_credentials_that_are_missing_in_ci_are_one_error(project: Any) -> None:
    project.write(
        {
            "sandgate.toml": 'tier = "integration"\naccount = "111122223333"\nkey_variables = ["CI_KEY", "CI_SECRET"]',
            "conftest.py": 'import os\n\nKEY = os.environ["CI_KEY"]\n',
            ".env.integration": "CI_KEY=a\nCI_SECRET=b\n",
        }
    )
    done = project.pytest(CI="true", CI_KEY="", AWS_SESSION_TOKEN="")
    assert done.status == 3
    assert done.err.count("ERROR") == 1
    assert "the variables CI_KEY and CI_SECRET are not set or empty" in done.err
    assert "repository secrets CI_KEY and CI_SECRET" in done.err
    assert "KeyError" not in done.out + done.err
