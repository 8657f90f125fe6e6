"""Errors in the protocol of the service, so that each SDK raises its own exception for them."""

from __future__ import annotations

from sandgate.wire.cases import PROTOCOLS
from sandgate.wire.http import Response
from sandgate.wire.models import ServiceInfo
from sandgate.wire.protocols._model import ErrorParts

__all__ = ["render"]


def render(
    *,
    protocol: str,
    service: str,
    code: str,
    message: str,
    status: int,
    request_id: str,
    method: str = "GET",
    resource: str = "",
    info: ServiceInfo | None = None,
) -> Response:
    """An error that a client of the service raises as `code`.

    Args:
        protocol: of the request, as `Match.protocol` or `WireError.protocol` name it; plain text when unknown.
        service: botocore's service name; S3's errors have a root of their own.
        code: AWS error code.
        message: one sentence.
        status: HTTP status, 400 to 599.
        request_id: what the client shows as RequestId.
        method: of the request; the answer to HEAD has no body (RFC 9110, 9.3.2).
        resource: path that S3 names in its errors; empty for none.
        info: the service's model, for its XML namespace; without it every JSON error is query-compatible,
            which other clients ignore.

    Returns:
        Status, content headers and body; length and framing are the server's.
    """
    case = PROTOCOLS.get(protocol.removeprefix("smithy-"))
    if case is None:
        headers = (("content-type", "text/plain; charset=utf-8"), ("x-amzn-requestid", request_id))
        response = Response(status, headers, f"{code}: {message}\n".encode())
    else:
        response = case.render(
            ErrorParts(
                service=service,
                code=code,
                message=message,
                status=status,
                request_id=request_id,
                resource=resource,
                xml_namespace=info.xml_namespace if info else "",
                query_compatible=info.query_compatible if info else True,
            )
        )
    return Response(status, response.headers, b"") if method == "HEAD" else response
