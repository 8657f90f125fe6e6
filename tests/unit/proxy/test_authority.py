"""The run's certificate authority: what it may speak for, and where its key is not."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sandgate.proxy.authority import Authority
from sandgate.proxy.roots import public_roots, write_bundles

HOST = "dynamodb.eu-west-1.amazonaws.com"


def shake_hands(authority: Authority, shown: str, wanted: str) -> None:
    """A handshake in memory; raises what the client finds wrong."""
    trusting = ssl.create_default_context(cadata=authority.pem.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=wanted)
    server = authority.context(shown).wrap_bio(to_server, to_client, server_side=True)
    done = False
    while not done:
        done = True
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                done = False
    assert client.version() == "TLSv1.3"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One for all."""
    return Authority("20260131-120000-k3x9q2")


@pytest.mark.parametrize("host", [HOST, "a1.execute-api.us-east-1.amazonaws.com", "x.lambda-url.us-east-1.on.aws",
                                  "s3.cn-north-1.amazonaws.com.cn", "127.0.0.1"])  # fmt: skip
def test_clients_that_trust_it_take_its_certificates(authority: Authority, host: str) -> None:
    shake_hands(authority, host, host)


@pytest.mark.parametrize("host", ["example.org", "amazonaws.com.example.org", "notamazonaws.com", "10.0.0.1"])
def test_it_cannot_speak_for_anybody_else(authority: Authority, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"permitted subtree violation|mismatch"):
        shake_hands(authority, host, host)


def test_a_certificate_is_for_one_host(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(authority, HOST, "sqs.eu-west-1.amazonaws.com")


def test_the_authority_is_constrained_and_elliptic_and_certificates_bear_wrong_clocks(authority: Authority) -> None:
    own = x509.load_pem_x509_certificate(authority.pem)
    constraints = own.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    names = [str(name.value) for name in constraints.value.permitted_subtrees or ()]
    assert names == ["amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws", "amazoncognito.com", "127.0.0.1/32"]
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    key = own.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    now = dt.datetime.now(dt.UTC)
    assert own.not_valid_before_utc < now - dt.timedelta(hours=20)
    leaf = authority.leaf(HOST)
    assert own.not_valid_before_utc <= leaf.not_valid_before_utc < now - dt.timedelta(hours=20)
    assert now + dt.timedelta(hours=20) < leaf.not_valid_after_utc < now + dt.timedelta(days=2)
    assert now + dt.timedelta(days=300) < own.not_valid_after_utc


def test_contexts_are_kept_and_renewed() -> None:
    clock = [0.0]
    authority = Authority("r", now=lambda: clock[0])
    first = authority.context(HOST)
    assert authority.context(HOST) is first
    clock[0] = 13 * 3600.0
    second = authority.context(HOST)
    assert second is not first
    clock[0] = 0.0  # somebody has set it back
    assert authority.context(HOST) is not second


def test_only_certificates_are_written(authority: Authority, tmp_path: Path) -> None:
    authority.context(HOST)
    write_bundles(tmp_path, authority.pem)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca-bundle.p12", "ca-bundle.pem", "ca.pem"]
    assert (tmp_path / "ca.pem").read_bytes() == authority.pem
    bundle = (tmp_path / "ca-bundle.pem").read_bytes()
    assert bundle.endswith(authority.pem)
    assert bundle.count(b"BEGIN CERTIFICATE") == public_roots().count(b"BEGIN CERTIFICATE") + 1
    assert all(b"PRIVATE KEY" not in path.read_bytes() for path in tmp_path.iterdir())
