"""`pishkhan chat` through a pipe, beside the running server and on its data, rendered as each channel would."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.citizen import EXECUTABLE, PERSIAN, PLACE, answers, case, code_in, listed, move, picture, word
from tests.e2e.process import PATIENCE, Counter

NEWS = 10.0  # seconds until the desk's news have to be on an open screen
SPOKEN_CODE = re.compile(r"[1-9]\d{4} \d{5}")


class Terminal:
    """A person at the keyboard: types a line, reads until the answer that he waits for."""

    def __init__(self, counter: Counter, *options: str) -> None:
        self.process = counter.popen(
            "chat", *options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.screen = ""
        self.patience = PATIENCE

    def reads(self, words: str, since: int = 0) -> str:
        """What has been printed since, as soon as these words are in it and the answer is complete. Blocking."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + self.patience
        buffer = b""
        while words not in self.screen[since:] or not self.screen.endswith("\n\n"):
            assert time.monotonic() < deadline, f"{words!r} is not in {self.screen[since:]!r}"
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read().decode()
            buffer += self.process.stdout.read() or b""
            whole, newline, buffer = buffer.rpartition(b"\n")
            self.screen += (whole + newline).decode()
            time.sleep(0.01)
        return self.screen[since:]

    def types(self, line: str, words: str) -> str:
        """The answer, once these words are in it. Blocking."""
        assert self.process.stdin is not None
        since = len(self.screen)
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return self.reads(words, since)

    def leaves(self) -> None:
        """Blocking; it has to end well."""
        _, errors = self.process.communicate(b":quit\n", PATIENCE)
        assert self.process.returncode == 0, errors.decode()
        assert "Traceback" not in errors.decode()


Sit = Callable[..., Terminal]


@pytest.fixture
def sit(counter: Counter) -> Iterator[Sit]:
    """`sit("--channel", "sms")` → a terminal, greeted."""
    open_ones: list[Terminal] = []

    def begin(*options: str) -> Terminal:
        open_ones.append(Terminal(counter, *options))
        return open_ones[-1]

    yield begin
    for terminal in open_ones:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.communicate()


# What tells on each channel that it has begun, shown its choices, and told a status.
SIGNS = {
    "web": (word("menu.ask"), "[۱) یک چراغ خاموش است]", "مرحلهٔ ۱ از ۴"),
    "telegram": (word("menu.ask"), "[۱) یک چراغ خاموش است]", "مرحلهٔ ۱ از ۴"),
    "sms": ("۱. ادامه", "۱. یک چراغ خاموش است", "، ۱ پیامک"),
}


@pytest.mark.parametrize("channel", list(SIGNS))
async def test_a_form_to_its_code_and_tracking_it(
    sit: Sit, counter: Counter, http: aiohttp.ClientSession, channel: str
) -> None:
    begun, choice, status = SIGNS[channel]

    def at_the_keyboard() -> str:
        me = sit("--channel", channel, "--from", "09121234567")
        me.reads(begun)
        assert "۱۲۱" in me.types("چراغ کوچه‌مون خاموشه، به کی بگم؟", "آیا کمک کرد؟")
        assert choice in me.types("/form/street_light_report", "(۱ از ۵)")
        me.types("۲", "(۲ از ۵)")
        me.types(PLACE, "(۳ از ۵)")
        assert "روی پلاک کوچک تیر" in me.types("شمارهٔ تیر چراغ برق کجاست؟", "(۳ از ۵)")
        me.types("رد شدن", "(۴ از ۵)")
        me.types("رد شدن", "(۵ از ۵)")
        assert "همهٔ چراغ‌های کوچه خاموش است" in me.types("۰۹۱۲۱۲۳۴۵۶۷", "لطفاً یک بار ببینید")
        code = code_in(me.types("تأیید", "کد رهگیری"))
        assert "ثبت‌شده" in me.types(f"کد {code[:5]} {code[5:]} چی شد؟".translate(PERSIAN), status)
        me.leaves()
        return code

    code = await asyncio.to_thread(at_the_keyboard)
    request = await case(http, counter, code)
    assert request["channel"] == ("console" if channel == "web" else channel)
    assert answers(request) == {
        "fault": "many_off",
        "place": {"text": PLACE},
        "mobile": "+989121234567",
    }


async def test_a_form_by_keys_as_a_caller_hears_it(sit: Sit, counter: Counter, http: aiohttp.ClientSession) -> None:
    """The keys of the main menu, words typed as if spoken after the beep, `*1` in a question for digits."""

    def at_the_keyboard() -> None:
        me = sit("--channel", "voice", "--from", "09121234567")
        me.reads("خرابیِ چراغِ کوچه و خیابان، کلیدِ دو")
        assert "یک چراغ خاموش است، کلیدِ یک" in me.types("2", "پرسشِ یک از پنج")
        me.types("2", "پرسشِ دو از پنج")
        me.types(PLACE, "پرسشِ سه از پنج")
        me.types("1", "پرسشِ چهار از پنج")
        me.types("1", "پرسشِ پنج از پنج")
        me.types("*1", "تأیید و ثبت، کلیدِ یک")
        assert "تکرار می‌کنم" in me.types("1", "این کد را یادداشت کنید")
        me.leaves()

    await asyncio.to_thread(at_the_keyboard)
    request, *_ = await listed(http, counter)
    assert (request["channel"], request["form"]) == ("voice", "street_light_report")


async def test_a_draft_waits_for_the_next_evening(
    sit: Sit, counter: Counter, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """The terminal is left in the middle; the next one goes on, with files of its own, and hears the desk's news."""
    (tmp_path / "چراغ.png").write_bytes(picture())
    (tmp_path / "نقشه.pdf").write_bytes(EXECUTABLE)

    def evening() -> None:
        me = sit("--from", "ann")
        me.reads(word("menu.ask"))
        me.types("/form/street_light_report", "(۱ از ۵)")
        me.types("۳", "(۲ از ۵)")
        me.types(PLACE, "(۳ از ۵)")
        me.leaves()

    def next_evening() -> str:
        me = sit("--from", "ann")
        me.reads("(۳ از ۵)")
        me.types("رد شدن", "(۴ از ۵)")
        assert word("file.not_what_it_says") in me.types(f":file {tmp_path}/نقشه.pdf", "(۴ از ۵)")
        me.types(":file /nowhere/at/all", "No such file")
        me.types(f":file {tmp_path}/چراغ.png", "۱ پرونده")
        me.types(word("nav.done"), "(۵ از ۵)")
        me.types("09121234567", "چشمک می‌زند")
        code = code_in(me.types("۱", "کد رهگیری"))
        me.leaves()
        return code

    await asyncio.to_thread(evening)
    code = await asyncio.to_thread(next_evening)
    request = await case(http, counter, code)
    assert [a["name"] for a in request["attachments"]] == ["چراغ.png"]

    await move(http, counter, code, status="in_review", note="فردا می‌آییم.")

    def third_evening() -> None:
        me = sit("--from", "ann")
        me.reads(word("menu.ask"))
        assert "فردا می‌آییم." in me.types(code, "مرحلهٔ ۲ از ۴") + me.types("تاریخچه", "فردا می‌آییم.")
        me.leaves()

    await asyncio.to_thread(third_evening)


async def test_the_desk_s_news_come_to_the_open_terminal(
    sit: Sit, counter: Counter, http: aiohttp.ClientSession
) -> None:
    """Closed by the officer's command while the citizen sits there: the notice, then the survey, which is answered."""

    def files() -> tuple[Terminal, str]:
        me = sit("--from", "bea")
        me.reads(word("menu.ask"))
        me.types("/form/officer_message", "(۱ از ۲)")
        me.types("لطفاً با من تماس بگیرید.", "(۲ از ۲)")
        me.types("رد شدن", "لطفاً یک بار ببینید")
        return me, code_in(me.types("تأیید", "کد رهگیری"))

    me, code = await asyncio.to_thread(files)
    await asyncio.to_thread(counter.officer, code, "closed", note="تماس گرفتیم.")
    await counter.all_told()
    before = len(me.screen)

    def hears_and_rates() -> None:
        me.patience = NEWS
        assert "تماس گرفتیم." in me.reads("چقدر از این خدمت راضی بودید", before)
        me.types("۵", "آیا کارتان انجام شد؟")
        me.types("بله", "اگر سخنی دارید بنویسید")
        me.types("رد شدن", "نظر شما ثبت شد")
        me.leaves()

    await asyncio.to_thread(hears_and_rates)
    assert (await case(http, counter, code))["rated"]


async def test_everything_piped_at_once(counter: Counter, http: aiohttp.ClientSession) -> None:
    """`printf … | pishkhan chat`: as a script uses it."""
    lines = ["/form/officer_message", "لطفاً به این پیام رسیدگی کنید.", "رد شدن", "تأیید", "درخواست‌های من"]

    def piped() -> str:
        process = counter.popen("chat", "--from", "script", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, _ = process.communicate("\n".join(lines).encode(), PATIENCE)  # its end is the end of the talk
        assert process.returncode == 0
        return out.decode()

    said = await asyncio.to_thread(piped)
    assert said.count("درخواست شما ثبت شد") == 1
    (code,) = {found.replace(" ", "") for found in SPOKEN_CODE.findall(said)} - {"1234567890"}
    assert (await case(http, counter, code))["answers"][0]["value"] == lines[1]
