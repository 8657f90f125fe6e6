"""Which hosts are reached, and at which addresses."""

from __future__ import annotations

import pytest

from sandgate.proxy.egress import Egress, RefusedHost, is_public

LISTED = Egress(listed=("packages.example.net", "*.example.org", "10.1.2.3", "localhost"), everywhere=False)
OPEN = Egress(listed=("*.example.org", "db.internal"), everywhere=True)


@pytest.mark.parametrize("host", ["packages.example.net", "a.example.org", "b.a.example.org", "10.1.2.3"])
def test_what_is_listed_passes(host: str) -> None:
    LISTED.check(host)


@pytest.mark.parametrize(
    "host",
    ["example.org", "evilexample.org", "files.packages.example.net", "packages.example.net.evil.org", "10.1.2.4"],
)
def test_what_is_not_listed_is_refused_with_the_line_that_allows_it(host: str) -> None:
    with pytest.raises(RefusedHost) as caught:
        LISTED.check(host)
    assert (caught.value.rule, caught.value.status) == ("egress", 403)
    assert f'egress = ["{host}"]' in caught.value.remedy
    OPEN.check(host)


def test_a_bucket_is_told_where_s3_is_answered() -> None:
    with pytest.raises(RefusedHost) as caught:
        LISTED.check("test-b.s3.eu-west-1.amazonaws.com")
    assert "path style" in caught.value.remedy


PRIVATE = ["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
           "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1",
           "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
           "::127.0.0.1", "5f00::1", "fec0::1"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_of_the_internet_are_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(RefusedHost) as caught:
        OPEN.check_addresses("rebound.evil.org", ["8.8.8.8", address])
    assert caught.value.rule == "egress-address"
    OPEN.check_addresses("db.internal", [address])  # listed by its own name
    with pytest.raises(RefusedHost):
        OPEN.check_addresses("x.example.org", [address])  # a pattern does not vouch for addresses
    with pytest.raises(RefusedHost):
        OPEN.check_written(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_of_the_internet_pass(address: str) -> None:
    OPEN.check_addresses("example.net", [address])
    OPEN.check_written(address)


def test_a_name_that_somebody_else_resolves_passes() -> None:
    OPEN.check_written("example.net")


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "10.1"])
def test_this_machine_by_any_other_name_is_refused_before_somebody_else_resolves_it(host: str) -> None:
    with pytest.raises(RefusedHost) as caught:
        OPEN.check_written(host)
    assert caught.value.rule == "egress-address"
    LISTED.check_written("localhost")


def test_a_number_of_the_internet_passes() -> None:
    OPEN.check_written("134744072")
