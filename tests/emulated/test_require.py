"""Names of required services are checked when the gate starts, not when a run ends red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandgate.errors import ConfigError


def test_a_misspelt_service_is_an_error_with_the_nearest_name(make_run: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="no service 'dynamo'") as caught, make_run('require = ["dynamo"]'):
        pass
    assert "dynamodb" in caught.value.hint
    assert "require" in caught.value.where


def test_a_data_plane_can_be_required(make_run: Callable[..., Any]) -> None:
    with make_run('require = ["execute-api"]') as run:
        assert run.config.require == ("execute-api",)
