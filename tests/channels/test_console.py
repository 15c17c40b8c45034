"""The terminal, rendered as each channel would."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.console import Console, chat
from bot.channels.render import Renderer
from bot.channels.voice.speech import Speaker
from bot.content import load
from bot.core.messages import Address, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from bot.core.voice_content import VoiceContent
from tests.channels.counter import PHRASES, KeptFiles, NotedContacts, ScriptedGateway, echo

CONSOLE = {
    "console.no_file": {"fa": "فایل خوانده نشد: {why}", "en": "The file could not be read: {why}"},
    "console.segments": {"fa": "{encoding}، {units} واحد، {parts} پیامک", "en": "-"},
    "voice.key": {"fa": "برای {label}، کلید {key}", "en": "-"},
    "voice.digits": {"fa": "رقم‌ها را وارد کنید", "en": "-"},
    "voice.code_again": {"fa": "تکرار می‌کنم", "en": "-"},
    "sms.more": {"fa": "ادامه", "en": "More"},
    "sms.more_choices": {"fa": "گزینه‌های دیگر", "en": "More choices"},
}
SPOKEN = """کد شما یک، دو، سه، چهار، پنج؛ شش، هفت، هشت، نُه، هفت
تکرار می‌کنم
یک، دو، سه، چهار، پنج؛ شش، هفت، هشت، نُه، هفت است.
برای بله، کلید یک
برای نه، کلید دو

"""
LONG = "\n".join(f"جملهٔ شمارهٔ {n} از نوشته‌ای که در یک پیامک جا نمی‌شود." for n in range(7))
CHOICES = (Choice("v~yes", Phrase("yes")), Choice("v~no", Phrase("no")), Choice("/back", Phrase("back"), nav=True))
ASK = Reply(Phrase("code", {"code": Term("code", "1234567897")}), CHOICES, Expect(Kind.CHOICE))
COUNT = Reply(Phrase("two"), CHOICES[2:], Expect(Kind.NUMBER))


class Desk(ScriptedGateway):
    def __init__(self) -> None:
        super().__init__(self.answer)
        self.contacts = NotedContacts()

    @staticmethod
    def answer(heard: Inbound) -> tuple[Reply, ...]:
        if heard.event is Event.START:
            return (ASK,)
        if heard.text == "long" or heard.value.startswith("/more/"):
            told = int(heard.value.removeprefix("/more/") or 0)
            return (Reply(Phrase("echo", {"words": LONG}), skip=told),)
        return (COUNT,) if heard.text == "count" else echo(heard)


async def talk(
    typed: str, channel: str = "web", refuse: str = "", address: str = "ann"
) -> tuple[str, list[Inbound], KeptFiles]:
    desk, files, output = Desk(), KeptFiles(refuse), io.StringIO()
    console = Console(
        desk,  # type: ignore[arg-type]
        Renderer(lambda: {**PHRASES, **CONSOLE}),
        files,
        channel=channel,
        address=address,
        output=output,
        speaker=Speaker(lambda: {**PHRASES, **CONSOLE}, VoiceContent),
    )

    async def lines() -> AsyncIterator[str]:
        for line in typed.splitlines(keepends=True):
            yield line

    await chat(console, lines())
    return output.getvalue(), desk.heard, files


@pytest.mark.parametrize(
    ("channel", "shown"),
    [
        ("web", "کد شما 12345 67897 است.\n  [۱) بله]\n  [۲) نه]\n  [۳) بازگشت]\n\n"),
        ("telegram", "کد شما 12345 67897 است.\n  [۱) بله]\n  [۲) نه]\n  [۳) بازگشت]\n\n"),
        ("sms", "کد شما 1234567897 است.\n۱. بله\n۲. نه\nبازگشت\n-- UCS-2، ۴۲ واحد، ۱ پیامک\n\n"),
        ("voice", SPOKEN),
    ],
)
async def test_as_each_channel_would(channel: str, shown: str) -> None:
    output, heard, _ = await talk("", channel)
    assert output == shown
    assert [(h.event, h.address) for h in heard] == [
        (Event.START, Address("console" if channel == "web" else channel, "ann"))
    ]


async def test_words_numbers_and_leaving() -> None:
    output, heard, _ = await talk("۲\n3\nسلام\n:quit\nnever heard\n")
    assert [(h.event, h.text, h.value) for h in heard[1:]] == [
        (Event.CHOICE, "", "v~no"),
        (Event.MESSAGE, "3", ""),  # nothing is offered any more
        (Event.MESSAGE, "سلام", ""),
    ]
    assert output.endswith("شنیدم: سلام\n\n")
    assert len({h.id for h in heard}) == len(heard)


async def test_a_number_is_an_answer_where_a_number_is_asked() -> None:
    output, heard, _ = await talk("count\n1\n")
    assert "دومی\n  [بازگشت]\n\n" in output
    assert (heard[-1].event, heard[-1].text) == (Event.MESSAGE, "1")


async def test_a_number_is_text_where_there_are_no_buttons() -> None:
    _, heard, _ = await talk("1\n", "sms")
    assert (heard[-1].event, heard[-1].text) == (Event.MESSAGE, "1")


async def test_a_long_text_goes_on_as_on_the_telephone() -> None:
    output, heard, _ = await talk("long\n۱\n۱\n", "sms")
    assert [(h.event, h.text) for h in heard[1:]] == [
        (Event.MESSAGE, "long"),
        (Event.CHOICE, ""),
        (Event.MESSAGE, "۱"),  # everything is told
    ]
    assert output.count("۱. ادامه\n-- UCS-2") == 1
    assert all(line in output for line in LONG.split("\n"))


@pytest.mark.parametrize("channel", ["sms", "voice"])
async def test_a_number_in_any_spelling_is_one_address(channel: str) -> None:
    for spelling in ("09121234567", "00989121234567", "+98 912 123 4567", "۰۹۱۲۱۲۳۴۵۶۷"):
        _, heard, _ = await talk("", channel, address=spelling)
        assert heard[0].address == Address(channel, "+989121234567")
    assert (await talk("", "web", address="0912"))[1][0].address == Address("console", "0912")


async def test_files(tmp_path: Path) -> None:
    file = tmp_path / "my plan.pdf"
    file.write_bytes(b"%PDF-1.7")
    output, heard, files = await talk(f":file {file}\n:file {tmp_path}/none.pdf\n")
    (stored, data, contact) = files.kept["f1"]
    assert (stored.name, data, contact) == ("my plan.pdf", b"%PDF-1.7", "contact of console:ann")
    assert heard[-1].files == (stored,)
    assert "فایل خوانده نشد: No such file or directory" in output
    _, heard, _ = await talk(f":file {file}\n", refuse="file.type_not_allowed")
    assert heard[-1].problem == "file.type_not_allowed"


def test_the_phrases_are_written() -> None:
    phrases = load(Path(__file__).parents[2] / "knowledge_base").phrases
    needed = {*CONSOLE, *(k for k in PHRASES if k.startswith("telegram.")), "telegram.file_lost", "message.unsupported"}
    for key in needed:
        assert phrases[key]["fa"] and phrases[key]["en"]
