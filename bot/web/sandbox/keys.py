"""The sandbox's own accounts: real in form, good for nothing outside this server."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass

NUMBER = "+982100000137"  # of the desk; nobody has it
USERNAME = "pishkhan_sandbox_bot"


@dataclass(frozen=True, slots=True)
class Keys:
    account_sid: str
    auth_token: str
    telegram_token: str
    pages: bytes  # signs the keys of pages

    @classmethod
    def derived(cls, secret: str) -> Keys:
        """The same in every process of the application. Raises ValueError without a secret."""
        if not secret:
            raise ValueError("the sandbox needs a secret to make its keys from")

        def key(purpose: str) -> bytes:
            return hmac.digest(secret.encode(), f"pishkhan sandbox {purpose}".encode(), "sha256")

        bot = key("telegram")
        number = 10**9 + int.from_bytes(bot[:4]) % (9 * 10**9)
        return cls(
            account_sid="AC" + key("account").hex()[:32],
            auth_token=key("token").hex()[:32],
            telegram_token=f"{number}:{urlsafe_b64encode(bot[4:30]).decode().rstrip('=')}",
            pages=key("pages"),
        )


def same(given: str, wanted: str) -> bool:
    """In constant time, whatever a stranger sends."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
