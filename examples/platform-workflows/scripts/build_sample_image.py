"""Build `sample-image.tar`, an OCI layout with one image, the same to the byte wherever and whenever it is built.

    python -m scripts.build_sample_image tests/integration/fixtures/test_data/sample-image.tar

No clock, no user, no order of a file system is in it; nothing is compressed, since two zlibs need not write the same.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["build", "main"]

NAME = "backstage:latest"
_FILES = {"etc/os-release": b'NAME="sample"\n', "srv/index.html": b"<h1>backstage</h1>\n"}


def build(name: str = NAME, *, greeting: str = "backstage") -> bytes:
    """An archive that holds one image.

    Args:
        name: of the image, with its tag.
        greeting: what its page says; another one makes another digest.
    """
    page = f"<h1>{greeting}</h1>\n".encode()
    layers = [_tar({"etc/os-release": _FILES["etc/os-release"]}), _tar({"srv/index.html": page})]
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {"Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer) for layer in layers],
        }
    )
    entry = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
    entry["annotations"] = {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    return _tar(
        {
            "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
            "index.json": _json({"schemaVersion": 2, "manifests": [entry]}),
            **{f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (manifest, config, *layers)},
        }
    )


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _tar(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Write the archive."""
    parser = argparse.ArgumentParser(description="Build the sample image.")
    parser.add_argument("out", type=Path, help="where it goes")
    parser.add_argument("--name", default=NAME, help=f"of the image; {NAME} by default")
    options = parser.parse_args(arguments)
    options.out.write_bytes(build(options.name))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
