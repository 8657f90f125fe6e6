"""JSON bodies: a scanner that steps only into what the paths name, and lets the standard decoder skip the rest."""

from __future__ import annotations

import json
import re

from sandgate.rewrite.document import Document, Found, RewriteError, Steps, follow

__all__ = ["read_json"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def read_json(body: bytes, steps: Steps) -> Document:
    """Find members of a JSON body.

    Raises:
        RewriteError: it is no JSON.
    """
    # Latin-1 maps each byte to one character, so that positions in the text are positions in the body.
    scanner = _Scanner(body.decode("latin-1"))
    try:
        end = scanner.value(scanner.space(0), steps, "", 0)
        if scanner.space(end) != len(body):
            raise RewriteError("something follows the JSON document")
    except (ValueError, IndexError, RecursionError):
        raise RewriteError("the body is not JSON") from None
    return Document(body, scanner.found, _encode)


def _encode(text: str) -> bytes:
    return json.dumps(text).encode()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Found] = []

    def space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def value(self, at: int, steps: Steps, path: str, parent: int) -> int:
        """Go over the value at a position; returns where it ends."""
        first = self.text[at]
        if first == "{" and steps.keys() - {""}:
            return self._members(at, steps, path)
        if first == "[" and steps.keys() - {""}:
            return self._entries(at, steps, path)
        value, end = _DECODER.raw_decode(self.text, at)
        if "" in steps and not isinstance(value, dict | list | bool) and value is not None:
            text = value if isinstance(value, str) and value.isascii() else self._exact(at, end)
            self.found.append(Found(path, parent, at, end, text))
        return int(end)

    def _exact(self, at: int, end: int) -> str:
        return str(json.loads(self.text[at:end].encode("latin-1")))

    def _members(self, at: int, steps: Steps, path: str) -> int:
        start = at
        at = self.space(at + 1)
        if self.text[at] == "}":
            return at + 1
        while True:
            name, at = self._name(at)
            step, below = follow(steps, name, wildcard="{}")
            at = self.value(at, below if below is not None else {}, f"{path}.{step}" if path else step, start)
            at = self.space(at)
            if self.text[at] == "}":
                return at + 1
            at = self.space(self._expect(",", at))

    def _entries(self, at: int, steps: Steps, path: str) -> int:
        start = at
        at = self.space(at + 1)
        if self.text[at] == "]":
            return at + 1
        below = steps.get("[]", {})
        inner = f"{path}.[]" if path else "[]"
        while True:
            at = self.space(self.value(at, below, inner, start))
            if self.text[at] == "]":
                return at + 1
            at = self.space(self._expect(",", at))

    def _name(self, at: int) -> tuple[str, int]:
        if self.text[at] != '"':
            raise ValueError("no member name")
        name, at = _DECODER.raw_decode(self.text, at)
        return str(name), self.space(self._expect(":", self.space(at)))

    def _expect(self, char: str, at: int) -> int:
        if self.text[at] != char:
            raise ValueError("unexpected character")
        return at + 1
