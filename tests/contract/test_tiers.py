"""What every tier must keep, whatever it is."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports import free_port

from sandgate.config.load import load
from sandgate.core.registry import discover
from sandgate.session import cache_directory
from sandgate.tiers._model import Aim, Tier, TierContext, Upstream

TIERS = discover("sandgate.tiers", "TIER", Tier)


@pytest.fixture(params=TIERS)
def tier(request: pytest.FixtureRequest) -> Tier:
    return TIERS[request.param]


def test_the_promised_ones_are_there() -> None:
    assert {"emulated", "endpoints", "sandbox"} <= set(TIERS)


def test_it_says_what_it_is(tier: Tier) -> None:
    assert tier.summary
    assert not tier.summary.endswith(".")
    assert tier.capabilities
    assert tier.limits
    for line in (*tier.capabilities, *tier.limits):
        assert not line.endswith(".")


def test_it_starts_asynchronously_from_a_context(tier: Tier) -> None:
    assert inspect.iscoroutinefunction(tier.start)
    (parameter,) = inspect.signature(tier.start, eval_str=True).parameters.values()
    assert parameter.annotation is TierContext


def test_it_can_be_asked_for(tier: Tier, tmp_path: Path) -> None:
    assert load(cwd=tmp_path, environ={}, overrides={"tier": tier.name}).tier == tier.name


def make_context(folder: Path, tier: str, **environ: str) -> TierContext:
    """What the gate would give a tier of this project."""
    config = load(cwd=folder, environ={}, overrides={"tier": tier})
    return TierContext(
        config=config,
        run_dir=folder,
        work_dir=folder,
        cache_dir=cache_directory(config),
        gate_host="127.0.0.1",
        gate_port=45999,
        progress=lambda _text: None,
        environ=environ,
    )


def configuration(tier: str, folder: Path) -> str:
    """The smallest project that the tier can start in."""
    if tier != "endpoints":
        return 'region = "eu-west-1"\n'
    port = free_port()
    start = f"exec '{sys.executable}' -m http.server {port} --bind 127.0.0.1 --directory '{folder}'"
    tables = (f'[endpoints.{name}]\nurl = "http://127.0.0.1:{port}"\n' for name in ("iam", "s3"))
    return "\n".join(['region = "eu-west-1"', *(f"{table}start = {json.dumps(start)}" for table in tables)])


@pytest.fixture(params=[name for name, tier in TIERS.items() if not tier.needs_environment])
def startable(request: pytest.FixtureRequest) -> Tier:
    """Those that need nothing but this machine; tests/sandbox starts the others."""
    return TIERS[request.param]


@pytest.fixture
def with_started(startable: Tier, tmp_path: Path) -> Callable[[Callable[[Upstream], object]], None]:
    """Start the tier, look at it, stop it, and stop it again, which must do no harm."""

    def run(look: Callable[[Upstream], object]) -> None:
        async def body() -> None:
            upstream = await startable.start(make_context(tmp_path, startable.name))
            try:
                assert upstream.death() == ""
                assert await upstream.leftovers(frozenset()) == ()
                look(upstream)
            finally:
                await upstream.stop()
                await upstream.stop()

        (tmp_path / "sandgate.toml").write_text(configuration(startable.name, tmp_path))
        asyncio.run(body())

    return run


def test_a_started_tier_says_where_calls_go_and_as_whom(
    with_started: Callable[[Callable[[Upstream], object]], None],
) -> None:
    def look(upstream: Upstream) -> None:
        for service, region in (("s3", "eu-west-1"), ("iam", "us-east-1")):
            aim = Aim(service=service, signing_name=service, region="eu-west-1")
            assert upstream.admits(aim).allowed
            target = upstream.target(aim)
            assert (target.signing_name, target.region) == (service, region)
            assert bool(target.unix) != bool(target.address[0])
            assert target.host
            for kind in ("identity", "deployer"):
                credential = upstream.credential(kind, service)
                assert credential.access_key_id
                assert credential.secret_access_key not in repr((upstream, target, credential)) or (
                    credential.secret_access_key == "test"
                )
        assert isinstance(upstream.private, bool)
        assert all(isinstance(text, str) for text in (upstream.account, upstream.caller))

    with_started(look)


def test_a_context_shows_nothing_of_the_environment(tmp_path: Path) -> None:
    assert "the-secret" not in repr(make_context(tmp_path, "emulated", KEY="the-secret"))
