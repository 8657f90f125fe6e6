"""Errors as services write them: code and status by kind and protocol.

Sources: "Common Errors" of the API reference of each service, "Error responses" of S3's, and what SDKs act on.
"""

from __future__ import annotations

import json
from html import escape
from uuid import uuid4

import cbor2
from tests.sandbox.standin.messages import Answer

__all__ = ["KINDS", "error"]

KINDS: dict[str, tuple[tuple[int, str], tuple[int, str], str, str]] = {
    # kind: S3; query and EC2; code in JSON, for which the status follows; message
    "request": ((400, "InvalidRequest"), (400, "IncompleteSignature"), "IncompleteSignatureException",
                "The request signature does not conform to AWS standards."),
    "missing": ((403, "AccessDenied"), (403, "MissingAuthenticationToken"), "MissingAuthenticationTokenException",
                "Request is missing Authentication Token"),
    "key": ((403, "InvalidAccessKeyId"), (403, "InvalidClientTokenId"), "UnrecognizedClientException",
            "The security token included in the request is invalid."),
    "token": ((400, "InvalidToken"), (403, "InvalidClientTokenId"), "UnrecognizedClientException",
              "The security token included in the request is invalid."),
    "expired": ((400, "ExpiredToken"), (403, "ExpiredToken"), "ExpiredTokenException",
                "The security token included in the request is expired"),
    "scope": ((400, "AuthorizationHeaderMalformed"), (403, "SignatureDoesNotMatch"), "InvalidSignatureException",
              "Credential should be scoped to a valid region and to the correct service."),
    "skew": ((403, "RequestTimeTooSkewed"), (403, "SignatureDoesNotMatch"), "InvalidSignatureException",
             "Signature expired: the difference between the request time and the current time is too large."),
    "late": ((403, "AccessDenied"), (403, "SignatureDoesNotMatch"), "InvalidSignatureException",
             "Request has expired"),
    "headers": ((403, "AccessDenied"), (403, "SignatureDoesNotMatch"), "InvalidSignatureException",
                "There were headers present in the request which were not signed"),
    "signature": ((403, "SignatureDoesNotMatch"), (403, "SignatureDoesNotMatch"), "InvalidSignatureException",
                  "The request signature we calculated does not match the signature you provided."),
    "payload": ((400, "XAmzContentSHA256Mismatch"), (403, "SignatureDoesNotMatch"), "InvalidSignatureException",
                "The provided 'x-amz-content-sha256' header does not match what was computed."),
    "incomplete": ((400, "IncompleteBody"), (400, "IncompleteBody"), "ValidationException",
                   "The request body terminated unexpectedly"),
    "framing": ((501, "NotImplemented"), (400, "InvalidRequest"), "ValidationException",
                "A header you provided implies functionality that is not implemented"),
    "trailer": ((400, "MalformedTrailerError"), (400, "MalformedTrailerError"), "ValidationException",
                "The request contained trailing data that was not well-formed."),
    "checksum": ((400, "BadDigest"), (400, "BadDigest"), "ValidationException",
                 "The checksum you specified did not match what we received"),
    "throttle": ((503, "SlowDown"), (400, "Throttling"), "ThrottlingException", "Rate exceeded"),
    "unavailable": ((503, "ServiceUnavailable"), (503, "ServiceUnavailable"), "ServiceUnavailableException",
                    "The request has failed due to a temporary failure of the server."),
    "internal": ((500, "InternalError"), (500, "InternalFailure"), "InternalServerError",
                 "We encountered an internal error. Please try again."),
    "denied": ((403, "AccessDenied"), (403, "AccessDenied"), "AccessDeniedException",
               "User is not authorized to perform this action"),
}  # fmt: skip
_JSON_STATUS = {"throttle": (400, 429), "unavailable": (503, 503), "internal": (500, 500), "denied": (400, 403)}
"""Of the JSON protocols where it is not 400, and of REST where it is not 403."""


def error(
    kind: str, protocol: str, *, status: int = 0, code: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """One error.

    Args:
        kind: row of `KINDS`.
        protocol: botocore's name, or `s3`.
        status: in place of the table's.
        code: in place of the table's.
        headers: besides those that the protocol has.
    """
    s3, query, name, message = KINDS[kind]
    ident = str(uuid4())
    if protocol in ("s3", "query", "ec2", "rest-xml"):
        table, given = s3 if protocol == "s3" else query
        code = code or given
        inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if protocol == "s3":
            text = f"<Error>{inner}<RequestId>{ident}</RequestId></Error>"
        elif protocol == "ec2":
            text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{ident}</RequestID></Response>"
        else:
            who = "Sender" if table < 500 else "Receiver"
            text = (
                f"<ErrorResponse><Error><Type>{who}</Type>{inner}</Error><RequestId>{ident}</RequestId></ErrorResponse>"
            )
        body, media = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(), "text/xml"
        return _answer(status or table, media, body, ident, headers)
    code = code or name
    rest = protocol == "rest-json"
    table = _JSON_STATUS.get(kind, (400, 403))[rest]
    if protocol == "smithy-rpc-v2-cbor":
        body = cbor2.dumps({"__type": code, "message": message})
        return _answer(status or table, "application/cbor", body, ident, (*headers, ("smithy-protocol", "rpc-v2-cbor")))
    body = json.dumps({"__type": code, "message": message}).encode()
    return _answer(
        status or table, "application/json" if rest else "application/x-amz-json-1.0", body, ident,
        (*headers, ("x-amzn-errortype", code)),
    )  # fmt: skip


def _answer(status: int, media: str, body: bytes, ident: str, headers: tuple[tuple[str, str], ...]) -> Answer:
    own = (("content-type", media), ("x-amzn-requestid", ident))
    return Answer(status=status, headers=(*own, *headers), body=body)
