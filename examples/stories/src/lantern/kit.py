"""What a service gets: its output, a lock, pictures. It is in the layer, and needs nothing but what Lambda has."""

from __future__ import annotations

import io
import time
from typing import Any


class Session:
    """One invocation, seen from inside; locally it has neither table nor bucket.

    Args:
        ident: of the session.
        part: which of its parts this is, from 0.
        table: boto3 table that it is written down in.
        bucket: boto3 bucket for what it makes.
    """

    def __init__(self, ident: str, part: int = 0, table: Any = None, bucket: Any = None) -> None:
        self.id = ident
        self.part = part
        self._table = table
        self._bucket = bucket
        self._lines = 0

    def say(self, text: str) -> None:
        """Print a line, and keep it for `lantern stdout`."""
        print(text)
        self._note("line", {"text": text})

    def event(self, name: str) -> None:
        """Keep an event for `lantern events`."""
        self._note("event", {"text": name})

    def lock(self, name: str) -> bool:
        """Take a lock of this session; false when another part has it."""
        if self._table is None:
            return True
        item = {"pk": self.id, "sk": f"lock#{name}", "part": self.part}
        try:
            self._table.put_item(Item=item, ConditionExpression="attribute_not_exists(sk)")
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def picture(self, name: str, image: Any) -> None:
        """Store an image of Pillow as a PNG."""
        data = io.BytesIO()
        image.save(data, format="PNG")
        if self._bucket is not None:
            self._bucket.put_object(Key=f"{self.id}/{name}.png", Body=data.getvalue(), ContentType="image/png")

    def done(self) -> None:
        """Say that this part has ended."""
        self._note("done", {"text": "done"})

    def _note(self, kind: str, values: dict[str, str]) -> None:
        self._lines += 1
        if self._table is not None:
            sort = f"{kind}#{time.time():.6f}#{self.part}#{self._lines:06}"
            self._table.put_item(Item={"pk": self.id, "sk": sort, "part": self.part, **values})
