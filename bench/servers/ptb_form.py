"""The same form on python-telegram-bot: `python -m bench.servers.ptb_form PORT API_URL`.

As its example "custom webhook bot" does it, on aiohttp: the webhook puts the update into the application's queue and is
answered; a ConversationHandler in memory, whose documentation asks for updates one after the other.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvloop
from aiohttp import web
from telegram import ReplyKeyboardMarkup, ReplyKeyboardRemove, Update
from telegram.ext import Application, ContextTypes, ConversationHandler, MessageHandler, filters

from bench.conversation import CONFIRM, COUNT, DETAILS, KIND, KINDS, NAME, OPEN, TOKEN, WEBHOOK_SECRET

NAMED, CHOSEN, COUNTED, DESCRIBED, CONFIRMED = range(5)
Context = ContextTypes.DEFAULT_TYPE


def _keyboard(*labels: str) -> ReplyKeyboardMarkup:
    return ReplyKeyboardMarkup([[label] for label in labels], resize_keyboard=True)


def _said(update: Update) -> Any:
    return update.message


async def opened(update: Update, context: Context) -> int:
    await _said(update).reply_text(NAME)
    return NAMED


async def named(update: Update, context: Context) -> int:
    _kept(context)["name"] = _said(update).text
    await _said(update).reply_text(KIND, reply_markup=_keyboard(*KINDS.values()))
    return CHOSEN


async def chosen(update: Update, context: Context) -> int:
    _kept(context)["kind"] = _said(update).text
    await _said(update).reply_text(COUNT, reply_markup=ReplyKeyboardRemove())
    return COUNTED


async def counted(update: Update, context: Context) -> int:
    _kept(context)["count"] = int(_said(update).text)
    await _said(update).reply_text(DETAILS)
    return DESCRIBED


async def described(update: Update, context: Context) -> int:
    _kept(context)["details"] = _said(update).text
    lines = "\n".join(f"{label}: {value}" for label, value in _kept(context).items())
    await _said(update).reply_text(lines, reply_markup=_keyboard(CONFIRM))
    return CONFIRMED


async def confirmed(update: Update, context: Context) -> int:
    _kept(context).clear()
    code = f"{secrets.randbelow(10**10):010}"
    await _said(update).reply_text(f"{code[:5]} {code[5:]}", reply_markup=ReplyKeyboardRemove())
    return int(ConversationHandler.END)


def _kept(context: Context) -> dict[str, Any]:
    kept: Any = context.user_data
    found: dict[str, Any] = kept
    return found


def _conversation() -> ConversationHandler[Context]:
    text = filters.TEXT
    opening = MessageHandler(filters.Text([OPEN]), opened)
    return ConversationHandler(
        entry_points=[opening],
        states={
            NAMED: [MessageHandler(text, named)],
            CHOSEN: [MessageHandler(filters.Text(list(KINDS.values())), chosen)],
            COUNTED: [MessageHandler(filters.Regex(r"^\d+$"), counted)],
            DESCRIBED: [MessageHandler(text, described)],
            CONFIRMED: [MessageHandler(filters.Text([CONFIRM]), confirmed)],
        },
        fallbacks=[opening],
    )


def main() -> None:
    port, api_url = int(sys.argv[1]), sys.argv[2]
    application = Application.builder().token(TOKEN).base_url(f"{api_url}/bot").updater(None).build()
    application.add_handler(_conversation())

    async def hear(request: web.Request) -> web.Response:
        if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != WEBHOOK_SECRET:
            raise web.HTTPForbidden
        await application.update_queue.put(Update.de_json(await request.json(), application.bot))
        return web.Response()

    async def running(app: web.Application) -> AsyncIterator[None]:
        async with application:
            await application.start()
            yield
            await application.stop()

    app = web.Application()
    app.router.add_post("/webhook", hear)
    app.cleanup_ctx.append(running)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
