"""Declaring an option: a dataclass field whose metadata says everything else about it.

The field's annotation is the type that callers see, its default the default, and the metadata carries what
the file reader, the environment, the command line and the reference page need. Nothing is said twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast, get_args, get_origin, get_type_hints

from sandgate.config.kinds import FLAG, LIST, NUMBER, TEXT, WHOLE, Kind, WrongValue, list_of, table_of, unknown_key

__all__ = ["Option", "build", "declared", "option", "record_of"]

_KEY = "sandgate"
_PLAIN: Mapping[object, Kind] = MappingProxyType({str: TEXT, bool: FLAG, int: WHOLE, float: NUMBER, tuple: LIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option, as every reader and every page of documentation sees it."""

    name: str
    kind: Kind
    default: object
    doc: str
    choices: tuple[str, ...] = ()
    choices_from: str = ""
    """Registry package that the legal values are discovered from, when they are not fixed."""
    check: Callable[[object], str] | None = None
    """What is wrong with a value of the right type, or an empty string."""
    command_line: bool = False
    only_typed: bool = False
    """Only the command line may set it: what lowers safety is typed each time, and no file or variable hides it."""
    fields: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    """For a table or list of tables: the keys of each inner table."""

    @property
    def flag(self) -> str:
        """The command-line flag, or an empty string."""
        return f"--{self.name.replace('_', '-')}" if self.command_line else ""

    @property
    def variable(self) -> str:
        """The environment variable, or an empty string where text cannot say the value."""
        return f"SANDGATE_{self.name.upper()}" if self.kind.read_text and not self.only_typed else ""

    def accept(self, value: object) -> object:
        """A value from a file, JSON or the command line, checked.

        Raises:
            WrongValue: wrong type, no legal choice, or refused by the option's own check.
        """
        return self._checked(self.kind.read(value))

    def accept_text(self, text: str) -> object:
        """A value from an environment variable or env file, checked.

        Raises:
            WrongValue: as `accept`, or the option cannot be set by text.
        """
        if self.kind.read_text is None:
            raise WrongValue("cannot be set by a variable", hint="set it in the configuration file")
        return self._checked(self.kind.read_text(text))

    def _checked(self, value: object) -> object:
        if self.choices and value not in self.choices:
            shown = ", ".join(one or "''" for one in self.choices)
            raise WrongValue(f"must be one of {shown}, not {value!r}")
        if self.check and (complaint := self.check(value)):
            raise WrongValue(complaint)
        return value


def option(
    default: object = dataclasses.MISSING,
    *,
    doc: str,
    choices: tuple[str, ...] = (),
    choices_from: str = "",
    check: Callable[[Any], str] | None = None,
    command_line: bool = False,
    only_typed: bool = False,
) -> Any:
    """A dataclass field that is an option; without a default it is an empty table, and a table may be its default."""
    said = {
        "doc": doc,
        "choices": choices,
        "choices_from": choices_from,
        "check": check,
        "command_line": command_line or only_typed,
        "only_typed": only_typed,
    }
    if default is dataclasses.MISSING or isinstance(default, Mapping):
        table = {} if default is dataclasses.MISSING else dict(default)
        return dataclasses.field(default_factory=lambda: dict(table), metadata={_KEY: said})
    return dataclasses.field(default=default, metadata={_KEY: said})


def _kind_of(annotation: object) -> Kind:
    """The kind that an annotation asks for."""
    base = get_origin(annotation) or annotation
    if base is tuple and dataclasses.is_dataclass(entry := get_args(annotation)[0]):
        return list_of(record_of(entry))
    if base in _PLAIN:
        return _PLAIN[base]
    if dataclasses.is_dataclass(base):
        return record_of(base)
    inner = get_args(annotation)[1]
    return table_of(record_of(inner) if dataclasses.is_dataclass(inner) else _kind_of(inner))


def _inner(annotation: object) -> Mapping[str, Option]:
    inner = next((entry for entry in get_args(annotation) if dataclasses.is_dataclass(entry)), None)
    return {} if inner is None else declared(cast("type", inner))


def declared(record: type) -> Mapping[str, Option]:
    """The options that a dataclass declares, in the order of declaration."""
    hints = get_type_hints(record)
    found: dict[str, Option] = {}
    for field in dataclasses.fields(record):
        said = field.metadata.get(_KEY)
        if said is None:
            continue
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        hint = hints[field.name]
        found[field.name] = Option(name=field.name, kind=_kind_of(hint), default=default, fields=_inner(hint), **said)
    return MappingProxyType(found)


def build(options: Mapping[str, Option], table: Mapping[str, object]) -> dict[str, object]:
    """Read a table against the options that may stand in it.

    Raises:
        WrongValue: unknown key or unacceptable value; its path names the key.
    """
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in options:
            raise unknown_key(key, [name for name, entry in options.items() if not entry.only_typed])
        if options[key].only_typed:
            raise WrongValue("can only be given on the command line", path=(key,), hint=f"type {options[key].flag}")
        try:
            values[key] = options[key].accept(value)
        except WrongValue as wrong:
            raise wrong.below(key) from None
    return values


def record_of(record: object) -> Kind:
    """A TOML table with fixed keys, read into the dataclass `record`."""
    cls = cast("type", record)
    options = declared(cls)

    def read(value: object) -> object:
        if not isinstance(value, Mapping):
            raise WrongValue("must be a table", hint=f"with the keys {', '.join(options)}")
        return cls(**build(options, value))

    def dump(value: object) -> object:
        return {name: entry.kind.dump(getattr(value, name)) for name, entry in options.items()}

    return Kind(name="tables", read=read, dump=dump)
