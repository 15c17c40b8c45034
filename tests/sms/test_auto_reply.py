"""A telephone that answers every text message by itself: the desk soon stops paying for it, and a person still gets
through."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.render import Renderer
from bot.dialogs.engine import Engine
from bot.dialogs.pace import Pacing
from bot.dialogs.registry import build
from bot.gateway import Gateway
from bot.stores.memory import MemoryContacts, MemorySessions
from tests.conversation import content
from tests.dialogs.small_desk import NOW, PaperDesk
from tests.sms.conftest import Start
from tests.sms.desk import SECRET, Counter, http
from tests.sms.test_http import HEARD

DRIVING = "این یک پاسخ خودکار است. در حال رانندگی هستم و بعداً پاسخ می‌دهم."


class Telephone:
    """Text messages twenty seconds apart."""

    def __init__(self) -> None:
        self.now = NOW
        self.count = 0

    async def start(self, start: Start) -> None:
        catalogue, nlu = content()
        words = Renderer(lambda: catalogue.phrases)
        engine = Engine(build(catalogue, nlu, PaperDesk()), words, pacing=Pacing())
        gateway = Gateway(MemorySessions(), MemoryContacts(), engine, clock=lambda: self.now)
        self.counter: Counter = await start(http, gateway=gateway, renderer=words)

    async def texts(self, *texts: str) -> int:
        """How many messages have been sent to it by now."""
        for text in texts:
            self.count += 1
            self.now += timedelta(seconds=20)
            called = {**HEARD, "text": text, "id": f"m{self.count}"}
            assert await self.counter.call("POST", f"/channels/sms/http/{SECRET}", data=called) == 200
        return len(self.counter.texts)


async def test_an_automatic_answer_is_answered_a_few_times_and_then_costs_nothing(start: Start) -> None:
    telephone = Telephone()
    await telephone.start(start)
    assert await telephone.texts(*[DRIVING] * 5) == 5
    assert "منو" in telephone.counter.texts[-1][1], "it is said once how a person gets through"
    assert await telephone.texts(*[DRIVING] * 25) == 5
    assert await telephone.texts("کارشناس") == 6
    assert await telephone.texts("سلام", "سلام", "سلام") == 9
