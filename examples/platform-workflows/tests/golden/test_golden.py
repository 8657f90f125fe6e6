"""Golden tests: what the parsers write, and the sample image, the same to the byte as what somebody has looked at.

A person renews a golden file, with the parser's own command line, and reads the difference; no test and no tool does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from scripts import build_sample_image, database_request_parser, image_request_parser, secret_request_parser

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "integration" / "fixtures" / "test_data" / "sample-image.tar"
PARSERS: Mapping[str, Callable[[list[str]], int]] = {
    "database": database_request_parser.main,
    "generated-secret": secret_request_parser.main,
    "images": image_request_parser.main,
    "parameter": secret_request_parser.main,
}


def test_every_golden_folder_is_tested() -> None:
    assert {path.parent.name for path in HERE.glob("*/expected.json")} == PARSERS.keys()


@pytest.mark.parametrize("name", PARSERS)
def test_the_parser_writes_what_was_blessed(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert PARSERS[name](["--request", str(HERE / name / "request.yaml"), "--out", str(out)]) == 0
    assert out.read_bytes() == (HERE / name / "expected.json").read_bytes()


@pytest.mark.parametrize("name", PARSERS)
def test_the_order_of_a_request_does_not_matter(name: str, tmp_path: Path) -> None:
    lines = (HERE / name / "request.yaml").read_text().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("spec:"))
    turned = tmp_path / "request.yaml"
    turned.write_text("".join([*lines[first:], *lines[:first]]))
    out = tmp_path / "out.json"
    assert PARSERS[name](["--request", str(turned), "--out", str(out)]) == 0
    assert out.read_bytes() == (HERE / name / "expected.json").read_bytes()


def test_the_sample_image_is_what_its_script_builds(tmp_path: Path) -> None:
    out = tmp_path / "sample-image.tar"
    assert build_sample_image.main([str(out)]) == 0
    assert out.read_bytes() == SAMPLE.read_bytes()
