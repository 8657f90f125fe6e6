"""Putting the parts of a gate together: models, collaborators, ledger."""

from __future__ import annotations

from pathlib import Path

from sandgate.config.model import Config
from sandgate.core.call import ALLOWED
from sandgate.core.registry import discover, nearest
from sandgate.errors import ConfigError, RunError
from sandgate.gate.asking import Asking
from sandgate.gate.instances import Instances
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.listener import HOST, Listener
from sandgate.gate.members import STACK
from sandgate.gate.parts import Parts
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Prober
from sandgate.gate.recorder import Recorder
from sandgate.gate.seen import Seen
from sandgate.gate.upstream import Pool
from sandgate.gate.wall import UNNAMED_ACCOUNT
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.ledger.book import Book
from sandgate.ledger.recover import lost
from sandgate.resources._model import resource_types
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.tiers._model import Tier, Upstream
from sandgate.wire.models import Models

__all__ = ["check_place", "load_models", "make_parts", "open_ledger"]


def load_models(config: Config, cache_dir: Path) -> Models:
    """The models, which are also what knows whether a required service exists at all.

    Args:
        config: the run's.
        cache_dir: holds the index over all services.

    Raises:
        ConfigError: `require` names a service that does not exist.
    """
    resource_types()  # loaded now, so that no call waits for it
    models = Models.load(cache_dir)
    known = {*models.services, *(route.service for route in discover("sandgate.routes", "ROUTE", Route).values())}
    for name in config.require:
        if name not in known:
            close = nearest(name, known)
            raise ConfigError(
                f"there is no service {name!r}",
                where=f"require, {config.sources.get('require', '')}",
                hint=f"did you mean {close!r}?" if close else "services are named as boto3 names them",
            )
    return models


def make_parts(
    config: Config, models: Models, upstream: Upstream, *, listener: Listener, pool: Pool, recorder: Recorder
) -> Parts:
    """The collaborators of the pipeline; ledger and guard come once they exist."""
    surrogates = Surrogates()
    if upstream.aws is not None:
        pool.trust(upstream.aws.trust)
    gate_url = f"http://{HOST}:{listener.port('main')}"
    parts = Parts(
        models=models,
        keys=RunKeys(),
        surrogates=surrogates,
        rewriter=Rewriter(
            gate_url,
            surrogates,
            real_addresses=upstream.aws is not None,
            boundary=upstream.aws.boundary if upstream.aws else "",
        ),
        upstream=upstream,
        seen=Seen(everything=upstream.private),
        pool=pool,
        recorder=recorder,
        routes=discover("sandgate.routes", "ROUTE", Route),
        decide=lambda _call: ALLOWED,
        body_limit=config.body_limit * 1024 * 1024,
        ports=listener.ports,
        urls=listener.urls,
    )
    if upstream.aws is not None:
        parts.now = upstream.aws.clock
    return parts


def open_ledger(book: Book, parts: Parts, tier: Tier, *, config: Config, run_dir: Path, namespace: str) -> Ledgering:
    """Say whose the ledger is, and take up what an earlier gate of this run has made.

    Args:
        book: the ledger, locked.
        parts: of the gate; told what the run owns.
        tier: says whether what is made outlives the gate.
        config: the run's.
        run_dir: the run's directory; its event log knows calls that a torn ledger lost.
        namespace: the run's.

    Raises:
        RunError: it is of another tier or account, where nothing of it can be found or swept.
    """
    account = parts.upstream.account or UNNAMED_ACCOUNT
    check_place(book, tier.name, account)
    header = {
        "run": run_dir.name,
        "tier": tier.name,
        "account": account,
        "region": config.region,
        "namespace": namespace,
        "ends_with_gate": tier.ends_with_run,
    }
    book.begin(header, durable=not tier.ends_with_run)
    for line in lost(run_dir / "events.jsonl", book.state, namespace):
        book.take_up(line)
    instances = Instances(book, parts.upstream, parts.pool, parts.recorder)
    instances.notice(anyway=True)  # after what was lost, which was made in the emulators of before
    parts.owned.restore(book.state.owned)
    for entry in book.state.alive.values():
        if entry.type == STACK and "StackName" in entry.key:
            parts.owned.stacks.add((str(entry.key["StackName"]), entry.region))
    asking = Asking(parts, config.region)
    prober = Prober(asking, parts.models, account)
    pointing = Pointing(book.state, parts.seen, prober, config.region)
    return Ledgering(book, asking, prober, pointing, namespace, instances.notice)


def check_place(book: Book, tier: str, account: str) -> None:
    """See that a run which is taken up again is where it was: elsewhere all that it made would seem to be gone.

    Args:
        book: the run's ledger; a fresh one may be anywhere.
        tier: that has been started.
        account: that it reaches.

    Raises:
        RunError: the run was on another tier, or in another account.
    """
    header = book.state.header
    was = (header.get("tier", tier), header.get("account", account))
    if was != (tier, account):
        raise RunError(
            f"this run is of the tier {was[0]!r}, account {was[1]}; what is reached now is {tier!r}, account {account}",
            where="ledger of the run",
            hint="use the credentials and the configuration that the run had",
        )
