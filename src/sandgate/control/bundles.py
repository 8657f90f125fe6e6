"""Which files of certificates a child gets: those that it would have trusted, and the run's authority.

For Java that is one file of options, which names the gate as a proxy too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from sandgate.core.environment import BUNDLE, BUNDLES, OWN_AUTHORITY, exceptions, outside
from sandgate.core.files import replace_text
from sandgate.core.java import SUFFIX, TRUST_STORE, option_lines

__all__ = ["CERTIFICATES", "bundles", "java_options", "remove_bundles"]

CERTIFICATES = ("ca*.pem", TRUST_STORE)
"""Patterns of the files in a run's folder that hold certificates: half a megabyte."""
_NODE = "NODE_EXTRA_CA_CERTS"
_BEGIN = "BEGIN CERTIFICATE"
_OF_A_RUN = (OWN_AUTHORITY, "events.jsonl")
"""What lies together only in a run's folder; many a company's bundle is called `ca.pem` too."""


def bundles(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Variable to file.

    What its clients trust stays what the user has named; that is written anew, with the run's authority behind it.

    Args:
        environ: where the user may have named one; a child of a child has the run's by then.
        directory: the run's.
    """
    before = outside(environ)
    usual = {**dict.fromkeys(BUNDLES, directory / BUNDLE), _NODE: directory / OWN_AUTHORITY}
    ours = {name: named for name in usual if Path(named := environ.get(name, "")).parent == directory}
    return {name: ours.get(name) or _one(before.get(name, ""), directory, path) for name, path in usual.items()}


def remove_bundles(directory: Path) -> None:
    """Remove the certificates of a run that has ended: its authority's key is gone, and nobody answers with it.

    What Java reads stays, since no virtual machine starts in a shell where that file is missing.

    Args:
        directory: the run's.
    """
    for path in (found for pattern in CERTIFICATES for found in directory.glob(pattern)):
        with contextlib.suppress(OSError):
            path.unlink()


def java_options(environ: Mapping[str, str], directory: Path, worker: str, proxy_url: str) -> str:
    """Write the options of Java's virtual machines into the run's folder, for nobody but its owner.

    Args:
        environ: where the user may have named hosts that need no proxy.
        directory: the run's.
        worker: whose children they are for.
        proxy_url: the gate as that worker's proxy, with the run's secret.

    Returns:
        The file.
    """
    hosts = exceptions(environ)
    mark = hashlib.sha256(",".join(hosts).encode()).hexdigest()[:8]
    path = directory / f"{worker}-{mark}{SUFFIX}"
    text = option_lines(proxy_url, hosts, str(directory / TRUST_STORE))
    # A child may ask for the same again, while others read it.
    with contextlib.suppress(OSError):
        if path.read_bytes() == os.fsencode(text):
            return str(path)
    replace_text(path, text)
    return str(path)


def _one(named: str, directory: Path, usual: Path) -> str:
    path = Path(named)
    if not named or all((path.parent / each).exists() for each in _OF_A_RUN):
        return str(usual)  # a run's own: of this one, or of another that has been left
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = _read(path)
        if _BEGIN in text:
            mark = hashlib.sha256(text.encode()).hexdigest()[:8]
            merged = directory / f"ca-bundle-{mark}.pem"
            own = (directory / OWN_AUTHORITY).read_text(encoding="ascii")
            replace_text(merged, f"{text.rstrip()}\n{own}")
            return str(merged)
    return str(usual)


def _read(path: Path) -> str:
    """A file, or the files of a folder, which requests takes too."""
    if not path.is_dir():
        return path.read_text(encoding="utf-8")
    texts = (each.read_text(encoding="utf-8") for each in sorted(path.iterdir()) if each.is_file())
    return "\n".join(dict.fromkeys(text for text in texts if _BEGIN in text))
