"""One person on several channels: proofs that an address is theirs, drafts that come together, addresses set apart.

Nothing here knows which channels there are, but those that one-time codes go by: doors and addresses come by name, and
each name has a phrase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.core.identity import Identity
from bot.core.messages import Address, Arg, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from bot.core.ports import Nlu, Unreadable
from bot.core.requests import TooManyAttempts
from bot.core.sessions import Frame
from bot.dialogs.base import Context, Done, Goto, Invalid, Move, Pass, Soft
from bot.dialogs.fields import local_number
from bot.dialogs.menu import NO, YES

CODE = Expect(Kind.DIGITS, 6)
_CHOICE = Expect(Kind.CHOICE)
BY_CODE = Choice("code", Phrase("link.by_code"))
AGAIN = Choice("again", Phrase("link.again"))
APART = "apart:"
SMS, MAIL = "sms", "mail"  # channels by which a code goes out
_WHY_PROVE = {"": "identify.draft", "/mine": "identify.mine"}
_SHOWN_DIGITS = 4  # of a telephone number that is linked


def limited(error: TooManyAttempts) -> Done:
    return Done((Reply(Phrase("track.limited", {"minutes": error.minutes})),))


def ending(number: str) -> Term:
    return Term("digits", f"…{number[-_SHOWN_DIGITS:]}")


def label(address: Address) -> Phrase:
    """An address as its owner knows it; of a number its last digits, of a mailbox its first letter and its place."""
    if address.number:
        return Phrase(f"link.on_{address.channel}_of", {"number": ending(address.number)})
    name, at, place = address.id.partition("@")
    if address.channel == MAIL and at:
        return Phrase("link.on_mail_of", {"mail": Term("digits", f"{name[:1]}…@{place}")})
    return Phrase(f"link.on_{address.channel}")


def known(addresses: Sequence[Address], here: Address) -> list[list[str]]:
    """For a frame: each address, the one that is spoken from first; a telephone once."""
    ordered = sorted(addresses, key=lambda a: (a != here, bool(here.number) and a.number != here.number))
    shown: dict[str, list[str]] = {}
    for address in ordered:
        shown.setdefault(address.number or str(address), [address.channel, address.id])
    return list(shown.values())


class LinkDialog(Soft):
    """«ادامه در جای دیگر»: links to other channels, a code by text message, and what is linked already."""

    name = "link"
    steps = ("choose", "number", "code")
    offers = frozenset({"choose"})

    def __init__(self, identity: Identity, nlu: Nlu) -> None:
        self.identity = identity
        self.nlu = nlu

    def ask(self, frame: Frame, context: Context) -> Reply:
        match frame.step:
            case "number":
                return Reply(Phrase("link.ask_number"), expect=Expect(Kind.PHONE))
            case "code":
                number = Term("digits", local_number(frame.answers["number"]))
                return Reply(Phrase("link.ask_code", {"number": number}), (AGAIN,), CODE)
            case _:
                return self._choose(frame, context)

    def _choose(self, frame: Frame, context: Context) -> Reply:
        doors = self.identity.doors(context.contact)
        lines: list[Arg] = [
            Phrase(f"link.door_{channel}", {"url": Term("door", url)})
            for channel, url in doors.items()
            if channel != context.address.channel
        ]
        choices = [BY_CODE] if not context.number and self.identity.can_text() else []
        addresses: Sequence[Sequence[str]] = frame.answers.get("known", ())
        if len(addresses) > 1:
            labels = tuple(label(Address(*each)) for each in addresses)
            lines.append(Phrase("link.linked", {"lines": tuple(Phrase("link.line", {"way": one}) for one in labels)}))
            choices += [Choice(f"{APART}{n}", Phrase("link.apart", {"way": one})) for n, one in enumerate(labels)]
        if not lines and not choices:
            return Reply(Phrase("link.no_way"), expect=_CHOICE)
        lines.insert(0, Phrase("link.ask"))
        return Reply(Phrase("form.lines", {"lines": tuple(lines)}), tuple(choices), _CHOICE)

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        try:
            match frame.step:
                case "number":
                    return await self._number(frame, heard, context)
                case "code":
                    return await self._code(frame, heard, context)
                case _:
                    return await self._chosen(frame, heard, context)
        except TooManyAttempts as error:
            return limited(error)

    async def _chosen(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            return Pass()
        if heard.value == BY_CODE.value:
            return Goto("number", frame.answers)
        address = Address(*frame.answers["known"][int(heard.value.removeprefix(APART))])
        await self.identity.unlink(address)
        left = address == context.address or (bool(address.number) and address.number == context.number)
        return Done((Reply(Phrase("link.set_apart")),), left=left)

    async def _number(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        try:
            number = str(self.nlu.parse("mobile", heard.text, today=context.now.date()))
        except Unreadable as unreadable:
            raise Invalid(Phrase("invalid." + unreadable.reason)) from None
        if not self.identity.can_text(number):
            raise Invalid(Phrase("link.no_text"))
        if not await code_sent(self.identity, Address(SMS, number), frame, heard, context):
            raise Invalid(Phrase("link.no_text"))
        return Goto("code", {**frame.answers, "number": number})

    async def _code(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        mine = Address(SMS, frame.answers["number"])
        if again := await code_again(self.identity, mine, frame, heard, context):
            return again
        return await joined(self.identity, await self.identity.contact_of(mine), context)


async def code_sent(identity: Identity, to: Address, frame: Frame, heard: Inbound, context: Context) -> bool:
    """See `Identity.send_code`: for this question, by this turn."""
    return await identity.send_code(to, context.address, context.language, key=frame.id, turn=heard.key)


async def code_again(identity: Identity, of: Address, frame: Frame, heard: Inbound, context: Context) -> Goto | None:
    """What was said where a code is asked for: the same question again when another code was wished and sent, None
    when it was the right code. Raises Invalid for a wrong one, and what `Identity` raises."""
    if heard.value == AGAIN.value:
        await code_sent(identity, of, frame, heard, context)
        return Goto(frame.step, frame.answers, (Reply(Phrase("link.sent_again")),))
    if not await identity.check_code(of, heard.text, context.address, key=frame.id):
        raise Invalid(Phrase("link.wrong_code"))
    return None


async def joined(identity: Identity, other: str, context: Context) -> Done:
    """The other contact's drafts and requests come to this one."""
    if other == context.contact:
        return Done((Reply(Phrase("link.already")),))
    return Done((Reply(Phrase("link.done")),), adopt=await identity.absorb(other, context.contact))


class JoinDialog(Soft):
    """A link was opened that another conversation gave out: is it the same person's? Asked, since a link can be sent
    to somebody else."""

    name = "join"
    steps = ("sure",)

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    def ask(self, frame: Frame, context: Context) -> Reply:
        return Reply(Phrase("join.ask"), (Choice("yes", Phrase("join.yes")), Choice("no", Phrase("join.no"))), _CHOICE)

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            raise Invalid(Phrase("invalid.choice"))
        if heard.value != "yes":
            return Done((Reply(Phrase("join.left")),))
        contact = await self.identity.redeem(frame.answers["ticket"], key=frame.id)
        if contact is None:
            return Done((Reply(Phrase("join.too_old")),))
        return await joined(self.identity, contact, context)


class IdentifyDialog(Soft):
    """A caller's number can be forged: what is personal is told after a code by text message."""

    name = "identify"
    steps = ("offer", "code")

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    def ask(self, frame: Frame, context: Context) -> Reply:
        if frame.step == "code":
            return Reply(Phrase("identify.ask_code"), (AGAIN,), CODE)
        then = frame.answers.get("then", "")
        return Reply(Phrase(_WHY_PROVE.get(then, "identify.notify")), (YES, NO), _CHOICE)

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        try:
            return await self._accept(frame, heard, context)
        except TooManyAttempts as error:
            return limited(error)

    async def _accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        mine = Address(SMS, context.number)
        if frame.step == "code":
            again = await code_again(self.identity, mine, frame, heard, context)
            return again or Done((Reply(Phrase("identify.done")),), proven=True, obey=frame.answers.get("then", ""))
        if heard.event is not Event.CHOICE:
            return Pass()
        if heard.value == NO.value:
            return Done(obey="/menu")
        if not await code_sent(self.identity, mine, frame, heard, context):
            return Done((Reply(Phrase("identify.impossible")),), obey="/menu")
        return Goto("code", frame.answers)


class DraftsDialog(Soft):
    """Two conversations became one, and each had a form under way: which one now? The others stay."""

    name = "drafts"
    steps = ("which",)

    def __init__(self, title: Callable[[str, str], str]) -> None:
        self.title = title

    def ask(self, frame: Frame, context: Context) -> Reply:
        drafts: Sequence[Sequence[Any]] = frame.answers["drafts"]
        choices = tuple(
            Choice(
                f"/front/{id}",
                Phrase("drafts.choice", {"title": self.title(dialog, context.language), "count": answered}),
            )
            for id, dialog, answered in drafts
        )
        return Reply(Phrase("drafts.ask"), choices, _CHOICE)

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        return Pass()


def drafts_of(frames: Sequence[Frame]) -> Mapping[str, Any]:
    """For a frame of `DraftsDialog`, the newest first."""
    return {"drafts": [[f.id, f.dialog, len(f.answers)] for f in reversed(frames)]}
