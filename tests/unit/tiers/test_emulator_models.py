"""What the emulator is told of a model without reading all of it."""

from __future__ import annotations

from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader

from sandgate.tiers import _emulator

FILES = sorted((Path(botocore.__file__).parent / "data").glob("*/*/service-2.json.gz"))


def test_every_model_begins_with_its_metadata() -> None:
    assert [path for path in FILES if "protocol" not in (_emulator._metadata(path) or {})] == []


@pytest.mark.parametrize("service", ["cloudwatch", "ec2", "lambda", "s3", "sqs"])
def test_they_are_those_of_the_whole_model(service: str) -> None:
    newest = [path for path in FILES if path.parts[-3] == service][-1]
    whole = Loader().load_service_model(service, "service-2")
    assert _emulator._metadata(newest) == whole["metadata"]


def test_whoever_asks_for_more_has_all_of_it_read() -> None:
    read: list[str] = []

    def model() -> Path:
        read.append("all")
        return Path("model")

    head = _emulator._Head({"protocol": "json"}, model)
    assert (head.metadata, read) == ({"protocol": "json"}, [])
    assert (head.name, read) == ("model", ["all"])
