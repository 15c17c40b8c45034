"""The editors' loop as it is typed: asked, not known, listed, accepted, known."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.commands import questions, understanding
from bot.commands.errors import Ended
from bot.commands.questions import Answer
from bot.content import load
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import Match
from bot.core.requests import Miss, Missed
from bot.desk.service_desk import ServiceDesk
from bot.settings import Settings
from bot.stores.records import SqlRecords
from tests.app.serving import serving, settings_of, until
from tests.content.conftest import write
from tests.conversation import KNOWLEDGE_BASE

GOLDFISH = ("توی حوض پارک لاله می‌شه ماهی قرمز رها کرد؟", "ماهی قرمز عید رو تو حوض پارک لاله رها کنم؟")
PHONE = "۰۹۱۲ ۱۲۳ ۴۵۶۷"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A desk with a small content of its own."""
    write(tmp_path / "knowledge_base")
    return settings_of(tmp_path / "data", content_dir=tmp_path / "knowledge_base")


@pytest.fixture
def whole(tmp_path: Path) -> Settings:
    """One with a copy of the project's own content."""
    content = Path(shutil.copytree(KNOWLEDGE_BASE, tmp_path / "whole"))
    return settings_of(tmp_path / "data", content_dir=content)


def missed(settings: Settings, *texts: str, masked: bool = True, **more: Any) -> None:
    """`masked`: as today; versions before 0.3 kept questions as they were."""

    async def record() -> None:
        catalogue = app.load_content(settings)
        stores, desk = app.desk(settings, lambda: catalogue)
        if not masked:
            desk = ServiceDesk(SqlRecords(stores.database), lambda: catalogue, lambda: datetime.now(UTC))
        async with stores.opened():
            for text in texts:
                number = len(await desk.misses()) + 1000 * len(await desk.misses("accepted"))
                miss = Miss(text, **{"language": "fa", "channel": "web", "reason": "unknown", **more})
                await desk.miss(miss, key=f"{number}:{text}")

    asyncio.run(record())


def kept(settings: Settings, state: str) -> Sequence[Missed]:
    async def read() -> Sequence[Missed]:
        catalogue = app.load_content(settings)
        stores, desk = app.desk(settings, lambda: catalogue)
        async with stores.opened():
            return await desk.misses(state)

    return asyncio.run(read())


def accept(settings: Settings, cluster: str, answer: Answer, **more: Any) -> str:
    return questions.accepted(settings, cluster, answer, **{"picked": (), "texts": (), "dry_run": False, **more})


def listed(settings: Settings) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(questions.listed(settings, limit=20, json=True))
    return found


NEW = Answer(
    new="goldfish",
    service="lights",
    questions=("آیا می‌شود ماهی قرمز را در حوض پارک رها کرد؟", "May I release goldfish in a park pond?"),
    answers=("نه؛ ماهی قرمز به آبزیان دیگر آسیب می‌زند.", "No, goldfish harm other animals."),
)


# --- the whole loop -----------------------------------------------------------------------------


async def test_what_was_not_known_is_known_after_it_is_accepted(whole: Settings) -> None:
    asked = GOLDFISH[0]
    async with serving(whole) as client:
        counter = client.app[app.COUNTER]

        async def answers() -> tuple[Match, ...]:
            return await counter.live.nlu.answers(asked, "fa")

        async def ask(number: int) -> str:
            heard = Inbound(f"m{number}", Address("console", "citizen"), Event.MESSAGE, text=asked)
            outcome = await counter.gateway.receive(heard)
            return " ".join(counter.renderer.text(reply.say, "fa") for reply in outcome.replies)

        assert NEW.answers[0] not in await ask(1)
        (cluster,) = await asyncio.to_thread(listed, whole)
        texts = (*GOLDFISH, "ماهی عید رو کجا ول کنیم", "goldfish in the pond")
        answer = replace(NEW, service="pothole")
        told = await asyncio.to_thread(lambda: accept(whole, cluster["id"], answer, texts=texts))
        assert told == "faq/city_care.yaml is written, 1 wording accepted"

        async def known() -> bool:
            return "goldfish" in counter.live.catalogue.faq

        await until(known)
        first = (await answers())[0]
        assert (first.id, first.sure) == ("faq/goldfish", True)
        assert NEW.answers[0] in await ask(2)
        assert await asyncio.to_thread(listed, whole) == []


# --- listing ------------------------------------------------------------------------------------


def test_the_list_tells_what_to_do(settings: Settings) -> None:
    missed(settings, *GOLDFISH, GOLDFISH[0], channel="sms")
    missed(settings, f"شماره‌ام {PHONE} را عوض کنید", reason="meant", chosen="faq/light_time")
    told = questions.listed(settings, limit=20, json=False)
    assert "q1  asked 3 times, " in told
    assert "sms" in told
    assert f"  1. {GOLDFISH[0]}  (2)\n" in told
    assert "شماره‌ام ••• را عوض کنید" in told
    assert PHONE not in told
    assert told.endswith("4 questions in 2 clusters")
    assert questions.listed(settings, limit=1, json=False).endswith("2 clusters, 1 of them shown")
    assert questions.shown(settings, "q1", json=False) in told


def test_the_list_as_json(settings: Settings) -> None:
    entry = next(iter(load(settings.content_dir).faq))
    missed(settings, f"پرندهٔ {PHONE} دیدم", reason="meant", chosen=f"faq/{entry}", nearest=(f"faq/{entry}",))
    missed(settings, "نشد که نشد", reason="unhelpful", entry=entry)
    meant, unhelpful = listed(settings)
    assert meant["proposal"] == f"faq/{entry}"
    assert (meant["times"], meant["chosen"], meant["score"]) == (1, 1, 1.0)
    assert meant["wordings"] == [{"text": "پرندهٔ ••• دیدم", "times": 1}]
    assert unhelpful["unhelpful"] == f"faq/{entry}"
    assert unhelpful["first"] == unhelpful["last"]


def test_a_terminal_is_not_commanded(settings: Settings) -> None:
    missed(settings, "ماهی\x1b[2J قرمز\u202e " + "دراز " * 50)
    told = questions.listed(settings, limit=20, json=False)
    assert "ماهی[2J قرمز دراز" in told
    assert "…  (1)" in told


def test_as_it_is_typed(settings: Settings) -> None:
    missed(settings, *GOLDFISH, "قیمت گوشت کیلویی چنده")
    environment = {"DATA_DIR": str(settings.data_dir), "CONTENT_DIR": str(settings.content_dir), "PYTHONUTF8": "1"}
    path = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "bot", *words]
        done = subprocess.run(
            command, env=path | environment, cwd=settings.data_dir, capture_output=True, text=True, timeout=60
        )
        return done.stdout + done.stderr

    assert "q1  asked 2 times" in run("questions")
    assert "+++ faq/care.yaml" in run("questions", "accept", "q1", "--as", "light_out", "--only", "1", "--dry-run")
    assert run("questions", "accept", "q1", "--as", "nothing").startswith("pishkhan: there is no entry `nothing`; ")
    assert run("questions", "dismiss", "q3") == "1 wording dismissed\n"
    assert run("questions", "check").startswith("0 ways of asking")
    assert run("understand", GOLDFISH[0]).startswith("words   توی حوض پارک لاله")


# --- accepting ----------------------------------------------------------------------------------


def test_wordings_become_variants_of_an_entry(settings: Settings) -> None:
    missed(settings, *GOLDFISH)
    before = load(settings.content_dir).faq["light_out"]
    dry = accept(settings, "q1", Answer(entry="light_out"), dry_run=True)
    assert f"برق کوچه رفته, {GOLDFISH[0]}, {GOLDFISH[1]}]" in dry
    assert load(settings.content_dir).faq["light_out"] == before
    assert len(kept(settings, "open")) == 2
    told = accept(settings, "q1", Answer(entry="light_out"))
    assert told.startswith("faq/care.yaml is written, ")
    after = load(settings.content_dir).faq["light_out"]
    assert after.variants["fa"][: len(before.variants["fa"])] == before.variants["fa"]
    assert set(GOLDFISH) <= set(after.variants["fa"])
    assert after.variants["en"] == before.variants["en"]
    assert len(kept(settings, "accepted")) == 2
    missed(settings, *GOLDFISH)
    assert listed(settings) == [], "they are answered now"


def test_only_what_is_picked_is_written(settings: Settings) -> None:
    missed(settings, *GOLDFISH, GOLDFISH[1])
    told = accept(settings, "q1", Answer(entry="light_out"), picked=[1])
    assert told == "faq/care.yaml is written, 1 wording accepted, 1 left open, 1 of them would be told the same now"
    assert GOLDFISH[1] in load(settings.content_dir).faq["light_out"].variants["fa"]
    assert GOLDFISH[0] not in load(settings.content_dir).faq["light_out"].variants["fa"]
    assert [m.miss.text for m in kept(settings, "open")] == [GOLDFISH[0]]


def test_wordings_become_examples_of_an_intent(settings: Settings) -> None:
    missed(settings, "یه آدم حسابی بیاد پای کار", "یه آدم حسابی بیاد پای کار!!")
    assert accept(settings, "q1", Answer(intent="greet")) == "nlu/intents.yaml is written, 1 wording accepted"
    assert ("greet", "یه آدم حسابی بیاد پای کار") in {(e.intent, e.text) for e in load(settings.content_dir).examples}
    assert len(kept(settings, "accepted")) == 2


@pytest.mark.parametrize("masked", [True, False])
def test_nobody_s_data_is_written(settings: Settings, masked: bool) -> None:
    missed(settings, f"ماهی قرمز من {PHONE} مرده", masked=masked)
    with pytest.raises(Ended, match="hold personal data"):
        accept(settings, "q1", Answer(entry="light_out"))
    accept(settings, "q1", Answer(entry="light_out"), texts=["ماهی قرمزم مرده"])
    assert load(settings.content_dir).faq["light_out"].variants["fa"][-1] == "ماهی قرمزم مرده"
    assert listed(settings) == []


def test_accepting_again_after_a_crash_writes_nothing_twice(settings: Settings) -> None:
    missed(settings, GOLDFISH[0])
    accept(settings, "q1", Answer(entry="light_out"))
    file = settings.content_dir / "faq" / "care.yaml"
    before = file.read_bytes()
    missed(settings, GOLDFISH[0], reason="meant", chosen="faq/light_time")
    (cluster,) = listed(settings)
    told = accept(settings, cluster["id"], Answer(entry="light_out"))
    assert told == "faq/care.yaml says it already, 1 wording accepted"
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("cluster", "answer", "more", "why"),
    [
        ("q9", Answer(entry="light_out"), {}, "no open cluster is called q9"),
        ("q1", Answer(), {}, "say one of --as"),
        ("q1", Answer(entry="a", intent="b"), {}, "say one of --as"),
        ("q1", Answer(entry="light_oot"), {}, "did you mean `light_out`"),
        ("q1", Answer(intent="gret"), {}, "did you mean `greet`"),
        ("q1", Answer(entry="light_out"), {"picked": [7]}, "q1 has no wording 7; it has 2 wordings"),
        ("q1", Answer(new="goldfish"), {}, "needs --question in en too"),
        ("q1", Answer(new="goldfish", questions=NEW.questions), {}, "needs --answer in en and fa too"),
        ("q1", Answer(new="goldfish", questions=NEW.questions, answers=NEW.answers), {}, "say with --file"),
        ("q1", NEW, {}, "2 different variants in `fa`; write at least 3"),
        ("q1", replace(NEW, new="light_out"), {}, "there is an entry `light_out` already"),
    ],
)
def test_what_cannot_be_done_is_said(
    settings: Settings, cluster: str, answer: Answer, more: dict[str, Any], why: str
) -> None:
    missed(settings, *GOLDFISH)
    with pytest.raises(Ended, match=why):
        accept(settings, cluster, answer, **more)
    assert len(kept(settings, "open")) == 2


# --- dismissing ---------------------------------------------------------------------------------


def test_what_is_dismissed_is_listed_no_more(settings: Settings) -> None:
    missed(settings, "قیمت گوشت کیلویی چنده", "خیلی ممنونم از زحمت شما و گوسفندتون")
    first, second = (cluster["id"] for cluster in listed(settings))
    assert questions.dismissed(settings, first, picked=()) == "1 wording dismissed"
    assert [cluster["id"] for cluster in listed(settings)] == [second]
    assert questions.dismissed(settings, second, picked=[1]) == "1 wording dismissed"
    assert questions.listed(settings, limit=20, json=False) == "no open questions"
    missed(settings, "قيمت گوشت  كيلويي چنده؟")
    assert listed(settings) == []


# --- understanding ------------------------------------------------------------------------------


def test_understanding_is_told(whole: Settings) -> None:
    said = f"عوارض نوسازی رو چطوری پرداخت کنم؟ {PHONE}"
    found = json.loads(understanding.understood(whole, said, service="renovation_tax", json=True))
    assert found["answers"][0]["id"] == "faq/renovation_pay"
    assert {"عوارض", "نوسازی"} <= set(found["answers"][0]["by"])
    mobiles = [entity for entity in found["entities"] if entity["kind"] == "mobile"]
    assert [(mobile["value"], mobile["text"]) for mobile in mobiles] == [("+989121234567", PHONE)]
    told = understanding.understood(whole, "عوارض نوسازی را چطور پرداخت کنم؟", service="", json=False)
    assert "answer  faq/renovation_pay" in told
    assert "told as right" in told
    assert "\ndoes    says " in told
    with pytest.raises(Ended, match="no service nothing"):
        understanding.understood(whole, "سلام", service="nothing", json=False)
    assert "opens track" in understanding.understood(whole, "می‌خوام درخواستم رو پیگیری کنم", service="", json=False)
