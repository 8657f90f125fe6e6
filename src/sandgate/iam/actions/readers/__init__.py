"""Every reader, by the name that tables call it."""

from __future__ import annotations

from sandgate.core.registry import discover
from sandgate.iam.actions.readers._model import Reader

__all__ = ["READERS"]

READERS = {name: case.read for name, case in discover(__name__, "READER", Reader).items()}
