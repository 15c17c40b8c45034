"""The Telegram channel: updates come by webhook or polling, turns are taken in each chat's order, replies go out."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from bot.channels.base import Capabilities
from bot.channels.render import Renderer
from bot.channels.telegram.api import Api
from bot.channels.telegram.dialects import TELEGRAM, Dialect
from bot.channels.telegram.errors import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError, Unreached
from bot.channels.telegram.outgoing import MAX_TEXT, Composer, Message, shows_keyboard, unmarked
from bot.channels.telegram.polling import Poller, Update, pause
from bot.channels.telegram.updates import Heard, Reach, read
from bot.core.messages import Address, Inbound, Reply
from bot.core.ports import Contacts, FileRefused, Files, SendFailed
from bot.core.turnstile import Turnstile
from bot.gateway import Gateway

log = logging.getLogger(__name__)

MAX_UPDATE = 1 << 20  # bytes of one webhook call
MAX_FILE = 20 << 20  # bytes; the Bot API gives out no larger ones
MAX_CONNECTIONS = 100  # webhook calls at once
SIGNATURE_HEADER = "X-Telegram-Bot-Api-Secret-Token"
SEND_TRIES = 3
LONGEST_WAIT = 5.0  # seconds that a turn waits for `retry_after`; more is for whoever sends again
RETRY_IN = 30.0  # seconds, where the server names none
REMEMBERED = 10_000  # chats and broken-off sendings, the oldest go first
LANGUAGES = ("fa", "en")  # of the command menu; the first is also for every other one

_GONE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "no such group or user")
_DEFAULT_PORT = {"http": 80, "https": 443}


class Telegram:
    """Implements `bot.channels.base.Telling`."""

    can = Capabilities(buttons=True, files=True, max_text=MAX_TEXT)
    disturbs = True
    repeatable = False  # sendMessage knows no key

    def __init__(
        self,
        gateway: Gateway,
        files: Files,
        contacts: Contacts,
        renderer: Renderer,
        *,
        token: str,
        webhook_secret: str = "",
        public_url: str = "",
        api_url: str = "https://api.telegram.org",
        commands: Callable[[str], Sequence[tuple[str, str]]],
        dialect: Dialect = TELEGRAM,
    ) -> None:
        """`renderer` writes plain text; `commands` gives the command menu of a language as (name, description).
        Raises ValueError for a webhook without a secret, or where the messenger does not call."""
        if public_url and not webhook_secret:
            raise ValueError(f"{dialect.name.upper()}_WEBHOOK_SECRET is missing: PUBLIC_URL asks for a webhook")
        if public_url and dialect.ports and (port := _port(public_url)) not in dialect.ports:
            allowed = " and ".join(map(str, dialect.ports))
            raise ValueError(f"PUBLIC_URL has the port {port}: {dialect.name} calls webhooks on {allowed} alone")
        self.name = dialect.name
        self.rate = dialect.rate
        self._gateway = gateway
        self._files = files
        self._contacts = contacts
        self._commands = commands
        self._dialect = dialect
        self._secret = webhook_secret.encode()
        self._public_url = public_url.rstrip("/")
        self._composer = Composer(renderer, dialect)
        self._api = Api(token, api_url.rstrip("/"))
        self._username = ""  # the messenger tells it at start
        self._lanes = Turnstile()
        self._keyboards: OrderedDict[str, None] = OrderedDict()  # chats where a sharing button is up
        self._broken: OrderedDict[tuple[str, int], int] = OrderedDict()  # (chat, seq) → messages that are out

    def door(self, token: str) -> str:
        """A link that opens the chat with the bot and brings `token` (1 to 64 of A-Z a-z 0-9 _ -) along with /start;
        empty until the messenger has told the bot's name."""
        return self._dialect.door.format(name=self._username, token=token) if self._username else ""

    # --- in -----------------------------------------------------------------------------------

    def routes(self) -> Sequence[web.RouteDef]:
        path = f"/channels/{self.name}"
        return [web.post(path if self._dialect.signed else path + "/{secret}", self._webhook)]

    async def _webhook(self, request: web.Request) -> web.Response:
        """Answers 200 only when the replies are out, so that the server comes again with what failed."""
        given = request.headers.get(SIGNATURE_HEADER, "") if self._dialect.signed else request.match_info["secret"]
        if not (self._secret and hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)):
            raise web.HTTPForbidden(text="This address is for the messenger's own calls.")
        size = request.content_length
        if size is None or size > MAX_UPDATE:
            raise web.HTTPRequestEntityTooLarge(MAX_UPDATE, size or 0)
        try:
            update = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            raise web.HTTPBadRequest(text="The body is no JSON.") from None
        if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
            raise web.HTTPBadRequest(text="The body is no update: it has no update_id.")
        try:
            await self._take(update)
        except (SendFailed, TelegramError) as error:
            log.warning("turn to be delivered again", extra={"channel": self.name, "why": type(error).__name__})
            raise web.HTTPInternalServerError(
                text="The reply could not be delivered; send this update again."
            ) from None
        return web.Response()

    async def _take(self, update: Update) -> None:
        """One update. Raises what a second try may cure: SendFailed, TelegramError, errors of the stores."""
        heard = read(update, self.name)
        if isinstance(heard, Heard):
            async with self._lanes.pass_through(heard.inbound.address.id):
                await self._turn(heard)
        elif isinstance(heard, Reach):
            await self._contacts.reach(heard.address, heard.reachable)

    async def _turn(self, heard: Heard) -> None:
        answer = asyncio.create_task(self._answer(heard.callback)) if heard.callback else None
        try:
            inbound = await self._fetched(heard)
            outcome = await self._gateway.receive(inbound)
            await self._bring(inbound.address, outcome.replies, outcome.language, outcome.seq)
        except SendFailed as failure:
            if failure.retry_in is not None:
                raise
            log.info("reply not deliverable", extra={"channel": self.name, "why": failure.why})
        finally:
            if answer:
                await answer

    async def _answer(self, callback: str) -> None:
        """Stops the button's spinner. One that is too old to be answered has stopped by itself."""
        try:
            await self._api.call("answerCallbackQuery", {"callback_query_id": callback})
        except TelegramError as error:
            log.debug("callback not answered", extra={"channel": self.name, "why": type(error).__name__})

    async def _fetched(self, heard: Heard) -> Inbound:
        """The inbound with its file stored, or with the reason why it is not."""
        if heard.upload is None:
            return heard.inbound
        if heard.upload.size > MAX_FILE:
            return replace(heard.inbound, problem="file.too_large")
        try:
            data = await self._api.download(heard.upload.id)
            contact = await self._contacts.resolve(heard.inbound.address)
            stored = await self._files.put(data, heard.upload.name, contact)
        except FileRefused as refused:
            return replace(heard.inbound, problem=refused.reason)
        except TelegramError as error:
            too_large = "too big" in error.message.lower()
            log.warning("file not fetched", extra={"channel": self.name, "why": type(error).__name__})
            return replace(heard.inbound, problem="file.too_large" if too_large else "telegram.file_lost")
        return replace(heard.inbound, files=(stored,))

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
        """See `bot.core.ports.Sender`. Never between the replies of a turn in the same chat."""
        async with self._lanes.pass_through(to.id):
            return await self._bring(to, replies, language, seq, once=bool(key))

    async def _bring(
        self, to: Address, replies: Sequence[Reply], language: str, seq: int, *, once: bool = False
    ) -> str:
        """Sends in order; after a failure the same replies go on where they broke off. The id of the last message.
        `once`: what the server may have taken is not sent again. Raises SendFailed."""
        messages = self._composer.messages(replies, language, keyboard_up=to.id in self._keyboards)
        out = self._broken.pop((to.id, seq), 0)
        id = ""
        try:
            for message in messages[out:]:
                id = await self._post(to, message, once)
                out += 1
        except SendFailed as failure:
            if failure.unreachable:
                await self._contacts.reach(to, False)
            if once and out and failure.retry_in is not None:  # another courier would not know where to go on
                raise SendFailed(failure.why, retry_in=failure.retry_in, doubtful=True) from None
            _remember(self._broken, (to.id, seq), out)
            raise
        if shows_keyboard(messages):
            _remember(self._keyboards, to.id, None)
        elif messages:
            self._keyboards.pop(to.id, None)
        return id

    async def _post(self, to: Address, message: Message, once: bool) -> str:
        """One sendMessage with its retries: the message's id in its chat. Raises SendFailed."""
        for tries in range(1, SEND_TRIES + 1):
            try:
                sent = await self._api.call("sendMessage", {"chat_id": int(to.id), **message})
            except RetryAfter as limit:
                if limit.seconds > LONGEST_WAIT or tries == SEND_TRIES:
                    raise SendFailed("too many messages", retry_in=limit.seconds) from None
                await asyncio.sleep(limit.seconds)
            except Forbidden:
                raise SendFailed("blocked", unreachable=True) from None
            except InvalidToken:
                raise SendFailed("the server does not know the bot's token", retry_in=RETRY_IN) from None
            except BadRequest as error:
                why = error.message.lower()
                if "can't parse entities" in why and "parse_mode" in message:
                    log.error("markup refused", extra={"channel": self.name})
                    message = unmarked(message)
                    continue
                raise SendFailed("refused", unreachable=any(gone in why for gone in _GONE)) from None
            except TelegramError as error:
                doubtful = not isinstance(error, Unreached)
                if tries == SEND_TRIES or (once and doubtful):
                    raise SendFailed(type(error).__name__, retry_in=RETRY_IN, doubtful=doubtful) from None
                await asyncio.sleep(pause(tries))
            else:
                return str(sent.get("message_id", "")) if isinstance(sent, dict) else ""
        raise SendFailed("refused with and without markup")

    # --- life ---------------------------------------------------------------------------------

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """Runs with the application; a messenger that cannot be reached at start is tried again behind its back."""
        async with self._api:
            task = asyncio.create_task(self._run(), name=self.name)
            task.add_done_callback(self._ended)
            yield
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._introduce()
                break
            except TelegramError as error:
                failures += 1
                log.warning("messenger not reached", extra={"channel": self.name, "why": type(error).__name__})
                await asyncio.sleep(error.seconds if isinstance(error, RetryAfter) else pause(failures))
        await self._show_menu()
        if not self._public_url:
            await Poller(self._api, self._take, self.name, self._dialect.wanted).run()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("channel stopped", extra={"channel": self.name}, exc_info=error)

    async def _introduce(self) -> None:
        """Asks the server who we are, and tells it how updates come to us."""
        me = await self._api.call("getMe", {})
        self._username = str(me.get("username") or "") if isinstance(me, dict) else ""
        address = f"{self._public_url}/channels/{self.name}"
        if not self._public_url:
            await self._api.call("deleteWebhook", {})
        elif self._dialect.signed:
            webhook = {
                "url": address,
                "secret_token": self._secret.decode(),
                "allowed_updates": self._dialect.wanted,
                "max_connections": MAX_CONNECTIONS,
            }
            await self._api.call("setWebhook", webhook)
        else:
            await self._api.call("setWebhook", {"url": f"{address}/{self._secret.decode()}"})

    async def _show_menu(self) -> None:
        if not self._dialect.menu:
            return
        default, *_ = LANGUAGES
        try:
            for language, code in [(default, {}), *((n, {"language_code": n}) for n in LANGUAGES)]:
                commands = [
                    {"command": name.removeprefix("/"), "description": about}
                    for name, about in self._commands(language)
                ]
                await self._api.call("setMyCommands", {"commands": commands, **code})
        except TelegramError as error:
            log.warning("no command menu", extra={"channel": self.name, "why": type(error).__name__})


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or _DEFAULT_PORT.get(parts.scheme)


def _remember(store: OrderedDict[Any, Any], key: object, value: object) -> None:
    store[key] = value
    store.move_to_end(key)
    if len(store) > REMEMBERED:
        store.popitem(last=False)
