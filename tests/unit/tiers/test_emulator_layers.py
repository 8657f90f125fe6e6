"""Who gets into the embedded registry, without an emulator."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from sandgate.tiers import _emulator_layers
from sandgate.tiers._emulator_layers import LINK

DIGEST = f"sha256:{'1' * 64}"
PATH = f"/v2/test/a/blobs/{DIGEST}"


@pytest.fixture
def ecr() -> Any:
    """As much of the emulator's module as is asked."""
    return SimpleNamespace(
        get_account_id=lambda: "000000000000",
        get_region=lambda: "eu-west-1",
        set_request_account_id=lambda _account: None,
        set_request_region=lambda _region: None,
        _layer_blobs={"test/a": {DIGEST: b"layer"}},
        _registry_error=lambda status, code, _message: (status, code),
    )


def ask(ecr: Any, method: str, path: str, link: str, **headers: str) -> Any:
    """What is answered: `served` by the emulator itself."""

    async def serve(*_request: object) -> str:
        return "served"

    let_in = _emulator_layers._let_in
    return asyncio.run(let_in(ecr, serve, method, path, headers, b"", {LINK: link} if link else {}))


def test_a_link_is_good_for_its_layer_only(ecr: Any) -> None:
    url = _emulator_layers._download(ecr, "test/a", {"layerDigest": DIGEST})["downloadUrl"]
    place, _, link = url.partition(f"?{LINK}=")
    assert place == f"https://000000000000.dkr.ecr.eu-west-1.amazonaws.com{PATH}"
    assert ask(ecr, "GET", PATH, link) == "served"
    other_region = link.replace("eu-west-1", "eu-west-2")
    for method, path, given in (
        ("GET", PATH.replace("1", "2"), link),
        ("GET", PATH.replace("test/a", "test/b"), link),
        ("GET", PATH, other_region),
        ("GET", PATH, link[:-1]),
        ("GET", PATH, ""),
        ("DELETE", PATH, link),
    ):
        assert ask(ecr, method, path, given) == (401, "UNAUTHORIZED"), (method, path, given)
    assert ask(ecr, "DELETE", PATH, "", Authorization="Basic QVdTOng=") == "served"
