"""`quoted-arn`: an ARN of API Gateway as it stands in the path of a call that tags, and so in `/tags/…`.

Source: Service Authorization Reference, API Gateway, resource type Tags: `/tags/${UrlEncodedResourceARN}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:apigateway:[a-z]{2,}(?:-[a-z]+)+-\d+:(?:\d{12})?:(?!.*\.\.)/[A-Za-z0-9._~+$/-]*[A-Za-z0-9_$-]"
)


def _read(value: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(value, str) or not _ARN.fullmatch(value):
        raise ValueError("not the ARN of something of API Gateway")
    yield {"Quoted": quote(value, safe="")}


READER = Reader(name="quoted-arn", read=_read)
