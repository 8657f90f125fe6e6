"""Minted credentials: swapped in every protocol, the data file complete, nothing real passed on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import botocore.session
import cbor2
import pytest
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.parsers import create_parser

from sandgate.rewrite.credentials import credential_operations, map_ids, map_request, mints, swap_credentials
from sandgate.rewrite.document import RewriteError
from sandgate.wire.signing.credential import Credential

IDS, SECRETS, TOKENS = {"accesskeyid"}, {"secretaccesskey", "secretkey"}, {"sessiontoken"}
EXPIRES = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def fake_mint(seen: list[tuple[Credential, str]]) -> Any:
    def mint(real: Credential, label: str) -> Credential:
        seen.append((real, label))
        return Credential(f"SGSUR{len(seen)}", "surrogate-secret", "surrogate<token" if real.session_token else "")

    return mint


def triples(shape: Shape, path: tuple[str, ...], above: frozenset[str] = frozenset()) -> Iterator[dict[str, str]]:
    """Every structure below that holds an access key with its secret, as paths on the wire."""
    if shape.name in above:
        return
    above |= {shape.name}
    if isinstance(shape, StructureShape):
        names = {name.lower(): shape.members[name].serialization.get("name", name) for name in shape.members}
        if names.keys() & IDS and names.keys() & SECRETS:
            kinds = {"id": IDS, "secret": SECRETS, "token": TOKENS}
            yield {
                kind: ".".join((*path, names[found.pop()]))
                for kind, wanted in kinds.items()
                if (found := names.keys() & wanted)
            }
        for name, member in shape.members.items():
            yield from triples(member, (*path, member.serialization.get("name", name)), above)
    elif isinstance(shape, ListShape):
        yield from triples(shape.member, (*path, "[]"), above)
    elif isinstance(shape, MapShape):
        yield from triples(shape.value, (*path, "{}"), above)


def services_with_keys() -> Iterator[str]:
    """Services that have such a structure at all; building every model would take long."""
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    for service in session.get_available_services():
        for shape in loader.load_service_model(service, "service-2")["shapes"].values():
            names = {name.lower() for name in shape.get("members", ())}
            if names & IDS and names & SECRETS:
                yield service
                break


def test_the_data_file_lists_what_the_models_mint() -> None:
    listed: dict[tuple[str, str], dict[str, str]] = {}
    text = resources.files("sandgate.rewrite").joinpath("credentials.json").read_text(encoding="utf-8")
    for row in json.loads(text)["minted"]:
        for operation in row["operations"]:
            at = f"{row['at']}." if row["at"] else ""
            paths = {kind: f"{at}{row[kind]}" for kind in ("id", "secret", "token") if kind in row}
            assert (row["service"], operation) not in listed
            listed[row["service"], operation] = paths
    found: dict[tuple[str, str], dict[str, str]] = {}
    for service in services_with_keys():
        for operation in model(service).operation_names:
            output = model(service).operation_model(operation).output_shape
            if output is None:
                continue
            payload = output.serialization.get("payload")
            for paths in triples(output.members[payload] if payload else output, ()):
                assert (service, operation) not in found, "one structure an operation"
                found[service, operation] = paths
    newer = {key: paths for key, paths in found.items() if key not in listed}
    assert newer == {}
    assert {key: listed[key] for key in found} == found


XML = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>AROA1:s</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/test-r/s</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAREAL</AccessKeyId>
      <SecretAccessKey>canary/secret</SecretAccessKey>
      <SessionToken>canary/token==</SessionToken>
      <Expiration>2026-01-31T12:00:00Z</Expiration>
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>
</AssumeRoleResponse>"""


def parsed(service: str, operation: str, protocol: str, body: bytes, content_type: str = "text/xml") -> Any:
    response = {"body": body, "headers": {"content-type": content_type}, "status_code": 200}
    output = model(service).operation_model(operation).output_shape
    assert output is not None
    return create_parser(protocol).parse(response, output)


def test_assume_role_as_botocore_reads_it() -> None:
    seen: list[tuple[Credential, str]] = []
    made = swap_credentials("sts", "AssumeRole", "text/xml", XML, fake_mint(seen))
    assert b"canary" not in made
    real = Credential("ASIAREAL", "canary/secret", "canary/token==", EXPIRES)
    assert seen == [(real, "arn:aws:sts::111122223333:assumed-role/test-r/s")]
    before = parsed("sts", "AssumeRole", "query", XML)
    after = parsed("sts", "AssumeRole", "query", made)
    surrogate = {"AccessKeyId": "SGSUR1", "SecretAccessKey": "surrogate-secret", "SessionToken": "surrogate<token"}
    assert after == {**before, "Credentials": {**before["Credentials"], **surrogate}}
    back = made.replace(b"SGSUR1", b"ASIAREAL").replace(b"surrogate-secret", b"canary/secret")
    assert back.replace(b"surrogate&lt;token", b"canary/token==") == XML


JSON_BODY = {
    "IdentityId": "eu-west-1:1",
    "Credentials": {
        "AccessKeyId": "ASIAREAL", "SecretKey": "canary", "SessionToken": "canary", "Expiration": EXPIRES.timestamp(),
    },
}  # fmt: skip


def test_json() -> None:
    seen: list[tuple[Credential, str]] = []
    body = json.dumps(JSON_BODY).encode()
    made = swap_credentials(
        "cognito-identity", "GetCredentialsForIdentity", "application/x-amz-json-1.1", body, fake_mint(seen)
    )
    assert seen == [(Credential("ASIAREAL", "canary", "canary", EXPIRES), "eu-west-1:1")]
    after = parsed("cognito-identity", "GetCredentialsForIdentity", "json", made, "application/x-amz-json-1.1")
    assert after["Credentials"]["Expiration"] == EXPIRES
    assert after["Credentials"]["SecretKey"] == "surrogate-secret"
    assert b"canary" not in made


def test_milliseconds() -> None:
    seen: list[tuple[Credential, str]] = []
    inner = {
        "accessKeyId": "A",
        "secretAccessKey": "canary",
        "sessionToken": "t",
        "expiration": int(EXPIRES.timestamp()) * 1000,
    }
    body = json.dumps({"roleCredentials": inner}).encode()
    swap_credentials("sso", "GetRoleCredentials", "application/json", body, fake_mint(seen))
    assert seen == [(Credential("A", "canary", "t", EXPIRES), "GetRoleCredentials")]


def test_cbor() -> None:
    seen: list[tuple[Credential, str]] = []
    inner = {
        "accessKeyId": "A",
        "secretAccessKey": "canary",
        "sessionToken": "canary",
        "expiration": cbor2.CBORTag(1, EXPIRES.timestamp()),
    }
    body = cbor2.dumps({"credentials": inner})
    made = swap_credentials("cloudwatchomni", "GetSpaceDataAccess", "application/cbor", body, fake_mint(seen))
    assert seen[0][0].expires == EXPIRES
    surrogate = {"accessKeyId": "SGSUR1", "secretAccessKey": "surrogate-secret", "sessionToken": "surrogate<token"}
    assert cbor2.loads(made) == {"credentials": {**surrogate, "expiration": EXPIRES}}


def test_s3_session() -> None:
    body = (
        b'<?xml version="1.0"?><CreateSessionResult><Credentials><SessionToken>canary</SessionToken>'
        b"<SecretAccessKey>canary</SecretAccessKey><AccessKeyId>A</AccessKeyId>"
        b"<Expiration>2026-01-31T12:00:00Z</Expiration></Credentials></CreateSessionResult>"
    )
    made = swap_credentials("s3", "CreateSession", "application/xml", body, fake_mint([]))
    after = parsed("s3", "CreateSession", "rest-xml", made)["Credentials"]
    assert after["SecretAccessKey"] == "surrogate-secret"
    assert after["Expiration"] == EXPIRES
    assert b"canary" not in made


def test_several_in_one_answer() -> None:
    seen: list[tuple[Credential, str]] = []
    jobs = [
        {"data": {"artifactCredentials": {"accessKeyId": f"A{n}", "secretAccessKey": "canary", "sessionToken": "t"}}}
        for n in (1, 2)
    ]
    body = json.dumps({"jobs": [*jobs, {"data": {}}]}).encode()
    made = swap_credentials("codepipeline", "PollForJobs", "application/x-amz-json-1.1", body, fake_mint(seen))
    assert [real.access_key_id for real, _ in seen] == ["A1", "A2"]
    assert b"canary" not in made


def test_long_lived_keys_have_no_token() -> None:
    seen: list[tuple[Credential, str]] = []
    body = (
        b"<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>test-u</UserName><AccessKeyId>AKIAREAL</AccessKeyId>"
        b"<Status>Active</Status><SecretAccessKey>canary</SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"
    )
    made = swap_credentials("iam", "CreateAccessKey", "text/xml", body, fake_mint(seen))
    assert seen == [(Credential("AKIAREAL", "canary"), "test-u")]
    assert made == body.replace(b"AKIAREAL", b"SGSUR1").replace(b"canary", b"surrogate-secret")


def test_keys_listed_without_secret_stay() -> None:
    body = b'{"accessKeys": [{"accessKeyId": "A"}]}'
    assert swap_credentials("lightsail", "GetBucketAccessKeys", "application/json", body, fake_mint([])) == body


def test_error_answers_and_other_operations_stay() -> None:
    error = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    assert swap_credentials("sts", "AssumeRole", "text/xml", error, fake_mint([])) == error
    assert swap_credentials("sts", "GetCallerIdentity", "text/xml", XML, fake_mint([])) == XML


@pytest.mark.parametrize(
    "body",
    [
        XML.replace(b"<AccessKeyId>ASIAREAL</AccessKeyId>", b""),
        XML.replace(b"<AccessKeyId>", b"<AccessKeyId>A</AccessKeyId><AccessKeyId>"),
        XML.replace(b"</AssumeRoleResponse>", b""),
        b"\x00canary",
    ],
)
def test_what_cannot_be_read_is_not_passed_on(body: bytes) -> None:
    with pytest.raises(RewriteError) as caught:
        swap_credentials("sts", "AssumeRole", "text/xml", body, fake_mint([]))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("expiry", [b"never", b"99999999999999999999", b"nan"])
def test_odd_expiry_is_none(expiry: bytes) -> None:
    seen: list[tuple[Credential, str]] = []
    swap_credentials("sts", "AssumeRole", "text/xml", XML.replace(b"2026-01-31T12:00:00Z", expiry), fake_mint(seen))
    assert seen[0][0].expires is None


def test_ids_in_requests() -> None:
    mapping: Mapping[str, str] = {"SGSUR1": "AKIAREAL"}
    form = b"Action=GetAccessKeyInfo&Version=2011-06-15&AccessKeyId=SGSUR1"
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    assert map_request("sts", "GetAccessKeyInfo", content_type, form, mapping.get) == form.replace(
        b"SGSUR1", b"AKIAREAL"
    )
    other = form.replace(b"SGSUR1", b"AKIAOTHER")
    assert map_request("sts", "GetAccessKeyInfo", content_type, other, mapping.get) == other
    assert map_request("sts", "AssumeRole", content_type, form, mapping.get) == form


def test_ids_in_answers() -> None:
    body = (
        b"<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>AKIAREAL</AccessKeyId></member>"
        b"<member><AccessKeyId>AKIAOTHER</AccessKeyId></member></AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>"
    )
    made = map_ids("iam", "ListAccessKeys", "response", "text/xml", body, mapping={"AKIAREAL": "SGSUR1"}.get)
    assert made == body.replace(b"AKIAREAL", b"SGSUR1")


def test_operations() -> None:
    assert mints("sts", "AssumeRole")
    assert not mints("sts", "GetAccessKeyInfo")
    assert {("sts", "AssumeRole"), ("sts", "GetAccessKeyInfo"), ("iam", "ListAccessKeys")} <= credential_operations()
    for service, operation in credential_operations():
        assert operation in model(service).operation_names
