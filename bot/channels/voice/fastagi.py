"""The telephone by Asterisk: a FastAGI server that carries a call through the same steps as Twilio's webhooks do.

`agi://HOST:4573/pishkhan`; the dialplan and the shared folder are described in `ivr/asterisk/`. One connection is
one call. FastAGI has no passwords: only this machine and the listed peers may connect.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from aiohttp import web

from bot.channels.base import Capabilities
from bot.channels.voice.agi import LIMIT, Agi, HungUp, Refused
from bot.channels.voice.call import Caller, Calls
from bot.channels.voice.callers import address_of, takes_texts
from bot.channels.voice.exchange import SharedFolder
from bot.channels.voice.line import Line
from bot.channels.voice.prompts import Prompts
from bot.channels.voice.speech import Speaker
from bot.core.ports import Files
from bot.core.voice_content import VoiceContent
from bot.gateway import Gateway

log = logging.getLogger(__name__)

SCRIPT = "pishkhan"
LONGEST_CALL = 3600.0  # seconds
GOODBYE = 3.0  # seconds that running calls are given when the server stops
_UNUSABLE = re.compile(r"[^0-9A-Za-z.-]")


class FastAgi:
    """Implements `bot.channels.base.Channel`. The desk calls nobody: its news go by text message."""

    name = "voice"
    can = Capabilities(buttons=False, files=False, text=False)

    def __init__(
        self,
        gateway: Gateway,
        files: Files,
        speaker: Speaker,
        prompts: Prompts,
        voice: Callable[[], VoiceContent],
        *,
        host: str,
        port: int,
        folder: Path,
        is_open: Callable[[], bool],
        can_text: Callable[[str], bool] = takes_texts,
        is_holiday: Callable[[], bool] = lambda: False,
    ) -> None:
        """`folder` is where sound is exchanged unless the content names one; port 0 is any free one."""
        self._calls = Calls(gateway, files, speaker, voice, is_open, can_text, is_holiday)
        self._prompts = prompts
        self._voice = voice
        self._host = host
        self.port = port
        self._default_folder = folder
        self._running: set[asyncio.Task[None]] = set()

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        await self._folder().prepare()
        server = await asyncio.start_server(self._connected, self._host, self.port, limit=LIMIT)
        self.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=GOODBYE)

    def _folder(self) -> SharedFolder:
        exchange = self._voice().exchange
        return SharedFolder(Path(exchange.folder) if exchange.folder else self._default_folder, exchange.folder_there)

    # --- one connection -----------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = self._voice().exchange
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if not _welcome(writer.get_extra_info("peername"), exchange.peers):
                log.warning("a stranger at the FastAGI port", extra={"channel": self.name})
            elif len(self._running) > exchange.calls:
                log.warning("too many calls at once", extra={"channel": self.name})
            else:
                async with asyncio.timeout(LONGEST_CALL):
                    await self._call(Agi(reader, writer))
        except (Refused, TimeoutError) as error:
            log.warning("call broken off", extra={"channel": self.name, "why": str(error) or type(error).__name__})
        except asyncio.CancelledError:  # the server stops: what had to be told was told
            pass
        except Exception:
            log.exception("call failed", extra={"channel": self.name})
        finally:
            self._running.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _call(self, agi: Agi) -> None:
        try:
            await agi.open()
        except HungUp:
            return
        if agi.environment.get("network_script", "").partition("?")[0] != SCRIPT:
            raise Refused("another script")
        # A call can come again to the same address, so its own id is not enough.
        call = f"{_UNUSABLE.sub('', agi.environment.get('uniqueid', ''))}-{secrets.token_hex(4)}"
        caller = Caller(address_of(agi.environment.get("callerid", ""), call), call)
        try:
            await Line(agi, caller, self._calls, self._prompts, self._folder(), self._voice).run()
        except HungUp:
            pass
        finally:
            await asyncio.shield(self._calls.gone(caller))


def _welcome(peer: object, listed: Sequence[str]) -> bool:
    """Whether this peer, (host, port, …), is this machine or listed. What cannot be read is a stranger."""
    try:
        host = ipaddress.ip_address(peer[0])  # type: ignore[index]
        networks = [ipaddress.ip_network(n, strict=False) for n in listed]
    except (TypeError, ValueError, IndexError):
        return False
    host = getattr(host, "ipv4_mapped", None) or host  # of a socket that listens to both
    return host.is_loopback or any(host in network for network in networks)
