"""Requests for secrets, and under which name producer and consumer find each.

    python -m scripts.secret_request_parser --request requests/payments-db.yaml

A request holds no value. The name is made in one place, `SecretRequest.secret_name`: what writes the secret and the
manifest that reads it both take it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.request_file import Fields, main_of_parser

__all__ = ["STORES", "SecretRequest", "main", "parse", "secret_fields"]

STORES: Mapping[str, str] = {"secretsmanager": "aws-secretsmanager", "ssm": "aws-parameterstore"}
"""Provider to the store that a manifest names."""
_NAME = r"(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*"
_NAME_SAYS = "lower-case letters and digits, single - between them, 40 at most, a letter first"
_PLATFORM = r"[a-z][a-z0-9]*([-/][a-z0-9]+)*"
_PRINCIPAL = r"arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[\w+=,.@/-]+)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRequest:
    """What a request says."""

    id: str
    platform: str
    name: str
    service: str
    environment: str
    owner: str
    risk: str
    provider: str
    secret_type: str
    length: int
    """Of a generated value, in characters; 0 where it is supplied."""
    rotation: str
    recovery_days: int
    """For which a deleted secret can be brought back; 0 where the provider has no such thing."""
    readers: tuple[str, ...]
    """ARNs of principals whom the secret's own policy lets read it."""

    @property
    def secret_name(self) -> str:
        """What the provider calls it. A parameter's name is a path, and so begins with a slash."""
        name = f"{self.platform}/{self.environment}/{self.service}/{self.name}"
        return f"/{name}" if self.provider == "ssm" else name

    @property
    def manifest(self) -> dict[str, Any]:
        """Who reads it: an ExternalSecret (external-secrets.io/v1), with the store and the name in it."""
        return {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": f"{self.service}-{self.name}", "namespace": self.service},
            "spec": {
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORES[self.provider]},
                "data": [{"secretKey": self.name, "remoteRef": {"key": self.secret_name}}],
            },
        }

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "id": self.id,
            "owner": self.owner,
            "risk": self.risk,
            "secret": {
                "provider": self.provider,
                "name": self.secret_name,
                "type": self.secret_type,
                "length": self.length,
                "rotation": self.rotation,
                "recoveryDays": self.recovery_days,
                "readers": list(self.readers),
            },
            "externalSecret": self.manifest,
        }


def parse(document: Mapping[str, Any], source: str = "request") -> SecretRequest:
    """Read a request.

    Raises:
        RequestError: all that is wrong with it.
    """
    fields = Fields(document)
    spec = fields.mapping("spec")
    provider, secret_type = spec.choice("provider"), spec.choice("secretType", default="generated")
    parameter = provider == "ssm"
    request = SecretRequest(
        **secret_fields(fields, "SEC"),
        provider=provider,
        secret_type=secret_type,
        length=spec.integer("length", 16, 128, default=32) if secret_type != "supplied" else 0,
        rotation=spec.choice("rotationClass", default="none"),
        recovery_days=spec.integer("recoveryWindowDays", 7, 30, default=7) if not parameter else 0,
        readers=() if parameter else spec.texts("readers", _PRINCIPAL, "the ARN of a user, a role or an account"),
    )
    if parameter:
        for name in ("recoveryWindowDays", "readers"):
            spec.refuse(name, "is nothing that a parameter has; provider secretsmanager has it")
    if secret_type == "supplied":
        spec.refuse("length", "is for a generated value")
    if request.risk == "high" and request.rotation == "none":
        spec.wrong("rotationClass", "must not be none where the risk is high")
    spec.end()
    fields.check(source)
    return request


def secret_fields(fields: Fields, kind: str) -> dict[str, Any]:
    """What every request has that ends in a secret; `kind` begins its id."""
    return {
        "id": fields.text("id", rf"{kind}-\d{{4}}", f"{kind}- and four digits"),
        "platform": fields.text("platform", _PLATFORM, "words with - or / between them", default="goldenpath"),
        "name": fields.text("name", _NAME, _NAME_SAYS),
        "service": fields.text("service", _NAME, _NAME_SAYS),
        "environment": fields.choice("environment"),
        "owner": fields.text("owner", _NAME, _NAME_SAYS),
        "risk": fields.choice("risk", default="low"),
    }


def main(arguments: list[str] | None = None) -> int:
    """The parser's command line."""
    return main_of_parser(parse, "Check a request for a secret, and write it in its stable form.", arguments)


if __name__ == "__main__":
    raise SystemExit(main())
