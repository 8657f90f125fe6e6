"""The public roots of trust, to which the run's own authority is added."""

from __future__ import annotations

import contextlib
import re
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
from cryptography.utils import CryptographyDeprecationWarning

from sandgate.core.environment import BUNDLE, OWN_AUTHORITY
from sandgate.core.java import TRUST_STORE

__all__ = ["public_roots", "write_bundles"]

_SYSTEMS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Fedora, SUSE, and Alpine and macOS keep them."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def public_roots() -> bytes:
    """The system's roots, which may hold those of a company; certifi's where the system has none in one file."""
    for name in (ssl.get_default_verify_paths().openssl_cafile, *_SYSTEMS):
        with contextlib.suppress(OSError):
            found = Path(name).read_bytes()
            if b"BEGIN CERTIFICATE" in found:
                return found
    return Path(certifi.where()).read_bytes()


def write_bundles(folder: Path, own: bytes) -> None:
    """Write the files of certificates.

    Args:
        folder: the run's.
        own: the run's authority, PEM.
    """
    both = public_roots().rstrip(b"\n") + b"\n" + own
    (folder / OWN_AUTHORITY).write_bytes(own)
    (folder / BUNDLE).write_bytes(both)
    (folder / TRUST_STORE).write_bytes(_trust_store(both))


def _trust_store(bundle: bytes) -> bytes:
    """The same for Java, which reads it without a password when nothing in it is encrypted."""
    # Java knows entries by their names, and has one of each.
    entries = [PKCS12Certificate(each, f"root-{at}".encode()) for at, each in enumerate(_certificates(bundle))]
    return serialize_java_truststore(entries, NoEncryption())


def _certificates(bundle: bytes) -> Iterator[x509.Certificate]:
    """Those that can be read: systems keep old roots that break rules of RFC 5280."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for found in _CERTIFICATE.findall(bundle):
            with contextlib.suppress(ValueError):
                yield x509.load_pem_x509_certificate(found)
