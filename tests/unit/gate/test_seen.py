"""What a run has seen, and so may reach without a signature."""

from __future__ import annotations

import base64
import json

import pytest

from sandgate.gate.seen import Seen, named_owners


def test_on_an_upstream_of_its_own_everything_is_the_runs() -> None:
    seen = Seen(everything=True)
    assert seen.owns(["anything"])
    assert not seen.reads("cognito-idp", "CreateUserPool")


def test_elsewhere_nothing_is_until_it_was_seen() -> None:
    seen = Seen(everything=False)
    assert not seen.owns(["pool"])
    assert not seen.owns([])
    seen.learn("cognito-idp", {"UserPoolId": "pool"})
    assert seen.owns(["other", "pool"])


ANSWERS = {
    "a new pool": ("cognito-idp", {"UserPool": {"Id": "eu-west-1_a"}}, "eu-west-1_a"),
    "one of many": ("cognito-idp", {"UserPools": [{"Id": "x"}, {"Id": "y"}]}, "y"),
    "a client": ("cognito-idp", {"UserPoolClient": {"ClientId": "c"}}, "c"),
    "an API": ("apigateway", {"id": "abc"}, "abc"),
    "a function's address at AWS": ("lambda", {"FunctionUrl": "https://f00.lambda-url.eu-west-1.on.aws/"}, "f00"),
    "a function's address here": ("lambda", {"FunctionUrl": "http://127.0.0.1:4566/_aws/lambda-url/f00/"}, "f00"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_teach(name: str) -> None:
    service, answer, owner = ANSWERS[name]
    seen = Seen(everything=False)
    seen.learn(service, {}, json.dumps(answer).encode())
    assert seen.owns([owner])


def test_answers_that_are_no_json_teach_nothing() -> None:
    seen = Seen(everything=False)
    seen.learn("apigateway", {}, b"<id>abc</id>")
    assert not seen.owns(["abc"])


def test_what_a_function_returns_teaches_nothing() -> None:
    seen = Seen(everything=False)
    assert seen.reads("lambda", "GetFunctionUrlConfig")
    assert not seen.reads("lambda", "Invoke")
    assert not seen.reads("dynamodb", "GetItem")


def test_roles_are_known_by_name_and_by_arn() -> None:
    seen = Seen(everything=False)
    seen.learn("iam", {"RoleName": "test-role"})
    assert seen.owns(named_owners("sts", {"RoleArn": "arn:aws:iam::111122223333:role/path/test-role"}))


def test_an_access_token_names_its_client() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"client_id": "c"}).encode()).decode().rstrip("=")
    assert named_owners("cognito-idp", {"AccessToken": f"h.{claims}.s"}) == ("c",)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.!.c", "a." + base64.b64encode(b"[]").decode() + ".c"])
def test_no_token_names_nobody(token: str) -> None:
    assert named_owners("cognito-idp", {"AccessToken": token}) == ()
