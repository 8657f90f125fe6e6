"""Amazon API Gateway."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _rest_api(world: World, name: str) -> None:
    world.client("apigateway").create_rest_api(name=name)


def _stage(world: World, name: str) -> tuple[str, str]:
    gateway = world.client("apigateway")
    api = next(item for item in gateway.get_rest_apis(limit=500)["items"] if item["name"] == name)
    root = api["rootResourceId"]
    gateway.put_method(restApiId=api["id"], resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api["id"], resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api["id"], stageName="one")
    return api["id"], "one"


def _inside_rest_api(world: World, name: str) -> None:
    _stage(world, name)


def _key(world: World, name: str) -> None:
    world.client("apigateway").create_api_key(name=name, enabled=True)


def _plan(world: World, name: str) -> None:
    gateway = world.client("apigateway")
    _rest_api(world, name)
    api, stage = _stage(world, name)
    world.cleanup.append(lambda: gateway.delete_rest_api(restApiId=api))
    gateway.create_usage_plan(name=name, apiStages=[{"apiId": api, "stage": stage}])


def _domain(world: World, name: str) -> None:
    world.client("apigateway").create_domain_name(domainName=name)


def _mapping(world: World, name: str) -> None:
    _rest_api(world, name)
    api, stage = _stage(world, name)
    gateway = world.client("apigateway")
    world.cleanup.append(lambda: gateway.delete_rest_api(restApiId=api))
    gateway.create_base_path_mapping(domainName=name, restApiId=api, stage=stage, basePath="one")


def _http_domain(world: World, name: str) -> None:
    world.client("apigatewayv2").create_domain_name(DomainName=name)


def _http_api(world: World, name: str) -> None:
    world.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP")


MAKERS = {
    "apigateway-rest-api": Maker(make=_rest_api, fill=_inside_rest_api),
    "apigateway-api-key": Maker(make=_key),
    "apigateway-usage-plan": Maker(make=_plan),
    "apigateway-domain-name": Maker(make=_domain, fill=_mapping),
    "apigatewayv2-domain-name": Maker(make=_http_domain),
    "apigatewayv2-api": Maker(make=_http_api),
}
