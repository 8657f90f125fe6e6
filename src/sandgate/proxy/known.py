"""Which hosts of AWS the gate answers for: those of services, and those that a route knows.

Everything else below AWS's domains belongs to somebody: buckets, load balancers, databases, virtual machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandgate.core.domains import in_aws
from sandgate.routes._model import Route
from sandgate.wire.hosts import read_host
from sandgate.wire.models import Models

__all__ = ["ServiceHosts"]

_ACCOUNT = re.compile(r"\d{12}\.ddb")
"""DynamoDB's hosts by account (AWS SDKs and Tools Reference Guide, "Account-based endpoints")."""
_OLD = re.compile(r"(?:[a-z]{2,3}(?:-[a-z]+)+-\d+\.)?queue")
"""SQS's, before it was called so (Amazon SQS endpoints and quotas, "Legacy endpoints")."""
_LABEL = "[a-z0-9-]+"


class ServiceHosts:
    """Tells hosts of services from those of customers.

    Args:
        models: of all services.
        routes: of the data plane.
    """

    def __init__(self, models: Models, routes: Iterable[Route]) -> None:
        self._models = models
        self._routes = re.compile("|".join(f"(?:{route.aws_host})" for route in routes if route.aws_host) or "(?!)")
        self._kept: dict[str, bool] = {}

    def __contains__(self, host: object) -> bool:
        """Whether a host name, in lower case, is a service's."""
        if not isinstance(host, str) or not in_aws(host):
            return False
        if host not in self._kept:
            if len(self._kept) > _MOST:
                self._kept.clear()
            self._kept[host] = self._routes.fullmatch(host) is not None or self._serves(host)
        return self._kept[host]

    def _serves(self, host: str) -> bool:
        found = read_host(host)
        if not found.known or found.bucket:
            return False
        name = found.endpoint_prefix.removeprefix("fips-").removesuffix("-fips")
        models = self._models
        if name in models.by_endpoint_prefix or name in models.by_signing_name or _OLD.fullmatch(name):
            return True
        return _ACCOUNT.fullmatch(name) is not None or self._prefixed(name)

    def _prefixed(self, name: str) -> bool:
        """Whether it is a service's name behind what one of its operations puts there: `sync-states`."""
        for endpoint, services in self._models.by_endpoint_prefix.items():
            before = name.removesuffix(endpoint)
            if before and before != name and any(self._puts(info.name, before) for info in services):
                return True
        return False

    def _puts(self, service: str, before: str) -> bool:
        operations = self._models.service(service).operations.values()
        return any(_fits(each, before) for each in {operation.host_prefix for operation in operations} - {""})


_MOST = 1000


def _fits(prefix: str, before: str) -> bool:
    pattern = "".join(_LABEL if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", prefix))
    return re.fullmatch(pattern, before) is not None
