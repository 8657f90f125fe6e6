"""The name of whoever listens: the same for as long as it does, and never one that another had."""

from __future__ import annotations

import os
import socket
import struct
from ipaddress import ip_address
from pathlib import Path

import pytest

from sandgate.tiers._instance import (
    Listener,
    instances_at,
    is_another,
    is_silent,
    name_of,
    place_of,
    read_listeners,
    spelled,
)

HERE = "b00t:42"
LINUX = pytest.mark.skipif(not Path("/proc/self/ns/net").exists(), reason="the kernel is not Linux")


def listener(address: str, inode: int, port: int = 8000) -> Listener:
    return Listener(ip_address(address), port, inode)


@pytest.mark.parametrize(
    ("address", "listeners", "sockets"),
    [
        ("127.0.0.1", [listener("127.0.0.1", 7)], "7"),
        ("127.0.0.1", [listener("127.0.0.1", 7, port=8001)], ""),
        ("127.0.0.1", [listener("0.0.0.0", 7)], "7"),
        ("127.0.0.1", [listener("::", 7)], "7"),
        ("127.0.0.1", [listener("::ffff:127.0.0.1", 7), listener("::", 8)], "7"),
        ("127.0.0.1", [listener("0.0.0.0", 7), listener("::", 8)], "7"),
        ("127.0.0.1", [listener("0.0.0.0", 7), listener("127.0.0.1", 8)], "8"),
        ("127.0.0.1", [listener("192.0.2.1", 7), listener("::1", 8)], ""),
        ("::1", [listener("0.0.0.0", 7)], ""),
        ("::1", [listener("::", 7)], "7"),
        ("127.0.0.1", [listener("127.0.0.1", 12), listener("127.0.0.1", 7)], "7+12"),
        ("127.0.0.1", [], ""),
    ],
)
def test_who_hears_an_address(address: str, listeners: list[Listener], sockets: str) -> None:
    assert name_of(HERE, ip_address(address), 8000, listeners) == f"{HERE}:{sockets}"


@pytest.mark.parametrize(
    ("then", "now", "another"),
    [
        ("a:1:7", "a:1:7", False),
        ("a:1:7", "a:1:8", True),
        ("a:1:7", "b:1:7", True),  # the machine was started anew, and numbers begin anew
        ("a:1:7", "b:2:", True),
        ("a:1:7", "a:1:", True),  # nobody listens
        ("a:1:7", "a:2:8", False),  # who listens in another network says nothing of that one
        ("a:1:7+8", "a:1:8+9", False),
        ("a:1:7+8", "a:1:9", True),
        ("a:1:7", "", False),
        ("", "a:1:7", False),
        ("a:1:", "a:1:7", False),
        ("", "", False),
    ],
)
def test_what_proves_that_a_server_has_ended(then: str, now: str, another: bool) -> None:
    assert is_another(then, now) is another


def test_nobody_is_silent() -> None:
    assert [is_silent(name) for name in ("", "a:1:", "a:1:7")] == [True, True, False]


@pytest.mark.parametrize("address", [("127.0.0.1", 8000), ("::1", 80)])
def test_an_address_is_spelled_and_read_back(address: tuple[str, int]) -> None:
    assert place_of(spelled(address)) == address


def _message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 0, 0) + body


def _told(family: int, address: bytes, port: int, inode: int) -> bytes:
    """As linux/inet_diag.h has it: state, socket id, expiry, queues, user, inode."""
    ends = struct.pack(">HH", port, 0) + address.ljust(16, b"\0") + bytes(16) + bytes(12)
    return bytes([family, 10, 0, 0]) + ends + struct.pack("=IIIII", 0, 0, 128, 1000, inode)


def test_what_the_kernel_says_is_read() -> None:
    four = _told(socket.AF_INET, bytes([127, 0, 0, 1]), 8000, 7)
    six = _told(socket.AF_INET6, bytes(15) + b"\1", 443, 4_000_000_000)
    found, last = read_listeners(_message(20, four + bytes(8)) + _message(20, six))  # attributes may follow
    assert (found, last) == ([listener("127.0.0.1", 7), listener("::1", 4_000_000_000, port=443)], False)
    assert read_listeners(_message(20, four) + _message(3, bytes(4))) == ([listener("127.0.0.1", 7)], True)


@pytest.mark.parametrize("data", [_message(2, bytes(20)), _message(20, bytes(10)), _message(20, bytes(72))[:-1]])
def test_what_is_not_understood_is_not_known(data: bytes) -> None:
    with pytest.raises(OSError, match="does not tell"):
        read_listeners(data)


@LINUX
def test_a_server_that_listens_anew_has_another_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        place = first.getsockname()
        before = instances_at([place])[place]
        assert before == instances_at([place])[place]
        assert before.endswith(f":{os.fstat(first.fileno()).st_ino}")
    nobody = instances_at([place])[place]
    assert is_silent(nobody)
    assert is_another(before, nobody)
    with socket.create_server(place):
        assert is_another(before, instances_at([place])[place])


@LINUX
def test_one_that_listens_everywhere_is_seen() -> None:
    with socket.create_server(("", 0)) as server:
        place = ("127.0.0.1", int(server.getsockname()[1]))
        assert not is_silent(instances_at([place])[place])


def test_what_is_not_on_this_machine_is_not_known() -> None:
    assert instances_at([("192.0.2.7", 443), ("localhost", 80), ("", 0)]) == {}


def test_where_the_kernel_does_not_tell_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)
    assert instances_at([("127.0.0.1", 8000)]) == {}
