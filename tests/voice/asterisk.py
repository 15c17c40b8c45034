"""Asterisk's side of FastAGI by script: what `res/res_agi.c` of 22 sends, for a caller whose acts are given.

Acts, one for each time that the server listens: "5" is pressed while the prompt plays, "" is silence, "0912#" are
digits one after the other, a `Recorded` is spoken after the beep, HANG_UP leaves in the middle of a prompt.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.voice.counter import MARK

HANG_UP = "hang up"
_WORD = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True)
class Recorded:
    sound: bytes
    key: str = "#"  # empty: silence ended it
    hangs_up: bool = False


@dataclass
class FakeAsterisk:
    acts: list[str | Recorded]
    caller_id: str = "09121234567"
    script: str = "pishkhan"
    dial_status: str = "NOANSWER"
    heard: list[str] = field(default_factory=list)  # the words of each prompt
    commands: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    dead: bool = False
    cannot_write: bool = False
    stray_hash: bool = False  # a `#` comes right after the last of counted digits
    _keys: str = ""
    _recording: Recorded | None = None

    async def call(self, port: int, host: str = "127.0.0.1") -> None:
        """One call, until the server or the caller hangs up."""
        reader, writer = await asyncio.open_connection(host, port)
        lines = self.environment or [
            "agi_network: yes",
            f"agi_network_script: {self.script}",
            f"agi_request: agi://127.0.0.1/{self.script}",
            "agi_channel: PJSIP/trunk-00000001",
            "agi_language: fa",
            f"agi_callerid: {self.caller_id}",
            "agi_uniqueid: 1790000000.17",
            "agi_arg_1: 0:1",
        ]
        writer.write("".join(line + "\n" for line in [*lines, ""]).encode())
        try:
            while line := (await reader.readline()).decode().rstrip("\n"):
                self.commands.append(line)
                writer.write(self._answer(line).encode())
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, line: str) -> str:
        words = [quoted or bare for quoted, bare in _WORD.findall(line)]
        if self.dead:
            return "511 Command Not Permitted on a dead channel or intercept routine\n"
        match words:
            case ["STREAM", "FILE", file, keys, offset]:
                return self._stream(file, keys, int(offset))
            case ["WAIT", "FOR", "DIGIT", _]:
                return f"200 result={self._next_key()}\n"
            case ["RECORD", "FILE", file, "wav", _, *_]:
                return self._record(file)
            case ["EXEC", "Dial", _]:
                return "200 result=0\n"
            case ["GET", "VARIABLE", "DIALSTATUS"]:
                return f"200 result=1 ({self.dial_status})\n"
            case ["ANSWER"] | ["HANGUP"]:
                return "200 result=1\n" if words == ["HANGUP"] else "200 result=0\n"
        return "520-Invalid command syntax.  Proper usage follows:\nUsage: …\n520 End of proper usage.\n"

    def _stream(self, file: str, keys: str, offset: int) -> str:
        data = Path(f"{file}.wav").read_bytes()
        if not offset and MARK in data:  # the beep has no words
            self.heard.append(data.partition(MARK)[2].decode())
        if self.stray_hash and not offset:
            self.stray_hash = False
            return "200 result=35 endpos=1600\n"
        if not keys:
            return "200 result=0 endpos=800\n"
        act = self.acts.pop(0) if self.acts else HANG_UP
        if act == HANG_UP:
            return self._gone(" endpos=320")
        if isinstance(act, Recorded):
            self._recording = act
            return "200 result=0 endpos=800\n"
        self._keys = act
        return f"200 result={self._next_key()} endpos={160 if act else 800}\n"

    def _next_key(self) -> int:
        key, self._keys = self._keys[:1], self._keys[1:]
        return ord(key) if key else 0

    def _record(self, file: str) -> str:
        made, self._recording = self._recording, None
        if self.cannot_write:
            return "200 result=-1 (writefile)\n"
        if made is None:
            return "200 result=0 (timeout) endpos=8000\n"  # a second of the silence is left
        Path(f"{file}.wav").write_bytes(made.sound)
        samples = (len(made.sound) - 44) // 2
        if made.hangs_up:
            return self._gone(f" (hangup) endpos={samples}")
        if not made.key:
            return f"200 result=0 (timeout) endpos={samples + 8000}\n"
        return f"200 result={ord(made.key)} (dtmf) endpos={samples}\n"

    def _gone(self, more: str = "") -> str:
        """The bare line comes first; afterwards the channel is dead."""
        self.dead = True
        return f"HANGUP\n200 result=-1{more}\n"
