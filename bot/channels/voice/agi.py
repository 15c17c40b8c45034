"""The Asterisk Gateway Interface over TCP, from the server's side of a connection: commands out, results in.

The protocol as `res/res_agi.c` of Asterisk 16 to 22 speaks it: lines of an environment up to an empty one; then each
command is answered by `200 result=N [(data)] [endpos=N]`, `510` unknown, `511` not on a dead channel, `520-` and
further lines up to `520 ` for a usage. A bare `HANGUP` may come at any time. A key is told as its ASCII code.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

LIMIT = 4096  # bytes of a line
MOST_LINES = 128  # of an environment or a usage
OPENING = 5.0  # seconds for the environment
ANSWER = 10.0  # seconds for a result, beside the time that the command takes by itself

_RESULT = re.compile(r"200 result=(-?\d+|[^\s(]*)(?:\s*\(([^)]*)\))?(?:\s*endpos=(\d+))?.*")
_UNQUOTABLE = re.compile(r'[\x00-\x1f\x7f"\\]')
_DEAD = 511


class HungUp(Exception):
    """The caller is gone, or the connection is."""


class Refused(Exception):
    """Asterisk did not take a command: unknown, wrongly used, or it failed."""


@dataclass(frozen=True, slots=True)
class Result:
    value: str
    data: str = ""
    at: int = 0  # samples that were played or recorded

    @property
    def gone(self) -> bool:
        return (self.value == "-1" and not self.unwritten) or self.data == "hangup"

    @property
    def unwritten(self) -> bool:
        """Of a recording: its file could not be made."""
        return self.data == "writefile"

    @property
    def key(self) -> str:
        """The key that was pressed; empty for none."""
        return chr(int(self.value)) if self.value.isdigit() and 35 <= int(self.value) < 127 else ""


class Agi:
    """One connection. Each method raises HungUp when the call is over, and Refused."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.environment: Mapping[str, str] = {}

    async def open(self) -> None:
        """Reads the environment: `agi_` names without that beginning → values. Raises Refused for anything else."""
        environment: dict[str, str] = {}
        async with asyncio.timeout(OPENING):
            for _ in range(MOST_LINES):
                line = await self._line()
                if not line:
                    break
                name, colon, value = line.partition(":")
                if not (colon and name.startswith("agi_")):
                    raise Refused("no AGI environment")
                environment[name.removeprefix("agi_")] = value.strip()
            else:
                raise Refused("too long an environment")
        self.environment = environment

    # --- commands -----------------------------------------------------------------------------

    async def answer(self) -> None:
        await self.command("ANSWER")

    async def play(self, file: str, keys: str, seconds: float, offset: int = 0) -> Result:
        """Plays a file, named without its extension, from a sample on, until it ends or one of the keys is pressed.
        `seconds` is how long it may take."""
        return await self.command("STREAM FILE", quoted(file), quoted(keys), str(offset), wait=seconds)

    async def digit(self, seconds: float) -> Result:
        return await self.command("WAIT FOR DIGIT", str(int(seconds * 1000)), wait=seconds)

    async def record(self, file: str, keys: str, longest: float, silence: int) -> Result:
        """Records into `file`.wav until one of the keys, so long a silence, the longest time, or the end of the call,
        which is no HungUp here. Asterisk's own beep is not asked for: an Asterisk without its sounds fails by it."""
        options = (str(int(longest * 1000)), f"s={silence}")
        words = ("RECORD FILE", quoted(file), "wav", quoted(keys), *options)
        return await self.command(*words, wait=longest, to_the_end=True)

    async def execute(self, application: str, options: str, seconds: float) -> Result:
        return await self.command("EXEC", application, quoted(options), wait=seconds)

    async def variable(self, name: str) -> str:
        return (await self.command("GET VARIABLE", name)).data

    async def set_variable(self, name: str, value: str) -> None:
        await self.command("SET VARIABLE", name, quoted(value))

    async def hang_up(self) -> None:
        await self.command("HANGUP")

    async def command(self, *words: str, wait: float = 0.0, to_the_end: bool = False) -> Result:
        """`wait`: seconds that it takes by itself. `to_the_end`: the caller may hang up in it and it is done none the
        less."""
        self._writer.write((" ".join(words) + "\n").encode())
        try:
            async with asyncio.timeout(wait + ANSWER):
                await self._writer.drain()
                return await self._result(to_the_end=to_the_end)
        except (TimeoutError, OSError):
            raise HungUp from None

    # --- lines --------------------------------------------------------------------------------

    async def _result(self, *, to_the_end: bool) -> Result:
        for _ in range(MOST_LINES):
            line = await self._line()
            if line == "HANGUP":  # the result of the command follows
                continue
            if match := _RESULT.fullmatch(line):
                result = Result(match[1], match[2] or "", int(match[3] or 0))
                if result.gone and not (to_the_end and result.at):
                    raise HungUp
                return result
            code = line[:3]
            if line[3:4] == "-" or not code.isdigit():
                continue
            if int(code) == _DEAD:
                raise HungUp
            raise Refused(code)
        raise Refused("too long an answer")

    async def _line(self) -> str:
        try:
            line = await self._reader.readline()
        except (ValueError, OSError):  # longer than LIMIT; or the connection is gone
            raise HungUp from None
        if not line.endswith(b"\n"):
            raise HungUp
        return line.decode("utf-8", "replace").rstrip("\r\n")


def quoted(text: str) -> str:
    """An argument that can hold spaces, and never ends its line or itself."""
    return f'"{_UNQUOTABLE.sub("", text)}"'
