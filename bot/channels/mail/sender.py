"""The sending of news by e-mail, and the one click that ends it."""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from aiohttp import web

from bot.channels.mail.composing import Composer
from bot.channels.mail.server import MailServer
from bot.channels.render import Renderer
from bot.core.messages import Address, Reply
from bot.core.ports import Consent, Contacts, Rate, SendFailed

log = logging.getLogger(__name__)

PATH = "/channels/mail/unsubscribe"
_SEAL = 16  # bytes


class Mail:
    """Implements `bot.core.ports.Sender`. Its addresses are `Address("mail", "name@host")`."""

    name = "mail"
    rate = Rate(5, 1 / 5)
    disturbs = False
    repeatable = True  # by the Message-ID, which mailboxes know again

    def __init__(
        self,
        contacts: Contacts,
        renderer: Renderer,
        server: MailServer,
        *,
        sender: str,
        organization: Callable[[str], str],
        secret: str,
        clock: Callable[[], datetime],
        public_url: str = "",
    ) -> None:
        """`secret` signs the links that end our mail to an address; without a `public_url` there are none. Raises
        ValueError."""
        self._contacts = contacts
        self._server = server
        self._composer = Composer(renderer, sender, organization, public_url)
        self._secret = secret.encode()
        self._clock = clock
        self._url = public_url.rstrip("/")

    async def send(
        self,
        to: Address,
        replies: Sequence[Reply],
        language: str,
        *,
        seq: int,
        key: str = "",
        since: datetime | None = None,
    ) -> str:
        """See `bot.core.ports.Sender`."""
        if not replies:
            return ""
        end = f"{self._url}{PATH}/{self.token(to.id)}" if self._url else ""
        try:
            message = self._composer.message(to.id, replies, language, key=key, now=self._clock(), unsubscribe=end)
        except ValueError:
            raise SendFailed("no address", unreachable=True) from None
        try:
            await self._server.take(message.as_bytes(), self._composer.sender, to.id)
        except SendFailed as failed:
            if failed.unreachable:
                await self._contacts.reach(to, False)
            raise
        return str(message["Message-ID"])

    # --- the end of it ------------------------------------------------------------------------

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post(PATH + "/{token}", self._unsubscribe)]

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        """A mailbox's own button (RFC 8058); people use the desk's menu. Answers 403 to what we have not signed."""
        address = self.address(request.match_info["token"])
        if not address:
            raise web.HTTPForbidden(text="This link is not one of ours.")
        await self._contacts.allow(Address(self.name, address), Consent.REPLIES)
        return web.Response(status=204)

    def token(self, address: str) -> str:
        body = address.encode()
        return base64.urlsafe_b64encode(self._seal(body) + body).rstrip(b"=").decode()

    def address(self, token: str) -> str:
        """Whose token it is; empty for a forged one."""
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True)
            seal, address = raw[:_SEAL], raw[_SEAL:].decode()
        except ValueError:
            return ""
        return address if hmac.compare_digest(seal, self._seal(raw[_SEAL:])) else ""

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"unsubscribe\0" + body, sha256)[:_SEAL]
