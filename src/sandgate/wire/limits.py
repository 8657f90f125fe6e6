"""Requests that only the gate cannot take, by their error code; AWS might have answered them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LIMITS"]

_NEWER = "a newer botocore beside sandgate, if the operation is new: pip install -U botocore"

LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "InternalFailure": "nothing does; gate.log of the run says what failed",
        "InvalidAction": _NEWER,
        "MethodNotAllowed": _NEWER,
        "NotImplemented": "sign with SigV4 over HTTP/1.1, signature_version v4 and one region",
        "RequestEntityTooLarge": "a higher body_limit in [tool.sandgate], or less in one call",
        "UnknownOperationException": _NEWER,
        "UnknownServiceException": _NEWER,
    }
)
"""Code to what lets such a request pass. Any other fault is the same error at AWS, and its text says all there is."""
