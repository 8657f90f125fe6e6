"""Decisions per second of the policy evaluator, reasons of refusals included, against the plain evaluator of the tests.

    python benchmarks/iam_decisions.py

One document of 50 statements (literal and wildcard actions, ARNs with wildcards in several segments, variables,
conditions, denials) and 2,000 requests, of which 10 % are refused; both are generated below and never change. No answer
is remembered between requests. For a refusal the reason of every statement is worked out, and the text that says
which statement came closest.
"""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandgate.iam.compile import compile_document
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies

REFERENCE = Path(__file__).parent.parent / "tests" / "unit" / "iam" / "reference.py"
HERE = "eu-west-1:111122223333"
REQUESTS, REFUSED, ROUNDS = 2000, 200, 5
SERVICES: dict[str, tuple[tuple[str, ...], str]] = {
    "dynamodb": (("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"), f"arn:aws:dynamodb:{HERE}:table/%s"),
    "s3": (("GetObject", "PutObject", "DeleteObject", "RestoreObject"), "arn:aws:s3:::%s/folder/key"),
    "sqs": (("SendMessage", "ReceiveMessage", "DeleteMessage"), f"arn:aws:sqs:{HERE}:%s"),
    "sns": (("Publish", "Subscribe"), f"arn:aws:sns:{HERE}:%s"),
    "lambda": (("InvokeFunction", "GetFunction"), f"arn:aws:lambda:{HERE}:function:%s"),
    "ssm": (("GetParameter", "PutParameter"), f"arn:aws:ssm:{HERE}:parameter/%s"),
    "secretsmanager": (("GetSecretValue", "PutSecretValue"), f"arn:aws:secretsmanager:{HERE}:secret:%s"),
    "states": (("StartExecution", "DescribeExecution"), f"arn:aws:states:{HERE}:stateMachine:%s"),
}


def document() -> dict[str, Any]:
    """50 statements: six for each of eight services, and two denials over all of them."""
    out: list[dict[str, Any]] = []
    for service, (names, arn) in SERVICES.items():
        actions = [f"{service}:{name}" for name in names]
        region = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
        mine = {"StringLike": {"aws:PrincipalTag/team": "payments-*"}, "Bool": {"aws:SecureTransport": "true"}}
        anywhere = (arn % "test_*").replace("eu-west-1", "*")
        out += [
            {
                "Sid": f"{service}names",
                "Effect": "Allow",
                "Action": actions,
                "Resource": [arn % "test-*", arn % "test_*"],
            },
            {
                "Sid": f"{service}lists",
                "Effect": "Allow",
                "Action": f"{service}:List*",
                "Resource": "*",
                "Condition": region,
            },
            {"Sid": f"{service}read", "Effect": "Allow", "Action": f"{service}:*Get*", "Resource": anywhere},
            {"Sid": f"{service}own", "Effect": "Allow", "Action": actions[0], "Resource": arn % "home-${aws:username}"},
            {
                "Sid": f"{service}team",
                "Effect": "Allow",
                "Action": actions,
                "Resource": arn % "team_*",
                "Condition": mine,
            },
            {
                "Sid": f"{service}keep",
                "Effect": "Deny",
                "Action": [f"{service}:Delete*", f"{service}:Put*"],
                "Resource": [arn % "test-keep-*", arn % "*-protected"],
            },
        ]
    out.append(
        {
            "Effect": "Deny",
            "NotAction": "iam:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )
    abroad = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
    out.append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": abroad})
    for at, statement in enumerate(out[-2:]):
        statement["Sid"] = f"everywhere{at}"
    return {"Version": "2012-10-17", "Statement": out}


def requests() -> list[AccessRequest]:
    """The same requests in every run; no two name the same resource."""
    chance = random.Random(20261121)
    out = []
    for number in range(REQUESTS):
        service = chance.choice(sorted(SERVICES))
        names, arn = SERVICES[service]
        context = {
            "aws:requestedregion": ("eu-west-1",),
            "aws:securetransport": ("true",),
            "aws:username": (f"user{number}",),
            "aws:principaltag/team": ("payments-eu",),
            "aws:principalaccount": ("111122223333",),
            "aws:sourceip": ("203.0.113.7",),
        }
        action = f"{service}:{chance.choice(names)}"
        name = chance.choice((f"test-{number}", f"test_{number}", f"team_{number}"))
        if number % (REQUESTS // REFUSED) == 0:
            kind = chance.randrange(5)
            action = f"{service}:TagResource" if kind == 0 else action
            name = (name, f"prod-{number}", f"home-user{number + 1}", f"team_{number}", name)[kind]
            context["aws:principaltag/team"] = ("payments-eu",) if kind != 3 else ("ops",)
            context["aws:requestedregion"] = ("eu-west-1",) if kind != 4 else ("us-east-1",)
        elif number % 17 == 0:
            action, name = f"{service}:{names[0]}", f"home-user{number}"
        out.append(AccessRequest(action=action, resource=arn % name, context=context))
    return out


def plain() -> Any:
    """`tests/unit/iam/reference.py`."""
    spec = importlib.util.spec_from_file_location("iam_reference", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the quickest round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Check that both evaluators agree and the mix is as said, then measure and print."""
    source, asked, reference = document(), requests(), plain()
    policies = Policies(identity=(compile_document(parse_document(source), label="bench"),))
    ours = [evaluate(request, policies).effect for request in asked]
    sample = asked[:400]
    theirs = [reference.decide([[source]], one.action, one.resource, one.context) for one in sample]
    assert theirs == ours[:400]
    refused = sum(effect != "allowed" for effect in ours)
    assert len(source["Statement"]) == 50
    assert refused == REFUSED, refused

    def decide() -> None:
        for request in asked:
            verdict = evaluate(request, policies)
            if not verdict.allowed:
                verdict.explain()
                verdict.text()

    def compile_again() -> None:
        for _ in range(10):
            compile_document(parse_document(source))

    rate = REQUESTS / best(decide, ROUNDS)
    slow = len(sample) / best(
        lambda: [reference.decide([[source]], o.action, o.resource, o.context) for o in sample], 1
    )
    print(f"statements: {len(source['Statement'])}, requests: {REQUESTS}, refused and explained: {refused}")
    print(f"sandgate:         {rate:9,.0f} decisions a second")
    print(f"plain evaluator:  {slow:9,.0f} decisions a second, without reasons (tests/unit/iam/reference.py)")
    print(f"ratio:            {rate / slow:9,.0f}")
    print(f"reading and compiling the document: {best(compile_again, 3) * 100:.1f} ms")


if __name__ == "__main__":
    main()
