"""Rules of Contributor Insights."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="cloudwatch-insight-rule",
    type="AWS::CloudWatch::InsightRule",
    service="cloudwatch",
    creates=(
        Create(
            operation="PutInsightRule",
            names={"RuleName": "RuleName"},
            probe=Probe(
                operation="DescribeInsightRules",
                parameters={},
                absent=(),
                shows="InsightRules.Name",
                equals="{RuleName}",
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteInsightRules",
        parameters={"RuleNames": "RuleName"},
        key={"RuleName": "RuleNames"},
        absent=("ResourceNotFoundException",),
        batch=1,  # AWS says no number, and a failure is inside a successful answer
    ),
    listing=Listing(operation="DescribeInsightRules", entries="InsightRules", key={"RuleName": "Name"}),
    proven="model",
)
