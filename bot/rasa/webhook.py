"""`POST /actions/webhook`: the protocol of Rasa's action server, on our own HTTP server.

Rasa's `endpoints.yml` can send a header, a query parameter (`token`) or basic authentication; taken are
`headers: {Authorization: Bearer TOKEN}`, which no access log shows, and `token: TOKEN`. Without a token of its own the
route is closed. https://rasa.com/docs/rasa/pages/action-server-api and rasa_sdk/endpoint.py
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import hdrs, web

from bot.rasa.talk import Parts

if TYPE_CHECKING:
    from rasa_sdk.executor import ActionExecutor

log = logging.getLogger(__name__)

EXTRA = "The actions need the extra `rasa`: pip install pishkhan[rasa]"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def authentic(token: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether a call brings the token, in the header or the query. Constant-time; an empty token opens nothing."""
    scheme, _, given = headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    held = given.strip() if scheme.lower() == "bearer" else query.get("token", "")
    same = hmac.compare_digest(held.encode("utf-8", "surrogatepass"), token.encode())
    return bool(token) and same


class ActionRoutes:
    """`token` is what Rasa has to bring. rasa-sdk is imported with the first authentic call, in a thread: it takes a
    second."""

    def __init__(self, parts: Parts, token: str) -> None:
        self.parts = parts
        self.token = token
        self._made_of: object = None
        self._executor: ActionExecutor | None = None
        self._making = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/actions/webhook", self._guarded(self.webhook)),
            web.get("/actions", self._guarded(self.list)),
            web.get("/actions/health", self.health),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not authentic(self.token, request.headers, request.query):
                raise web.HTTPForbidden(text="Rasa has to bring the token of the actions; see bot/rasa/webhook.py.")
            if find_spec("rasa_sdk") is None:
                raise web.HTTPNotImplemented(text=EXTRA)
            return await handler(request)

        return guarded

    async def executor(self) -> ActionExecutor:
        """Made anew after an edit of the content."""
        async with self._making:
            dialogs = self.parts.dialogs()
            if self._executor is None or self._made_of is not dialogs:
                self._executor, self._made_of = await asyncio.to_thread(self._made), dialogs
            return self._executor

    def _made(self) -> ActionExecutor:
        from bot.rasa.actions import executor

        return executor(self.parts)

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response([action.model_dump() for action in (await self.executor()).list_actions()])

    async def webhook(self, request: web.Request) -> web.Response:
        """As `rasa_sdk.endpoint` answers: 400 a rejection, 404 no such action, 449 the domain is wanted."""
        call, executor = await _call(request), await self.executor()
        from rasa_sdk.interfaces import ActionExecutionRejection, ActionMissingDomainException, ActionNotFoundException

        try:
            result = await executor.run(call)
        except ActionExecutionRejection as error:
            return _refused(400, error)
        except ActionNotFoundException as error:
            log.error("Rasa asks for an action that there is not", extra={"action": error.action_name})
            return _refused(404, error)
        except ActionMissingDomainException as error:
            return _refused(449, error)
        body = orjson.dumps(result.model_dump() if result else None)
        return web.Response(body=body, content_type="application/json")


def _refused(status: int, error: Any) -> web.Response:
    return web.json_response({"error": error.message, "action_name": error.action_name}, status=status)


async def _call(request: web.Request) -> dict[str, Any]:
    """The call's JSON (aiohttp inflates it), with at least the shape that the executor relies on."""
    try:
        call = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest(text="The body is not JSON.") from None
    if not isinstance(call, dict) or (call.get("next_action") and not _tracked(call.get("tracker"))):
        raise web.HTTPBadRequest(text="The body is no call of an action: next_action, tracker, domain.")
    return call


def _tracked(tracker: Any) -> bool:
    if not isinstance(tracker, dict) or not isinstance(tracker.get("sender_id"), str):
        return False
    shapes = {"slots": dict, "events": list, "latest_message": dict}
    if not all(isinstance(tracker.setdefault(key, shape()), shape) for key, shape in shapes.items()):
        return False
    return all(isinstance(event, dict) for event in tracker["events"])
