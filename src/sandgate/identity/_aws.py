"""What AWS refuses the administrator, as errors for people; and a silence in which a secret may pass."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandgate.errors import EnvironmentFault

__all__ = ["aws_errors", "code_of", "first_line", "silent_logs"]

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def code_of(error: Any) -> str:
    """The code of a client error, `AccessDenied`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def aws_errors(
    what: str, *, who: str = "the administrator's credentials", where: str = "", profile: str = ""
) -> Iterator[None]:
    """Raise what AWS refuses, and what never reached it, as something that a person can act on.

    Args:
        what: could not be done, `the user cannot be looked at`.
        who: asked.
        where: the value stands that may be wrong.
        profile: of the AWS configuration, for commands in hints; empty for the default one.

    Raises:
        EnvironmentFault: always in place of botocore's error.
    """
    # The front ends may not import botocore before they need it.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        message, hint = _refused(what, who, error, profile)
        raise EnvironmentFault(message, where=where, hint=hint) from None
    except BotoCoreError as error:
        hint = _offline_hint(error, profile)
        raise EnvironmentFault(f"{what}: {first_line(error)}", where=where, hint=hint) from None
    except ResponseParserError as error:
        hint = "run it again; if it stays so, something on the way changes what AWS says"
        raise EnvironmentFault(f"{what}: {first_line(error)}", where=where, hint=hint) from None


def _refused(what: str, who: str, error: Any, profile: str) -> tuple[str, str]:
    code = code_of(error)
    said = str(error.response.get("Error", {}).get("Message", "")) or str(error)
    if code in _EXPIRED:
        return f"{what}: {who} have expired", f"log in again: {_login(profile)}, or renew the session"
    if code in _UNKNOWN:
        hint = "look at admin_profile, or --admin-profile, and at `region`: one that the account has not opted into"
        return f"{what}: AWS does not know {who}: {code}", f"{hint} answers so too"
    if code in _DENIED:
        hint = "use an administrator's profile: --admin-profile NAME"
        if "MultiFactor" in said or "MFA" in said:
            hint = "the account asks for MFA: use a profile with mfa_serial, or a session that was made with MFA"
        return f"{what}: {code}: {said}", hint
    return f"{what}: {code}: {said}", ""


def first_line(error: BaseException) -> str:
    """What an error says, on one line, and without what was sent or came."""
    from botocore.exceptions import HTTPClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    if isinstance(error, ResponseParserError):
        # Its text quotes the answer, and a secret with it.
        return "AWS sent an answer that cannot be read"
    if type(error) is HTTPClientError:
        # What nobody foresaw of a request, such as a header that cannot be sent; the text quotes it.
        return "the request cannot be made, of these credentials at least"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _offline_hint(error: BaseException, profile: str) -> str:
    from botocore.exceptions import ConnectionError as Unreached  # noqa: PLC0415
    from botocore.exceptions import CredentialRetrievalError, HTTPClientError  # noqa: PLC0415

    name = type(error).__name__
    if "SSO" in name or "Token" in name:
        return f"log in again: {_login(profile)}"
    if isinstance(error, CredentialRetrievalError):
        return f"`aws sts get-caller-identity{_option(profile)}` must work first"
    if isinstance(error, HTTPClientError | Unreached):
        return "look at the network, at HTTPS_PROXY, and whether AWS has such a `region`"
    return ""


def _login(profile: str) -> str:
    return f"`aws sso login{_option(profile)}`"


def _option(profile: str) -> str:
    return f" --profile {profile}" if profile else ""


@contextmanager
def silent_logs() -> Iterator[None]:
    """Keep botocore from writing what it sends and gets: at DEBUG it logs whole answers, and secrets with them."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.DEBUG))
    try:
        yield
    finally:
        logging.disable(before)
