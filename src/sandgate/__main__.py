"""`python -m sandgate` is `sandgate`."""

from __future__ import annotations

from sandgate.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
