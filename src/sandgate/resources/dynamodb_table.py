"""Tables."""

from __future__ import annotations

from sandgate.resources._model import Birth, Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="dynamodb-table",
    type="AWS::DynamoDB::Table",
    service="dynamodb",
    creates=(
        Create(operation="CreateTable", names={"TableName": "tail(TableName)"}, arn="TableDescription.TableArn"),
        Create(operation="RestoreTableFromBackup", names={"TableName": "tail(TargetTableName)"}),
        Create(operation="RestoreTableToPointInTime", names={"TableName": "tail(TargetTableName)"}),
        Create(operation="ImportTable", names={"TableName": "tail(TableCreationParameters.TableName)"}),
    ),
    removal=Removal(
        operation="DeleteTable",
        parameters={"TableName": "TableName"},
        key={"TableName": "tail(TableName)"},
        absent=("ResourceNotFoundException",),
        busy=("ResourceInUseException",),
        locked=("ValidationException",),
    ),
    birth=Birth(operation="DescribeTable", parameters={"TableName": "TableName"}, path="Table.CreationDateTime"),
    listing=Listing(operation="ListTables", entries="TableNames", key={"TableName": "@"}),
    prepare=(("UpdateTable", {"TableName": "TableName"}, {"DeletionProtectionEnabled": False}),),
)
