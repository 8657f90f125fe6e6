"""Outputs of what was deployed, by whatever deployed it: names to text, and an error that names file and key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandgate.core.registry import nearest
from sandgate.errors import StackError
from sandgate.stacks._aws import aws_errors, error_code
from sandgate.stacks.deploy import describe
from sandgate.stacks.model import Clients

__all__ = ["from_cdk", "from_cloudformation", "from_source", "from_ssm", "from_terraform", "pick"]


def from_cloudformation(clients: Clients, name: str) -> Mapping[str, str]:
    """The outputs of a CloudFormation or SAM stack.

    Raises:
        StackError: there is no stack of that name.
    """
    return describe(clients, name).outputs


def from_cdk(path: Path | str, stack: str = "") -> Mapping[str, str]:
    """The outputs in a file that `cdk deploy --outputs-file` wrote.

    Args:
        path: the file, `cdk-outputs.json`.
        stack: which stack; may be left out where the file holds one.

    Raises:
        StackError: the file cannot be read, is not of that form, or does not hold that stack.
    """
    path = Path(path)
    stacks = _object(_read(path), str(path))
    if not stack and len(stacks) == 1:
        stack = next(iter(stacks))
    if stack not in stacks:
        problem = f"file has no stack {stack!r}" if stack else f"file has {len(stacks)} stacks, so name one"
        raise StackError(problem, where=str(path), hint=_known(stack, stacks))
    outputs = _object(stacks[stack], f"{path}: {stack}")
    return {key: _text(value, f"{path}: {stack}.{key}") for key, value in outputs.items()}


def from_terraform(source: Path | str, *, where: str = "terraform output -json") -> Mapping[str, str]:
    """The outputs that `terraform output -json` (or `tofu output -json`) printed.

    Args:
        source: a file with what was printed, or the text itself.
        where: how to name the text in errors.

    Returns:
        Values by name; lists and objects as JSON.

    Raises:
        StackError: it cannot be read or is not of that form.
    """
    if isinstance(source, Path):
        where = str(source)
    values = _object(_read(source) if isinstance(source, Path) else _parse(source, where), where)
    outputs = {}
    for key, entry in values.items():
        if not isinstance(entry, dict) or "value" not in entry:
            raise StackError(
                "output has no value", where=f"{where}: {key}", hint="the form of `terraform output -json`"
            )
        outputs[key] = _text(entry["value"], f"{where}: {key}", nested=True)
    return outputs


def from_ssm(clients: Clients, parameter: str) -> Mapping[str, str]:
    """Outputs in the Systems Manager parameter store.

    Args:
        clients: gives clients by service name.
        parameter: a parameter that holds a JSON object; one that holds text gives one output, named like its last
            part; a path that ends with `/` gives every parameter below it, named without the path.

    Raises:
        StackError: there is none.
    """
    with aws_errors("parameter cannot be read", where=f"ssm {parameter}"):
        ssm = clients("ssm")
        if parameter.endswith("/"):
            return _below(ssm, parameter)
        try:
            value = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        except ssm.exceptions.ClientError as error:
            if error_code(error) == "ParameterNotFound":
                raise StackError("parameter does not exist", where=f"ssm {parameter}") from None
            raise
    if value.lstrip()[:1] == "{":
        members = _object(_parse(value, f"ssm {parameter}"), f"ssm {parameter}")
        return {key: _text(item, f"ssm {parameter}: {key}", nested=True) for key, item in members.items()}
    return {parameter.rpartition("/")[2]: value}


def from_source(clients: Clients, source: str, *, stack: str, root: Path) -> Mapping[str, str]:
    """The outputs of a stack by what the configuration's `outputs` says.

    Args:
        clients: gives clients by service name.
        source: empty for the stack itself, `ssm:/parameter`, or a file of CDK or Terraform, told apart by its form.
        stack: name of the stack.
        root: the folder that a relative file starts from.

    Raises:
        StackError: there is nothing of that name, or it is of neither form.
    """
    if not source:
        return from_cloudformation(clients, stack)
    if source.startswith("ssm:"):
        return from_ssm(clients, source.removeprefix("ssm:"))
    path = root / source
    entries = _object(_read(path), str(path))
    if entries and all(
        isinstance(entry, dict) and {"value", "sensitive"} <= entry.keys() for entry in entries.values()
    ):
        return from_terraform(path)
    return from_cdk(path, stack if stack in entries or len(entries) != 1 else "")


def pick(outputs: Mapping[str, str], key: str, *, where: str) -> str:
    """One output.

    Args:
        outputs: all of them.
        key: the name of the one wanted.
        where: the stack or file that they are from.

    Raises:
        StackError: there is none of that name; names the nearest.
    """
    if key in outputs:
        return outputs[key]
    raise StackError(f"no output {key!r}", where=where, hint=_known(key, outputs))


def _below(ssm: Any, path: str) -> dict[str, str]:
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True, WithDecryption=True)
    found = {item["Name"].removeprefix(path): item["Value"] for page in pages for item in page["Parameters"]}
    if not found:
        raise StackError("no parameter is below this path", where=f"ssm {path}")
    return found


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise StackError(f"outputs cannot be read: {reason}", where=str(path)) from None
    return _parse(text, str(path))


def _parse(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise StackError(f"not JSON: {error.msg}", where=f"{where}:{error.lineno}:{error.colno}") from None


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StackError(f"expected an object, found {type(value).__name__}", where=where)
    return value


def _text(value: Any, where: str, *, nested: bool = False) -> str:
    """An output's value as text; an object where none can be is somebody else's file format."""
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)) and not nested:
        raise StackError(f"expected text, found {type(value).__name__}", where=where)
    return json.dumps(value)


def _known(name: str, known: Mapping[str, Any]) -> str:
    close = nearest(name, known)
    listed = ", ".join(known) or "none"
    return f"did you mean {close!r}? there are: {listed}" if close else f"there are: {listed}"
