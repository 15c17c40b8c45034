"""Where news go: what is offered to whom, and what a mailbox that somebody else had brings along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.core.messages import Address
from bot.core.ports import Consent, Way
from bot.dialogs.news_way import offered
from tests.conversation import Conversation

HERE = Address("telegram", "5")
NUMBER = "+989121234567"
MAIL = Address("mail", "ann@example.com")


@dataclass
class Means:
    """What there is to send by."""

    mailing: bool = True
    texting: bool = True

    def can_text(self, number: str = "") -> bool:
        return self.texting


def at(ways: list[Way], means: Means | None = None) -> tuple[list[str], object]:
    found = offered(ways, HERE, means or Means())  # type: ignore[arg-type]
    return [":".join(way) for way in found["ways"]], found["now"]


def test_the_place_that_is_spoken_from_comes_first_and_a_telephone_once() -> None:
    ways = [Way(MAIL), Way(Address("sms", NUMBER)), Way(Address("voice", NUMBER)), Way(HERE)]
    assert at(ways) == (["telegram:5", "mail:ann@example.com", f"sms:{NUMBER}"], "")


def test_what_nothing_can_be_sent_to_is_not_offered() -> None:
    ways = [Way(HERE, reachable=False), Way(Address("bale", "5"), reachable=False), Way(Address("console", "ann"))]
    ways += [Way(Address("voice", "call-1")), Way(MAIL), Way(Address("sms", NUMBER))]
    assert at(ways, Means(mailing=False, texting=False))[0] == ["telegram:5"]


def test_whoever_writes_texts_can_get_them() -> None:
    here = Address("sms", NUMBER)
    assert offered([Way(here)], here, Means(texting=False))["ways"] == [list(here)]  # type: ignore[arg-type]


def test_the_last_choice_holds_while_it_is_wanted() -> None:
    first, second = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2))
    chosen = [Way(MAIL, preferred_at=first), Way(Address("voice", NUMBER), preferred_at=second), Way(HERE)]
    assert at(chosen)[1] == ["sms", NUMBER]
    stopped = [chosen[0], Way(Address("voice", NUMBER), consent=Consent.REPLIES, preferred_at=second)]
    assert at(stopped)[1] == list(MAIL)
    assert at([Way(HERE, consent=Consent.REPLIES), Way(MAIL, consent=Consent.NOTHING)])[1] == "none"


async def test_a_mailbox_brings_the_conversation_along_that_had_it(talk: Conversation) -> None:
    talk.set_apart()
    for channel in ("telegram", "web"):
        await talk.say("/notify", channel)
        await talk.press("ایمیل", channel)
        await talk.say(MAIL.id, channel)
        assert "از این پس" in await talk.say(talk.texted, channel)
    assert await talk.contacts.resolve(Address("telegram", "ann")) == await talk.contacts.resolve(
        Address("web", "ann"), fresh=True
    )


async def test_nobody_floods_a_mailbox_or_guesses_its_code(talk: Conversation) -> None:
    talk.set_apart()
    await talk.say("/notify")
    await talk.press("ایمیل")
    await talk.say(MAIL.id)
    for _ in range(2):
        await talk.press("کد نرسید، دوباره بفرستید")
    assert "دقیقه" in await talk.press("کد نرسید، دوباره بفرستید")
    assert talk.identity is not None
    (way,) = await talk.identity.ways(Address("web", "ann"))
    assert way.preferred_at is None


async def test_without_mail_there_is_no_mail_on_offer(talk: Conversation) -> None:
    talk.set_apart()
    assert talk.identity is not None
    talk.identity.mailing = False
    assert "ایمیل" not in await talk.say("خبررسانی")


@pytest.mark.parametrize("words", ["خبررسانی", "اطلاع رسانی", "خبرها کجا بیاید؟", "notifications", "/notify"])
async def test_how_it_is_asked_for(talk: Conversation, words: str) -> None:
    talk.set_apart()
    said = await talk.say(words)
    assert "خبر درخواست" in said or "news of your requests" in said


async def test_where_everybody_is_one_there_is_nothing_to_choose(talk: Conversation) -> None:
    assert "[" in await talk.say("/notify")


async def test_whoever_has_one_way_alone_can_add_another(talk: Conversation) -> None:
    talk.set_apart()
    await talk.say("/notify")
    assert "تلگرام" in await talk.press("افزودن راه دیگر")
    await talk.press("پیوند با پیامک و تلفن، با کد پیامکی")
    await talk.say("09121234567")
    await talk.say(talk.texted)
    said = await talk.say("/notify")
    assert "پیامک به" in said
    assert "افزودن راه دیگر" not in said
