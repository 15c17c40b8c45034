"""Whoever sends byte by byte holds nothing for long. The client is a bare socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.channels.webchat import uploads
from bot.web.problems import problems
from bot.web.slow_bodies import hurried

GRACE = 0.3  # seconds
SPEED = 1000  # bytes a second
IDLE = 0.5  # seconds that a connection may say nothing
PATIENCE = 20.0


class Socket:
    """A connection that says what it is told, when it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, *pieces: bytes, every: float = 0.0) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await asyncio.sleep(every)

    async def rest(self) -> bytes:
        """All that is said until the other end hangs up, or slams the door."""
        said = bytearray()
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while piece := await self._reader.read(65536):
                    said += piece
        return bytes(said)

    async def drip(self, piece: bytes = b"x") -> bytes:
        """Say a little again and again, until the other end says something or hangs up; what it said."""
        dripping = asyncio.create_task(self._drip(piece))
        try:
            async with asyncio.timeout(PATIENCE):
                first = await self._reader.read(1)
        except ConnectionError:
            return b""
        finally:
            dripping.cancel()
        return first + await self.rest()

    async def _drip(self, piece: bytes) -> None:
        while True:
            await self.say(piece, every=GRACE / 5)


async def read(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def upload(request: web.Request) -> web.Response:
    found = await uploads.find_file(request)
    assert found
    return web.Response(text=str(len(await uploads.read_part(found[0]))))


async def frame(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await uploads.read_body(request, 100_000))))


@asynccontextmanager
async def serving() -> AsyncIterator[Socket]:
    app = web.Application(middlewares=[problems(), hurried(GRACE, SPEED)])
    app.add_routes([web.post("/read", read), web.post("/upload", upload), web.post("/frame", frame)])
    runner = web.AppRunner(app, keepalive_timeout=IDLE)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    yield Socket(reader, writer)
    writer.close()
    await runner.cleanup()


def post(path: str, length: int, type: str = "text/plain") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize("path", ["/read", "/frame"])
async def test_a_body_that_comes_byte_by_byte_is_not_waited_for(path: str) -> None:
    async with serving() as socket:
        await socket.say(post(path, 50_000))
        answer = await socket.drip()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


async def test_nor_is_a_file_of_a_form() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    async with serving() as socket:
        await socket.say(post("/upload", 5_000_000, "multipart/form-data; boundary=b"), head)
        assert (await socket.drip()).startswith(b"HTTP/1.1 408 ")


async def test_nor_is_one_that_does_not_come_at_all() -> None:
    async with serving() as socket:
        await socket.say(post("/read", 10))
        assert (await socket.rest()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_takes_its_time_but_comes_is_read() -> None:
    async with serving() as socket:
        await socket.say(post("/read", 8_000), *[b"x" * 1000] * 8, every=GRACE / 2)
        answer = await socket.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"8000")


async def test_headers_that_come_byte_by_byte_are_not_waited_for() -> None:
    async with serving() as socket:
        await socket.say(b"GET / HTTP/1.1\r\nHost: t\r\n")
        assert await socket.drip(b"X-More: more\r\n") == b""


async def test_nor_are_those_of_a_second_request_and_a_connection_that_says_nothing_is_closed() -> None:
    async with serving() as socket:
        await socket.say(post("/read", 2) + b"ok" + b"GET / HTTP/1.1\r\nHo")
        assert (await socket.drip(b"o")).startswith(b"HTTP/1.1 200 ")
    async with serving() as socket:
        assert await socket.rest() == b""
