"""Which server stands behind an address: named by its listening sockets, without asking it anything.

A socket has a number that the kernel gives no other one until it starts again, so the name changes exactly when a
server listens anew. Any user may read it: `sock_diag(7)`, by which `ss` shows it too. On a system without, for another
machine and for another network namespace the answer is that nobody knows.
"""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

__all__ = ["Listener", "instances_at", "is_another", "is_silent", "name_of", "place_of", "read_listeners", "spelled"]

_NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20
_DUMP = 0x301
"""NLM_F_REQUEST and NLM_F_DUMP."""
_LISTENING = 1 << 10
_DONE, _ERROR = 3, 2
_HEAD = struct.Struct("=IHHII")
_ASK = struct.Struct("=BBBxI48x")
"""struct inet_diag_req_v2: family, protocol, extensions, states; any address."""
_TOLD = struct.Struct("=4x2s2x16s28x16xI")
"""struct inet_diag_msg: port and address are in network order; the last number is the socket's inode."""
_PATIENCE = 1.0
_CHUNK = 65_536
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NETWORK = Path("/proc/self/ns/net")

_Address = IPv4Address | IPv6Address


class Listener(NamedTuple):
    """A socket that takes connections."""

    address: _Address
    port: int
    inode: int


def instances_at(addresses: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], str]:
    """Which servers these addresses have now.

    Args:
        addresses: IP address and port of each.

    Returns:
        A name for each; empty where nobody knows.
    """
    wanted = {place: address for place in addresses if place[1] and (address := _own(place[0])) is not None}
    try:
        listeners = tuple(_listeners()) if wanted else ()
        machine = _machine() if wanted else ""
    except OSError:
        return {}
    return {place: name_of(machine, address, place[1], listeners) for place, address in wanted.items()}


def name_of(machine: str, address: _Address, port: int, listeners: Iterable[Listener]) -> str:
    """What a server is called.

    Args:
        machine: start of the kernel, and network namespace.
        address: where clients connect to.
        port: the same.
        listeners: of the machine.
    """
    there: dict[_Address, list[int]] = {}
    for one in listeners:
        if one.port == port:
            there.setdefault(one.address, []).append(one.inode)
    # The kernel prefers whoever listens on the very address.
    found = next((there[form] for form in _forms(address) if form in there), [])
    return f"{machine}:{'+'.join(map(str, sorted(found)))}"


def _forms(address: _Address) -> Iterator[_Address]:
    """The addresses at which a server may listen so that it hears this one, closest first."""
    yield address
    if isinstance(address, IPv4Address):
        yield IPv6Address(f"::ffff:{address}")
        yield IPv4Address(0)
    yield IPv6Address(0)


def is_silent(instance: str) -> bool:
    """Whether nobody listened there, or nobody knows who."""
    return not instance.rpartition(":")[2]


def is_another(then: str, now: str) -> bool:
    """Whether the server of then is certainly gone.

    Args:
        then: its name.
        now: what its address has now; may be nobody.
    """
    if is_silent(then) or not now:
        return False
    boot, network, sockets = then.split(":")
    boot_now, network_now, sockets_now = now.split(":")
    if boot != boot_now:
        return True
    # Some servers have several sockets, and add or drop one as they live.
    return network == network_now and set(sockets.split("+")).isdisjoint(sockets_now.split("+"))


def spelled(address: tuple[str, int]) -> str:
    """An address as text."""
    return f"{address[0]}:{address[1]}"


def place_of(text: str) -> tuple[str, int]:
    """The address that a text spells."""
    host, _, port = text.rpartition(":")
    return host, int(port)


def _own(host: str) -> _Address | None:
    """An address of this machine; None for all others."""
    try:
        address = ip_address(host)
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except (ValueError, OSError):
        return None
    return address


def _machine() -> str:
    boot = hashlib.sha256(_BOOT.read_bytes().strip()).hexdigest()[:16]
    return f"{boot}:{_NETWORK.stat().st_ino}"


def _listeners() -> Iterator[Listener]:
    """All of this network namespace.

    Raises:
        OSError: the kernel does not tell.
    """
    netlink = getattr(socket, "AF_NETLINK", None)
    if netlink is None:
        raise OSError("not on this system")
    with socket.socket(netlink, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE)
        for family in (socket.AF_INET, socket.AF_INET6):
            ask = _ASK.pack(family, socket.IPPROTO_TCP, 0, _LISTENING)
            kernel.send(_HEAD.pack(_HEAD.size + len(ask), _BY_FAMILY, _DUMP, 0, 0) + ask)
            last = False
            while not last:
                found, last = read_listeners(kernel.recv(_CHUNK))
                yield from found


def read_listeners(data: bytes) -> tuple[list[Listener], bool]:
    """What the kernel says of sockets.

    Args:
        data: messages of netlink.

    Returns:
        The sockets, and whether those were the last.

    Raises:
        OSError: it refuses, or says what nobody understands.
    """
    found: list[Listener] = []
    at = 0
    while at + _HEAD.size <= len(data):
        length, kind, *_ = _HEAD.unpack_from(data, at)
        body = at + _HEAD.size
        if kind == _DONE:
            return found, True
        if kind == _ERROR or length < _HEAD.size + _TOLD.size or at + length > len(data):
            raise OSError("the kernel does not tell who listens")
        port, address, inode = _TOLD.unpack_from(data, body)
        raw = address[:4] if data[body] == socket.AF_INET else address
        found.append(Listener(ip_address(raw), int.from_bytes(port, "big"), inode))
        at += length + -length % 4
    return found, False
