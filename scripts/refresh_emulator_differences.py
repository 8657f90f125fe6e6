"""Compare what IAM and what the emulator's own IAM is asked for every operation, and write where they differ.

Writes `src/sandgate/tiers/differing_operations.json`. Needs the emulator's environment in the cache directory (any run
on the tier `emulated` makes it). A new version of the emulator, or of our map, shows as a change of that file.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from sandgate.config.load import load
from sandgate.iam.actions import Unmapped, Unresolvable, requests_of
from sandgate.iam.actions.plan import plan
from sandgate.session import cache_directory
from sandgate.tiers._venv import emulator_python

__all__ = ["FILE", "Question", "compare", "questions"]

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "src" / "sandgate" / "tiers" / "differing_operations.json"
NAME = "test-1"
"""What things are called in the samples."""
_KEY = b"1234abcd-12ab-34cd-56ef-1234567890ab"
_SAMPLES: Mapping[tuple[str, str], Mapping[str, object]] = {
    # The emulator finds the key of a ciphertext in its first bytes.
    ("kms", "ReEncrypt"): {"CiphertextBlob": _KEY + bytes(64), "DestinationKeyId": _KEY.decode()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One operation in one shape, and what both sides are asked."""

    service: str
    operation: str
    ours: frozenset[tuple[str, str]]
    emulator: tuple[tuple[str, str], ...]
    own: tuple[str, ...]
    """Actions that the operation can need, of its own service."""


def questions(python: Path) -> list[Question]:
    """Ask both sides about every mapped operation, with all members and with the required ones.

    Args:
        python: of the emulator's environment.
    """
    cover, wire = _module("tests/proof/test_actions_cover.py"), _module("tests/proof/conftest.py")
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    cases: list[tuple[str, str, frozenset[tuple[str, str]]]] = []
    lines: list[str] = []
    for service in cover.SERVICES:
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            for parameters in _shapes(cover, service, operation):
                try:
                    asked = requests_of(cover.call(service, name, parameters), cover.PLACE)
                    sent = wire._send(operation, parameters, model.resolved_protocol)  # noqa: SLF001
                except (Unmapped, Unresolvable, AttributeError):
                    # The last: a sample that the serializer cannot write.
                    continue
                cases.append((service, name, frozenset((request.action, request.resource) for request in asked)))
                lines.append(_line(sent, model))
    done = subprocess.run(  # noqa: S603 - our own script
        [str(python), "-I", str(Path(__file__).with_name("_emulator_questions.py"))],
        input="\n".join(lines), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        Question(
            service=service,
            operation=name,
            ours=ours,
            emulator=tuple((action, resource) for action, resource in asked),
            own=_own(service, name),
        )
        for (service, name, ours), asked in zip(cases, answers, strict=True)
        if asked is not None
    ]


def _shapes(cover: ModuleType, service: str, operation: OperationModel) -> Iterator[Mapping[str, Any]]:
    full = {**_filled(cover.built(service, operation)), **_SAMPLES.get((service, operation.name), {})}
    required = set(operation.input_shape.required_members) if operation.input_shape else set()
    least = {name: value for name, value in full.items() if name in required}
    return iter([full] if least == full else [full, least])


def _filled(value: Any) -> Any:
    """The sample with an attribute where a value that holds itself was cut off."""
    if isinstance(value, Mapping):
        return {key: {"S": NAME} if entry is None else _filled(entry) for key, entry in value.items()}
    return [_filled(entry) for entry in value] if isinstance(value, list) else value


def _line(sent: Any, model: ServiceModel) -> str:
    name = model.metadata.get("signingName", model.metadata["endpointPrefix"])
    scope = f"AKIAEXAMPLE/20260101/eu-west-1/{name}/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers = [(key, value) for key, value in sent.request.headers if key.lower() != "authorization"]
    return json.dumps(
        {
            "method": sent.request.method,
            "target": sent.request.target,
            "headers": [*headers, ("authorization", signed)],
            "body": base64.b64encode(sent.body).decode(),
        }
    )


def _own(service: str, operation: str) -> tuple[str, ...]:
    actions = sorted({ask.action for ask in plan(service, operation).asks})
    return tuple(action for action in actions if not action.startswith(("kms:", "iam:")) or service in ("kms", "iam"))


def compare(asked: list[Question]) -> dict[str, object]:
    """The differences, in the form of the file; its own `about` says what each part means."""
    literal: dict[str, set[str]] = {}
    unseen: set[str] = set()
    free: set[str] = set()
    moved: dict[tuple[tuple[str, str], ...], set[str]] = {}
    kept: dict[str, set[str]] = {}
    for question in asked:
        for action, resource in question.emulator:
            if question.ours & {(action, resource), (action, "*")}:
                continue
            if not question.own:
                free.add(action)
                continue
            grants = [own for own in question.own if own.split(":")[0] == action.split(":")[0]]
            if not grants:
                kept.setdefault(f"{question.service}.{question.operation}", set()).add(f"{action} on {resource}")
                continue
            rule = _moved([arn for one, arn in question.ours if one in grants], resource)
            if resource == "*":
                unseen.add(action)
            elif rule is None:
                kept.setdefault(f"{question.service}.{question.operation}", set()).add(f"{action} on {resource}")
                continue
            elif rule:
                moved.setdefault(tuple(rule.items()), set()).add(action)
            if action not in grants:
                literal.setdefault(action, set()).update(grants)
    unasked = sorted({f"{one.service}.{one.operation}" for one in asked if not one.emulator and one.ours})
    return {
        "literal": {action: sorted(literal[action]) for action in sorted(literal)},
        "unseen": sorted(unseen),
        "moved": [{**dict(rule), "actions": sorted(moved[rule])} for rule in sorted(moved)],
        "free": sorted(free),
        "kept": {name: sorted(kept[name]) for name in sorted(kept)},
        "unasked": unasked,
    }


def _moved(ours: list[str], resource: str) -> dict[str, str] | None:
    """How the emulator's ARN comes from one of ours: empty where they are equal, None where it does not."""
    if resource in ours or resource == "*":
        return {}
    start, found, end = resource.split(":", 5)[5].partition(NAME)
    for arn in sorted(ours, key=lambda arn: (not arn.split(":", 5)[-1].startswith(start), arn)):
        if arn.split(":")[:5] != resource.split(":")[:5]:
            continue
        before, _, after = arn.split(":", 5)[5].partition(NAME)
        if not found or (end and end != after) or {"*", "test"} & {*start, *before, *before.split("/")}:
            continue
        rule = {"from": before, "to": start}
        if after and not end:
            rule["drop" if after.startswith("-?") else "cut"] = after if after.startswith("-?") else after[0]
        return rule
    return None


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_{Path(path).stem}_for_differences", ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Write the file."""
    config = load(cwd=ROOT, environ={}, overrides={})
    version = config.ministack_version
    python = emulator_python(cache_directory(config), version, lambda text: print(text, file=sys.stderr))  # noqa: T201
    found = {"version": version, **compare(questions(python))}
    FILE.write_text(f"{json.dumps(found, indent=2)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
