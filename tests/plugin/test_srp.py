"""The proof against a server that computes the same from its side; that Cognito's own way of writing numbers is met
shows the fixture test, where the emulator verifies it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from sandgate.pytest_plugin.fixtures._srp import _G, _N, Srp, _bytes, _timestamp

POOL, USER, PASSWORD = "eu-west-1_AbCdEf", "3f9c-user", "pässword"
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def digest(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


def serve(srp: Srp, salt: int, b: int, password: str = PASSWORD) -> tuple[dict[str, str], bytes]:
    """The challenge that a server sends, and the key that it derives from its own secret and the verifier."""
    x = digest(_bytes(salt), hashlib.sha256(f"AbCdEf{USER}:{password}".encode()).digest())
    verifier = pow(_G, x, _N)
    public = (digest(_bytes(_N), _bytes(_G)) * verifier + pow(_G, b, _N)) % _N
    theirs = int(srp.public, 16)
    u = digest(_bytes(theirs), _bytes(public))
    shared = pow(theirs * pow(verifier, u, _N), b, _N)
    extracted = hmac.new(_bytes(u), _bytes(shared), hashlib.sha256).digest()
    key = hmac.new(extracted, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]
    challenge = {
        "USER_ID_FOR_SRP": USER,
        "SALT": format(salt, "x"),
        "SRP_B": format(public, "x"),
        "SECRET_BLOCK": base64.b64encode(b"block").decode(),
    }
    return challenge, key


@pytest.mark.parametrize("number", range(1, 9))
def test_both_sides_agree(number: int) -> None:
    srp = Srp(POOL, PASSWORD, secret=number * 2**200 + 7)
    challenge, key = serve(srp, salt=number << 120 | 5, b=number**9 * 2**300 + 3)
    answer = srp.answer(challenge, now=NOON)
    message = b"AbCdEf" + USER.encode() + b"block" + b"Sun Mar 1 12:00:05 UTC 2026"
    expected = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    assert answer == {
        "USERNAME": USER,
        "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": expected,
        "TIMESTAMP": "Sun Mar 1 12:00:05 UTC 2026",
    }


def test_another_password_is_another_proof() -> None:
    srp = Srp(POOL, PASSWORD, secret=2**200)
    signatures = {
        srp.answer(serve(srp, 9, 2**300, password)[0], now=NOON)["PASSWORD_CLAIM_SIGNATURE"]
        for password in (PASSWORD, "other")
    }
    assert len(signatures) == 2


@pytest.mark.parametrize("public", [0, _N, 2 * _N])
def test_a_server_that_would_learn_the_password_gets_no_answer(public: int) -> None:
    challenge, _ = serve(srp := Srp(POOL, PASSWORD), 9, 2**300)
    with pytest.raises(ValueError, match="multiple of the group's prime"):
        srp.answer({**challenge, "SRP_B": format(public, "x")})


def test_each_sign_in_has_a_number_of_its_own() -> None:
    assert Srp(POOL, PASSWORD).public != Srp(POOL, PASSWORD).public


def test_the_password_is_not_shown() -> None:
    assert repr(Srp(POOL, PASSWORD)) == "Srp(pool='AbCdEf')"


@pytest.mark.parametrize(("number", "data"), [(0x7F, b"\x7f"), (0x80, b"\x00\x80"), (0x1FF, b"\x01\xff"), (0, b"\x00")])
def test_numbers_are_written_as_signed(number: int, data: bytes) -> None:
    assert _bytes(number) == data


def test_the_day_has_no_zero_and_the_names_are_english() -> None:
    assert _timestamp(datetime(2026, 12, 7, 3, 4, 5, tzinfo=UTC)) == "Mon Dec 7 03:04:05 UTC 2026"
