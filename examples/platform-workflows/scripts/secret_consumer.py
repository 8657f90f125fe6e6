"""What reads a secret: it knows the manifest and nothing else, as the operator in a cluster does.

python -m scripts.secret_consumer --manifest external-secret.json --to /run/secrets
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.request_file import RequestError, load, reported
from scripts.secret_request_parser import STORES
from scripts.secret_stores import store_of

__all__ = ["main", "read_secrets"]

_PROVIDERS = {store: provider for provider, store in STORES.items()}


def read_secrets(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Key to value of what an ExternalSecret names.

    Raises:
        RequestError: the manifest is none, or names a store that there is not.
        SecretError: a secret is not where the manifest says.
    """
    try:
        spec = manifest["spec"]
        name = spec["secretStoreRef"]["name"]
        wanted = {str(entry["secretKey"]): str(entry["remoteRef"]["key"]) for entry in spec["data"]}
    except (KeyError, TypeError) as error:
        raise RequestError(f"no ExternalSecret: {error}") from None
    if name not in _PROVIDERS:
        raise RequestError(f"spec.secretStoreRef.name: must be one of {', '.join(_PROVIDERS)}, not {name!r}")
    store = store_of(_PROVIDERS[name])
    return {key: store.read(remote) for key, remote in wanted.items()}


def main(arguments: list[str] | None = None) -> int:
    """Write each secret into a file that only its owner may read.

    Returns:
        Exit status: 0, 1 when something went wrong, 2 when the manifest is refused.
    """
    parser = argparse.ArgumentParser(description="Read what a manifest names into files, one per key.")
    parser.add_argument("--manifest", type=Path, required=True, help="an ExternalSecret, YAML or JSON")
    parser.add_argument("--to", type=Path, required=True, help="folder for the files")
    options = parser.parse_args(arguments)

    def run() -> None:
        document = load(options.manifest)
        # What the parser writes holds the manifest beside the rest.
        for key, value in read_secrets(document.get("externalSecret", document)).items():
            path = options.to / Path(key).name
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                os.fchmod(opened, 0o600)  # one that is there keeps its mode otherwise
                file.write(value)
            print(path)

    return reported(run)


if __name__ == "__main__":
    raise SystemExit(main())
