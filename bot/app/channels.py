"""Which channels there are, by the settings; and, in development, those of the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from bot.app.counter import Counter
from bot.channels.base import Channel, Telling
from bot.channels.webchat import WebChat
from bot.core.catalogue import pick
from bot.core.messages import Address, Phrase
from bot.core.ports import Rate, Sender
from bot.courier import Receipts
from bot.settings import Settings, derived, secret_key, webhook_secret

if TYPE_CHECKING:
    from bot.channels.mail import Mail
    from bot.channels.telegram import Telegram
    from bot.channels.voice.prompts import Prompts
    from bot.web.sandbox import Sandbox

COMMANDS = ("menu", "services", "forms", "track", "mine", "news", "human", "continue", "notify", "language", "cancel")
"""A messenger's command menu; the phrase nav.NAME describes each."""


class Channels:
    """`all` in order; `senders` by name, for the courier, to whom later ones (the sandbox's messenger) are added too.

    The libraries of channels are heavy and are loaded for those that are configured alone."""

    def __init__(
        self,
        counter: Counter,
        wake: Callable[[], None],
        *,
        calls: bool = True,
        newcomer: Callable[[web.Request], Awaitable[float]] | None = None,
    ) -> None:
        """`wake` is called when a notice may lie in the outbox. Without `calls` nobody can telephone us. `newcomer`:
        see `WebChat`."""
        self._counter = counter
        self._newcomer = newcomer
        self._wake = wake
        self._settings = settings = counter.settings
        self.receipts = Receipts(counter.outbox, counter.live.now, wake)
        self.prompts: Prompts | None = None
        alone = settings.worker == "inside"  # the sandbox remembers in this process
        self.sandbox = self._new_sandbox() if alone and not settings.production else None
        if self._own_url:  # the first of all doors: everybody has a browser
            counter.identity.door_of["web"] = f"{self._own_url}/?join={{}}".format
        self.web = self._web_chat()
        telling: list[Telling] = [self.web, *self._messengers(), *self._sms()]
        self.all: list[Channel] = [*telling, *(self._voice() if calls else ())]
        self.senders: dict[str, Sender] = {channel.name: channel for channel in telling}
        if mail := self._mail():
            self.senders[mail.name] = mail
        self._routes = [*(self.prompts.routes() if self.prompts else ()), *(mail.routes() if mail else ())]

    def routes(self) -> Sequence[web.RouteDef]:
        """Those that belong to no channel alone: the sound of all telephones, and the end of our mail."""
        return self._routes

    def reached_at(self, address: Address) -> Address:
        """Where a notice for this address goes: to a telephone, as a text message."""
        if address.channel == "voice" and address.number and "sms" in self.senders:
            return Address("sms", address.number)
        return address

    @property
    def _own_url(self) -> str:
        """Where citizens reach this server; in development without PUBLIC_URL, this machine."""
        settings = self._settings
        return settings.public_url or ("" if settings.production else here(settings))

    # --- each ---------------------------------------------------------------------------------

    def _web_chat(self) -> WebChat:
        counter = self._counter
        return WebChat(
            counter.gateway,
            counter.sessions,
            counter.files,
            counter.contacts,
            counter.renderer,
            secret=secret_key(counter.settings),
            organization=lambda: counter.live.catalogue.organization,
            relay=counter.stores.relay,
            newcomer=self._newcomer,
        )

    def _messengers(self) -> Iterator[Telling]:
        settings = self._settings
        if settings.telegram_token:
            yield self._telegram(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
        if settings.bale_token:
            from bot.channels.bale import bale

            counter = self._counter
            channel = bale(
                counter.gateway,
                counter.files,
                counter.contacts,
                counter.renderer,
                token=settings.bale_token.get_secret_value(),
                webhook_secret=webhook_secret(settings, "bale"),
                public_url=settings.public_url,
                api_url=settings.bale_api_url,
                commands=self._commands,
            )
            counter.identity.door_of["bale"] = channel.door
            yield channel

    def _telegram(self, token: str, api_url: str, public_url: str | None = None) -> Telegram:
        from bot.channels.telegram import Telegram

        counter, settings = self._counter, self._settings
        channel = Telegram(
            counter.gateway,
            counter.files,
            counter.contacts,
            counter.renderer,
            token=token,
            webhook_secret=webhook_secret(settings, "telegram"),
            public_url=settings.public_url if public_url is None else public_url,
            api_url=api_url,
            commands=self._commands,
        )
        counter.identity.door_of["telegram"] = channel.door
        return channel

    def _commands(self, language: str) -> list[tuple[str, str]]:
        return [(name, self._counter.renderer.text(Phrase(f"nav.{name}"), language)) for name in COMMANDS]

    def _sms(self) -> Iterator[Telling]:
        settings, account = self._settings, self._twilio_account()
        if not (settings.sms_http_send_url or settings.kavenegar_api_key or account):
            return
        from bot.channels.sms import Http, Kavenegar, Sms, Twilio

        path_secret, public_url = settings.sms_webhook_secret.get_secret_value(), settings.public_url
        driver: Http | Kavenegar | Twilio
        if settings.sms_http_send_url:
            send_url = settings.sms_http_send_url.get_secret_value()
            driver = Http(send_url=send_url, secret=path_secret, public_url=public_url)
        elif settings.kavenegar_api_key:
            driver = Kavenegar(
                api_key=settings.kavenegar_api_key.get_secret_value(),
                sender=settings.kavenegar_sender,
                api_url=settings.kavenegar_api_url,
                secret=path_secret,
                public_url=public_url,
            )
        else:
            assert account is not None
            sid, token, number, api_url = account
            driver = Twilio(account_sid=sid, auth_token=token, sender=number, api_url=api_url, public_url=public_url)
        counter = self._counter
        rate = Rate(settings.sms_rate, settings.sms_rate)
        parts = (counter.gateway, counter.files, counter.contacts, counter.renderer)
        sms = Sms(*parts, driver=driver, rate=rate, receipt=self.receipts.take)
        counter.identity.texting, counter.identity.wake = True, self._wake
        yield sms

    def _mail(self) -> Mail | None:
        settings, counter = self._settings, self._counter
        if not settings.smtp_url:
            return None
        from bot.channels.mail import Mail, MailServer

        counter.identity.mailing = True
        return Mail(
            counter.contacts,
            counter.renderer,
            MailServer.of(settings.smtp_url.get_secret_value()),
            sender=settings.mail_from,
            organization=lambda language: pick(counter.live.catalogue.organization.name, language),
            secret=derived(settings, "mail"),
            clock=counter.live.now,
            public_url=self._own_url,
        )

    def _twilio_account(self) -> tuple[str, str, str, str] | None:
        """Account, token, number and API: the operator's, else the sandbox's."""
        settings, sandbox = self._settings, self.sandbox
        if settings.twilio_account_sid:
            token = settings.twilio_auth_token.get_secret_value()
            return settings.twilio_account_sid, token, settings.twilio_from, settings.twilio_api_url
        if sandbox:
            return (
                sandbox.twilio_account_sid,
                sandbox.twilio_auth_token,
                sandbox.twilio_number,
                sandbox.twilio_api_url,
            )
        return None

    def _voice(self) -> Iterator[Channel]:
        account, settings, live = self._twilio_account(), self._settings, self._counter.live
        if not (account or settings.fastagi_port):
            return
        from bot.channels.voice.prompts import Prompts
        from bot.channels.voice.speech import Speaker

        speaker = Speaker(lambda: live.catalogue.phrases, lambda: live.voice, settings.language)
        prompts = Prompts(
            lambda: live.voice,
            recorded=settings.ivr_dir / "prompts",
            cache=settings.data_dir / "prompts",
            secret=derived(settings, "prompts"),
        )
        counter = self._counter
        parts = (counter.gateway, counter.files, speaker, prompts, lambda: live.voice)
        self.prompts = prompts
        if sandbox := self.sandbox:
            prompts.watchers.append(sandbox.spoken)
        if account:
            from bot.channels.voice.twilio import TwilioVoice

            sid, token, _, api_url = account
            yield TwilioVoice(
                *parts,
                account_sid=sid,
                auth_token=token,
                api_url=api_url,
                public_url=settings.public_url,
                is_open=live.is_open,
                is_holiday=live.is_holiday,
                can_text=counter.identity.can_text,
            )
        if settings.fastagi_port:
            from bot.channels.voice.fastagi import FastAgi

            yield FastAgi(
                *parts,
                host=settings.host,
                port=settings.fastagi_port,
                folder=settings.data_dir / "calls",
                is_open=live.is_open,
                is_holiday=live.is_holiday,
                can_text=counter.identity.can_text,
            )

    # --- the sandbox --------------------------------------------------------------------------

    def _new_sandbox(self) -> Sandbox:
        """Its accounts are those of every channel that the operator has not configured."""
        from bot.web.sandbox import Officer, Sandbox

        counter, settings = self._counter, self._settings
        real = {
            "sms": settings.twilio_account_sid or settings.kavenegar_api_key or settings.sms_http_send_url,
            "voice": settings.twilio_account_sid,
            "telegram": settings.telegram_token,
        }
        return Sandbox(
            counter.gateway,
            counter.renderer,
            secret=derived(settings, "sandbox"),
            base_url=here(settings),
            languages=lambda: counter.live.catalogue.languages,
            name=lambda: pick(counter.live.catalogue.organization.name, settings.language),
            public_url=settings.public_url,
            real=frozenset(name for name, given in real.items() if given),
            on_first_visit=self._open_messenger,
            officer=Officer(counter.desk, counter.contacts, counter.renderer, self._wake),
        )

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """The sandbox's messenger begins when somebody looks at it: its libraries weigh too much for who does not."""
        async with AsyncExitStack() as self._opened:
            self._app = app
            yield

    async def _open_messenger(self) -> None:
        if "telegram" in self.senders or self.sandbox is None:
            return
        channel = await asyncio.to_thread(
            self._telegram, self.sandbox.telegram_token, self.sandbox.telegram_api_url, public_url=""
        )
        self.senders[channel.name] = channel
        await self._opened.enter_async_context(asynccontextmanager(channel.lifespan)(self._app))


def here(settings: Settings) -> str:
    """This server's own address on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - not listened at
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
