"""SAM: the resources that the transform makes, as far as names, references and permissions go.

Only what can leave the sandbox is expanded; what the transform makes of code, paths and stages is left as it is. Where
it would make something that is not described here, the made resource has a type that nobody knows, which is refused.
Source: AWS SAM Developer Guide, "Generated CloudFormation resources for AWS SAM", and the reference of each type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandgate.guard.templates.sam_events import events_of
from sandgate.guard.templates.sam_roles import execution_role

__all__ = ["expand"]

_Resources = dict[str, dict[str, Any]]
_KEPT = ("Condition", "CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")


def expand(resources: Mapping[str, Mapping[str, Any]], globals_section: object) -> tuple[_Resources, frozenset[str]]:
    """Replace SAM's resources by those that the transform makes.

    Args:
        resources: the section of the template.
        globals_section: `Globals` of the template.

    Returns:
        The resources, and the ids of which `Id.Stage`, `Id.Version` and the like are references that SAM understands.
    """
    made: _Resources = {}
    own: set[str] = set()
    for logical_id, item in resources.items():
        if "Connectors" in item:
            made[f"{logical_id}Connectors"] = {"Type": "AWS::Serverless::Connector"}
        expander = _EXPANDERS.get(str(item.get("Type")))
        if expander is None:
            made[logical_id] = dict(item)
            continue
        own.add(logical_id)
        kind = str(item["Type"]).rpartition("::")[2]
        properties = _with_globals(item.get("Properties"), globals_section, kind)
        kept = {key: item[key] for key in _KEPT if key in item}
        for name, resource in expander(logical_id, properties).items():
            made[name] = {**kept, **resource}
    for name, resource in _implicit_apis(resources).items():
        made.setdefault(name, resource)
    return made, frozenset(own)


def _with_globals(properties: object, globals_section: object, kind: str) -> dict[str, Any]:
    """Properties with the defaults of `Globals`: mappings merge, lists are joined, anything else is replaced."""
    own = dict(properties) if isinstance(properties, Mapping) else {}
    shared = globals_section.get(kind) if isinstance(globals_section, Mapping) else None
    return _merged(dict(shared), own) if isinstance(shared, Mapping) else own


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    result = {**shared, **own}
    for key in shared.keys() & own.keys():
        left, right = shared[key], own[key]
        if isinstance(left, dict) and isinstance(right, dict) and not _function(left) and not _function(right):
            result[key] = _merged(left, right)
        elif isinstance(left, list) and isinstance(right, list):
            result[key] = [*left, *right]
    return result


def _function(node: dict[str, Any]) -> bool:
    return len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::"))


def _function_resources(logical_id: str, given: dict[str, Any]) -> _Resources:
    """A function, its role unless one is named, its versions, address, and event sources."""
    made: _Resources = {}
    properties = {key: value for key, value in given.items() if key not in _NOT_OF_A_FUNCTION}
    properties.setdefault("Role", {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]})
    if "DeadLetterQueue" in given:
        properties["DeadLetterConfig"] = given["DeadLetterQueue"]
    made[logical_id] = {"Type": "AWS::Lambda::Function", "Properties": properties}
    if not _names_role(given):
        made[f"{logical_id}Role"] = execution_role(given, "lambda.amazonaws.com")
    if "AutoPublishAlias" in given:
        made[f"{logical_id}Alias{given['AutoPublishAlias']}"] = {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionName": {"Ref": logical_id}},
        }
    if "DeploymentPreference" in given:
        made["ServerlessDeploymentApplication"] = {"Type": "AWS::CodeDeploy::Application"}
    if "FunctionUrlConfig" in given:
        made |= _function_url(logical_id, given["FunctionUrlConfig"])
    if "EventInvokeConfig" in given:
        made[f"{logical_id}EventInvokeConfig"] = {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {"FunctionName": {"Ref": logical_id}, "Config": given["EventInvokeConfig"]},
        }
    if "Events" in given:
        made |= events_of(logical_id, given["Events"], given, target="function")
    return made


def _names_role(given: Mapping[str, Any]) -> bool:
    """Whether a role is named in every case; where a condition decides, the transform makes one for the other."""
    role = given.get("Role")
    return bool(role) and not (isinstance(role, Mapping) and ("Fn::If" in role or role.get("Ref") == "AWS::NoValue"))


_NOT_OF_A_FUNCTION = frozenset({
    "AssumeRolePolicyDocument", "AutoPublishAlias", "DeadLetterQueue", "DeploymentPreference", "EventInvokeConfig",
    "Events", "FunctionUrlConfig", "PermissionsBoundary", "Policies", "RolePath",
})  # fmt: skip


def _function_url(logical_id: str, config: object) -> _Resources:
    made: _Resources = {
        f"{logical_id}Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Ref": logical_id}}}
    }
    if not isinstance(config, Mapping) or config.get("AuthType") != "AWS_IAM":
        made[f"{logical_id}UrlPublicPermissions"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunctionUrl",
                "FunctionName": {"Ref": logical_id},
                "FunctionUrlAuthType": "NONE",
                "Principal": "*",
            },
        }
    return made


def _rest_api(logical_id: str, given: dict[str, Any]) -> _Resources:
    stage = {"RestApiId": {"Ref": logical_id}, "StageName": given.get("StageName", "")}
    return _domain(given) | {
        logical_id: {"Type": "AWS::ApiGateway::RestApi", "Properties": given},
        f"{logical_id}Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": stage},
        f"{logical_id}{given.get('StageName', '')}Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": stage},
    }


def _http_api(logical_id: str, given: dict[str, Any]) -> _Resources:
    stage = {"ApiId": {"Ref": logical_id}, "StageName": given.get("StageName", "$default")}
    return _domain(given) | {
        logical_id: {"Type": "AWS::ApiGatewayV2::Api", "Properties": given},
        f"{logical_id}ApiGatewayDefaultStage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": stage},
    }


def _domain(given: dict[str, Any]) -> _Resources:
    """A domain of one's own lives in DNS, which is not part of a sandbox."""
    if "Domain" not in given:
        return {}
    return {"ApiGatewayDomainName": {"Type": "AWS::ApiGateway::DomainName", "Properties": {}}}


def _simple_table(logical_id: str, given: dict[str, Any]) -> _Resources:
    return {logical_id: {"Type": "AWS::DynamoDB::Table", "Properties": given}}


def _layer(logical_id: str, given: dict[str, Any]) -> _Resources:
    """SAM names a layer after its logical id."""
    properties = {"LayerName": logical_id, **given}
    return {logical_id: {"Type": "AWS::Lambda::LayerVersion", "Properties": properties}}


def _application(logical_id: str, given: dict[str, Any]) -> _Resources:
    """A nested stack, where a template in a bucket is named; what a repository publishes is not known."""
    location = given.get("Location")
    if isinstance(location, Mapping) and not _function(dict(location)):
        return {logical_id: {"Type": "AWS::Serverless::Application", "Properties": given}}
    properties = {key: value for key, value in given.items() if key != "Location"}
    return {logical_id: {"Type": "AWS::CloudFormation::Stack", "Properties": {**properties, "TemplateURL": location}}}


def _state_machine(logical_id: str, given: dict[str, Any]) -> _Resources:
    properties = {key: value for key, value in given.items() if key not in _NOT_OF_A_STATE_MACHINE}
    if "Name" in given:
        properties["StateMachineName"] = properties.pop("Name")
    properties.setdefault("RoleArn", given.get("Role", {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}))
    made: _Resources = {logical_id: {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
    if not _names_role(given):
        made[f"{logical_id}Role"] = execution_role(given, "states.amazonaws.com")
    if "AutoPublishAlias" in given:
        made[f"{logical_id}Alias"] = {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {}}
    if "Events" in given:
        made |= events_of(logical_id, given["Events"], given, target="state machine")
    return made


_NOT_OF_A_STATE_MACHINE = _NOT_OF_A_FUNCTION | {"Role"}


def _implicit_apis(resources: Mapping[str, Mapping[str, Any]]) -> _Resources:
    """The APIs that SAM makes for events that name none."""
    wanted: set[str] = set()
    for item in resources.values():
        properties = item.get("Properties")
        events = properties.get("Events") if isinstance(properties, Mapping) else None
        for event in events.values() if isinstance(events, Mapping) else ():
            if not isinstance(event, Mapping) or event.get("Type") not in {"Api", "HttpApi"}:
                continue
            named = event.get("Properties")
            if not isinstance(named, Mapping) or not {"RestApiId", "ApiId"} & named.keys():
                wanted.add(str(event["Type"]))
    made: _Resources = {}
    if "Api" in wanted:
        made |= _rest_api("ServerlessRestApi", {"StageName": "Prod"})
    if "HttpApi" in wanted:
        made |= _http_api("ServerlessHttpApi", {})
    return made


_EXPANDERS: Mapping[str, Callable[[str, dict[str, Any]], _Resources]] = {
    "AWS::Serverless::Api": _rest_api,
    "AWS::Serverless::Application": _application,
    "AWS::Serverless::Function": _function_resources,
    "AWS::Serverless::HttpApi": _http_api,
    "AWS::Serverless::LayerVersion": _layer,
    "AWS::Serverless::SimpleTable": _simple_table,
    "AWS::Serverless::StateMachine": _state_machine,
}
