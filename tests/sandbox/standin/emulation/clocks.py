"""The front alone tells the time, since tests set its clock: the emulator takes whatever it hands on."""

from __future__ import annotations

__all__ = ["add"]


def add() -> None:
    """Let the emulator of this process not look at when requests were signed."""
    from ministack.core import sigv4  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    from ministack.services import s3  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    def in_time(*_arguments: object, **_more: object) -> None:
        """No complaint."""

    sigv4.request_time_failure = in_time
    for module in (sigv4, s3):
        module.presigned_request_is_expired = lambda *_arguments, **_more: False
