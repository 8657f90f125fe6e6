"""Amazon CloudWatch."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _alarm(world: World, name: str) -> None:
    world.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Test",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def _composite(world: World, name: str) -> None:
    cloudwatch, below = world.client("cloudwatch"), f"{name}-below"
    _alarm(world, below)
    world.cleanup.append(lambda: cloudwatch.delete_alarms(AlarmNames=[below]))
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({below})")


def _cycle(world: World, name: str) -> None:
    cloudwatch, other = world.client("cloudwatch"), f"{name}-other"
    cloudwatch.put_composite_alarm(AlarmName=other, AlarmRule=f"ALARM({name}-below)")
    world.cleanup.append(lambda: cloudwatch.delete_alarms(AlarmNames=[other]))
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({other})")


def _dashboard(world: World, name: str) -> None:
    world.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')


MAKERS = {
    "cloudwatch-alarm": Maker(make=_alarm),
    "cloudwatch-composite-alarm": Maker(make=_composite, fill=_cycle),
    "cloudwatch-dashboard": Maker(make=_dashboard),
}
