"""«خبرها کجا بیاید؟»: where news of requests go, a mailbox for them, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.core.identity import Identity
from bot.core.messages import Address, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from bot.core.ports import Consent, Nlu, Unreadable, Way
from bot.core.requests import TooManyAttempts
from bot.core.sessions import Frame
from bot.dialogs.base import Context, Done, Goto, Invalid, Move, Pass, Soft
from bot.dialogs.link import AGAIN, CODE, MAIL, SMS, code_again, code_sent, ending, label, limited

WAY = "way:"
BY_MAIL = Choice("mail", Phrase("notify.by_mail"))
NONE = Choice("none", Phrase("notify.none"))
MORE = Choice("/link", Phrase("notify.more"))
_MENU = (Choice("/menu", Phrase("nav.menu")),)
_CHOICE = Expect(Kind.CHOICE)
_PAGE = "web"  # shows it at the next visit
_UNTOLD = ("console", "voice")  # where nothing can be sent: a terminal, a caller without a number
_NEVER = datetime.min.replace(tzinfo=UTC)


def offered(ways: Sequence[Way], here: Address, identity: Identity) -> Mapping[str, Any]:
    """For a frame: where news can go, the place that is spoken from first and a telephone once, as text message; and
    where they go now: an address, "none" when none are wanted, "" when each request's go where it was filed."""
    open_: dict[Address, None] = {}
    for way in sorted(ways, key=lambda way: way.address != here):
        address = _reached_at(way.address)
        spoken_from = way.address == here
        texted = identity.can_text(address.number) or (spoken_from and here.channel == SMS)
        sent = {SMS: texted, MAIL: identity.mailing, **dict.fromkeys(_UNTOLD, False)}
        if sent.get(address.channel, True) and (way.reachable or spoken_from):
            open_[address] = None
    wanted = [way for way in ways if way.consent is Consent.EVERYTHING]
    chosen = max((way for way in wanted if way.preferred_at), key=lambda w: w.preferred_at or _NEVER, default=None)
    now = list(_reached_at(chosen.address)) if chosen else "" if wanted else NONE.value
    return {"ways": [list(address) for address in open_], "now": now}


class NewsWayDialog(Soft):
    """Its frame begins with what is `offered`."""

    name = "notify"
    steps = ("choose", "mail", "code")
    offers = frozenset({"choose"})

    def __init__(self, identity: Identity, nlu: Nlu) -> None:
        self.identity = identity
        self.nlu = nlu

    def ask(self, frame: Frame, context: Context) -> Reply:
        match frame.step:
            case "mail":
                return Reply(Phrase("notify.ask_mail"), expect=Expect(Kind.EMAIL))
            case "code":
                mail = Term("digits", frame.answers["mail"])
                return Reply(Phrase("notify.ask_code", {"mail": mail}), (AGAIN,), CODE)
            case _:
                return self._choose(frame, context)

    def _choose(self, frame: Frame, context: Context) -> Reply:
        now, ways = frame.answers["now"], [Address(*way) for way in frame.answers["ways"]]
        if now == NONE.value:
            say = Phrase("notify.now_none")
        else:
            say = Phrase("notify.now_at", {"way": _named(Address(*now))}) if now else Phrase("notify.now_own")
        choices = [
            Choice(f"{WAY}{n}", _named(way))
            for n, way in enumerate(ways)
            if list(way) != now and (now or len(ways) > 1)
        ]
        if self.identity.mailing and not any(way.channel == MAIL for way in ways):
            choices.append(BY_MAIL)
        if len(ways) < 2 and (self.identity.can_text() or self.identity.doors(context.contact)):
            choices.append(MORE)
        if now != NONE.value:
            choices.append(NONE)
        return Reply(Phrase("form.lines", {"lines": (say, Phrase("notify.ask"))}), tuple(choices), _CHOICE)

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        try:
            match frame.step:
                case "mail":
                    return await self._mail(frame, heard, context)
                case "code":
                    return await self._code(frame, heard, context)
                case _:
                    return await self._chosen(frame, heard, context)
        except TooManyAttempts as error:
            return limited(error)

    async def _chosen(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            return Pass()
        if heard.value == BY_MAIL.value:
            return Goto("mail", frame.answers)
        if heard.value == NONE.value:
            await self.identity.no_news(context.contact)
            return Done((Reply(Phrase("notify.chosen_none"), _MENU),))
        return await self._go_to(Address(*frame.answers["ways"][int(heard.value.removeprefix(WAY))]))

    async def _go_to(self, way: Address) -> Done:
        await self.identity.choose(way)
        return Done((Reply(Phrase("notify.chosen", {"way": _named(way)}), _MENU),))

    async def _mail(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        try:
            mail = Address(MAIL, str(self.nlu.parse("email", heard.text, today=context.now.date())))
        except Unreadable as unreadable:
            raise Invalid(Phrase("invalid." + unreadable.reason)) from None
        if list(mail) in frame.answers["ways"]:
            return await self._go_to(mail)
        if not await code_sent(self.identity, mail, frame, heard, context):
            raise Invalid(Phrase("notify.no_mail"))
        return Goto("code", {**frame.answers, "mail": mail.id})

    async def _code(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        mail = Address(MAIL, frame.answers["mail"])
        if again := await code_again(self.identity, mail, frame, heard, context):
            return again
        other = await self.identity.contact_of(mail)
        done = await self._go_to(mail)
        if other == context.contact:
            return done
        return Done(done.say, adopt=await self.identity.absorb(other, context.contact))


def _reached_at(address: Address) -> Address:
    """A telephone is told by text message."""
    return Address(SMS, address.number) if address.number else address


def _named(way: Address) -> Phrase:
    if way.number:
        return Phrase("notify.by_text", {"number": ending(way.number)})
    return Phrase("notify.at_page") if way.channel == _PAGE else label(way)
