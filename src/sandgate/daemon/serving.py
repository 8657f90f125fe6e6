"""What a gate needs once its tier is up: collaborators, ledger, wall, pipeline.

In a module of its own, since loading it takes as long as the emulator's start, and goes on beside that.
"""

from __future__ import annotations

from pathlib import Path

from sandgate.config.model import Config
from sandgate.daemon.faulting import start_faults
from sandgate.daemon.sharing import share_ledger
from sandgate.daemon.wiring import check_place, make_parts, open_ledger
from sandgate.gate.listener import Listener
from sandgate.gate.parts import Parts
from sandgate.gate.pipeline import Pipeline
from sandgate.gate.recorder import Recorder
from sandgate.gate.server import Handler
from sandgate.gate.upstream import Pool
from sandgate.gate.wall import UNNAMED_ACCOUNT, build_wall
from sandgate.ledger.book import Book
from sandgate.tiers._model import Tier, Upstream
from sandgate.wire.models import Models

__all__ = ["wire"]


async def wire(
    config: Config,
    models: Models,
    tier: Tier,
    upstream: Upstream,
    *,
    listener: Listener,
    pool: Pool,
    recorder: Recorder,
    book: Book,
    run_dir: Path,
    cache_dir: Path,
) -> tuple[Parts, Handler]:
    """Put the parts of a gate together, ledger, wall and faults among them.

    Args:
        config: the run's.
        models: all of them.
        tier: that the run is on.
        upstream: it, started.
        listener: bound.
        pool: of connections to it.
        recorder: of the event log.
        book: the ledger, opened.
        run_dir: the run's.
        cache_dir: what outlives runs.

    Returns:
        The parts, and what answers exchanges with them.

    Raises:
        SandgateError: what the front end shows.
    """
    parts = make_parts(config, models, upstream, listener=listener, pool=pool, recorder=recorder)
    namespace = (run_dir / "namespace").read_text(encoding="ascii")
    check_place(book, tier.name, upstream.account or UNNAMED_ACCOUNT)
    await share_ledger(book, upstream, config, run_dir.name, cache_dir)
    parts.ledger = open_ledger(book, parts, tier, config=config, run_dir=run_dir, namespace=namespace)
    if not config.unsafe_no_guard:
        parts.decide = (await build_wall(config, parts, namespace)).decide
    parts.faults = start_faults(config, parts)
    return parts, Pipeline(parts).handle
