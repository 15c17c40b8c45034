"""`pishkhan rasa actions`: the same actions on rasa-sdk's own server, for who runs them beside the desk's."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import warnings
from contextlib import AbstractAsyncContextManager
from typing import Any

from rasa_sdk.endpoint import create_app
from sanic import HTTPResponse, Request, Sanic
from sanic.response import json

from bot.rasa.actions import executor
from bot.rasa.talk import Parts
from bot.rasa.webhook import authentic

PORT = 5055  # where Rasa looks for actions by default
STOPPING = 3.0  # seconds that calls under way get


def build(parts: Parts, token: str) -> Sanic[Any, Any]:
    """rasa-sdk's application, which knows no authentication, behind our token; `/health` is open."""
    warnings.filterwarnings("ignore", message="Your versions of rasa")  # the protocol is the same
    app: Sanic[Any, Any] = create_app(executor(parts), cors_origins=[])

    @app.on_request
    async def guard(request: Request) -> HTTPResponse | None:
        query = {name: values[0] for name, values in request.args.items()}
        if request.path == "/health" or authentic(token, request.headers, query):
            return None
        return json({"error": "Rasa has to bring the token of the actions."}, status=403)

    return app


async def serve(parts: Parts, token: str, host: str, port: int, stores: AbstractAsyncContextManager[None]) -> None:
    """Until SIGINT or SIGTERM. `stores` are open meanwhile."""
    async with stores:
        server: Any = await build(parts, token).create_server(host, port, access_log=False, return_asyncio_server=True)
        await server.startup()
        ended = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, ended.set)
        print(f"http://{host}:{port}/webhook answers Rasa's calls", flush=True)  # noqa: T201
        await ended.wait()
        server.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), STOPPING)
