"""The sending of news by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import web

from bot.channels.mail.composing import Composer
from bot.channels.mail.ending import Ending
from bot.channels.mail.server import MailServer
from bot.channels.render import Renderer
from bot.core.messages import Address, Reply
from bot.core.ports import Contacts, Rate, SendFailed


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
        self._ending = Ending(contacts, renderer, secret, public_url)
        self._clock = clock

    def routes(self) -> Sequence[web.RouteDef]:
        return self._ending.routes()

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
        try:
            message = self._composer.message(
                to.id, replies, language, key=key, now=self._clock(), unsubscribe=self._ending.url(to.id)
            )
        except ValueError:
            raise SendFailed("no address", unreachable=True) from None
        try:
            await self._server.take(message.as_bytes(), self._composer.sender, to.id)
        except SendFailed as failed:
            if failed.unreachable:
                await self._contacts.reach(to, False)
            raise
        return str(message["Message-ID"])
