"""Surrogates: same shape, nothing of the real thing in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandgate.keys.surrogates import Surrogates
from sandgate.wire.signing.credential import Credential

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
SESSION = Credential("ASIAREAL", "secret-canary", "token-canary", NOW + timedelta(hours=1))
LONG_LIVED = Credential("AKIAREAL", "secret-canary")


def test_same_credentials_same_surrogate() -> None:
    surrogates = Surrogates()
    first = surrogates.mint(SESSION, "session")
    assert surrogates.mint(SESSION) == first
    assert surrogates.mint(LONG_LIVED) != first
    assert Surrogates().mint(SESSION) != first


def test_shape_of_a_session() -> None:
    made = Surrogates().mint(SESSION)
    assert made.access_key_id.isalnum()
    assert len(made.access_key_id) == 20
    assert len(made.secret_access_key) == 40
    assert made.session_token
    assert made.expires == SESSION.expires
    assert not made.access_key_id.startswith(("AKIA", "ASIA"))


def test_shape_of_a_long_lived_key() -> None:
    made = Surrogates().mint(LONG_LIVED)
    assert made.session_token == ""
    assert made.expires is None


def test_resolve() -> None:
    surrogates = Surrogates()
    made = surrogates.mint(SESSION, "arn:aws:sts::111122223333:assumed-role/test-r/s")
    entry = surrogates.resolve(made.access_key_id)
    assert entry is not None
    assert (entry.surrogate, entry.real) == (made, SESSION)
    assert entry.label == "arn:aws:sts::111122223333:assumed-role/test-r/s"
    assert surrogates.real_id(made.access_key_id) == "ASIAREAL"
    assert surrogates.surrogate_id("ASIAREAL") == made.access_key_id
    assert surrogates.resolve("ASIAREAL") is None
    assert surrogates.real_id("ASIAREAL") is None
    assert surrogates.surrogate_id("ASIAOTHER") is None


def test_a_key_id_minted_again_keeps_both() -> None:
    surrogates = Surrogates()
    first = surrogates.mint(SESSION)
    second = surrogates.mint(Credential("ASIAREAL", "other", "other"))
    assert first.access_key_id != second.access_key_id
    assert surrogates.resolve(first.access_key_id) is not None
    assert surrogates.surrogate_id("ASIAREAL") == second.access_key_id


def test_expired_ones_are_forgotten_when_there_are_many() -> None:
    moment = [NOW]
    surrogates = Surrogates(clock=lambda: moment[0])
    first = surrogates.mint(SESSION)
    kept = surrogates.mint(LONG_LIVED)
    for number in range(9_998):
        surrogates.mint(Credential(f"ASIA{number}", "s", "t", NOW + timedelta(hours=1)))
    moment[0] += timedelta(hours=2)
    assert surrogates.resolve(first.access_key_id) is not None
    surrogates.mint(Credential("ASIANEW", "s", "t", NOW + timedelta(hours=3)))
    assert surrogates.resolve(first.access_key_id) is None
    assert surrogates.surrogate_id("ASIAREAL") is None
    assert surrogates.resolve(kept.access_key_id) is not None
    assert repr(surrogates) == "Surrogates(2 keys)"


def test_no_secret_is_printed() -> None:
    surrogates = Surrogates()
    made = surrogates.mint(SESSION)
    shown = repr(surrogates) + repr(surrogates.resolve(made.access_key_id))
    for text in ("canary", made.secret_access_key, made.session_token):
        assert text not in shown
