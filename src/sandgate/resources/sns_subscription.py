"""Subscriptions to topics; a topic has one for each protocol and endpoint."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAMES = {"Name": "last(TopicArn)", "Protocol": "Protocol", "Endpoint": "address(Endpoint)"}
"""Endpoints may be URLs with passwords and keys in them, which are written nowhere."""

RESOURCE = ResourceType(
    name="sns-subscription",
    type="AWS::SNS::Subscription",
    service="sns",
    creates=(
        Create(
            operation="Subscribe",
            names=_NAMES,
            arn="SubscriptionArn",
            probe=Probe(
                operation="ListSubscriptionsByTopic",
                parameters={"TopicArn": "arn:aws:sns:{region}:{account}:{Name}"},
                absent=("NotFound",),
                shows="address(Subscriptions.member.Endpoint)",
                equals="{Endpoint}",
            ),
        ),
    ),
    removal=Removal(operation="Unsubscribe", parameters={"SubscriptionArn": ".SubscriptionArn"}, absent=("NotFound",)),
    listing=Listing(
        operation="ListSubscriptionsByTopic",
        entries="Subscriptions",
        key=_NAMES,
        within={"TopicArn": "TopicArn"},
        over=Listing(operation="ListTopics", entries="Topics", key={"Name": "last(TopicArn)", "TopicArn": "TopicArn"}),
        name="address(Endpoint)",
        gone={"SubscriptionArn": ("PendingConfirmation", "Deleted")},
    ),
    within="sns-topic",
    container={"Name": "Name"},
    remark="One that nobody confirmed cannot be removed; AWS drops it after 48 hours.",
)
