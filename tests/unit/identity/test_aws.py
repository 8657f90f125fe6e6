"""What AWS refuses, in words; and a silence in which a secret may pass."""

from __future__ import annotations

import logging

import pytest
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    SSLError,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from sandgate.errors import EnvironmentFault
from sandgate.identity._aws import aws_errors, silent_logs


@pytest.mark.parametrize(
    ("code", "message", "said", "hint"),
    [
        ("ExpiredToken", "x", "have expired", "aws sso login"),
        ("InvalidClientTokenId", "x", "AWS does not know the administrator's credentials", "admin_profile"),
        ("AccessDenied", "no", "AccessDenied: no", "--admin-profile"),
        ("AccessDenied", "MultiFactorAuthentication failed", "AccessDenied", "mfa_serial"),
        ("Throttling", "slow", "Throttling: slow", ""),
    ],
)
def test_refusals_say_what_to_do(code: str, message: str, said: str, hint: str) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be listed") as caught, aws_errors("keys cannot be listed"):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "ListAccessKeys")
    assert said in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("error", "said", "hint"),
    [
        (EndpointConnectionError(endpoint_url="https://iam.x-west-1.amazonaws.com"), "Could not connect", "`region`"),
        (SSLError(endpoint_url="https://iam.amazonaws.com", error=ValueError("EOF")), "SSL", "HTTPS_PROXY"),
        (SSOTokenLoadError(error_msg="none"), "SSO Token", "`aws sso login --profile corp`"),
        (UnauthorizedSSOTokenError(), "SSO", "`aws sso login --profile corp`"),
        (CredentialRetrievalError(provider="custom-process", error_msg=""), "custom-process",
         "`aws sts get-caller-identity --profile corp` must work first"),
    ],
)  # fmt: skip
def test_no_answer_is_told_too_and_where_to_look(error: Exception, said: str, hint: str) -> None:
    with pytest.raises(EnvironmentFault, match=said) as caught, aws_errors("nothing", where="here", profile="corp"):
        raise error
    assert (caught.value.where, hint in caught.value.hint) == ("here", True), caught.value


def test_the_default_profile_needs_no_name() -> None:
    with pytest.raises(EnvironmentFault) as caught, aws_errors("nothing"):
        raise SSOTokenLoadError(error_msg="none")
    assert "`aws sso login`" in caught.value.hint


def test_a_request_that_cannot_be_made_is_not_quoted() -> None:
    with pytest.raises(EnvironmentFault, match="cannot be made") as caught, aws_errors("nothing"):
        raise HTTPClientError(error=ValueError("Invalid header value b'a secret\\n'"))
    assert "secret" not in str(caught.value)


def test_half_an_answer_is_not_quoted() -> None:
    with pytest.raises(EnvironmentFault, match="answer that cannot be read") as caught, aws_errors("nothing"):
        raise ResponseParserError("Unable to parse response, invalid XML received: <SecretAccessKey>canary")
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__, "nor by a traceback"


def test_nothing_is_logged_meanwhile(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("botocore.parsers")
    with caplog.at_level(logging.DEBUG):
        with silent_logs():
            log.debug("<SecretAccessKey>")
            log.info("heard")
        log.debug("heard again")
    assert [record.message for record in caplog.records] == ["heard", "heard again"]
