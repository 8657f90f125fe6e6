"""Kinds of values: how an option is read from TOML, from text, and written back as JSON.

A kind never knows the option it reads for; `WrongValue` says what was wrong, and `load` adds where it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandgate.core.registry import nearest

__all__ = ["FLAG", "LIST", "NUMBER", "TEXT", "WHOLE", "Kind", "WrongValue", "list_of", "table_of", "unknown_key"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_TOO_LARGE = 1 << 63
"""TOML 1.0, "Integer": 64 bits with a sign. Python reads more, and then cannot write it as text or as a float."""


class WrongValue(Exception):
    """A value that an option cannot take.

    Args:
        message: what the value is, and what it must be.
        path: keys below the option, outermost first.
        hint: what would be right.
    """

    def __init__(self, message: str, *, path: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint

    def below(self, key: str) -> WrongValue:
        """The same complaint, seen from one table further out."""
        return WrongValue(self.message, path=(key, *self.path), hint=self.hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value."""

    name: str
    """As the documentation calls it: `text`, `true or false`, `list of text`."""
    read: Callable[[object], object]
    """From a TOML or JSON value; raises `WrongValue`."""
    read_text: Callable[[str], object] | None = None
    """From a variable; `None` where text cannot say it, so only a file can set the option."""
    dump: Callable[[object], object] = lambda value: value
    """To a JSON value that `read` takes back."""


def _called(value: object) -> str:
    """The TOML name of a value's type, for messages."""
    if _too_large(value):
        return "a number of too many digits"
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), type(value).__name__)


def _too_large(value: object) -> bool:
    return isinstance(value, int) and not -_TOO_LARGE <= value < _TOO_LARGE


def _wrong(value: object, wanted: str) -> WrongValue:
    shown = f" {value!r}" if isinstance(value, str | int | float) and not _too_large(value) else ""
    return WrongValue(f"must be {wanted}, not{shown} ({_called(value)})")


def _text(value: object) -> str:
    if isinstance(value, str):
        return _without_nul(value)
    raise _wrong(value, "text")


def _without_nul(value: str) -> str:
    # No path, command line or variable can hold one, and what is given one raises far from here.
    if "\0" in value:
        raise WrongValue("must be text without NUL characters")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(value, "true or false")


def _flag_text(value: str) -> bool:
    if value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise WrongValue(f"must be true or false, not {value!r}", hint="1, true, yes, on or 0, false, no, off")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and not _too_large(value):
        return value
    raise _wrong(value, "a whole number")


def _whole_text(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise _wrong(value, "a whole number") from None
    return _whole(number)


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and not _too_large(value):
        return float(value)
    raise _wrong(value, "a number")


def _number_text(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _wrong(value, "a number") from None


def _list(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_without_nul(value),)
    if isinstance(value, list | tuple):
        for item in value:
            if not isinstance(item, str):
                raise _wrong(item, "a list of text; one item is")
            _without_nul(item)
        return tuple(value)
    raise _wrong(value, "text or a list of text")


def _list_text(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in _without_nul(value).split(",") if item.strip())


def _dump_list(value: object) -> object:
    assert isinstance(value, tuple)
    return list(value)


TEXT = Kind(name="text", read=_text, read_text=_text)
FLAG = Kind(name="true or false", read=_flag, read_text=_flag_text)
WHOLE = Kind(name="whole number", read=_whole, read_text=_whole_text)
NUMBER = Kind(name="number", read=_number, read_text=_number_text)
LIST = Kind(name="text or list of text", read=_list, read_text=_list_text, dump=_dump_list)


def table_of(item: Kind) -> Kind:
    """A TOML table whose keys the user chooses and whose values are all of kind `item`."""

    def read(value: object) -> dict[str, object]:
        if not isinstance(value, Mapping):
            raise _wrong(value, "a table")
        found: dict[str, object] = {}
        for key, entry in value.items():
            try:
                found[_without_nul(key)] = item.read(entry)
            except WrongValue as wrong:
                raise wrong.below(key) from None
        return found

    def dump(value: object) -> object:
        assert isinstance(value, Mapping)
        return {key: item.dump(entry) for key, entry in value.items()}

    return Kind(name=f"table of {item.name}", read=read, dump=dump)


def list_of(item: Kind) -> Kind:
    """A TOML list whose entries are all of kind `item`."""

    def read(value: object) -> tuple[object, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong(value, "a list of tables")
        found: list[object] = []
        for number, entry in enumerate(value):
            try:
                found.append(item.read(entry))
            except WrongValue as wrong:
                raise wrong.below(str(number)) from None
        return tuple(found)

    def dump(value: object) -> object:
        assert isinstance(value, tuple)
        return [item.dump(entry) for entry in value]

    return Kind(name=f"list of {item.name}", read=read, dump=dump)


def unknown_key(key: str, known: list[str]) -> WrongValue:
    """The complaint about a key that no option has."""
    close = nearest(key, known)
    hint = f"did you mean {close!r}?" if close else f"known: {', '.join(known)}"
    return WrongValue("unknown key", path=(key,), hint=hint)
