from __future__ import annotations

import pytest

from sandgate.pytest_plugin.fixtures._naming import RULES
from sandgate.pytest_plugin.fixtures.namespace import Namespace

NAMES = Namespace(id="k3x9q2a0", prefix="test")


@pytest.mark.parametrize(
    ("kind", "name", "full"),
    [
        ("table", "users", "test_k3x9q2a0_users"),
        ("bucket", "uploads", "test-k3x9q2a0-uploads"),
        ("queue", "jobs", "test-k3x9q2a0-jobs"),
        ("queue", "jobs.fifo", "test-k3x9q2a0-jobs.fifo"),
        ("topic", "News_1", "test-k3x9q2a0-News_1"),
        ("topic", "news.fifo", "test-k3x9q2a0-news.fifo"),
        ("function", "f", "test-k3x9q2a0-f"),
        ("stack", "Users", "test-k3x9q2a0-Users"),
        ("parameter", "db/host", "/test/k3x9q2a0/db/host"),
        ("parameter", "/db", "/test/k3x9q2a0/db"),
        ("secret", "db/password", "test-k3x9q2a0-db/password"),
        ("role", "app@x", "test-k3x9q2a0-app@x"),
    ],
)
def test_legal(kind: str, name: str, full: str) -> None:
    assert getattr(NAMES, kind)(name) == full


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("bucket", "Uploads", "lower-case"),
        ("bucket", "up_loads", "lower-case"),
        ("bucket", "ends-", "neither first nor last"),
        ("bucket", "x" * 50, "1 characters over the 63"),
        ("bucket", "a--ol-s3", "keeps names of this form"),
        ("queue", "a.fifo.fifo", "letters, digits, - and _"),
        ("queue", "x" * 80, "over the 80"),
        ("stack", "a_b", "a letter first"),
        ("function", "a b", "letters"),
        ("table", "naïve", "letters"),
        ("secret", "db-abc123", "keeps names of this form"),
        ("parameter", "a//b", "up to 15 parts"),
        ("parameter", "/".join("x" * 20), "up to 15 parts"),
        *((kind, "", "needs a name of its own") for kind in RULES),
    ],
)
def test_illegal(kind: str, name: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        getattr(NAMES, kind)(name)


def test_every_kind_has_a_method_and_room_for_a_name() -> None:
    for kind, rule in RULES.items():
        full = getattr(NAMES, kind)("a")
        assert rule.longest - len(full) >= 40


def test_anything_else() -> None:
    assert NAMES.name("x") == "test-k3x9q2a0-x"
    assert NAMES.name("x", "_") == "test_k3x9q2a0_x"
    assert str(NAMES) == "k3x9q2a0"
