"""The certificate authority of one run: its key lives and dies with the gate's memory.

It speaks for hosts of AWS and for this machine's loopback address, and for nobody else: name constraints of RFC 5280,
4.2.1.10, which every TLS library checks. Nobody installs it; children find it by variables.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandgate.core.domains import AWS_DOMAINS

__all__ = ["LOOPBACK", "Authority"]

LOOPBACK = "127.0.0.1"
_VALID = dt.timedelta(days=365)
"""A gate of `sandgate start` may live long, and what children trust is read once; the key goes with the gate."""
_LEAF_VALID = dt.timedelta(days=1)
_RENEWED_AFTER = 12 * 3600.0
"""Seconds: a gate that was started for a shell may live longer than a certificate."""
_EARLIER = dt.timedelta(days=1)
"""Clocks of containers and of machines that slept may be behind."""
_KEPT = 256


class Authority:
    """Makes certificates for hosts, and TLS contexts that show them.

    Args:
        run: id of the run, for the name that people see in an error about trust.
        now: seconds, by the clock that certificates are held against: another one stands still while a machine sleeps.
    """

    def __init__(self, run: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"sandgate run {run}"[:64])])
        self._certificate = self._sign_itself()
        self._contexts: OrderedDict[str, tuple[ssl.SSLContext, float]] = OrderedDict()

    @property
    def pem(self) -> bytes:
        """The certificate of the authority itself, which clients must trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def context(self, host: str) -> ssl.SSLContext:
        """What a server shows that answers for a host.

        Args:
            host: name in lower case, or the loopback address.
        """
        kept = self._contexts.pop(host, None)
        if kept is None or abs(self._now() - kept[1]) > _RENEWED_AFTER:
            kept = self._make_context(host), self._now()
        self._contexts[host] = kept
        if len(self._contexts) > _KEPT:
            self._contexts.popitem(last=False)
        return kept[0]

    def _make_context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        chain = self.leaf(host).public_bytes(serialization.Encoding.PEM)
        key = self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _load(context, chain, key)
        return context

    def leaf(self, host: str) -> x509.Certificate:
        """A fresh certificate for one host."""
        name: x509.GeneralName = x509.DNSName(host)
        if host == LOOPBACK:
            name = x509.IPAddress(ipaddress.IPv4Address(host))
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=False, crl_sign=False, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        return (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandgate")]), _LEAF_VALID)
            .public_key(self._leaf_key.public_key())
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._leaf_key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _sign_itself(self) -> x509.Certificate:
        names: list[x509.GeneralName] = [x509.DNSName(domain) for domain in AWS_DOMAINS]
        names.append(x509.IPAddress(ipaddress.IPv4Network(LOOPBACK)))
        usage = x509.KeyUsage(
            digital_signature=False, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        return (
            self._builder(self._name, _VALID)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, valid: dt.timedelta) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - _EARLIER,
            not_valid_after=now + valid,
        )


def _load(context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
    """Python's `ssl` reads keys from files only; a pipe has a path too, and touches no disk."""
    readers = []
    try:
        for data in (chain, key):
            reader, writer = os.pipe()
            readers.append(reader)
            with os.fdopen(writer, "wb") as end:
                end.write(data)  # some hundred bytes: far less than a pipe holds
        context.load_cert_chain(*(f"/dev/fd/{reader}" for reader in readers))
    finally:
        for reader in readers:
            os.close(reader)
