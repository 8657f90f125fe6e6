"""A run that is taken up again must be where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.daemon.wiring import check_place
from sandgate.errors import RunError
from sandgate.ledger.book import Book

ACCOUNT = "111122223333"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Book(tmp_path / "ledger.jsonl")
    header = {"run": "r", "tier": "sandbox", "account": ACCOUNT, "region": "eu-west-1", "namespace": "n"}
    made.begin({**header, "ends_with_gate": False}, durable=False)
    return made


@pytest.mark.parametrize(("tier", "account"), [("emulated", "000000000000"), ("sandbox", "000000000000")])
def test_elsewhere_it_would_seem_to_be_gone(tier: str, account: str, book: Book) -> None:
    with pytest.raises(RunError, match=f"tier 'sandbox', account {ACCOUNT}"):
        check_place(book, tier, account)
    book.close()


def test_where_it_was_it_goes_on(book: Book, tmp_path: Path) -> None:
    check_place(book, "sandbox", ACCOUNT)
    book.close()
    fresh = Book(tmp_path / "fresh.jsonl")
    check_place(fresh, "emulated", "000000000000")
    fresh.close()
