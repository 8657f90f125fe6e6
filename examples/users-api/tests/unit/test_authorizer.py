"""The authorizer without AWS: what a token must prove, and what it then allows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import authorizer
import pytest
from jwks import KeySet

ARN = "arn:aws:execute-api:eu-west-1:111122223333:api123/Prod/GET/users"
API = "arn:aws:execute-api:eu-west-1:111122223333:api123/Prod"

Verify = Callable[[str], dict[str, object]]


@pytest.fixture
def verify(signer: Any, issuer: str, audience: str) -> Verify:
    keys = KeySet("https://keys.invalid", read=lambda _: {"keys": [signer.published()]})
    return lambda token: authorizer.verified_claims(token, keys=keys, issuer=issuer, audience=audience)


def test_a_good_token_gives_its_claims(verify: Verify, signer: Any) -> None:
    assert verify(signer.token(sub="ada"))["sub"] == "ada"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, '"exp"'),
        ({"aud": "another-client"}, "Audience"),
        ({"aud": None}, '"aud"'),
        ({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_another"}, "issuer"),
        ({"iss": None}, '"iss"'),
        ({"token_use": "access"}, "'access'"),
        ({"token_use": None}, '"token_use"'),
        ({"sub": None}, '"sub"'),
    ],
)
def test_a_token_that_falls_short_is_unauthorized_and_the_log_says_why(
    verify: Verify, signer: Any, caplog: pytest.LogCaptureFixture, changes: dict[str, object], why: str
) -> None:
    with pytest.raises(authorizer.Unauthorized, match=r"^Unauthorized$"):
        verify(signer.token(**changes))
    assert why in caplog.text


def test_a_signature_of_another_key_is_unauthorized(verify: Verify, signer: Any, stranger: Any) -> None:
    assert signer.kid == stranger.kid
    with pytest.raises(authorizer.Unauthorized):
        verify(stranger.token())


@pytest.mark.parametrize("token", ["", "a.b.c", "no token", "e30.e30.", "\N{SNOWMAN}.x.y"])
def test_what_is_no_token_is_unauthorized(verify: Verify, token: str) -> None:
    with pytest.raises(authorizer.Unauthorized):
        verify(token)


def test_keys_out_of_reach_are_logged_and_unauthorized(
    signer: Any, issuer: str, audience: str, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(_: str) -> dict[str, object]:
        raise OSError("no route to host")

    keys = KeySet("https://keys.invalid/jwks", read=unreachable)
    with pytest.raises(authorizer.Unauthorized):
        authorizer.verified_claims(signer.token(), keys=keys, issuer=issuer, audience=audience)

    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert "https://keys.invalid/jwks" in record.getMessage()


def allowed(claims: dict[str, object]) -> object:
    policy: Any = authorizer.policy_for(claims, method_arn=ARN, admin_group="apiAdmins")
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    return statement["Resource"]


@pytest.mark.parametrize("groups", [{}, {"cognito:groups": []}, {"cognito:groups": ["apiAdminsNot"]}])
def test_a_regular_user_may_use_their_own_data_only(groups: dict[str, object]) -> None:
    own = [f"{API}/{method}/users/ada" for method in ("GET", "PUT", "DELETE")]
    assert allowed({"sub": "ada", **groups}) == own


def test_an_administrator_may_do_everything_whatever_their_other_groups() -> None:
    assert allowed({"sub": "ada", "cognito:groups": ["writers", "apiAdmins"]}) == [f"{API}/*"]


def test_a_group_that_only_contains_the_name_is_not_the_group() -> None:
    assert allowed({"sub": "ada", "cognito:groups": "not-a-list-apiAdmins"}) != [f"{API}/*"]


def test_the_handler_puts_it_together(signer: Any, issuer: str, audience: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeySet("https://keys.invalid", read=lambda _: {"keys": [signer.published()]})
    monkeypatch.setattr(authorizer, "_key_set", lambda _: keys)
    for name, value in {"ISSUER": issuer, "AUDIENCE": audience, "ADMIN_GROUP": "apiAdmins"}.items():
        monkeypatch.setenv(name, value)

    event = {"type": "TOKEN", "authorizationToken": f"Bearer {signer.token(sub='ada')}", "methodArn": ARN}
    assert authorizer.lambda_handler(event, None)["principalId"] == "ada"

    with pytest.raises(authorizer.Unauthorized):
        authorizer.lambda_handler(event | {"authorizationToken": signer.token(aud="another")}, None)
