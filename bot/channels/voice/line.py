"""One call of Asterisk: speaks each script, listens as it says, and takes what was heard to the next."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import numpy as np

from bot.channels.voice.agi import Agi
from bot.channels.voice.call import Caller, Calls, Step
from bot.channels.voice.exchange import SharedFolder
from bot.channels.voice.keypad import Heard
from bot.channels.voice.prompts import Prompts
from bot.channels.voice.script import Then
from bot.channels.voice.sound import RATE, to_wav
from bot.core.voice_content import VoiceContent

log = logging.getLogger(__name__)

ANY_KEY = "1234567890*#"
MOST_DIGITS = 32
STRAY = RATE  # samples: a `#` so soon after counted digits belongs to them
KEPT_SILENCE = 1.0  # second of the silence that ended a recording, left in it by Asterisk
GO_ON = "g"  # of Dial: the call is ours again when the person hangs up
LONGEST_TALK = 7200.0  # seconds with a person
_BEEP = to_wav((np.sin(np.arange(RATE // 4) * (2 * np.pi * 1000 / RATE)) * 12_000).astype(np.int16))
_UNUSABLE = re.compile(r"[^0-9A-Za-z.-]")


class Line:
    def __init__(
        self,
        agi: Agi,
        caller: Caller,
        calls: Calls,
        prompts: Prompts,
        folder: SharedFolder,
        voice: Callable[[], VoiceContent],
    ) -> None:
        self._agi = agi
        self._caller = caller
        self._calls = calls
        self._prompts = prompts
        self._folder = folder
        self._voice = voice
        self._counted = False  # the last digits were ended by their count

    async def run(self) -> None:
        """Until the desk says goodbye. Raises HungUp when the caller does."""
        await self._agi.answer()
        step = await self._calls.begin(self._caller)
        while step.script.then is not Then.END:
            step = await self._next(step)
        await self._play(step, keys="")
        await self._agi.hang_up()

    async def _next(self, step: Step) -> Step:
        script = step.script
        if script.then is Then.PERSON:
            await self._play(step, keys="")
            return await self._calls.dialled(self._caller, step.place, answered=await self._dial())
        keys = await self._play(step)
        if script.then is Then.VOICE and not keys:
            return await self._record(step)
        if script.then is Then.DIGITS:
            keys = await self._digits(keys, script.size)
        elif not keys:
            keys = (await self._agi.digit(self._voice().waits.first_digit)).key
        return await self._calls.hear(self._caller, step.place, Heard(keys))

    async def _play(self, step: Step, keys: str = ANY_KEY) -> str:
        """The key that interrupted the script; empty when it was heard to its end."""
        if not step.script.clips:
            return ""
        counted, self._counted = self._counted, False
        prompt = await self._prompts.file(step.script.clips)
        async with self._folder.shown(prompt) as (name, seconds):
            result = await self._agi.play(name, keys, seconds)
            if counted and result.key == "#" and result.at < STRAY:
                result = await self._agi.play(name, keys, seconds, result.at)
        if not result.key and not result.at:
            log.error("Asterisk cannot read the prompts; see ivr/asterisk/README.md", extra={"channel": "voice"})
        return result.key

    async def _digits(self, keys: str, size: int) -> str:
        """Digits until `#`, their count, or a pause."""
        waits = self._voice().waits
        while not keys.endswith("#") and len(keys) < MOST_DIGITS:
            if size and len(keys) >= size and not keys.startswith("*"):
                self._counted = True
                break
            key = (await self._agi.digit(waits.between_digits if keys else waits.first_digit)).key
            if not key:
                break
            keys += key
        return keys

    async def _record(self, step: Step) -> Step:
        limits = self._voice().recording
        async with self._folder.shown(_BEEP) as (beep, seconds):
            await self._agi.play(beep, "", seconds)
        async with self._folder.recording() as (name, file):
            result = await self._agi.record(name, ANY_KEY, limits.longest, limits.silence)
            seconds = result.at / RATE
            if result.unwritten:
                log.error("Asterisk cannot write recordings; see ivr/asterisk/README.md", extra={"channel": "voice"})
                seconds = limits.longest  # something was said, and is lost
            elif not result.key and not result.gone and seconds < limits.longest:
                seconds -= KEPT_SILENCE
            heard = Heard(result.key, recorded=max(seconds, 0.0), gone=result.gone)
            return await self._calls.hear(self._caller, step.place, heard, lambda: self._folder.read(file))

    async def _dial(self) -> bool:
        """Rings a person; whether they have spoken."""
        voice = self._voice()
        number = _UNUSABLE.sub("", voice.person.number)
        options = f"Local/{number}@{voice.exchange.context},{voice.person.ring},{GO_ON}"
        await self._agi.execute("Dial", options, voice.person.ring + LONGEST_TALK)
        return await self._agi.variable("DIALSTATUS") == "ANSWER"
