"""Secrets, removed without a recovery window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]


def _without_replicas(client: Any, key: Key, _entry: Mapping[str, Any]) -> Iterator[int]:
    """Take a secret's replicas in other regions away, which AWS wants gone first."""
    replicas = client.describe_secret(SecretId=key["Name"]).get("ReplicationStatus", ())
    if replicas:
        client.remove_regions_from_replication(
            SecretId=key["Name"], RemoveReplicaRegions=[replica["Region"] for replica in replicas]
        )
    yield len(replicas)


RESOURCE = ResourceType(
    name="secretsmanager-secret",
    type="AWS::SecretsManager::Secret",
    service="secretsmanager",
    creates=(
        Create(
            operation="CreateSecret",
            names={"Name": "Name"},
            arn="ARN",
            # With a token and a value that it knows it answers as if it had made the one that was there.
            probe=Probe(
                operation="DescribeSecret", parameters={"SecretId": "{Name}"}, absent=("ResourceNotFoundException",)
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteSecret",
        parameters={"SecretId": "Name"},
        fixed={"ForceDeleteWithoutRecovery": True},
        key={"Name": "secret(SecretId)"},
        # After a window one could come back, by RestoreSecret; until then it is not listed.
        when=("ForceDeleteWithoutRecovery", ("True",)),
        absent=("ResourceNotFoundException",),
        full=("InvalidRequestException",),
    ),
    listing=Listing(operation="ListSecrets", entries="SecretList", key={"Name": "Name"}, created="CreatedDate"),
    empty=_without_replicas,
    actions=("secretsmanager:DescribeSecret", "secretsmanager:RemoveRegionsFromReplication"),
    physical={"Name": "secret(@)"},
)
