"""What the gate costs: ratios of medians from interleaved rounds, against the emulator as its maker ships it.

    python benchmarks/gate.py

`as shipped` is the maker's own command with AUTH=true, called directly by an IAM user with the same policy; `star` is
the same for a user whose policy is a single star, which the maker's IAM reads faster; `same process` is the very
emulator behind the gate, over its unix socket; `stub` answers canned bytes, so that its time is botocore's own.
SANDGATE_EFFORT multiplies the calls of the memory test (20 for the 100,000 calls of the docs).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import uvloop
from _servers import (
    EVERYTHING,
    REGION,
    ROOT,
    as_shipped,
    client,
    iam_user,
    identity_policy,
    mitmproxy,
    over_socket,
    stub,
)

from sandgate.config.load import load
from sandgate.run import Run
from sandgate.session import start
from sandgate.tiers._venv import emulator_python
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign import sign

TABLE, BUCKET, QUEUE = "test-bench", "test-bench", "test-bench"
SMALL, LARGE = bytes(1024), os.urandom(8 << 20)
ITEM = {"id": {"S": "1"}, "text": {"S": "x" * 200}}
ROUNDS = 11
CONNECTIONS = 32
EFFORT = int(os.environ.get("SANDGATE_EFFORT") or "1")

Operation = Callable[[], object]


def operations(make: Callable[[str], Any], queue: str) -> Mapping[str, tuple[Operation, int]]:
    """What is timed, and how often in one round."""
    dynamodb, s3, sqs = make("dynamodb"), make("s3"), make("sqs")
    return {
        "DynamoDB PutItem": (lambda: dynamodb.put_item(TableName=TABLE, Item=ITEM), 60),
        "DynamoDB GetItem": (lambda: dynamodb.get_item(TableName=TABLE, Key={"id": {"S": "1"}}), 60),
        "S3 put 1 KiB": (lambda: s3.put_object(Bucket=BUCKET, Key="small", Body=SMALL), 60),
        "S3 get 1 KiB": (lambda: s3.get_object(Bucket=BUCKET, Key="small")["Body"].read(), 60),  # noqa: PLW0108
        "SQS SendMessage": (lambda: sqs.send_message(QueueUrl=queue, MessageBody="x" * 100), 60),
        "S3 put 8 MiB": (lambda: s3.put_object(Bucket=BUCKET, Key="large", Body=LARGE), 3),
        "S3 get 8 MiB": (lambda: s3.get_object(Bucket=BUCKET, Key="large")["Body"].read(), 3),  # noqa: PLW0108
    }


def prepare(make: Callable[[str], Any]) -> str:
    """Table, bucket and queue; returns the queue's URL."""
    make("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    make("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return str(make("sqs").create_queue(QueueName=QUEUE)["QueueUrl"])


def milliseconds(variants: Mapping[str, Mapping[str, tuple[Operation, int]]]) -> dict[str, dict[str, float]]:
    """Median of every operation of every variant; the variants take turns within each round."""
    times: dict[str, dict[str, list[float]]] = {}
    for number in range(ROUNDS + 1):
        for variant, timed in variants.items():
            for name, (work, count) in timed.items():
                kept = times.setdefault(name, {}).setdefault(variant, [])
                for _ in range(count if number else 2):
                    began = time.perf_counter()
                    work()
                    if number:  # the first round warms up
                        kept.append((time.perf_counter() - began) * 1000)
    return {name: {v: statistics.median(t) for v, t in by.items()} for name, by in times.items()}


_SHARED = {"same process": "gated", "star": "as shipped"}
"""Variants that use the tables of another one."""


def print_latency(found: Mapping[str, Mapping[str, float]]) -> None:
    names = list(next(iter(found.values())))
    ratios = ("as shipped", "star", "same process")
    heads = [*names, *(f"/ {name}" for name in ratios), "added ms"]
    print(f"\n{'one boto3 client, median ms':28}", "".join(f"{head:>15}" for head in heads))
    for name, by in found.items():
        gated = by["gated"]
        values = [*(by[v] for v in names), *(gated / by[v] for v in ratios), gated - by["same process"]]
        print(f"{name:28}", "".join(f"{value:15.2f}" for value in values))


# -- raw load ---------------------------------------------------------------------------------------------------------


def signed_request(url: str, keys: tuple[str, str]) -> bytes:
    body = json.dumps({"TableName": TABLE, "Item": ITEM}).encode()
    headers = [
        ("host", url.removeprefix("http://")),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.PutItem"),
    ]
    signed = sign(
        "POST", "/", "", headers, Credential(*keys), region=REGION, service="dynamodb",
        payload=hashlib.sha256(body).hexdigest(), now=datetime.now(UTC),
    )  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed)
    return f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


class Client(asyncio.Protocol):
    """Sends the same request again as soon as it is answered; an answer to PutItem ends with `{}`."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.calls = 0
        self.failed = b""
        self.left = -1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not data.endswith(b"{}"):
            if not data.startswith(b"HTTP/1.1 200"):
                self.failed = data
            return
        self.calls += 1
        self.left -= 1
        if self.left == 0:
            self.done.set_result(None)
        else:
            self.transport.write(self.request)

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load_for(url: str, request: bytes, *, seconds: float = 0, calls: int = 0) -> float:
    """Calls per second over all connections."""
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [(await loop.create_connection(lambda: Client(request), host, int(port)))[1] for _ in range(CONNECTIONS)]
    for one in made:
        one.left = calls // CONNECTIONS if calls else -1
    if calls:
        await asyncio.gather(*(one.done for one in made))
    else:
        await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    for one in made:
        one.transport.abort()
        if one.failed:
            raise SystemExit(f"a call failed: {one.failed[:300]!r}")
    return sum(one.calls for one in made) / took


def throughput(variants: Mapping[str, tuple[str, bytes]]) -> dict[str, float]:
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(5):
        for name, (url, request) in variants.items():
            rates[name].append(uvloop.run(load_for(url, request, seconds=1.0)))
    return {name: statistics.median(found) for name, found in rates.items()}


# -- memory -----------------------------------------------------------------------------------------------------------


def resident(pid: int) -> float:
    """MiB, from /proc (or ps where there is none)."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        return int(status.read_text().partition("VmRSS:")[2].split()[0]) / 1024
    return int(os.popen(f"ps -o rss= -p {pid}").read()) / 1024


def memory(run: Run, request: bytes) -> None:
    make = run.clients()
    make("sts").get_caller_identity()
    make("cognito-idp").list_user_pools(MaxResults=5)
    make("dynamodb").list_tables()
    make("sqs").list_queues()
    make("s3").list_buckets()
    with contextlib.suppress(Exception):  # the tests' identity may not; the gate reads the model all the same
        make("iam").list_users()
    pid = int(json.loads((run.directory / "run.json").read_text())["pid"])
    calls = 5000 * EFFORT
    print(f"\ngate, resident MiB: {resident(pid):.1f} with six services in use")
    for which in ("first", "second"):
        uvloop.run(load_for(run.gate_url, request, calls=calls))
        print(f"    {resident(pid):.1f} after the {which} {calls} calls")


def main() -> None:
    root = Path(tempfile.mkdtemp())
    (root / "pyproject.toml").write_text('[tool.sandgate]\nisolation = "prefix"\n')
    config = load(cwd=root, environ={"SANDGATE_REGION": REGION}, overrides={})
    run = start(config, progress=print)
    python = emulator_python(run.cache_dir, config.ministack_version, print)
    with contextlib.ExitStack() as stack:
        stack.callback(run.stop)
        shipped = stack.enter_context(as_shipped(python, auth=True))
        open_url = stack.enter_context(as_shipped(python, auth=False))
        canned = stack.enter_context(stub())
        proxied = stack.enter_context(mitmproxy(shipped))
        socket_path = str(Path(json.loads((run.directory / "run.json").read_text())["work_dir"]) / "aws.sock")
        policy = identity_policy(run.gate_url, socket_path)
        keys, inner = iam_user(shipped, policy), iam_user(run.gate_url, policy, socket_path)

        anything = iam_user(shipped, EVERYTHING, name="anything")

        makers: dict[str, Callable[[str], Any]] = {
            "as shipped": lambda service: client(service, shipped, keys),
            "star": lambda service: client(service, shipped, anything),
            "gated": run.clients(),
            "same process": lambda service: over_socket(client(service, run.gate_url, inner), socket_path),
            "AUTH=false": lambda service: client(service, open_url, ROOT),
        }
        queues = {name: prepare(make) for name, make in makers.items() if name not in _SHARED}
        queues |= {name: queues[other] for name, other in _SHARED.items()}
        makers["stub"] = lambda service: client(service, canned, ROOT)
        queues["stub"] = f"{canned}/0/q"
        if proxied:
            makers["mitmproxy"] = lambda service: client(service, proxied, keys)
            queues["mitmproxy"] = queues["as shipped"].replace(shipped, proxied)
        timed = {name: operations(make, queues[name]) for name, make in makers.items()}
        print_latency(milliseconds(timed))

        credential = run.boto_session().get_credentials()
        gated = signed_request(run.gate_url, (credential.access_key, credential.secret_key))
        rates = throughput({"as shipped": (shipped, signed_request(shipped, keys)), "gated": (run.gate_url, gated)})
        print(f"\n{CONNECTIONS} connections, calls/s: ", {n: round(rate) for n, rate in rates.items()}, end="")
        print(f", ratio {rates['gated'] / rates['as shipped']:.2f}")
        memory(run, gated)


if __name__ == "__main__":
    main()
