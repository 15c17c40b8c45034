"""Our own share of a turn: the engine with its dialogs and the rendering; and the understanding of free words. In this
process, one turn after the other, in CPU time of the thread.
"""

from __future__ import annotations

import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from time import thread_time

from bench.conversation import form
from bench.found import Found, Plan, Table
from bench.pool import Pool
from bench.systems import content
from bot.channels.telegram.dialects import TELEGRAM
from bot.channels.telegram.outgoing import Composer
from bot.content import load
from bot.core.catalogue import Catalogue
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import Match, Nlu, Reading
from bot.core.sessions import Session
from bot.nlu.model import EmbeddedNlu
from tests.conversation import Conversation

FORMS = 300
ROUNDS_OF_WORDS = 15
SAID = (
    "سلام",
    "چراغ کوچه‌ی ما خاموش است",
    "می‌خوام ببینم درخواستم به کجا رسیده",
    "ساعت کاری شما چیست؟",
    "برای پروانه ساختمان چه مدارکی لازم است؟",
    "زباله رو کی می‌برن",
    "یک چاله‌ی بزرگ وسط خیابان هست",
    "هزینه پروانه چقدر است",
    "می‌خواهم با یک نفر صحبت کنم",
    "یک پیشنهاد دارم",
    "salam, cheragh e kuche kharabe",
    "قیمت دلار چند است",
    "۱۲۳۴۵ ۶۷۸۹۰",
    "از رفتار مامور شما شکایت دارم، دیروز ساعت ۱۰ آمد و بی‌احترامی کرد",
    "ممنون از راهنمایی شما",
)


class Timed:
    """An understanding that adds up what it costs."""

    def __init__(self, nlu: Nlu) -> None:
        self._nlu = nlu
        self.seconds = 0.0

    async def read(self, text: str, language: str) -> Reading:
        began = thread_time()
        try:
            return await self._nlu.read(text, language)
        finally:
            self.seconds += thread_time() - began

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        began = thread_time()
        try:
            return await self._nlu.answers(text, language, service=service, limit=limit)
        finally:
            self.seconds += thread_time() - began

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        began = thread_time()
        try:
            return self._nlu.parse(kind, text, today=today)
        finally:
            self.seconds += thread_time() - began


@cache
def understood() -> tuple[Catalogue, Nlu]:
    """Our content with the forms of the bench, learnt."""
    with tempfile.TemporaryDirectory(prefix="pishkhan-bench-") as folder:
        catalogue = load(content(Path(folder)))
    return catalogue, EmbeddedNlu.train(catalogue)


async def after_a_form() -> Session:
    """A session as it is stored when a form was filled in and filed."""
    talk = Conversation(*understood(), restart=False)
    address = Address("telegram", "1")
    for number, turn in enumerate(form(1)):
        await talk.gateway.receive(Inbound(str(number), address, Event.MESSAGE, text=turn.say))
    async with talk.sessions.open(await talk.gateway.contacts.resolve(address)) as opened:
        return opened.session


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    catalogue, nlu = understood()
    timed = Timed(nlu)
    talk = Conversation(catalogue, timed, restart=False)
    composer = Composer(talk.renderer, TELEGRAM)
    found = Found()
    f = found.figures
    f["share engine"], f["share values"], f["share render"] = await _forms(talk, timed, composer, plan.count(FORMS))
    f["share own"] = f["share engine"] + f["share render"]
    f["share words"], f["share word turn"] = await _words(talk, timed, max(2, plan.count(ROUNDS_OF_WORDS)))
    found.tables.append(
        Table(
            "Our share of a turn, CPU",
            ("what", "µs"),
            [
                ("engine and dialogs, a turn of the form (the desk in memory)", f"{f['share engine']:.0f}"),
                ("rendering for Telegram", f"{f['share render']:.0f}"),
                ("understanding the values of a form", f"{f['share values']:.0f}"),
                (f"understanding free words ({len(SAID)} wishes and questions)", f"{f['share words']:.0f}"),
                ("engine and dialogs of a turn with free words", f"{f['share word turn']:.0f}"),
            ],
        )
    )
    return found


async def _forms(talk: Conversation, timed: Timed, composer: Composer, count: int) -> tuple[float, float, float]:
    """Microseconds of a turn: engine, understanding, rendering."""
    engine = render = 0.0
    timed.seconds = 0.0
    turns = 0
    for user in range(count):
        session = Session(f"c{user}")
        for number, turn in enumerate(form(user)):
            heard = Inbound(f"{number}", Address("telegram", f"{user}"), Event.MESSAGE, text=turn.say)
            began = thread_time()
            session, replies = await talk.engine.advance(session, heard, talk.now)
            middle = thread_time()
            composer.messages(replies, "fa", keyboard_up=False)
            render += thread_time() - middle
            engine += middle - began
            turns += 1
    return tuple(1e6 * seconds / turns for seconds in (engine - timed.seconds, timed.seconds, render))  # type: ignore[return-value]


async def _words(talk: Conversation, timed: Timed, rounds: int) -> tuple[float, float]:
    """Microseconds of an utterance by somebody who is in no form: understanding, and all the rest of the engine."""
    both = 0.0
    for round in range(rounds):
        if round == 1:  # what the first round has warmed
            both = timed.seconds = 0.0
        for n, words in enumerate(SAID):
            heard = Inbound("1", Address("telegram", f"w{n}"), Event.MESSAGE, text=words)
            began = thread_time()
            await talk.engine.advance(Session(f"w{n}"), heard, talk.now)
            both += thread_time() - began
    turns = (rounds - 1) * len(SAID)
    return 1e6 * timed.seconds / turns, 1e6 * (both - timed.seconds) / turns
