"""As much of HTTP/1.1 and WebSocket as a load generator needs, so light that the server is what is measured.

Bodies have a Content-Length, connections are kept alive, one request waits at a time.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import Self, cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TEXT, _CLOSE = 1, 8  # opcodes, RFC 6455 section 5.2
_NO_MASK = b"\0\0\0\0"  # a client has to mask; this mask changes nothing
_UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"
_KEY = b"cGlzaGtoYW4gYmVuY2ghIQ=="  # sixteen bytes in base64; the answer to it is not checked


def message_in(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """Take the first whole HTTP message off the buffer: its head without the empty line, and its body."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end])
    length = _LENGTH.search(head)
    whole = end + 4 + (int(length[1]) if length else 0)
    if len(buffer) < whole:
        return None
    body = bytes(buffer[end + 4 : whole])
    del buffer[:whole]
    return head, body


def frame_in(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take the first whole frame of a server off the buffer: opcode and payload."""
    if len(buffer) < 2:
        return None
    size, start = buffer[1] & 127, 2
    if size >= 126:
        start = 4 if size == 126 else 10
        if len(buffer) < start:
            return None
        size = int.from_bytes(buffer[2:start])
    if len(buffer) < start + size:
        return None
    opcode, payload = buffer[0] & 15, bytes(buffer[start : start + size])
    del buffer[: start + size]
    return opcode, payload


def _text_frame(payload: bytes) -> bytes:
    size = len(payload)
    head = bytes((128 | _TEXT, 128 | size)) if size < 126 else bytes((128 | _TEXT, 254)) + size.to_bytes(2)
    return head + _NO_MASK + payload


class Client(asyncio.Protocol):
    """One connection to a server on this machine. Raises ConnectionError when the server closes it."""

    def __init__(self, port: int) -> None:
        self._host = b"Host: 127.0.0.1:%d\r\n" % port
        self._buffer = bytearray()
        self._come: deque[tuple[bytes, bytes]] = deque()  # (head of a message, b"" of a frame; body)
        self._waiter: asyncio.Future[None] | None = None
        self._upgraded = False
        self._closed = False

    @classmethod
    async def to(cls, port: int) -> Self:
        _, client = await asyncio.get_running_loop().create_connection(lambda: cls(port), "127.0.0.1", port)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while piece := self._piece():
            self._come.append(piece)
        if self._come:
            self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._closed = True
        self._wake()

    def _piece(self) -> tuple[bytes, bytes] | None:
        if not self._upgraded:
            return message_in(self._buffer)
        while frame := frame_in(self._buffer):
            if frame[0] == _TEXT:
                return b"", frame[1]
            if frame[0] == _CLOSE:
                self.close()
        return None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _next(self) -> tuple[bytes, bytes]:
        while not self._come:
            if self._closed:
                raise ConnectionError("the server closed the connection")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._come.popleft()

    async def post(
        self, path: bytes, body: bytes, headers: bytes = b"", kind: bytes = b"application/json"
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Each of `headers` ends with CRLF."""
        self._transport.write(
            b"POST %s HTTP/1.1\r\n%s%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (path, self._host, headers, kind, len(body), body)
        )
        head, answer = await self._next()
        return int(head[9:12]), answer

    async def get(self, path: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._transport.write(b"GET %s HTTP/1.1\r\n%s\r\n" % (path, self._host))
        head, answer = await self._next()
        return int(head[9:12]), answer

    async def upgrade(self, path: bytes, headers: bytes = b"") -> None:
        """From now on `send` and `receive`."""
        self._transport.write(b"GET %s HTTP/1.1\r\n%s%s%s\r\n" % (path, self._host, headers, _UPGRADE % _KEY))
        head, _ = await self._next()
        if int(head[9:12]) != 101:
            raise ConnectionError("the server speaks no WebSocket here")
        self._upgraded = True

    def send(self, payload: bytes) -> None:
        self._transport.write(_text_frame(payload))

    async def receive(self) -> bytes:
        """The payload of the next text frame."""
        return (await self._next())[1]

    def close(self) -> None:
        self._transport.close()
