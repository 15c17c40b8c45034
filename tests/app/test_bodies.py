"""No route of the whole application takes a body without end from somebody unknown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import hdrs
from pydantic import SecretStr

from tests.app.serving import Client, serving, settings_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = 60.0
ACCOUNT = {"twilio_account_sid": f"AC{0:032}", "twilio_auth_token": SecretStr("t"), "twilio_from": "+12025550123"}
KANNEL = {"sms_http_send_url": SecretStr("http://127.0.0.1:9/send"), "sms_webhook_secret": SecretStr("s" * 20)}
REFUSALS = ("400", "401", "403", "404", "405", "411", "413")
MOST = 8 << 20  # bytes on the way to any of them before it refuses; most of them lie in buffers
PIECE = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """Every channel of which a provider calls us."""
    settings = settings_of(tmp_path_factory.mktemp("bodies"), **ACCOUNT, **KANNEL)
    async with serving(settings) as client:
        yield client


def routes(client: Client) -> list[tuple[str, str]]:
    """Method and path of all routes that take a body, but those of the sandbox, which are for this machine alone."""
    assert client.app
    found = {
        (route.method, route.resource.canonical.format(secret="s" * 20, code="1234567894", id="x"))
        for route in client.app.router.routes()
        if route.resource
        and route.method in (hdrs.METH_POST, hdrs.METH_PATCH, hdrs.METH_PUT)
        and not route.resource.canonical.startswith(("/sandbox", "/2010-04-01"))
    }
    assert len(found) >= 8
    return sorted(found)


def head_of(method: str, path: str, kind: str, length: str) -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: t\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"


async def exchange(client: Client, head: str, pieces: int = 0) -> tuple[str, int]:
    """The status, and how many bytes of the body went out until it came."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(head.encode())
    answer = asyncio.create_task(reader.readline())
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not answer.done() and sent < pieces * len(PIECE):
            writer.write(PIECE)
            await writer.drain()
            await asyncio.sleep(0)
            sent += len(PIECE)
    status = (await asyncio.wait_for(answer, PATIENCE)).decode().split(" ")[1]
    writer.close()
    return status, sent


async def test_a_body_that_says_it_is_huge_is_not_begun(client: Client) -> None:
    for method, path in routes(client):
        status, _ = await exchange(client, head_of(method, path, "application/json", "Content-Length: 1000000000"))
        assert status in REFUSALS, f"{method} {path}: {status}"


async def test_a_body_that_does_not_say_how_long_it_is_is_not_read_without_end(client: Client) -> None:
    for method, path in routes(client):
        for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
            head = head_of(method, path, kind, "Transfer-Encoding: chunked")
            status, sent = await exchange(client, head, pieces=1000)
            assert status in REFUSALS, f"{method} {path}: {status}"
            assert sent <= MOST, f"{method} {path} took {sent} bytes of {kind}"
