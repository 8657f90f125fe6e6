"""The table of the shared ledger for a command that has no gate: the same tripwire, the same role."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from sandgate.config.identity import identity_names, ledger_table
from sandgate.config.model import Config
from sandgate.core.table import Table
from sandgate.tiers._aws_clock import AwsClock
from sandgate.tiers._aws_credentials import adopt_environment, find_source, open_session, trusted
from sandgate.tiers._aws_endpoints import AwsEndpoints
from sandgate.tiers._aws_sessions import settle
from sandgate.tiers._aws_sts import AwsCalls
from sandgate.tiers._aws_table import AwsTable
from sandgate.tiers._aws_upstream import expected_of
from sandgate.tiers._model import AbsentError
from sandgate.tiers._rules import SigningRules
from sandgate.tiers.sandbox import check

__all__ = ["open_table", "table_of"]

_SESSION = "sandgate-shared-ledger"


def open_table(config: Config, environ: Mapping[str, str], cache_dir: Path) -> Table:
    """The table, once it is known whose credentials those are.

    Args:
        config: of the tier `sandbox`; names a table.
        environ: the user's.
        cache_dir: holds what outlives runs.

    Raises:
        SandgateError: there are no credentials, or they are not those that the configuration names.
    """
    check(config, environ)
    with _environment():
        adopt_environment(environ, ci=config.ci)
        return table_of(config, environ, cache_dir)


def table_of(config: Config, environ: Mapping[str, str], cache_dir: Path) -> Table:
    """As `open_table`, in a process that has checked and adopted the user's environment already."""
    rules = SigningRules.load(cache_dir)
    session = open_session(config)
    endpoints = AwsEndpoints(rules.partition(config.region) or "aws", rules)
    calls = AwsCalls(
        endpoints=endpoints,
        region=config.region,
        region_source=config.sources.get("region", ""),
        trust=trusted(session),
        clock=AwsClock(),
    )
    try:
        source = find_source(config, environ, session)
    except AbsentError as absent:
        raise absent.error from None
    standing = settle(
        source, calls, expected_of(config, endpoints), partial(identity_names, config), _SESSION, ledger=True
    )
    return AwsTable(ledger_table(config), calls, lambda: standing.credentials["ledger"], standing.caller.account)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Whatever is adopted, this process and its children have their own environment afterwards."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
