"""Keys: scheduled for deletion is as deleted as a key can be."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="kms-key",
    type="AWS::KMS::Key",
    service="kms",
    creates=(
        Create(
            operation="CreateKey",
            ids={"KeyId": "KeyMetadata.KeyId"},
            told={"Description": "Description"},
            arn="KeyMetadata.Arn",
        ),
    ),
    removal=Removal(
        operation="ScheduleKeyDeletion",
        parameters={"KeyId": "KeyId"},
        fixed={"PendingWindowInDays": 7},
        key={"KeyId": "tail(KeyId)"},
        # AWS refuses to schedule twice.
        absent=("NotFoundException", "KMSInvalidStateException"),
    ),
    listing=Listing(
        operation="ListKeys",
        entries="Keys",
        key={"KeyId": "KeyId"},
        parameters={"Limit": 1000},  # the emulator cuts a longer list off
        name="Description",
        created="CreationDate",
        gone={"KeyState": ("PendingDeletion", "PendingReplicaDeletion")},
        detail=("DescribeKey", {"KeyId": "KeyId"}, "KeyMetadata"),
    ),
    # What AWS encrypts with a key while it runs may not be deletable without it.
    after=("cloudformation-stack", "rds-db-cluster", "rds-db-instance"),
    remark="AWS deletes the key after the seven days that it insists on; until then it costs nothing.",
)
