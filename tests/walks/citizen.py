"""What somebody does next: mostly what was asked for, and now and then anything at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from bot.channels.voice.keypad import Heard
from bot.channels.voice.script import Then
from bot.core.messages import Address, Choice, Event, Kind
from bot.core.requests import NotAllowed
from bot.core.text import fold_digits
from tests.walks import words
from tests.walks.counter import Counter
from tests.walks.devices import Chat, Device, Web
from tests.walks.handset import Handset
from tests.walks.telephone import Telephone

OWN, OTHER, NEIGHBOURS = "+989121234567", "+989351112233", "+989190000000"
KEYS = "0123456789*#"
SAME_DEVICE = 0.75  # how often one goes on where one was
STRETCHES, STRETCH_WEIGHTS = (1, 3, 8), (5, 2, 2)  # answers in a row
SHORT = ("officer_message", "suggestion", "criticism", "street_light_report")
OFFICERS_WISH = ("needs_information", "in_review", "resolved", "closed", "closed", "rejected", "referred")


class Citizen:
    """Ann with her browsers, messengers, two numbers and a hidden one; and a neighbour."""

    def __init__(self, counter: Counter, dice: random.Random) -> None:
        self.counter, self.dice = counter, dice
        self.tickets: list[str] = []
        self.devices: list[Device] = [
            Web(counter, Address("web", "ann"), "ann"),
            Chat(counter, Address("telegram", "1001"), "ann"),
            Handset(counter, Address("sms", OWN), "ann"),
            Telephone(counter, Address("voice", OWN), "ann"),
            Chat(counter, Address("bale", "2001"), "ann"),
            Web(counter, Address("web", "ann-at-work"), "ann"),
            Handset(counter, Address("sms", OTHER), "ann"),
            Telephone(counter, Address("voice", OTHER), "ann"),
            Web(counter, Address("web", "neighbour"), "neighbour"),
            Handset(counter, Address("sms", NEIGHBOURS), "neighbour"),
            Telephone(counter, Address("voice", NEIGHBOURS), "neighbour"),
        ]
        self.weights = [5.0, 4.0, 6.0, 6.0, 2.0, 1.0, 2.0, 2.0, 1.0, 1.0, 0.5]
        for device in self.devices:
            if isinstance(device, Handset):
                counter.air.screens[device.address.id] = device.read
        self.device = self.dice.choices(self.devices, self.weights)[0]

    def hidden(self) -> Telephone:
        """A telephone that tells no number."""
        return Telephone(self.counter, Address("voice", "call-0"), "hidden")

    def other(self) -> Device:
        """Where one goes on: rather on what is linked with where one is."""
        if self.dice.random() < 0.05:
            return self.hidden()
        here = self.counter.contacts.owner(self.device.address)
        linked = [d for d in self.devices if d is not self.device and self.counter.contacts.owner(d.address) == here]
        if linked and self.dice.random() < 0.6:
            return self.dice.choice(linked)
        return self.dice.choices(self.devices, self.weights)[0]

    # --- one thing after another --------------------------------------------------------------

    async def act(self) -> None:
        """One thing that a citizen might do, or that happens meanwhile."""
        dice = self.dice
        gone = isinstance(self.device, Telephone) and self.device.hidden and not self.device.open
        if gone or dice.random() > SAME_DEVICE:
            self.device = self.other()
        roll = dice.random()
        if roll < 0.03:
            hours = dice.choices((1, 13, 80), (3, 2, 1))[0]
            self.counter.told.append(f"clock +{hours}h")
            self.counter.now += timedelta(hours=hours)
        elif roll < 0.07:
            await self.officer()
        elif roll < 0.10:
            self.counter.told.append("post")
            await self.counter.bring_news()
        elif roll < 0.12:
            await self.at_once()
        elif isinstance(self.device, Telephone):
            await self.by_telephone(self.device)
        else:
            await self.by_writing(self.device)
        if ticket := self.device.ticket():
            self.tickets = [*(t for t in self.tickets if t != ticket), ticket][-6:]

    async def by_writing(self, device: Device) -> None:
        dice, roll = self.dice, self.dice.random()
        if roll < 0.56:
            for _ in range(dice.choices(STRETCHES, STRETCH_WEIGHTS)[0]):
                await self.answer(device)
        elif roll < 0.66 and device.choices:
            await device.choose(dice.choice(device.choices))
        elif roll < 0.75:
            await device.write(dice.choice(words.ODD))
        elif roll < 0.78 and device.old:
            device.tell("(an old button)")
            await device.press(dice.choice(device.old))
        elif roll < 0.82:
            await device.again(dice.choice((-1, -1, -2, -4)))
        elif roll < 0.84:
            await device.start()
        elif roll < 0.86:
            await self.bring(device)
        elif isinstance(device, Handset) and roll < 0.88:
            await device.write(dice.choice(words.STOPPING))
        elif isinstance(device, Chat) and roll < 0.89:
            number = dice.choice((OWN, OWN, OTHER))
            await device.share(number, own=dice.random() < 0.8)
        elif roll < 0.98:
            plans = (self.link_by_code, self.link_by_ticket, self.unlink)
            await dice.choices(plans, (3, 3, 1))[0](device)
        else:
            forms = [f"/form/{id}" for id in self.counter.catalogue.forms]
            await device.write(dice.choice(forms))

    async def at_once(self) -> None:
        """Two messages that cross on their way."""
        dice = self.dice
        devices = dice.sample([d for d in self.devices if isinstance(d, Web | Chat)], 2)
        heard = []
        for device in devices:
            if device.choices and dice.random() < 0.7:
                heard.append(device.event(Event.CHOICE, value=dice.choice(device.choices).value))
            else:
                heard.append(device.event(Event.MESSAGE, text=self.text_for(device.asks, device)))
        for device, outcome in zip(devices, await self.counter.receive_at_once(*heard), strict=True):
            self.counter.outcome = outcome
            device.look()

    async def bring(self, device: Device) -> None:
        """What may not be asked for."""
        match self.dice.randrange(4):
            case 0 if device.can_place:
                await device.send_place()
            case 1:
                await device.lose_file("file.too_large")
            case 2:
                await device.send_file(f"صدا{self.secret()}.ogg")
            case _:
                await device.send_file(f"عکس{self.secret()}.jpg")

    async def officer(self) -> None:
        talk, dice = self.counter, self.dice
        requests = [r for r in await talk.desk.search() if not r.status.final]
        if not requests:
            return
        request, status, note = dice.choice(requests), dice.choice(OFFICERS_WISH), f"یادداشت {self.secret()}"
        talk.told.append(f"officer {request.code} {status} {note}")
        try:
            await talk.officer_sets(request.code, status, note)
        except NotAllowed:
            talk.told.append("    (not allowed)")
        if dice.random() < 0.6:
            await talk.bring_news()

    # --- answers ------------------------------------------------------------------------------

    def secret(self, visit: str = "") -> str:
        mark = words.mark(self.dice)
        self.counter.secret(mark, visit)
        return mark

    async def answer(self, device: Device) -> None:
        """What the open question asks for, more or less."""
        dice, choices = self.dice, device.choices
        answers = [c for c in choices if not c.nav]
        if isinstance(device, Handset) and device.cut and dice.random() < 0.3:
            await device.write(words.in_any_digits(device.cut, dice))
            return
        if not device.replies:
            await device.write(
                dice.choice(("سلام", "/start", "ثبت درخواست", "چراغ کوچه خاموشه", "/form/officer_message"))
            )
            return
        match device.asks:
            case Kind.CHOICE | Kind.NOTHING:
                await self.pick(device, answers)
            case Kind.FILE if dice.random() < 0.5:
                await device.send_file(f"عکس{self.secret()}.jpg")
            case Kind.LOCATION if device.can_place and dice.random() < 0.4:
                await device.send_place()
            case Kind.PHONE if isinstance(device, Chat) and dice.random() < 0.3:
                await device.share(dice.choice((OWN, OTHER)))
            case _ if answers and dice.random() < 0.4:
                await device.choose(dice.choice(answers))
            case kind:
                await device.write(self.text_for(kind, device))

    async def pick(self, device: Device, answers: list[Choice]) -> None:
        dice = self.dice
        if device.replies[-1].say.key == "menu.ask" and dice.random() < 0.5:
            forms = SHORT if dice.random() < 0.6 else list(self.counter.catalogue.forms)
            await device.write(f"/form/{dice.choice(forms)}")
            return
        if not answers:
            await device.write(dice.choice(("منو", "ثبت درخواست", "درخواست‌های من", "پیگیری", "کارشناس", "/continue")))
            return
        main = [c for c in answers if c.main]
        if main and dice.random() < 0.5:
            answers = main
        await device.choose(dice.choice(answers))

    def text_for(self, kind: Kind, device: Device) -> str:
        dice, visit = self.dice, ""
        if isinstance(device, Telephone):
            visit = device.caller.call
        match kind:
            case Kind.NUMBER:
                return words.in_any_digits(str(dice.choice((1, 2, 5, 40, 1000, 0))), dice)
            case Kind.DATE:
                return dice.choice(words.DAYS)
            case Kind.EMAIL:
                return f"a{dice.randrange(10**4)}@example.com"
            case Kind.PHONE:
                number = dice.choice((words.mobile(dice), words.mobile(dice), "021-88776655", self.own(device)))
                if number.startswith("0913"):
                    self.counter.secret(number[1:], visit)
                return words.in_any_digits(number, dice)
            case Kind.DIGITS:
                return self.digits(device)
            case _:
                return words.sentence(self.secret(visit), dice)

    def own(self, device: Device) -> str:
        """A number that the human really has."""
        number = device.address.number or (
            NEIGHBOURS if device.human == "neighbour" else self.dice.choice((OWN, OTHER))
        )
        return f"0{number[3:]}"

    def digits(self, device: Device) -> str:
        size, dice = device.replies[-1].expect.size, self.dice
        codes = list(self.counter.codes())
        known: list[str] = []
        if size == 6:
            mine = (device.address.number,) if device.address.number else (OWN, OTHER)
            known = [c for n, c in self.counter.air.codes.items() if n in mine or dice.random() < 0.1]
        elif size == 4:
            known = [mobile[-4:] for mobile in self.counter.mobiles()]
        elif size == 10 and codes and device.replies[-1].say.key == "track.ask_code":
            known = codes
        elif size in (10, 11):
            known = list(words.NATIONAL_IDS)
        if known and dice.random() < 0.85:
            return words.in_any_digits(dice.choice(known), dice)
        return str(dice.randrange(10 ** max(size, 1)))

    # --- coming together ----------------------------------------------------------------------

    async def link_by_code(self, device: Device) -> None:
        await device.write("/continue")
        if not any(c.value.endswith("~code") for c in device.choices):
            return
        await device.choose(next(c for c in device.choices if c.value.endswith("~code")))
        if device.asks is Kind.PHONE:
            await device.write(self.own(device))
        if device.asks is Kind.DIGITS and self.dice.random() < 0.9:
            await device.write(self.digits(device))

    async def link_by_ticket(self, device: Device) -> None:
        """A link of before is opened here; or one is asked for, and opened elsewhere."""
        if not self.tickets or self.dice.random() < 0.4:
            await device.write("/continue")
            return
        other = device if device.human == "ann" or self.dice.random() < 0.3 else self.devices[0]
        assert not isinstance(other, Telephone)
        join: Callable[[str], object] = other.join  # type: ignore[attr-defined]
        ticket = self.dice.choices(self.tickets, range(1, len(self.tickets) + 1))[0]
        await join(ticket)  # type: ignore[misc]
        self.device = other
        if other.replies and other.replies[-1].say.key == "join.ask" and self.dice.random() < 0.8:
            await other.choose(other.choices[0])

    async def unlink(self, device: Device) -> None:
        await device.write("/continue")
        apart = [c for c in device.choices if "~apart:" in c.value]
        if apart:
            await device.choose(self.dice.choice(apart))

    # --- by telephone -------------------------------------------------------------------------

    async def by_telephone(self, device: Telephone) -> None:
        dice, roll = self.dice, self.dice.random()
        if not device.open:
            await device.start()
            return
        assert device.step is not None
        if device.step.script.then is Then.PERSON:
            await device.do(Heard())
        elif roll < 0.05:
            await device.hang_up()
        elif roll < 0.09:
            await device.again()
        elif roll < 0.12:
            await device.do(Heard())
        elif roll < 0.14:
            await device.do(Heard(words=dice.choice(words.ODD[:40])))
        elif roll < 0.16:
            device.tell("(a second call, while the first is not over)")
            await device.start()
        elif roll < 0.22:
            await device.do(Heard(dice.choice(KEYS)))
        elif roll < 0.25:
            await device.do(Heard("".join(dice.choices(KEYS, k=dice.randrange(1, 14)))))
        else:
            for _ in range(dice.choices(STRETCHES, STRETCH_WEIGHTS)[0]):
                if device.open:
                    await self.keys(device)

    async def keys(self, device: Telephone) -> None:
        """What was asked for."""
        dice, pad = self.dice, device.pad()
        if device.replies and device.replies[-1].say.key in ("identify.draft", "identify.mine") and dice.random() < 0.6:
            await device.do(Heard("1"))
        elif pad.listen.value == "voice" and not (pad.keys and dice.random() < 0.25):
            seconds = dice.choices((0.3, 4.0, 30.0), (1, 6, 2))[0]
            await device.do(Heard(dice.choice(("#", "#", "")), recorded=seconds, gone=dice.random() < 0.05))
        elif pad.listen.value == "digits" and not (pad.keys and dice.random() < 0.3):
            kind = device.replies[-1].expect.kind
            if kind is Kind.DATE:
                digits = dice.choice(("1", "2", "14050915", "14049999", "20261201"))
            else:
                digits = "".join(c for c in fold_digits(self.text_for(kind, device)) if c.isdigit())
            await device.do(Heard(digits + dice.choice(("#", ""))))
        elif pad.keys:
            key = dice.choice(pad.keys).key
            await device.do(Heard(key + ("#" if key.startswith("*") else "")))
        else:
            await device.do(Heard(dice.choice("*0#")))
