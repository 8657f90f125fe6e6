"""Parts of templates that lie in S3, read before the template is judged: only from inside, only so many, only so large.

What is examined is what the object holds now. CloudFormation reads it again when it makes the stack, so an object that
is changed in between is not what was examined; a URL with `versionId` names one that cannot be. The gate stops
mistakes, and code that uploads one template and quickly another is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from sandgate.errors import SandgateError
from sandgate.guard.templates.model import Examined, Part, Source, Unreadable
from sandgate.guard.templates.read import read_part

__all__ = ["MAX_PARTS", "examine_all"]

MAX_PARTS = 50
"""Objects that are read for one template."""
_REMEDY = "put it into a bucket of the sandbox; `sandgate stack deploy` does that with files beside the template"


async def examine_all(
    examine: Callable[[Mapping[str, Part]], Examined],
    read: Callable[[Source], Awaitable[bytes | None]],
    inside: Callable[[str], bool],
) -> Examined:
    """Examine a template until nothing of it is left unread.

    Args:
        examine: gives what is found with the parts that are known, by place; runs beside the loop, since a template of
            some hundred resources takes a tenth of a second.
        read: an object, or `None` where it cannot be had.
        inside: whether an ARN is inside the sandbox.
    """
    parts: dict[str, Part] = {}
    while True:
        examined = await asyncio.to_thread(examine, dict(parts))
        wanted = [source for source in examined.needed if source.text not in parts]
        if not wanted or len(parts) > MAX_PARTS:
            return examined
        for source in wanted:
            parts[source.text] = await _part(source, read, inside, len(parts))


async def _part(
    source: Source, read: Callable[[Source], Awaitable[bytes | None]], inside: Callable[[str], bool], count: int
) -> Part:
    if not inside(source.arn):
        return Unreadable(code="outside", why="this part of the template lies outside the sandbox", remedy=_REMEDY)
    if count >= MAX_PARTS:
        why = f"the template has more than {MAX_PARTS} parts elsewhere"
        return Unreadable(code="unresolvable", why=why, remedy="deploy them as stacks of their own")
    data = await read(source)
    if data is None:
        why = "this part of the template cannot be read"
        return Unreadable(code="unresolvable", why=why, remedy=_REMEDY)
    try:
        return read_part(data, where=source.text)
    except SandgateError as error:
        return Unreadable(code="malformed", why=f"{error.where}: {error.message}", remedy="correct it")
