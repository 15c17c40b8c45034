"""How English says the same: “Monday the twenty third of November two thousand and twenty six”."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time

import jdatetime

from bot.channels.persian import TEHRAN
from bot.channels.voice import wording
from bot.channels.voice.clips import CLOSE, COMMA, GROUP, Clip, breath, plain
from bot.channels.voice.groups import identifier_groups
from bot.core.text import fold_digits

LANGUAGE = "en"
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
WORDS: Mapping[int, str] = {
    **dict(enumerate(_UNITS)),
    **{20 + 10 * n: word for n, word in enumerate(_TENS)},
    **dict(_SCALES),
}
"""Every word that numbers are made of."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
JALALI_MONTHS = (
    "Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar", "Mehr", "Aban", "Azar", "Dey", "Bahman",
    "Esfand",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_SIGNS = {
    "%": "percent", "&": "and", "+": "plus", "@": "at", "=": "equals", "$": "dollars", "€": "euros", "°": "degrees",
}  # fmt: skip
_SPELT = {**_SIGNS, ".": "dot", "-": "dash", "_": "underscore", "/": "slash"}


def ordinal(number: int) -> str:
    """first, second, twenty first."""
    words = plain(English().number(number))
    head, _, last = words.rpartition(" ")
    last = _ORDINALS.get(last) or (last.removesuffix("y") + "ieth" if last.endswith("y") else last + "th")
    return f"{head} {last}".strip()


def _word(number: int, joins: str = CLOSE) -> Clip:
    return Clip(WORDS[number], LANGUAGE, f"number.{number}", joins)


def _fixed(key: str, text: str, joins: str = CLOSE) -> list[Clip]:
    return [Clip(text, LANGUAGE, key, joins)]


def _and() -> list[Clip]:
    return _fixed("number.and", "and")


def vocabulary() -> list[Clip]:
    """Every word that values are put together from, for who wants to record them."""
    return [
        *(_word(n) for n in WORDS),
        *_and(),
        *_fixed("number.minus", "minus"),
        *_fixed("number.oh", "oh"),
        *(clip for day in range(1, 32) for clip in _fixed(f"ordinal.{day}", f"the {ordinal(day)} of")),
        *(clip for n, name in enumerate(MONTHS, 1) for clip in _fixed(f"month.{n}", name)),
        *(clip for n, name in enumerate(WEEKDAYS) for clip in _fixed(f"weekday.{(n + 2) % 7}", name)),
        *_fixed("unit.rial", "rials"),
        *_fixed("unit.am", "A M"),
        *_fixed("unit.pm", "P M"),
        *_fixed("unit.clock", "at"),
    ]


class English:
    """Implements `Grammar`."""

    def number(self, number: int) -> list[Clip]:
        if abs(number) >= wording.LONGEST_NUMBER:
            return self.digits(str(number))
        said = [] if number >= 0 else _fixed("number.minus", "minus")
        return breath(said, self._whole(abs(number)))

    def _whole(self, number: int) -> list[Clip]:
        if number < 100:
            return [_word(n) for n in ([number] if number in WORDS else [number // 10 * 10, number % 10])]
        said: list[Clip] = []
        for scale, _ in _SCALES:
            count, number = divmod(number, scale)
            if count:
                said += [*self._whole(count), _word(scale)]
        if number:
            said += [*_and(), *self._whole(number)]
        return said

    def digits(self, value: str) -> list[Clip]:
        value = fold_digits(value).strip()
        return breath(*([self._sign(c) for c in group] for group in identifier_groups(value)), joins=GROUP)

    def code(self, value: str) -> list[Clip]:
        return breath(*([self._sign(c) for c in group] for group in (value[:5], value[5:]) if group), joins=GROUP)

    def _sign(self, character: str) -> Clip:
        if character.isascii() and character.isdigit():
            return _word(int(character), COMMA)
        spoken = character.upper() if character.isascii() and character.isalpha() else _SPELT.get(character, "sign")
        return Clip(spoken, LANGUAGE, "", COMMA)

    def rial(self, amount: int) -> list[Clip]:
        return breath(self.number(amount), _fixed("unit.rial", "rials"))

    def date(self, day: date) -> list[Clip]:
        return breath(
            _fixed(f"weekday.{(day.weekday() + 2) % 7}", WEEKDAYS[day.weekday()]),
            self._day(day.day, _fixed(f"month.{day.month}", MONTHS[day.month - 1]), day.year),
        )

    def _day(self, day: int, month: list[Clip], year: int) -> list[Clip]:
        return breath(_fixed(f"ordinal.{day}", f"the {ordinal(day)} of"), month, self.number(year))

    def clock(self, at: time) -> list[Clip]:
        hour = [_word(at.hour % 12 or 12)]
        minute: list[Clip] = []
        if at.minute:
            minute = [*(_fixed("number.oh", "oh") if at.minute < 10 else []), *self._whole(at.minute)]
        return breath(hour, minute, _fixed("unit.pm", "P M") if at.hour >= 12 else _fixed("unit.am", "A M"))

    def moment(self, at: datetime) -> list[Clip]:
        local = at.astimezone(TEHRAN) if at.tzinfo else at
        said = breath(self.date(local.date()), _fixed("unit.clock", "at"), joins=COMMA)
        return breath(said, self.clock(local.time()))

    # --- written texts

    def words(self, text: str) -> str:
        text = re.sub(r"^\s*\((\d+) of (\d+)\)", r"Question \1 of \2: ", text)
        text = wording.spelt(
            wording.marked(text).replace("\u200c", " ").replace("’", "'"),
            url="our website",
            at=" at ",
            figure=self._figure,
            spell=self._spelled,
        )
        text = re.sub(r"\b[Nn]o\.\s", "number ", text)
        text = re.sub(r"(?<=[a-z])'(?=[a-z])", "\ue000", text)
        return wording.paused(text, _spoken, _SIGNS).replace("\ue000", "'")

    def _figure(self, found: re.Match[str]) -> str:
        try:
            return self._said(found)
        except ValueError:
            return plain(self.digits(found[0]))

    def _said(self, found: re.Match[str]) -> str:
        if found["date"]:
            year, month, day = map(int, re.split("[/-]", found["date"]))
            if year > 1700:
                date(year, month, day)
                return plain(self._day(day, _fixed("", MONTHS[month - 1]), year))
            jdatetime.date(year, month, day)
            return plain(self._day(day, _fixed("", JALALI_MONTHS[month - 1]), year))
        if found["clock"]:
            return plain(self.clock(time.fromisoformat(found["clock"].zfill(5))))
        if found["phone"]:
            return f", {plain(self.digits(found['phone']))}, "
        whole = found["whole"]
        number = int(re.sub(r"\D", "", whole))
        if wording.is_identifier(whole):
            said = f", {plain(self.digits(whole))}, "
        else:
            said = ordinal(number) if found["ordinal"] else plain(self.number(number))
        if found["part"]:
            said += " point " + plain([self._sign(c) for c in found["part"]]).replace(",", "")
        return ("minus " if found["minus"] else "") + said + (" percent" if found["percent"] else "")

    def _spelled(self, word: str) -> str:
        return word if word.isalpha() else " ".join(word if word.isalpha() else self._sign(c).text for c in word)


def _spoken(character: str) -> bool:
    """Latin letters."""
    return character == "\ue000" or (character.isalpha() and "LATIN" in unicodedata.name(character, ""))
