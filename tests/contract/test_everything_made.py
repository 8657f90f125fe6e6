"""No operation of the guard's services makes anything that no resource type knows of."""

from __future__ import annotations

import fnmatch
import json
from importlib import resources

import botocore.session
import pytest

from sandgate.core.call import Call, Principal
from sandgate.ledger.track import made_by, tracked
from sandgate.resources._elsewhere import made_elsewhere, makes
from sandgate.resources._model import resource_types

_PREFIXES = json.loads(resources.files("sandgate.guard").joinpath("data", "services.json").read_text())["prefixes"]
_SERVICES = sorted({name for entry in _PREFIXES.values() for name in entry["services"]})


@pytest.mark.parametrize("service", _SERVICES)
def test_each_making_operation_is_of_a_type_or_has_a_reason(service: str) -> None:
    """A new botocore with a new create turns this red until somebody says what it makes."""
    if service not in botocore.session.Session().get_available_services():
        pytest.skip("not a service of botocore's")
    model = botocore.session.Session().get_service_model(service)
    created = {
        create.operation for kind in resource_types().values() if kind.service == service for create in kind.creates
    }
    reasons = made_elsewhere().get(service, {})
    unknown = {name for name in model.operation_names if makes(name)} - created
    explained = {pattern: set(fnmatch.filter(model.operation_names, pattern)) for pattern in reasons}
    assert unknown - set().union(*explained.values()) == set()
    assert all(explained.values()), "a reason for an operation that does not exist"
    assert not created & set(reasons), "an operation with a type needs no reason"
    assert all(reason.strip() for reason in reasons.values())


def test_what_no_type_knows_is_told() -> None:
    """What may stay and what nobody can remove is written down, so that the sweep says so; a mere setting is not."""

    def call(operation: str) -> Call:
        principal = Principal(kind="identity", name="main")
        return Call(id="1", service="cloudwatch", operation=operation, principal=principal)

    assert tracked(call("PutInsightRule"))
    ((kind, made),) = made_by(call("PutInsightRule"))
    assert (kind, made.type, made.key["call"]) == (None, "", "cloudwatch:PutInsightRule")
    assert not tracked(call("PutMetricData"))
    assert list(made_by(call("PutMetricData"))) == []
