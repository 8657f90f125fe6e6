"""Whether something is there already, asked before a call that would not say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlencode

from sandgate.core.paths import nested
from sandgate.gate.asking import Asking
from sandgate.ledger.answers import all_in
from sandgate.resources._model import Key, Probe
from sandgate.wire.denials import error_code
from sandgate.wire.models import Models

__all__ = ["Presence", "Prober"]

Presence = Literal[True, False, "unknown"]
_SUCCESS = range(200, 300)
_OBJECT = "HeadObject"
_BUCKET = "HeadBucket"


class Prober:
    """Asks upstream whether a resource exists.

    Args:
        asking: reads of the gate's own.
        models: to write a request as its service wants it.
        account: the upstream's.
    """

    def __init__(self, asking: Asking, models: Models, account: str) -> None:
        self._asking = asking
        self._models = models
        self._account = account

    async def exists(self, service: str, probe: Probe, key: Key, region: str) -> Presence:
        """Whether it is there; `unknown` where the answer does not tell."""
        place = {**key, "account": self._account, "region": region}
        given = {name: form.format_map(place) for name, form in probe.parameters.items()}
        status, body = await self._send(service, probe.operation, given, region)
        if status in _SUCCESS:
            if not probe.shows:
                return True
            shown = all_in(body, probe.shows)
            return probe.equals.format_map(place) in shown if probe.equals else bool(shown)
        code = error_code(status, (), body) if body else ""
        return False if code in probe.absent or str(status) in probe.absent else "unknown"

    async def read(self, service: str, operation: str, parameters: Mapping[str, Any], region: str) -> Any:
        """What an operation of an AWS JSON service answers; None when it fails."""
        status, body = await self._send(service, operation, parameters, region)
        if status not in _SUCCESS:
            return None
        try:
            return json.loads(body)
        except ValueError:
            return None

    async def _send(self, service: str, operation: str, given: Mapping[str, Any], region: str) -> tuple[int, bytes]:
        if operation in {_BUCKET, _OBJECT}:
            path = "/" + quote(given["Bucket"], safe="")
            if operation == _OBJECT:
                path += "/" + quote(given["Key"], safe="/-_.~")
            return await self._asking.ask(service, "HEAD", path, region=region)
        info = self._models.services[service]
        fields: tuple[tuple[str, str], ...]
        if info.target_prefix:
            fields = (
                ("content-type", f"application/x-amz-json-{info.json_version or '1.0'}"),
                ("x-amz-target", f"{info.target_prefix}.{operation}"),
            )
            body = json.dumps(nested(given)).encode()
        else:
            fields = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)
            body = urlencode({"Action": operation, "Version": info.api_version, **given}).encode()
        return await self._asking.ask(service, "POST", "/", body=body, region=region, fields=fields)
