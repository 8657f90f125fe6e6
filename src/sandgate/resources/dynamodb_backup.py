"""Backups of tables; they stay when their table goes."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="dynamodb-backup",
    type="AWS::DynamoDB::Backup",
    service="dynamodb",
    creates=(
        Create(
            operation="CreateBackup",
            ids={"BackupArn": "BackupDetails.BackupArn"},
            told={"BackupName": "BackupName", "TableName": "tail(TableName)"},
            arn="BackupDetails.BackupArn",
        ),
    ),
    removal=Removal(
        operation="DeleteBackup",
        parameters={"BackupArn": "BackupArn"},
        absent=("BackupNotFoundException",),
        busy=("BackupInUseException",),
    ),
    listing=Listing(
        operation="ListBackups",
        entries="BackupSummaries",
        key={"BackupArn": "BackupArn"},
        name="BackupName",
        created="BackupCreationDateTime",
        gone={"BackupStatus": ("DELETED",)},
    ),
)
