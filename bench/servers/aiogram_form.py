"""The same form on aiogram 3: `python -m bench.servers.aiogram_form PORT API_URL REDIS_URL`.

As its documentation builds a webhook bot: FSM in RedisStorage, aiohttp integration, replies by `message.answer`. It
keeps no transcript, replays nothing and files nothing.
"""

from __future__ import annotations

import secrets
import sys

import uvloop
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import KeyboardButton, Message, ReplyKeyboardMarkup, ReplyKeyboardRemove
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from bench.conversation import CONFIRM, COUNT, DETAILS, KIND, KINDS, NAME, TOKEN, WEBHOOK_SECRET

PATH = "/webhook"
router = Router()


class Form(StatesGroup):
    name = State()
    kind = State()
    count = State()
    details = State()
    review = State()


def _keyboard(*labels: str) -> ReplyKeyboardMarkup:
    return ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text=label)] for label in labels], resize_keyboard=True)


@router.message(Command("form/bench"))
async def opened(message: Message, state: FSMContext) -> None:
    await state.set_state(Form.name)
    await message.answer(NAME)


@router.message(Form.name, F.text)
async def named(message: Message, state: FSMContext) -> None:
    await state.update_data(name=message.text)
    await state.set_state(Form.kind)
    await message.answer(KIND, reply_markup=_keyboard(*KINDS.values()))


@router.message(Form.kind, F.text.in_(KINDS.values()))
async def chosen(message: Message, state: FSMContext) -> None:
    await state.update_data(kind=message.text)
    await state.set_state(Form.count)
    await message.answer(COUNT, reply_markup=ReplyKeyboardRemove())


@router.message(Form.count, F.text.isdigit())
async def counted(message: Message, state: FSMContext) -> None:
    await state.update_data(count=int(message.text or ""))
    await state.set_state(Form.details)
    await message.answer(DETAILS)


@router.message(Form.details, F.text)
async def described(message: Message, state: FSMContext) -> None:
    data = await state.update_data(details=message.text)
    await state.set_state(Form.review)
    lines = "\n".join(f"{label}: {value}" for label, value in data.items())
    await message.answer(lines, reply_markup=_keyboard(CONFIRM))


@router.message(Form.review, F.text == CONFIRM)
async def confirmed(message: Message, state: FSMContext) -> None:
    await state.clear()
    code = f"{secrets.randbelow(10**10):010}"
    await message.answer(f"{code[:5]} {code[5:]}", reply_markup=ReplyKeyboardRemove())


def main() -> None:
    port, api_url, redis_url = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api_url)))
    dispatcher = Dispatcher(storage=RedisStorage.from_url(redis_url))
    dispatcher.include_router(router)
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=WEBHOOK_SECRET).register(app, PATH)
    setup_application(app, dispatcher, bot=bot)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
