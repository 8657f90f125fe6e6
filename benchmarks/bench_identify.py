"""How long identification takes, against what botocore takes to write the same call, and what it holds in memory.

The ratios are the figures to quote: they do not depend on the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

from sandgate.wire.http import Request
from sandgate.wire.identify import match, parse
from sandgate.wire.models import Models

ENDPOINT = "http://127.0.0.1:4566"
MEMORY = """
import sys
from pathlib import Path
from sandgate.wire.identify import match, parse
from sandgate.wire.models import Models

def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])

before = resident()
models = Models.load(Path(sys.argv[1]))
for name in ("dynamodb", "s3", "sqs", "sts", "iam", "cognito-idp"):
    service = models.service(name)
    for operation in service.operations.values():
        if operation.input:
            service.resolve(operation.input)
print(before, resident())
"""
CASES: dict[tuple[str, str], dict[str, Any]] = {
    ("dynamodb", "PutItem"): {
        "TableName": "test-users",
        "Item": {
            "userid": {"S": "f8216640-91a2-11eb-8ab9-57aa454facef"},
            "name": {"S": "Jane Doe"},
            "age": {"N": "42"},
            "tags": {"L": [{"S": "a"}, {"S": "b"}]},
            "active": {"BOOL": True},
        },
        "ConditionExpression": "attribute_not_exists(userid)",
    },
    ("s3", "PutObject"): {"Bucket": "test-bucket", "Key": "folder/an object", "Metadata": {"one": "1"}},
    ("sqs", "SendMessage"): {
        "QueueUrl": f"{ENDPOINT}/000000000000/test-queue",
        "MessageBody": '{"id": 1}',
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "created"}},
    },
    ("sts", "GetCallerIdentity"): {},
}


def microseconds(action: Callable[[], object]) -> float:
    """The best mean of five rounds of a tenth of a second."""
    action()
    best = float("inf")
    for _ in range(5):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < 0.1:
            action()
            count += 1
        best = min(best, (time.perf_counter() - start) / count)
    return best * 1e6


def compare(service: str, name: str, parameters: dict[str, Any], models: Models) -> str:
    """One line: our time, and how it relates to botocore's and to a bare JSON parser's."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    operation = model.operation_model(name)
    serializer = create_serializer(model.resolved_protocol)

    def write() -> Any:
        serialized = serializer.serialize_to_request(parameters, operation)
        prepare_request_dict(serialized, ENDPOINT)
        return create_request_object(serialized).prepare()

    sent = write()
    parts = urlsplit(sent.url)
    head = [(key, value.decode() if isinstance(value, bytes) else str(value)) for key, value in sent.headers.items()]
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = Request.of(sent.method, target, [("host", parts.netloc), *head])
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""

    def read() -> object:
        found = match(request, models, signing_name=model.signing_name)
        return parse(found, request, models, None if found.body == "stream" else body)

    ours, theirs = microseconds(read), microseconds(write)
    line = f"{service}:{name}: {ours:.1f} us, {ours / theirs:.2f} x botocore's serialisation"
    if body.startswith(b"{"):
        line += f", {ours / microseconds(lambda: json.loads(body)):.1f} x json.loads of the body"
    return line


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        models = Models.load(folder)
        print(f"catalogue: built in {time.perf_counter() - start:.2f} s", end=", ")
        print(f"loaded in {microseconds(lambda: Models.load(folder)) / 1000:.1f} ms")
        command = [sys.executable, "-c", MEMORY, name]
        if Path("/proc/self/status").exists():
            found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            before, after = (int(kib) / 1024 for kib in found)
            print(f"resident: {before:.1f} MiB after import, {after:.1f} MiB with six services")
    for (service, operation), parameters in CASES.items():
        print(compare(service, operation, parameters, models))


if __name__ == "__main__":
    main()
