"""One walk, from the first word to the proof that nobody is stuck."""

from __future__ import annotations

import logging
import random
import traceback
from dataclasses import dataclass

from bot.core.messages import Kind
from tests.walks.citizen import Citizen
from tests.walks.counter import Counter, Logged
from tests.walks.devices import Device
from tests.walks.handset import Handset
from tests.walks.oracle import Broken, expect
from tests.walks.telephone import Telephone

STEPS = 30
SHOWN = 160  # last lines of a transcript
DEVICES = 3  # others, on which a walk ends
PATIENCE = 30  # turns until a message is filed
_EXPECTED = ("a notice was not taken",)


class Fallen(AssertionError):
    """A walk in which something broke: why, and what had happened."""

    def __init__(self, seed: int, why: str, told: list[str]) -> None:
        self.seed, self.why = seed, why
        super().__init__("\n".join([f"walk {seed}: {why}", *told[-SHOWN:], f"walk {seed}: {why}"]))


@dataclass(frozen=True, slots=True)
class Walked:
    turns: int
    requests: int


async def walk(seed: int, *, to_the_end: bool = True) -> Walked:
    """Raises Fallen. Not `to_the_end`: without the proof, which takes half of the time."""
    dice = random.Random(seed)
    counter = Counter(dice)
    logged, house = Logged(), logging.getLogger("bot")
    house.addHandler(logged)
    try:
        citizen = Citizen(counter, dice)
        for _ in range(STEPS):
            await citizen.act()
            _nothing_was_logged(logged)
        if to_the_end:
            await _nobody_is_stuck(counter, citizen)
        _nothing_was_logged(logged)
    except Broken as broken:
        raise Fallen(seed, str(broken), counter.transcript()) from None
    except Exception as error:
        raise Fallen(
            seed, f"{type(error).__name__}: {error}\n{traceback.format_exc()}", counter.transcript()
        ) from error
    finally:
        house.removeHandler(logged)
    return Walked(counter.turns, len(counter.codes()))


def _nothing_was_logged(logged: Logged) -> None:
    for record in logged.records:
        if record.getMessage() not in _EXPECTED:
            trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
            raise Broken(f"the house complains: {record.getMessage()}\n{trace}")
    logged.records.clear()


async def _nobody_is_stuck(counter: Counter, citizen: Citizen) -> None:
    """Where one is, and on some other devices, the menu opens and a message is filed to its code."""
    others = [d for d in (*citizen.devices, citizen.hidden()) if d is not citizen.device]
    for device in [citizen.device, *citizen.dice.sample(others, DEVICES)]:
        if isinstance(device, Telephone) and not device.open:
            await device.start()
        if isinstance(device, Handset):
            await device.write("شروع")
        await _opens_the_menu(device)
        await _files_a_message(counter, device)
        if isinstance(device, Telephone):
            await device.hang_up()


async def _opens_the_menu(device: Device) -> None:
    for _ in range(2):
        await device.menu()
    if device.open:
        expect(device.replies[-1].say.key == "menu.ask", f"no menu on {device.address.channel}")


async def _files_a_message(counter: Counter, device: Device) -> None:
    before = len(counter.codes())
    for _ in range(PATIENCE):
        if len(counter.codes()) > before:
            return
        if not device.open:
            await device.start()
        confirm = next((c for c in device.choices if c.value.endswith("~confirm")), None)
        skip = next((c for c in device.choices if c.value.endswith("~skip")), None)
        form = counter.form_of(device.address)
        if form != "officer_message":
            await device.ask_person()
        elif confirm:
            await device.choose(confirm)
        elif device.asks is Kind.LONG_TEXT:
            await device.write("لطفاً با من تماس بگیرید.")
        elif skip:
            await device.choose(skip)
        else:
            await device.choose(device.choices[0])
    raise Broken(f"no message can be filed on {device.address.channel}")
