"""Variables and settings that would lead calls elsewhere than to AWS."""

from __future__ import annotations

import pytest

from sandgate.errors import ConfigError
from sandgate.tiers._aws_environment import check_profile, check_variables, is_local


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL", "https://dynamodb.eu-west-1.amazonaws.com"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "x"),
        ("DYNAMODB_ENDPOINT", "http://localhost:8000"),
        ("DYNAMO_ENDPOINT", "localhost:8000"),
        ("DYNAMODB_ADMIN_ENDPOINT", "http://127.0.0.1:8000"),
        ("SQS_ENDPOINT_URL", "http://127.1.2.3:9324/"),
        ("S3_ENDPOINT", "http://[::1]:9000"),
        ("S3_ENDPOINT", "0.0.0.0:9000"),
        ("LOCALSTACK_HOST", "localhost"),
        ("MINIO_URL", "http://minio:9000"),
        ("dynamodb_endpoint", "http://localhost:8000"),
        ("S3_ENDPOINT", "http://127.1:9000"),
        ("S3_ENDPOINT", "http://0x7f000001:9000"),
        ("S3_ENDPOINT", "http://[::ffff:127.0.0.1]:9000"),
        ("ANY_ENDPOINT", "http://sub.localhost.localstack.cloud:4566"),
    ],
)
def test_what_names_another_endpoint_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_variables({"A": "b", name: value}, "environment")
    assert name in caught.value.message
    assert name in caught.value.hint
    assert caught.value.where == "environment"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DYNAMODB_ENDPOINT", ""),
        ("AWS_ENDPOINT_URL", ""),
        ("DYNAMODB_ENDPOINT", "https://dynamodb.eu-west-1.amazonaws.com"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"),
        ("DATABASE_URL", "postgres://localhost/x"),
        ("HTTP_PROXY", "http://127.0.0.1:3128"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[::1]"),
        ("ENDPOINT_NAME", "localhost"),
    ],
)
def test_what_does_not_passes(name: str, value: str) -> None:
    check_variables({name: value}, "environment")


def test_what_the_run_itself_sets_for_the_tests_passes() -> None:
    check_variables(
        {"DYNAMODB_ENDPOINT": "http://localhost:8000"}, "environment", but={"DYNAMODB_ENDPOINT": "gate_url"}
    )


def test_no_secret_of_a_url_is_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        check_variables({"S3_ENDPOINT": "http://me:s3cr3t@localhost:9000/?key=s3cr3t"}, "environment")
    assert "s3cr3t" not in str(caught.value)
    assert "localhost:9000" in str(caught.value)


@pytest.mark.parametrize("value", ["http://[::1", "", "example.com", "10.0.0.1:80", "localhost.example.com"])
def test_what_is_not_here_is_not_local(value: str) -> None:
    assert not is_local(value)


CONFIG = {
    "profiles": {
        "plain": {"region": "eu-west-1"},
        "url": {"endpoint_url": "http://localhost:4566"},
        "old": {"s3": {"endpoint_url": "http://localhost:9000"}},
        "services": {"services": "local"},
    },
    "services": {"local": {"dynamodb": {"endpoint_url": "http://localhost:8000"}}},
}


@pytest.mark.parametrize(
    ("profile", "key"),
    [
        ("url", "[profile url] endpoint_url"),
        ("old", "[profile old] s3.endpoint_url"),
        ("services", "[services local] dynamodb.endpoint_url"),
    ],
)
def test_an_endpoint_in_the_aws_configuration_is_refused_by_its_key(profile: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_profile(CONFIG, profile, "~/.aws/config")
    assert caught.value.where.startswith(f"~/.aws/config, {key} = http://localhost:")


@pytest.mark.parametrize("profile", ["plain", "default"])
def test_other_profiles_do_not_matter(profile: str) -> None:
    check_profile(CONFIG, profile, "config")
