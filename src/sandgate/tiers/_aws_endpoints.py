"""Where AWS itself takes a call: host, path, and what is signed there, by botocore's endpoint rules.

The client's Host and scope decide nothing but the region, which must be one that the account's partition has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlsplit

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError, EndpointProviderError
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.regions import EndpointResolverBuiltins as Builtin
from botocore.regions import EndpointRulesetResolver

from sandgate.tiers._model import Aim
from sandgate.tiers._rules import SigningRules

__all__ = ["AwsEndpoints", "AwsPlace", "NoPlaceError", "data_plane_host"]

_USUAL = frozenset({"Region", "UseFIPS", "UseDualStack", "Endpoint"})
"""Parameters of rules that say nothing about the call."""
_IN_BRACES = re.compile(r"\{(\w+)\}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_KNOWN_SCHEMES = ("sigv4", "sigv4a", "sigv4-s3express")
_BY_PATH = frozenset({"GetBucketLocation"})
"""Asked by those who do not know the bucket's region, and answered in any only where the path names the bucket."""
_BY_BUCKET = frozenset({"s3"})


class NoPlaceError(Exception):
    """AWS has no endpoint for such a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsPlace:
    """One endpoint."""

    host: str
    path: str
    """Of the endpoint, without a trailing slash; with the bucket that the host does not name."""
    signing_name: str
    region: str
    """Of the scope; of SigV4A the set of regions."""
    scheme: str
    """`sigv4`, `sigv4a`, `sigv4-s3express`."""


@dataclass(frozen=True, slots=True)
class _Service:
    """The rules of one service."""

    provider: EndpointProvider
    usual: bool
    """Whether they ask for nothing but the region."""
    model: ServiceModel | None
    resolvers: dict[tuple[str, bool], EndpointRulesetResolver]
    """By region, and whether buckets stand in the path."""


class AwsEndpoints:
    """The endpoints of one partition.

    Args:
        partition: `aws`, `aws-cn`, `aws-us-gov`, …
        rules: signing names and regions where the endpoint rules leave them open.
    """

    def __init__(self, partition: str, rules: SigningRules) -> None:
        self._loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
        self._partition = partition
        self._rules = rules
        self._services: dict[str, _Service] = {}
        self._found: dict[tuple[str, str], AwsPlace] = {}

    @cached_property
    def _partitions(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = self._loader.load_data("partitions")
        return data

    @cached_property
    def _own(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = next(one for one in self._partitions["partitions"] if one["id"] == self._partition)
        return found

    @property
    def suffix(self) -> str:
        """How the hosts of the partition end."""
        return str(self._own["outputs"]["dnsSuffix"])

    @cached_property
    def services(self) -> frozenset[str]:
        """Every service, by botocore's names."""
        return frozenset(self._loader.list_available_services("endpoint-rule-set-1"))

    @cached_property
    def _region(self) -> re.Pattern[str]:
        return re.compile(self._own["regionRegex"])

    def check_region(self, region: str) -> None:
        """See whether a region is one of the partition.

        Raises:
            NoPlaceError: it is not.
        """
        if region not in self._own["regions"] and not self._region.fullmatch(region):
            raise NoPlaceError(f"the partition {self._partition} has no region {region!r}")

    def place(self, aim: Aim) -> AwsPlace:
        """Where a call ends.

        Args:
            aim: not of the data plane; its region is given.

        Raises:
            NoPlaceError: the partition does not have the region, or the service there, or the parameters name no
                place.
        """
        self.check_region(aim.region)
        service = self._service(aim.service)
        if not service.usual:
            return self._of_call(service, aim)
        found = self._found.get((aim.service, aim.region))
        if found is None:
            found = self._found[aim.service, aim.region] = self._of_region(service, aim)
        if not aim.host_prefix:
            return found
        return AwsPlace(
            host=_prefix(aim) + found.host, path=found.path, signing_name=found.signing_name,
            region=found.region, scheme=found.scheme,
        )  # fmt: skip

    def _service(self, name: str) -> _Service:
        found = self._services.get(name)
        if found is None:
            try:
                ruleset = self._loader.load_service_model(name, "endpoint-rule-set-1")
            except BotoCoreError:
                raise NoPlaceError(f"AWS has no service {name!r}") from None
            usual = _USUAL.issuperset(ruleset["parameters"])
            model = None if usual else ServiceModel(self._loader.load_service_model(name, "service-2"), name)
            provider = EndpointProvider(ruleset, self._partitions)
            found = self._services[name] = _Service(provider, usual, model, {})
        return found

    def _of_region(self, service: _Service, aim: Aim) -> AwsPlace:
        return self._read(
            aim, lambda: service.provider.resolve_endpoint(Region=aim.region, UseFIPS=False, UseDualStack=False)
        )

    def _of_call(self, service: _Service, aim: Aim) -> AwsPlace:
        """By parameters of the call too: the bucket, the account, the ARN of a stream."""
        assert service.model is not None
        by_path = aim.operation in _BY_PATH
        resolver = service.resolvers.get((aim.region, by_path))
        if resolver is None:
            resolver = service.resolvers[aim.region, by_path] = self._resolver(service.model, aim.region, by_path)
        # An operation that no model has, such as a form upload, goes where the service's first one does.
        known = aim.operation in service.model.operation_names
        operation = service.model.operation_model(aim.operation if known else _like(aim, service.model))
        found = self._read(aim, lambda: resolver.construct_endpoint(operation, dict(aim.parameters), {}))
        # S3's rules put bucket and account into the host themselves.
        prefix = "" if aim.service in ("s3", "s3control") else _prefix(aim)
        return AwsPlace(
            host=prefix + found.host, path=found.path, signing_name=found.signing_name,
            region=found.region, scheme=found.scheme,
        )  # fmt: skip

    def _resolver(self, model: ServiceModel, region: str, by_path: bool) -> EndpointRulesetResolver:  # noqa: FBT001
        return EndpointRulesetResolver(
            endpoint_ruleset_data=self._loader.load_service_model(model.service_name, "endpoint-rule-set-1"),
            partition_data=self._partitions,
            service_model=model,
            builtins=cast(
                "Any",
                {
                    Builtin.AWS_REGION: region,
                    Builtin.AWS_USE_FIPS: False,
                    Builtin.AWS_USE_DUALSTACK: False,
                    Builtin.AWS_STS_USE_GLOBAL_ENDPOINT: False,
                    Builtin.AWS_S3_USE_GLOBAL_ENDPOINT: False,
                    Builtin.AWS_S3_ACCELERATE: False,
                    Builtin.AWS_S3_FORCE_PATH_STYLE: by_path,
                    Builtin.AWS_S3_USE_ARN_REGION: True,
                    Builtin.AWS_S3CONTROL_USE_ARN_REGION: True,
                    Builtin.AWS_S3_DISABLE_MRAP: False,
                },
            ),
            client_context={},
            event_emitter=HierarchicalEmitter(),
        )

    def _read(self, aim: Aim, resolve: Callable[[], Any]) -> AwsPlace:
        try:
            endpoint = resolve()
        except (EndpointProviderError, BotoCoreError) as error:
            raise NoPlaceError(f"AWS has no endpoint of {aim.service} in {aim.region}: {error}") from None
        url = urlsplit(endpoint.url)
        host = url.hostname or ""
        if url.scheme != "https" or not host.endswith(self._suffixes):
            raise NoPlaceError(f"the endpoint rules of {aim.service} lead to {host}, which is no host of AWS")
        scheme: Mapping[str, Any] = next(
            (one for one in endpoint.properties.get("authSchemes", ()) if one["name"] in _KNOWN_SCHEMES), {}
        )
        name, region = self._rules.scope(aim.service, aim.signing_name, aim.region)
        return AwsPlace(
            host=host,
            path=url.path.rstrip("/"),
            signing_name=str(scheme.get("signingName", name)),
            region=str(scheme.get("signingRegion", ",".join(scheme.get("signingRegionSet", ())) or region)),
            scheme=str(scheme.get("name", "sigv4")),
        )

    @cached_property
    def _suffixes(self) -> tuple[str, ...]:
        outputs = self._own["outputs"]
        return tuple(f".{outputs[name]}" for name in ("dnsSuffix", "dualStackDnsSuffix"))


def data_plane_host(aim: Aim, suffix: str) -> tuple[str, str]:
    """Host and path of a request that is in no model: to an API, function URL, user pool's document, or registry.

    Args:
        aim: with the parameters of its route; the region is given.
        suffix: how the hosts of the partition end.

    Returns:
        Host, and path as the client has it there.

    Raises:
        NoPlaceError: AWS serves nothing of that kind outside its own network, or the parameters name no host.
    """
    find = _DATA_PLANES.get(aim.service)
    if find is None:
        raise NoPlaceError(f"on AWS nothing of {aim.service} is reached by this path of the gate")
    host, path = find(aim, suffix)
    if not all(map(_LABEL.fullmatch, host.split("."))):
        raise NoPlaceError(f"{host} is no host name")
    return host, path


def _api(aim: Aim, suffix: str) -> tuple[str, str]:
    stage = str(aim.parameters.get("stage", ""))
    path = str(aim.parameters.get("path", "/"))
    return f"{aim.parameters.get('api', '')}.execute-api.{aim.region}.{suffix}", f"/{stage}{path}"


def _function(aim: Aim, _suffix: str) -> tuple[str, str]:
    return f"{aim.parameters.get('url', '')}.lambda-url.{aim.region}.on.aws", str(aim.parameters.get("path", "/"))


def _pool(aim: Aim, suffix: str) -> tuple[str, str]:
    return f"cognito-idp.{aim.region}.{suffix}", aim.path


def _registry(aim: Aim, suffix: str) -> tuple[str, str]:
    return f"{aim.parameters.get('registryId', '')}.dkr.ecr.{aim.region}.{suffix}", aim.path


_DATA_PLANES: Mapping[str, Callable[[Aim, str], tuple[str, str]]] = {
    "execute-api": _api,
    "lambda": _function,
    "cognito-idp": _pool,
    "ecr": _registry,
}


def _prefix(aim: Aim) -> str:
    """The host prefix of an operation, filled in.

    Raises:
        NoPlaceError: a parameter is missing, or would be no label of a host name.
    """

    def fill(match: re.Match[str]) -> str:
        value = str(aim.parameters.get(match[1], ""))
        if not _LABEL.fullmatch(value):
            raise NoPlaceError(f"{match[1]} of {aim.operation} must be a label of a host name")
        return value

    return _IN_BRACES.sub(fill, aim.host_prefix)


def _like(aim: Aim, model: ServiceModel) -> str:
    """An operation that takes the same place as one which no model has."""
    if aim.service in _BY_BUCKET:
        return "PutObject" if "Bucket" in aim.parameters else "ListBuckets"
    return str(model.operation_names[0])
