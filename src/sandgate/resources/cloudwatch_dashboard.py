"""Dashboards, which are the same in all regions."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"DashboardName": "DashboardName"}
_ABSENT = ("ResourceNotFound", "DashboardNotFoundError")

RESOURCE = ResourceType(
    name="cloudwatch-dashboard",
    type="AWS::CloudWatch::Dashboard",
    service="cloudwatch",
    scope="account",
    creates=(
        Create(
            operation="PutDashboard",
            names=_NAME,
            probe=Probe(operation="GetDashboard", parameters={"DashboardName": "{DashboardName}"}, absent=_ABSENT),
        ),
    ),
    removal=Removal(
        operation="DeleteDashboards",
        parameters={"DashboardNames": "DashboardName"},
        key={"DashboardName": "DashboardNames"},
        absent=_ABSENT,
        busy=("ConflictException",),
        batch=100,
    ),
    listing=Listing(operation="ListDashboards", entries="DashboardEntries", key=_NAME),
)
