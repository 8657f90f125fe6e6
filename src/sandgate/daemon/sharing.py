"""The shared ledger of a run's gate: opened before the run makes anything, where one is configured."""

from __future__ import annotations

import secrets
from pathlib import Path

from sandgate.config.model import Config
from sandgate.core.ids import machine_word
from sandgate.ledger.book import Book
from sandgate.ledger.mirror import Mirror
from sandgate.ledger.shared import SharedRun
from sandgate.tiers._model import Upstream

__all__ = ["share_ledger"]

_OWNER_BYTES = 8


async def share_ledger(book: Book, upstream: Upstream, config: Config, run: str, cache_dir: Path) -> None:
    """Take the run's lease in the shared ledger, and write there from now on.

    Args:
        book: the ledger on this machine.
        upstream: started; has the table where one is configured.
        config: the run's.
        run: its id.
        cache_dir: holds the word by which this machine is known, where the configuration says none.

    Raises:
        SandgateError: another machine has the run, or the table cannot be used.
    """
    table = upstream.aws.ledger if upstream.aws is not None else None
    if table is not None:
        label = config.ledger_label or machine_word(cache_dir)
        await book.share(Mirror(SharedRun(table, run, secrets.token_hex(_OWNER_BYTES), label)))
