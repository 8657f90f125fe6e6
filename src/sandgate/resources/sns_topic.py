"""Topics: known by name, reached by ARN."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="sns-topic",
    type="AWS::SNS::Topic",
    service="sns",
    creates=(
        Create(
            operation="CreateTopic",
            names={"Name": "Name"},
            arn="TopicArn",
            probe=Probe(
                operation="GetTopicAttributes",
                parameters={"TopicArn": "arn:aws:sns:{region}:{account}:{Name}"},
                absent=("NotFound",),
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteTopic",
        parameters={"TopicArn": ".TopicArn"},
        key={"Name": "last(TopicArn)"},
        absent=("NotFound",),
    ),
    listing=Listing(operation="ListTopics", entries="Topics", key={"Name": "last(TopicArn)"}),
    physical={"Name": "last(@)"},
)
