"""What is wrong with values that several options have: paths, seconds, URLs, names of tiers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["MOST_SECONDS", "more_than_nothing", "path", "path_or_home", "seconds", "tier_name", "url"]

MOST_SECONDS = 86400.0
"""A day: nobody waits for longer, and clocks of operating systems cannot count without end."""
_MOST_OF_NAME, _MOST_OF_PATH = 255, 1024
"""Bytes of one part (NAME_MAX of Linux and macOS), and of the whole (PATH_MAX of macOS, the smaller one)."""
_MOST_OF_TIER = 64
_MOST_OF_LABEL = 63


def path(value: str) -> str:
    """The complaint about a path, or an empty string; an empty path has none."""
    whole = value.encode("utf-8", "surrogateescape")
    if len(whole) > _MOST_OF_PATH or any(len(part) > _MOST_OF_NAME for part in whole.split(b"/")):
        return f"is too long for a path: at most {_MOST_OF_PATH} bytes, and {_MOST_OF_NAME} between two slashes"
    return ""


def path_or_home(value: str) -> str:
    """The complaint about a path that may begin with a home folder, `~` or `~user`."""
    if complaint := path(value):
        return complaint
    try:
        Path(value).expanduser()
    except RuntimeError:
        return f"begins with a home folder that does not exist: {value!r}"
    return ""


def tier_name(value: str) -> str:
    """The complaint about what cannot be the name of a tier or of an alias, whichever there are."""
    if re.fullmatch(rf"[\w-]{{1,{_MOST_OF_TIER}}}", value, re.ASCII):
        return ""
    return f"must be the name of a tier, not {value[:_MOST_OF_TIER]!r}"


def more_than_nothing(value: float) -> str:
    """The complaint about a number that is not above 0."""
    return "" if value > 0 else f"must be more than 0, not {value}"


def seconds(value: float) -> str:
    """The complaint about a time to wait."""
    too_many = value > MOST_SECONDS
    return f"must be at most {MOST_SECONDS:.0f} seconds, not {value}" if too_many else more_than_nothing(value)


def url(value: str) -> str:
    """The complaint about an http or https address, as far as the text alone tells; an empty one has none.

    Labels of host names are held against RFC 1035, section 2.3.4: what looks them up raises otherwise.
    """
    if not value:
        return ""
    if not re.match(r"https?://[^/]", value):
        return f"must start with http:// or https://, not {value!r}"
    if not re.fullmatch(r"[!-~]+", value):
        return f"must be ASCII without blanks, with names as they go over the wire ('xn--...'), not {value!r}"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        return f"is not a URL: {error}"
    labels = (parts.hostname or "").removesuffix(".").split(".")
    if not all(0 < len(label) <= _MOST_OF_LABEL for label in labels):
        return f"has no name of a host: {parts.hostname!r}"
    return ""
