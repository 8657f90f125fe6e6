"""Queues: known by name, reached by URL."""

from __future__ import annotations

from sandgate.resources._model import Birth, Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="sqs-queue",
    type="AWS::SQS::Queue",
    service="sqs",
    creates=(
        Create(
            operation="CreateQueue",
            names={"QueueName": "QueueName"},
            probe=Probe(
                operation="GetQueueUrl",
                parameters={"QueueName": "{QueueName}"},
                absent=("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteQueue",
        parameters={"QueueUrl": ".@"},
        key={"QueueName": "tail(QueueUrl)"},
        absent=("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    ),
    birth=Birth(
        operation="GetQueueAttributes",
        parameters={"QueueUrl": ".@"},
        fixed={"AttributeNames": ["CreatedTimestamp"]},
        path="Attributes.CreatedTimestamp",
    ),
    listing=Listing(
        operation="ListQueues", entries="QueueUrls", key={"QueueName": "tail(@)"}, parameters={"MaxResults": 1000}
    ),
    physical={"QueueName": "tail(@)"},
    remark="AWS shows a deleted queue for up to a minute.",
)
