"""Keys of a run: derived, stable, told apart, and never shown."""

from __future__ import annotations

import re

import pytest

from sandgate.core.call import Principal
from sandgate.keys.run_keys import KeyEntry, RunKeys
from sandgate.wire.signing.credential import Credential


def test_a_worker_gets_the_same_key_again() -> None:
    keys = RunKeys(b"s" * 32)
    assert keys.issue("gw0") == keys.issue("gw0")
    assert RunKeys(b"s" * 32).issue("gw0") == keys.issue("gw0"), "a restarted worker asks a gate that may not know it"


def test_workers_kinds_and_runs_have_keys_of_their_own() -> None:
    keys, other = RunKeys(), RunKeys()
    made = [keys.issue("main"), keys.issue("gw0"), keys.issue("main", "deployer"), other.issue("main")]
    assert len({key.access_key_id for key in made}) == 4
    assert len({key.secret_access_key for key in made}) == 4


def test_a_key_looks_like_nobody_elses_and_survives_any_shell() -> None:
    key = RunKeys().issue("main")
    assert re.fullmatch(r"SGATE[A-Z2-7]{15}", key.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9]{40}", key.secret_access_key)
    assert not key.session_token


def test_keys_lead_to_their_principal() -> None:
    keys = RunKeys()
    entry = keys.resolve(keys.issue("gw3", "deployer").access_key_id)
    assert entry is not None
    assert entry.principal == Principal(kind="deployer", name="deployer", worker="gw3")
    assert entry.upstream is None
    assert not entry.forward_verbatim


@pytest.mark.parametrize("key", ["test", "000000000000", "", "SGATE" + "A" * 15])
def test_other_keys_lead_nowhere(key: str) -> None:
    assert RunKeys().resolve(key) is None


def test_a_kind_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="kind"):
        RunKeys().issue("main", "root")


def test_nothing_is_shown() -> None:
    keys = RunKeys()
    key = keys.issue("main")
    entry = KeyEntry(
        credential=key, principal=Principal(kind="function", name="f"), upstream=Credential("AKIDX", "real-secret")
    )
    keys.add(entry)
    for text in (repr(keys), repr(entry), repr(key)):
        assert key.secret_access_key not in text
        assert "real-secret" not in text
