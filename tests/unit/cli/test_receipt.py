"""`sandgate receipt show`: whatever a file holds, it is a receipt that can be shown, or one error."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from sandgate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

RECEIPT = {"schema": 1, "run": "r", "green": True, "tier": "emulated", "tests": {}, "reached": {}, "reasons": []}
LEFT_OUT: dict[str, object] = {name: value for name, value in RECEIPT.items() if name != "run"}


@pytest.mark.parametrize(
    ("found", "flaw"),
    [
        ([], "it is no JSON object"),
        ({}, "its `schema` is not 1"),
        (RECEIPT | {"schema": 2}, "its `schema` is not 1"),
        (LEFT_OUT, "`run` is missing"),
        *(
            (RECEIPT | {name: value}, f"`{name}` holds what no receipt does")
            for name, value in (
                ("run", 1),
                ("green", "yes"),
                ("tests", {"a": None}),
                ("tests", []),
                ("reached", {"a": []}),
                ("reached", {"a": True}),
                ("reasons", [{}]),
                ("refused", {"total": "1"}),
                ("leftovers", [1]),
                ("elsewhere", {}),
            )
        ),
    ],
)
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_what_is_no_receipt(tmp_path: Path, found: object, flaw: str, form: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(found))
    errors = io.StringIO()
    assert run(["receipt", "show", str(path), "--format", form], stderr=errors) == 3
    assert errors.getvalue().startswith(f"error: this is no receipt of sandgate: {flaw}\nwhere: {path}\nhint:  ")


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_no_form_moves_a_cursor(tmp_path: Path, form: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(RECEIPT | {"run": "a\x1b[2J\x7f\x9b\ud800", "reasons": ["\x1b[2J"]}))
    assert run(["receipt", "show", str(path), "--format", form], stderr=io.StringIO()) == 0
    assert capfd.readouterr().out.replace("\n", "").isprintable()
