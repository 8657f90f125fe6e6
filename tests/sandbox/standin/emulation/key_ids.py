"""Access key ids as AWS makes them: they say which account they are of.

Source: what `sts:GetAccessKeyInfo` answers for ids made since 2019; base32, the account one bit behind the prefix.
"""

from __future__ import annotations

import base64
import secrets

__all__ = ["add", "key_id"]


def key_id(prefix: str, account: str) -> str:
    """A new id; `prefix` is AKIA or ASIA."""
    number = (1 << 47) | (int(account) << 7) | secrets.randbelow(1 << 7)
    return prefix + base64.b32encode(number.to_bytes(6, "big") + secrets.token_bytes(4)).decode()


def add() -> None:
    """Let the emulator of this process make such."""
    from ministack.core.responses import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
        get_account_id,
    )
    from ministack.services import iam, sts  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    def of_user() -> str:
        return key_id("AKIA", get_account_id())

    def of_session() -> str:
        return key_id("ASIA", get_account_id())

    iam._gen_access_key_id = of_user
    iam._gen_session_access_key = sts._gen_session_access_key = of_session
