"""How long a decision takes, against what botocore takes to write the same call.

The ratios are the figures to quote: they do not depend on the machine.
"""

from __future__ import annotations

import sys
from typing import Any

from bench_identify import ENDPOINT, microseconds
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

from sandgate.core.call import Call, Principal
from sandgate.guard.guard import Guard
from sandgate.guard.policy import policy_of
from sandgate.guard.sandbox import Sandbox

ACCOUNT, REGION = "111122223333", "eu-west-1"
OWN = "test-orders"
KEY = {"id": {"S": "1"}}
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dynamodb", "PutItem", {"TableName": OWN, "Item": {**KEY, "text": {"S": "x" * 200}}}),
    ("dynamodb", "BatchGetItem", {"RequestItems": {OWN: {"Keys": [KEY]}, "test-users": {"Keys": [KEY]}}}),
    ("s3", "GetObject", {"Bucket": OWN, "Key": "folder/an object"}),
    ("sqs", "SendMessage", {"QueueUrl": f"{ENDPOINT}/{ACCOUNT}/{OWN}", "MessageBody": "x" * 100}),
    (
        "dynamodb",
        "CreateTable",
        {
            "TableName": OWN,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    ),
)


def compare(guard: Guard, service: str, name: str, parameters: dict[str, Any]) -> str:
    """One line: a decision's time, and how it relates to botocore's."""
    call = Call(
        id="1",
        service=service,
        operation=name,
        parameters=parameters,
        region=REGION,
        principal=Principal(kind="identity", name="main"),
    )
    found = guard.decide(call)
    if not found.allowed:
        sys.exit(f"{service}:{name} was refused, which takes another way: {found}")
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    operation = model.operation_model(name)
    serializer = create_serializer(model.resolved_protocol)

    def write() -> object:
        serialized = serializer.serialize_to_request(parameters, operation)
        prepare_request_dict(serialized, ENDPOINT)
        return create_request_object(serialized).prepare()

    ours, theirs = microseconds(lambda: guard.decide(call)), microseconds(write)
    return f"{service}:{name}: {ours:.1f} us, {ours / theirs:.2f} x botocore's serialisation"


def main() -> None:
    """Measure and print."""
    sandbox = Sandbox(account=ACCOUNT, region=REGION)
    guard = Guard(policy_of(sandbox), owned=lambda _arn: False)
    for service, name, parameters in CASES:
        print(compare(guard, service, name, parameters))


if __name__ == "__main__":
    main()
