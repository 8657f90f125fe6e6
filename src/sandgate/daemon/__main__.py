"""The gate process's first step."""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> int:
    """Serve until told to stop.

    Looking for garbage among what is being loaded, and once more among all that ends with the process, is a fifth of a
    short run's gate. In between it is looked for as `process` says.

    Returns:
        The exit status.
    """
    gc.disable()
    from sandgate.daemon.process import main as serve  # noqa: PLC0415

    try:
        return serve()
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
