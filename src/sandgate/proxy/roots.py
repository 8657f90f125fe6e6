"""The public roots of trust, to which the run's own authority is added."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import certifi

from sandgate.core.environment import BUNDLE, OWN_AUTHORITY

__all__ = ["public_roots", "write_bundles"]

_SYSTEMS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Fedora, SUSE, and Alpine and macOS keep them."""


def public_roots() -> bytes:
    """The system's roots, which may hold those of a company; certifi's where the system has none in one file."""
    for name in (ssl.get_default_verify_paths().openssl_cafile, *_SYSTEMS):
        with contextlib.suppress(OSError):
            found = Path(name).read_bytes()
            if b"BEGIN CERTIFICATE" in found:
                return found
    return Path(certifi.where()).read_bytes()


def write_bundles(folder: Path, own: bytes) -> None:
    """Write both files.

    Args:
        folder: the run's.
        own: the run's authority, PEM.
    """
    (folder / OWN_AUTHORITY).write_bytes(own)
    (folder / BUNDLE).write_bytes(public_roots().rstrip(b"\n") + b"\n" + own)
