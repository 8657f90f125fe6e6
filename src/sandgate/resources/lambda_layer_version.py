"""Layers, version by version: a layer is the versions that it has."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="lambda-layer-version",
    type="AWS::Lambda::LayerVersion",
    service="lambda",
    creates=(
        Create(
            operation="PublishLayerVersion",
            names={"LayerName": "last(LayerName)"},
            ids={"LayerVersionArn": "LayerVersionArn"},
            told={"LayerName": "last(LayerName)"},
            arn="LayerVersionArn",
        ),
    ),
    removal=Removal(
        operation="DeleteLayerVersion",
        parameters={"LayerName": "LayerName", "VersionNumber": ".Version"},
        key={"LayerName": "last(LayerName)"},
        ends={"LayerVersionArn": "VersionNumber"},
        absent=("ResourceNotFoundException",),
    ),
    listing=Listing(
        operation="ListLayerVersions",
        entries="LayerVersions",
        key={"LayerName": "LayerName", "LayerVersionArn": "LayerVersionArn"},
        within={"LayerName": "LayerName"},
        over=Listing(operation="ListLayers", entries="Layers", key={"LayerName": "LayerName"}),
        created="CreatedDate",
    ),
    physical={"LayerName": "layer(@)", "LayerVersionArn": "@"},
)
