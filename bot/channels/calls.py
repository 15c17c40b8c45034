"""Calls to a provider that brought no answer: whether it may have taken what we sent."""

from __future__ import annotations

from functools import cache

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from bot.core.ports import SendFailed

CONNECT = 5.0  # seconds to come through to a provider, after which it certainly has taken nothing
_NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Lost(aiohttp.ClientError):
    """The connection ended before the answer came."""


async def once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """For a GET that does something: aiohttp by itself asks a second time when the connection is lost over one."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if connected(error):
            raise Lost(type(error).__name__) from None
        raise


@cache
def patience(seconds: float) -> aiohttp.ClientTimeout:
    """Of a whole call; a connection that does not come about fails sooner, and as such."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT, seconds))


def connected(error: Exception) -> bool:
    """Whether the call went so far that words of ours may have been read."""
    return not isinstance(error, _NO_CONNECTION)


def unanswered(error: Exception, *, retry_in: float) -> SendFailed:
    """Of an aiohttp.ClientError or a TimeoutError; its words may hold the URL, so only its name is told."""
    return SendFailed(type(error).__name__, retry_in=retry_in, doubtful=connected(error))
