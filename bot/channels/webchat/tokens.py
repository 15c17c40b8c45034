"""What a browser keeps, and cannot make: the token of its session, and the ids of its uploads.

Both are signed, not stored, so that any process can tell them and none has to remember them.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

import orjson

from bot.core.messages import Attachment


class Seal:
    """Signs with HMAC-SHA256 and checks in constant time. The key serves the web chat alone, even when `secret` is
    used elsewhere too."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("the web chat needs a secret to sign its sessions with")
        key = hmac.digest(secret.encode(), b"pishkhan web chat", "sha256")
        self._keyed = hmac.new(key, digestmod="sha256")  # a copy costs less, and keeps the interpreter's lock

    def new_session(self) -> str:
        """A session id that nobody guesses: 128 random bits, 22 URL-safe characters."""
        return secrets.token_urlsafe(16)

    def token(self, session: str) -> str:
        return f"{session}.{self._signature('session', session)}"

    def session(self, token: str) -> str | None:
        """The session of this token; None for a token that was not made here."""
        session, _, signature = token.rpartition(".")
        return session if session and self._holds(signature, "session", session) else None

    def upload(self, session: str, file: Attachment) -> str:
        """The id under which this session, and no other, may hand in the stored file."""
        body = urlsafe_b64encode(orjson.dumps(file.to_json())).decode().rstrip("=")
        return f"{body}.{self._signature('upload', session, body)}"

    def attachment(self, session: str, upload: str) -> Attachment | None:
        """The file of this upload id; None if it is not one, or another session's."""
        body, _, signature = upload.rpartition(".")
        if not self._holds(signature, "upload", session, body):
            return None
        try:
            return Attachment.from_json(orjson.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        except (NotBase64, ValueError, KeyError):
            return None

    def _signature(self, *parts: str) -> str:
        keyed = self._keyed.copy()
        keyed.update("\0".join(parts).encode(errors="replace"))
        return urlsafe_b64encode(keyed.digest()).decode().rstrip("=")

    def _holds(self, signature: str, *parts: str) -> bool:
        return hmac.compare_digest(signature.encode(errors="replace"), self._signature(*parts).encode())
