"""Where mail is handed in: SMTP_URL read, and one message brought there (RFC 5321).

What a server answers is certain; what it leaves unanswered after it has asked for the message is not.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from bot.core.ports import SendFailed

CALL_SECONDS = 20.0  # for each answer of the server
RETRY_IN = 60.0  # seconds: a server that puts strangers off lets them in after some minutes
MISCONFIGURED_RETRY_IN = 300.0  # seconds: our account or the server's settings have to be mended first
_PORTS = {"smtp": 587, "smtps": 465}
_NO_MAILBOX = re.compile(r"[45]\.(1\.[1236]|2\.1)\b")  # RFC 3463: bad, moved or disabled mailbox, bad system
_NO_SUCH = (550, 551, 553)  # to RCPT, where the server gives no such code


@dataclass(frozen=True, slots=True)
class MailServer:
    """`tls`: "wrapped" from the start, "required" or "offered" by STARTTLS, "never"."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: str = "offered"
    context: ssl.SSLContext | None = None  # None: what the machine trusts

    @classmethod
    def of(cls, url: str) -> MailServer:
        """smtp://user:password@host:587, with `?starttls=1` (else nothing is sent; so by itself where there is a
        password) or `?starttls=0`; smtps://… . Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("SMTP_URL has to be such as smtp://user:password@host:587 or smtps://…")
        asked = parse_qs(parts.query).get("starttls", [""])[0]
        by_itself = "required" if parts.password else "offered"
        tls = "wrapped" if parts.scheme == "smtps" else {"1": "required", "0": "never"}.get(asked, by_itself)
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)

    async def take(self, message: bytes, sender: str, to: str) -> None:
        """Bring one message, over a connection of its own. Raises SendFailed."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            use_tls=self.tls == "wrapped",
            start_tls={"required": True, "offered": None}.get(self.tls, False),
            tls_context=self.context,
            timeout=CALL_SECONDS,
        )
        step, taken = "connect", False
        try:
            await client.connect()
            step = "from"
            await client.mail(sender)
            step = "to"
            await client.rcpt(to)
            step = "data"
            await client.data(message)
            taken = True
            await client.quit()
        except (SMTPException, OSError, ValueError) as error:  # its words may hold the address
            if not taken:
                raise failure(step, error) from None
        finally:
            client.close()


def failure(step: str, error: Exception) -> SendFailed:
    """What it means that a step ended so: "connect" (up to the log-in), "from", "to", "data"."""
    if not isinstance(error, SMTPResponseException):
        if isinstance(error, aiosmtplib.SMTPNotSupported | ssl.SSLError | ValueError):
            return SendFailed(f"not as it is set up: {type(error).__name__}", retry_in=MISCONFIGURED_RETRY_IN)
        return SendFailed(f"{step}: {type(error).__name__}", retry_in=RETRY_IN, doubtful=step == "data")
    code, words = error.code, error.message
    why = f"{step}: {code}"
    if 400 <= code < 500:
        return SendFailed(why, retry_in=RETRY_IN)
    if code < 400:
        return SendFailed(why, retry_in=RETRY_IN, doubtful=step == "data")  # no answer that a server gives there
    if step in ("connect", "from"):
        return SendFailed(f"our account: {why}", retry_in=MISCONFIGURED_RETRY_IN)
    told = re.match(r"\d\.\d{1,3}\.\d{1,3}\b", words)
    gone = bool(_NO_MAILBOX.match(words)) if told else step == "to" and code in _NO_SUCH
    return SendFailed(why, unreachable=gone)
