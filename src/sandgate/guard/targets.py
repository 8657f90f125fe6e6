"""What a service will read, invoke, write or deliver to because a call says so, although IAM does not ask for it.

Each kind of `data/targets.json` has a reader: a value to ARNs. Addresses on the network (HTTP, e-mail, SMS) are no
resources of AWS and are left alone; what a service sends to the internet is another matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sandgate.errors import SandgateError
from sandgate.guard.beyond import Said, Unreadable, json_of, table
from sandgate.guard.templates.model import Place
from sandgate.guard.templates.references import aws_owned, reference_arn
from sandgate.iam.request import AccessRequest
from sandgate.templates.reading import read_text

__all__ = ["READERS", "api_of", "requests_for", "strings_in"]

_Reader = Callable[[Said, Place], Iterator[str]]
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9-]*:[^\s\x00-\x1f]+", re.ASCII)
_IN_TEXT = re.compile(r"(?i:arn):[^\s\"',:]*:[^\s\"',:]*:[^\s\"',:]*:[^\s\"',:]*:[^\s\"',()}]+")
_INTEGRATION = re.compile(
    r"arn:(?P<partition>[a-z-]+):apigateway:(?P<region>[a-z0-9-]*):(?P<service>[A-Za-z0-9._-]+):(?P<how>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
_FUNCTION = re.compile(r"/?[0-9-]+/functions/(.+?)/invocations/?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9._/-]+")
_ADDRESSES = ("http", "https", "email", "email-json", "sms")
_HTTP = ("http://", "https://")
_CALLED_BY_PROCESSORS = ("LambdaArn", "RoleArn")
_EXTENSION = "x-amazon-apigateway-"
_URIS = frozenset({"uri", "authorizeruri"})
_FINDINGS = MappingProxyType({"LogGroup": "log-group", "DeliveryStream": "delivery-stream", "Bucket": "bucket"})
"""Where a data protection policy sends what it finds. Source: SNS Developer Guide, "Data protection policies"."""


def requests_for(said: Said, place: Place) -> tuple[AccessRequest, ...]:
    """The permissions that stand for what a value makes a service reach.

    Args:
        said: kind, member and value.
        place: of the call.

    Returns:
        One for each ARN that is not AWS's own; empty for kinds that name no target.

    Raises:
        Unreadable: the value is not provably the name of a resource.
    """
    reader = READERS.get(said.kind)
    if reader is None:
        return ()
    found = dict.fromkeys(arn for arn in reader(said, place) if not _everybodys(arn, place))
    return tuple(_request(arn, said.member) for arn in found)


def strings_in(node: object, above: str = "") -> Iterator[tuple[str, str, bool]]:
    """Every text below a node: its key in lower case, the text, and whether an extension of API Gateway holds it."""
    waiting: list[tuple[object, str, bool]] = [(node, above, False)]
    while waiting:
        part, key, within = waiting.pop()
        if isinstance(part, str):
            yield key, part, within
        elif isinstance(part, Mapping):
            for name, value in part.items():
                low = str(name).lower()
                waiting.append((value, low, within or low.startswith(_EXTENSION)))
        elif isinstance(part, list):
            waiting.extend((entry, key, within) for entry in part)


def api_of(value: object) -> Mapping[str, object]:
    """An OpenAPI document.

    Raises:
        Unreadable: it is not one.
    """
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else value
        if not isinstance(text, str):
            raise Unreadable("an OpenAPI document")
        return read_text(text.removeprefix("\ufeff"), where="body")[0]
    except (SandgateError, UnicodeDecodeError, RecursionError):
        raise Unreadable("an OpenAPI document") from None


def _everybodys(arn: str, place: Place) -> bool:
    return aws_owned("arn", arn, place) or any(re.fullmatch(pattern, arn) for pattern in table()["aws"])


def _request(arn: str, member: str) -> AccessRequest:
    service = arn.split(":", 3)[2]
    action, below = table()["use"].get(service, (f"{service}:*", ""))
    resource = f"{arn}{below}" if below and "/" not in arn else arn
    return AccessRequest(action=action, resource=resource, member=member)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable("a text")
    return value


def _whole(value: object) -> str:
    text = _text(value)
    if not _ARN.fullmatch(text):
        raise Unreadable("a whole ARN", text)
    return text


# -- readers: what a value of a kind names -----------------------------------------------------------------------------


def _arn(said: Said, _place: Place) -> Iterator[str]:
    yield _whole(said.value)


def _named(kind: str) -> _Reader:
    """A reader of names of one kind of `templates/data/references.json`, or ARNs."""

    def read(said: Said, place: Place) -> Iterator[str]:
        yield from _reference(kind, said.value, place)

    return read


def _reference(kind: str, value: object, place: Place) -> Iterator[str]:
    text = _text(value)
    if text.startswith("arn:"):
        yield _whole(text)
    elif not _NAME.fullmatch(text):
        raise Unreadable("a plain name or a whole ARN", text)
    elif not aws_owned(kind, text, place):
        yield reference_arn(kind, text, place)


def _function(said: Said, place: Place) -> Iterator[str]:
    """A function by ARN or name, perhaps with a version or an alias."""
    text = _text(said.value)
    yield from _reference("function", text if text.startswith("arn:") else text.partition(":")[0], place)


def _lookup_table(said: Said, place: Place) -> Iterator[str]:
    text = _text(said.value)
    if not _NAME.fullmatch(text):
        raise Unreadable("the name of a lookup table", text)
    yield f"arn:{place.partition}:logs:{place.region}:{place.account}:lookup-table:{text}"


def _function_log(said: Said, place: Place) -> Iterator[str]:
    """Where a function writes: the group that is named after it is its own, as it is when none is named."""
    function = str(said.parameters.get("FunctionName", "")).rpartition(":function:")[2].partition(":")[0]
    if said.value != f"/aws/lambda/{function}":
        yield from _reference("log-group", said.value, place)


def _alarm(said: Said, place: Place) -> Iterator[str]:
    text = _text(said.value)
    whole = text.startswith("arn:")
    yield _whole(text) if whole else f"arn:{place.partition}:cloudwatch:{place.region}:{place.account}:alarm:{text}"


def _vpc_link(said: Said, place: Place) -> Iterator[str]:
    text = _text(said.value)
    if not re.fullmatch(r"[A-Za-z0-9]+", text):
        raise Unreadable("the id of a VPC link", text)
    yield f"arn:{place.partition}:apigateway:{place.region}::/vpclinks/{text}"


def _s3_uri(said: Said, place: Place) -> Iterator[str]:
    text = _text(said.value)
    yield from _reference("bucket", text.removeprefix("s3://").partition("/")[0], place)


def _attachment(said: Said, place: Place) -> Iterator[str]:
    """What a document of SSM takes in: from a bucket, or from another document as `NAME/VERSION/FILE`.

    Source: Systems Manager API Reference, `AttachmentsSource`.
    """
    text = _text(said.value)
    if text.startswith("s3://"):
        yield from _s3_uri(said, place)
    elif text.startswith("arn:"):
        head, kind, rest = _whole(text).partition(":document/")
        yield f"{head}{kind}{rest.partition('/')[0]}"
    elif not _NAME.fullmatch(text):
        raise Unreadable("s3://BUCKET/KEY or DOCUMENT/VERSION/FILE", text)
    else:
        yield f"arn:{place.partition}:ssm:{place.region}:{place.account}:document/{text.partition('/')[0]}"


def _processor(said: Said, _place: Place) -> Iterator[str]:
    """One parameter of a processor of Firehose: the function that it calls, or the role that it assumes for that.

    Source: Firehose API Reference, `ProcessorParameter`.
    """
    held = said.value if isinstance(said.value, Mapping) else {}
    value = held.get("ParameterValue")
    if held.get("ParameterName") in _CALLED_BY_PROCESSORS or str(value)[:4].lower() == "arn:":
        yield _whole(value)


def _arn_or_other(said: Said, _place: Place) -> Iterator[str]:
    """An ARN; other texts name subnets, documents of SSM or hosts, which have spots of their own."""
    text = _text(said.value)
    if text[:4].lower() == "arn:":
        yield _whole(text)


def _registry(said: Said, _place: Place) -> Iterator[str]:
    if not _text(said.value).startswith(_HTTP):
        yield _whole(said.value)


def _uri(said: Said, _place: Place) -> Iterator[str]:
    yield from _integrated(_text(said.value))


def _integrated(text: str) -> Iterator[str]:
    """What an integration or authorizer of API Gateway calls.

    `action/` does what the integration's role may. Source: API Gateway API Reference, `PutIntegration`, `uri`.
    """
    if text.startswith(_HTTP):
        return
    found = _INTEGRATION.fullmatch(text)
    if found is None:
        yield _whole(text)
        return
    below, _, service = found["service"].lower().rpartition(".")
    head = f"arn:{found['partition']}:{service}:{found['region']}"
    parts = found["rest"].lstrip("/").split("/")
    if service == "lambda":
        function = _FUNCTION.fullmatch(found["rest"])
        if function is None:
            raise Unreadable("the path of a function's invocations", text)
        yield _whole(function[1])
    elif found["how"] == "path" and service == "sqs":
        if len(parts) < 2 or not re.fullmatch(r"[0-9]{12}", parts[0]) or not _NAME.fullmatch(parts[1]):  # noqa: PLR2004
            raise Unreadable("path/ACCOUNT/QUEUE", text)
        yield f"{head}:{parts[0]}:{parts[1]}"
    elif found["how"] == "path" and service == "s3":
        bucket = below or parts[0]
        if not _NAME.fullmatch(bucket):
            raise Unreadable("path/BUCKET/KEY with the bucket written out", text)
        yield f"arn:{found['partition']}:s3:::{bucket}"


def _patch(said: Said, place: Place) -> Iterator[str]:
    """One change of API Gateway's `patchOperations`; roles are asked of IAM."""
    held = said.value if isinstance(said.value, Mapping) else {}
    value, path = held.get("value"), str(held.get("path", "")).lower()
    if not isinstance(value, str) or not value or held.get("op") == "remove":
        return
    if path.endswith("/connectionid"):
        yield from _vpc_link(Said(kind="", member="", value=value, parameters={}), place)
    elif path.endswith(("uri", "url")) and not value.startswith("s3://"):
        yield from _integrated(value)
    elif path.endswith(("arn", "arns")) or "arn:" in value.lower():
        yield from (arn for arn in _in_text(value) if not _passed(arn))


def _api(said: Said, place: Place) -> Iterator[str]:
    """What the extensions of an OpenAPI document call."""
    for key, text, within in strings_in(api_of(said.value)):
        if not within or not text:
            continue
        if key in _URIS:
            yield from _integrated(text)
        elif key == "connectionid" and not text.startswith("$"):
            yield from _vpc_link(Said(kind="", member="", value=text, parameters={}), place)
        elif text.startswith("arn:") and key == "providerarns":
            yield _whole(text)


def _passed(arn: str) -> bool:
    return arn.split(":")[2:3] == ["iam"]


def _in_text(text: str) -> Iterator[str]:
    for found in _IN_TEXT.finditer(text):
        arn = found[0]
        if _INTEGRATION.match(arn):
            yield from _integrated(arn)
        elif _passed(arn):
            yield arn
        else:
            yield _whole(arn)


def _subscriber(said: Said, _place: Place) -> Iterator[str]:
    if said.parameters.get("Protocol") not in _ADDRESSES:
        yield _whole(said.value)


def _subscription(said: Said, place: Place) -> Iterator[str]:
    if said.parameters.get("AttributeName") == "RedrivePolicy":
        yield from _redrive(said, place)


def _redrive(said: Said, _place: Place) -> Iterator[str]:
    held = json_of(said.value)
    if not isinstance(held, Mapping):
        raise Unreadable("a JSON object")
    for key, value in held.items():
        if key.lower() == "deadlettertargetarn":
            yield _whole(value)


def _redrive_allow(said: Said, _place: Place) -> Iterator[str]:
    held = json_of(said.value)
    named = held.get("sourceQueueArns", []) if isinstance(held, Mapping) else None
    if not isinstance(named, list):
        raise Unreadable("a JSON object with a list of ARNs")
    yield from map(_whole, named)


def _delivery(said: Said, place: Place) -> Iterator[str]:
    """A policy that sends what it finds somewhere, by ARN or by name."""
    waiting = [json_of(said.value)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, Mapping):
            for key, value in part.items():
                if key in _FINDINGS:
                    yield from _reference(_FINDINGS[key], value, place)
                elif isinstance(value, str) and key.lower().endswith("destinationarn"):
                    yield _whole(value)
                else:
                    waiting.append(value)


def _topic_attribute(said: Said, place: Place) -> Iterator[str]:
    name = said.parameters.get("AttributeName")
    if name == "DataProtectionPolicy":
        yield from _delivery(said, place)
    elif name == "KmsMasterKeyId":
        yield from _reference("key", said.value, place)


def _definition(said: Said, _place: Place) -> Iterator[str]:
    """A state machine: the resources of its tasks, and whatever else is an ARN; names alone are up to its role."""
    for key, text, _ in strings_in(json_of(said.value)):
        if key == "resource" and not text.startswith("{%"):
            yield _whole(text)
        elif key != "comment":
            yield from _in_text(text)


READERS: Mapping[str, _Reader] = MappingProxyType({
    "alarm": _alarm,
    "api": _api,
    "arn": _arn,
    "attachment": _attachment,
    "bucket": _named("bucket"),
    "definition": _definition,
    "delivery": _delivery,
    "delivery-stream": _named("delivery-stream"),
    "function": _function,
    "function-log": _function_log,
    "key": _named("key"),
    "log-group": _named("log-group"),
    "lookup-table": _lookup_table,
    "patch": _patch,
    "processor": _processor,
    "redrive": _redrive,
    "redrive-allow": _redrive_allow,
    "registry": _registry,
    "s3-uri": _s3_uri,
    "source-access": _arn_or_other,
    "subscriber": _subscriber,
    "subscription": _subscription,
    "task": _arn_or_other,
    "topic-attribute": _topic_attribute,
    "uri": _uri,
    "vpc-link": _vpc_link,
})  # fmt: skip
"""Kind of `data/targets.json` to what a value of it names."""
