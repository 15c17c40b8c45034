"""The SMS channel: turns in each number's order, answers cut to the medium, and the citizen's word on what we send."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot.channels import calls
from bot.channels.base import Capabilities, Receipt
from bot.channels.render import Renderer
from bot.channels.sms import optout
from bot.channels.sms.driver import Driver, Fate, MediaLost, Stopped, Text
from bot.channels.sms.joining import PATIENCE, Joiner
from bot.channels.sms.rendering import Composer
from bot.core.messages import Address, Attachment, Event, Inbound, Reply
from bot.core.ports import Consent, Contacts, FileRefused, Files, Rate, SendFailed
from bot.core.turnstile import Turnstile
from bot.gateway import Gateway

log = logging.getLogger(__name__)

CALL_SECONDS = 15.0  # for a call to the provider
REMEMBERED = 10_000  # messages whose answer is out, the oldest go first
MAX_TEXT = 612  # characters: four segments of GSM-7
MAX_FILES = 10  # of one message; more than any provider brings
_EXTENSIONS = {"image/jpeg": "jpg", "audio/mpeg": "mp3", "audio/amr": "amr", "video/3gpp": "3gp", "text/plain": "txt"}


class Sms:
    """Implements `bot.channels.base.Telling` over one provider's `driver`."""

    name = "sms"
    disturbs = True

    def __init__(
        self,
        gateway: Gateway,
        files: Files,
        contacts: Contacts,
        renderer: Renderer,
        *,
        driver: Driver,
        rate: Rate | None = None,
        receipt: Receipt | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`renderer` writes plain text; `rate` is what the provider takes of our number; `receipt` is told what became
        of messages; `patience` is how long, in seconds, parts of a message wait for the others."""
        self.can = Capabilities(buttons=False, files=driver.media, max_text=MAX_TEXT, max_buttons=0)
        self._gateway = gateway
        self._files = files
        self._contacts = contacts
        self._composer = Composer(renderer)
        self._driver = driver
        self._receipt = receipt
        self.rate = rate
        self.repeatable = driver.repeatable
        self._lanes = Turnstile()
        self._joiner = Joiner(self._in_order, patience)
        self._answered: OrderedDict[str, None] = OrderedDict()  # ids of messages whose answer went out by a call
        self._unconfirmed: OrderedDict[str, None] = OrderedDict()  # ids of wishes whose confirmation could not go out

    def routes(self) -> Sequence[web.RouteDef]:
        return self._driver.routes(self)

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        timeout = calls.patience(CALL_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            self._driver.open(session)
            yield

    # --- in -----------------------------------------------------------------------------------

    async def take(self, text: Text) -> str:
        """See `driver.Taker`."""
        return await self._joiner.take(text)

    async def _in_order(self, text: Text) -> str:
        async with self._lanes.pass_through(text.sender):
            return await self._turn(text)

    async def _turn(self, text: Text) -> str:
        address = Address(self.name, text.sender)
        wish = None if text.media else optout.wish(text.text)
        if wish and not (wish.unless_drafting and await self._is_the_forms(text, address)):
            if (said := await self._obey(wish, text, address)) is not None:
                return said
        else:
            wish = None
        heard = await self._inbound(text, address, starting=wish is not None)
        outcome = await self._gateway.receive(heard)
        if await self._contacts.consent(address) is Consent.NOTHING:
            return ""
        return await self._answer(text, self._composer.part(outcome.replies, outcome.language).text)

    async def _is_the_forms(self, text: Text, address: Address) -> bool:
        """Whether «لغو» is meant for a form. Where the provider has stopped us by this word it is not."""
        return not text.answered and await self._gateway.drafting(address)

    async def _obey(self, wish: optout.Wish, text: Text, address: Address) -> str | None:
        """STOP or START, confirmed once. None for a START when nothing was stopped: it opens the conversation."""
        stricter = wish.consent is Consent.REPLIES and await self._contacts.consent(address) is Consent.NOTHING
        changed = not stricter and await self._contacts.allow(address, wish.consent)
        if text.answered:
            return ""
        if changed or text.id in self._unconfirmed:
            return await self._confirm(text, self._composer.text(wish.confirmation, wish.language))
        return None if wish.consent is Consent.EVERYTHING and text.id not in self._answered else ""

    async def _inbound(self, text: Text, address: Address, *, starting: bool) -> Inbound:
        if text.media:
            return await self._with_files(text, address)
        if starting:
            return Inbound(text.id, address, Event.START, costly=True)
        if command := await self._composer.more(text.text, lambda: self._gateway.last(address)):
            return Inbound(text.id, address, Event.CHOICE, value=command, costly=True)
        return Inbound(text.id, address, Event.MESSAGE, text=text.text, costly=True)

    async def _with_files(self, text: Text, address: Address) -> Inbound:
        """The inbound with its files stored, or with the reason why none is."""
        contact = await self._contacts.resolve(address)
        stored: list[Attachment] = []
        problem = ""
        for number, media in enumerate(text.media[:MAX_FILES], 1):
            extension = _EXTENSIONS.get(media.media_type, media.media_type.rpartition("/")[2])
            try:
                data = await self._driver.fetch(media)
                stored.append(await self._files.put(data, f"mms-{number}.{extension}", contact))
            except (FileRefused, MediaLost) as refused:
                problem = refused.reason
        if stored:
            return Inbound(text.id, address, Event.FILE, text=text.text, files=tuple(stored), costly=True)
        return Inbound(text.id, address, Event.FILE, text=text.text, problem=problem, costly=True)

    # --- out ----------------------------------------------------------------------------------

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
        async with self._lanes.pass_through(to.id):
            if said := self._composer.part(replies, language).text:
                return await self._post(to.id, said, key, since)
        return ""

    async def _answer(self, text: Text, said: str) -> str:
        """Brings an answer out once: a repetition whose answer went out by a call is not answered by another."""
        if self._driver.answers or not said:
            return said
        if text.id not in self._answered:
            try:
                await self._post(text.sender, said)
            except SendFailed as failure:
                if failure.retry_in is not None:
                    raise
                log.info("reply not deliverable", extra={"channel": self.name, "why": failure.why})
            self._remember(self._answered, text.id, None)
        return ""

    async def _confirm(self, text: Text, said: str) -> str:
        """A confirmation that could not go out is tried again with the message that asked for it."""
        self._remember(self._unconfirmed, text.id, None)
        answer = await self._answer(text, said)
        if not self._driver.answers:
            del self._unconfirmed[text.id]
        return answer

    async def _post(self, number: str, said: str, key: str = "", since: datetime | None = None) -> str:
        try:
            return await self._driver.send(number, said, key=key, since=since)
        except SendFailed as failure:
            if isinstance(failure, Stopped):
                await self.learn(number, Fate.STOPPED)
            elif failure.unreachable:
                await self.learn(number, Fate.UNREACHABLE)
            raise

    async def learn(self, number: str, fate: Fate, message: str = "") -> None:
        """See `driver.Taker`."""
        address = Address(self.name, number) if number else None
        if message and self._receipt:
            sent_to = await self._receipt(self.name, message, fate is Fate.DELIVERED)
            address = address or sent_to
        if address and fate in (Fate.DELIVERED, Fate.UNREACHABLE):
            await self._contacts.reach(address, fate is Fate.DELIVERED)
        elif address and fate is Fate.STOPPED and await self._contacts.consent(address) is Consent.EVERYTHING:
            await self._contacts.allow(address, Consent.REPLIES)

    @staticmethod
    def _remember(store: OrderedDict[str, Any], key: str, value: object) -> None:
        store[key] = value
        store.move_to_end(key)
        if len(store) > REMEMBERED:
            store.popitem(last=False)
