"""`Config`: the value of every option, where it came from, and the folder it holds for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandgate.config.options import OPTIONS, Options

__all__ = ["Config"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Options):
    """Options, with provenance. Built by `load`; handed to the gate as JSON."""

    root: Path
    """Folder of the configuration file, else the working directory; relative paths are relative to it."""
    file: Path | None = None
    """The configuration file, if there is one."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Option name to where its value came from, in words."""
    asked_tier: str = ""
    """The tier as it was named: `tier` itself, or an alias of it."""
    ci: bool = False
    """Whether this is a CI job (`CI` is set), in which only the environment is read."""

    @property
    def active(self) -> bool:
        """Whether a configuration file asks for sandgate here."""
        return self.file is not None

    @property
    def env_path(self) -> Path:
        """The env file, whether it exists or not."""
        return self.env_path_of(self.asked_tier or self.tier)

    def env_path_of(self, tier: str) -> Path:
        """The env file of another tier or alias, whether it exists or not."""
        return self.root / Path(self.env_file.replace("{tier}", tier)).expanduser()

    def resolve_tier(self, name: str) -> str:
        """The tier that a name stands for: an alias, or a tier itself."""
        return self.tier_aliases.get(name, name)

    def to_json(self) -> dict[str, object]:
        """A JSON object that `from_json` takes back."""
        return {
            "options": {name: entry.kind.dump(getattr(self, name)) for name, entry in OPTIONS.items()},
            "root": str(self.root),
            "file": str(self.file) if self.file else None,
            "sources": dict(self.sources),
            "asked_tier": self.asked_tier,
            "ci": self.ci,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Config:
        """What `to_json` wrote."""
        values: dict[str, Any] = {name: OPTIONS[name].accept(value) for name, value in data["options"].items()}
        file = Path(data["file"]) if data["file"] else None
        # A run of an earlier version, which a sweep takes up, has written neither.
        asked, ci = data.get("asked_tier", values["tier"]), data.get("ci", False)
        return cls(**values, root=Path(data["root"]), file=file, sources=data["sources"], asked_tier=asked, ci=ci)
