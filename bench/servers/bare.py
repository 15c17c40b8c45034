"""The floor: `python -m bench.servers.bare PORT` answers any POST with a constant and echoes on a WebSocket."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import WSMsgType, web


async def _post(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"ok":true}', content_type="application/json")


async def _echo(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            await ws.send_str(message.data)
    return ws


def main() -> None:
    app = web.Application()
    app.add_routes([web.post("/", _post), web.get("/echo", _echo)])
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
