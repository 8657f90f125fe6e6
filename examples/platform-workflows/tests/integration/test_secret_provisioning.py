"""Secret flow, end to end: request, parser, AWS, and what reads the secret on the other side."""

from __future__ import annotations

import functools
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from scripts import secret_consumer, secret_provision
from scripts.secret_consumer import read_secrets
from scripts.secret_provision import create, delete, restore, rotate
from scripts.secret_request_parser import SecretRequest, parse
from scripts.secret_stores import NoSecretError, SecretError, store_of

PROVIDERS = ("secretsmanager", "ssm")
in_store = functools.cache(store_of)


@pytest.fixture
def request_for(
    isolated_namespace: str, isolated_path: str, forget: Callable[[str, str], None]
) -> Callable[..., dict[str, Any]]:
    """`request_for("ssm")` gives a request, as its YAML would be read, under names of the test's own."""

    def make(provider: str, **spec: Any) -> dict[str, Any]:
        document = {
            "id": "SEC-0001",
            "platform": isolated_path if provider == "ssm" else isolated_namespace,
            "name": "db-credentials",
            "service": "payments",
            "environment": "dev",
            "owner": "team-payments",
            "spec": {"provider": provider, **spec},
        }
        forget(provider, parse(document).secret_name)
        return document

    return make


@pytest.fixture
def make(request_for: Callable[..., dict[str, Any]]) -> Callable[..., SecretRequest]:
    """The same, parsed."""
    return lambda provider, **spec: parse(request_for(provider, **spec))


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    """Each store in turn."""
    name: str = request.param
    return name


class TestSecretFlow:
    """What holds for both stores."""

    def test_what_is_created_is_what_the_consumer_reads(self, provider: str, make: Any) -> None:
        """The defect that this flow is known for: written under one name, read under another, and no test saw both."""
        request = make(provider)
        done = create(request)
        assert done.done == "created"
        assert read_secrets(request.manifest) == {"db-credentials": in_store(provider).read(done.name)}
        assert len(read_secrets(request.manifest)["db-credentials"]) == 32

    def test_a_second_time_changes_nothing(self, provider: str, make: Any) -> None:
        request = make(provider)
        create(request)
        before = read_secrets(request.manifest)
        assert create(request).done == "unchanged"
        assert read_secrets(request.manifest) == before

    def test_rotation_keeps_the_one_before(self, provider: str, make: Any) -> None:
        request = make(provider)
        first = create(request)
        store = in_store(provider)
        before = store.read(first.name)
        second = rotate(request)
        assert second.version != first.version
        assert store.read(first.name) != before
        assert store.read(first.name, previous=True) == before

        rotate(request)
        assert store.read(first.name, previous=True) != before

    def test_nothing_to_rotate(self, provider: str, make: Any) -> None:
        with pytest.raises(NoSecretError, match="NotFound"):
            rotate(make(provider))

    def test_before_any_rotation_there_is_no_previous_one(self, provider: str, make: Any) -> None:
        name = create(make(provider)).name
        with pytest.raises(NoSecretError):
            in_store(provider).read(name, previous=True)

    def test_a_supplied_value_comes_from_outside(self, provider: str, make: Any) -> None:
        request = make(provider, secretType="supplied")
        with pytest.raises(SecretError, match="none came"):
            create(request)
        create(request, "from elsewhere")
        assert read_secrets(request.manifest) == {"db-credentials": "from elsewhere"}
        with pytest.raises(SecretError, match="the new value is the old one"):
            rotate(request, "from elsewhere")

    def test_a_deleted_one_is_gone(self, provider: str, make: Any) -> None:
        request = make(provider)
        create(request)
        assert delete(request).done == "deleted"
        with pytest.raises(SecretError):
            read_secrets(request.manifest)
        with pytest.raises(NoSecretError) if provider == "ssm" else pytest.raises(SecretError, match="restore"):
            rotate(request)

    def test_the_command_line(
        self, provider: str, request_for: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        document = request_for(provider)
        path = tmp_path / "request.yaml"
        path.write_text(json.dumps(document))  # JSON is YAML
        name = parse(document).secret_name
        assert secret_provision.main(["create", "--request", str(path)]) == 0
        assert secret_provision.main(["rotate", "--request", str(path)]) == 0
        said = capsys.readouterr()
        assert f"{name}: created, version " in said.out
        assert f"{name}: rotated, version " in said.out

        parsed = tmp_path / "parsed.json"
        parsed.write_text(json.dumps(parse(document).to_json()))
        (tmp_path / "db-credentials").touch(mode=0o644)  # one that everybody may read does not stay so
        assert secret_consumer.main(["--manifest", str(parsed), "--to", str(tmp_path)]) == 0
        value = (tmp_path / "db-credentials").read_text()
        assert value == in_store(provider).read(name)
        assert value not in said.out + said.err + capsys.readouterr().out
        assert (tmp_path / "db-credentials").stat().st_mode & 0o777 == 0o600

    def test_a_supplied_value_on_standard_input(
        self, provider: str, request_for: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "request.yaml"
        document = request_for(provider, secretType="supplied")
        path.write_text(json.dumps(document))
        monkeypatch.setattr(sys, "stdin", io.StringIO("by pipe\n"))
        assert secret_provision.main(["create", "--request", str(path)]) == 0
        assert in_store(provider).read(parse(document).secret_name) == "by pipe"


class TestSecretsManager:
    """What only Secrets Manager has."""

    def test_the_stages_are_those_of_aws(self, make: Any) -> None:
        request = make("secretsmanager")
        first, second = create(request), rotate(request)
        versions = boto3.client("secretsmanager").describe_secret(SecretId=first.name)["VersionIdsToStages"]
        assert versions == {first.version: ["AWSPREVIOUS"], second.version: ["AWSCURRENT"]}

    def test_within_its_window_it_comes_back(self, make: Any) -> None:
        request = make("secretsmanager", recoveryWindowDays=9)
        create(request)
        before = read_secrets(request.manifest)
        delete(request)
        described = boto3.client("secretsmanager").describe_secret(SecretId=request.secret_name)
        assert 8 <= (described["DeletedDate"] - described["CreatedDate"]).days <= 9
        with pytest.raises(SecretError, match="`restore` brings it back"):
            create(request)
        assert restore(request).done == "restored"
        assert read_secrets(request.manifest) == before

    def test_its_policy_names_the_readers(self, make: Any, sandgate: Any) -> None:
        reader = f"arn:aws:iam::{sandgate.account}:root"
        request = make("secretsmanager", readers=[reader])
        create(request)
        policy = boto3.client("secretsmanager").get_resource_policy(SecretId=request.secret_name)["ResourcePolicy"]
        (statement,) = json.loads(policy)["Statement"]
        assert statement["Principal"] == {"AWS": [reader]}
        assert "secretsmanager:GetSecretValue" in statement["Action"]
        assert "secretsmanager:PutSecretValue" not in statement["Action"]

    def test_whom_a_later_request_does_not_name_reads_no_more(self, make: Any, sandgate: Any) -> None:
        named = make("secretsmanager", readers=[f"arn:aws:iam::{sandgate.account}:root"])
        create(named)
        before = read_secrets(named.manifest)
        assert create(replace(named, readers=())).done == "unchanged"
        answer = boto3.client("secretsmanager").get_resource_policy(SecretId=named.secret_name)
        assert "ResourcePolicy" not in answer
        assert read_secrets(named.manifest) == before

    def test_it_carries_who_asked_for_it(self, make: Any) -> None:
        name = create(make("secretsmanager")).name
        tags = boto3.client("secretsmanager").describe_secret(SecretId=name)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {
            "owner": "team-payments",
            "request": "SEC-0001",
            "risk": "low",
            "rotation": "none",
        }


class TestParameters:
    """What only parameters have."""

    def test_it_is_encrypted(self, make: Any) -> None:
        request = make("ssm")
        create(request)
        ssm = boto3.client("ssm")
        assert ssm.get_parameter(Name=request.secret_name)["Parameter"]["Type"] == "SecureString"
        (value,) = read_secrets(request.manifest).values()
        assert ssm.get_parameter(Name=request.secret_name)["Parameter"]["Value"] != value

    def test_a_deleted_one_does_not_come_back(self, make: Any) -> None:
        with pytest.raises(SecretError, match="does not come back"):
            restore(make("ssm"))

    def test_a_value_that_is_too_long_is_refused_before_aws_does(self, make: Any) -> None:
        with pytest.raises(SecretError, match="4097 bytes are more than the 4096 that ssm takes"):
            create(make("ssm", secretType="supplied"), "x" * 4097)


class TestInvalidRequests:
    """A request that is refused makes nothing."""

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"environment": "production"}, "environment: must be one of dev, test, staging, prod"),
            ({"service": "Payments!"}, "service: must be lower-case letters"),
            ({"spec": {"provider": "vault"}}, "spec.provider: must be one of secretsmanager, ssm, not 'vault'"),
            ({"spec": {"provider": "ssm", "recoveryWindowDays": 7}}, "spec.recoveryWindowDays: is nothing that"),
        ],
    )
    def test_and_says_why(
        self,
        change: dict[str, Any],
        says: str,
        request_for: Any,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        good = request_for("secretsmanager")
        path = tmp_path / "request.yaml"
        path.write_text(json.dumps({**good, **change}))
        assert secret_provision.main(["create", "--request", str(path)]) == 2
        assert says in capsys.readouterr().err
        with pytest.raises(NoSecretError):
            read_secrets(parse(good).manifest)
