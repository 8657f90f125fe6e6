"""`tagged`: the service of an ARN that the Resource Groups Tagging API is given.

Tagging there needs the service's own tag action too. Source: Resource Groups Tagging API Reference, TagResources,
"you must also have permission to tag the resource with its own service".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_ARN = re.compile(r"arn:[^:]+:(?P<service>[a-z0-9-]+):[^:]*:[^:]*:[^\x00-\x1f\x7f]+")
_KNOWN = frozenset(
    {
        "cloudwatch",
        "cognito-identity",
        "cognito-idp",
        "dynamodb",
        "ec2",
        "ecr",
        "elasticache",
        "events",
        "firehose",
        "kinesis",
        "kms",
        "lambda",
        "logs",
        "rds",
        "s3",
        "scheduler",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "states",
    }
)


def _read(value: object) -> Iterator[Mapping[str, object]]:
    found = _ARN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("an entry of ResourceARNList is not an ARN")
    if found["service"] not in _KNOWN:
        raise ValueError(f"nothing says which action tags resources of {found['service']}")
    yield {"Service": found["service"], "Arn": found[0]}


READER = Reader(name="tagged", read=_read)
