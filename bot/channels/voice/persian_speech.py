"""How Persian says numbers, dates, times, amounts and codes: «یکصد و بیست و پنج», «دوشنبه دوم آذر هزار و چهارصد و پنج».

Short vowels are written where a voice would guess another word: «نُه» is nine, «نه» is no.
"""

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
from bot.channels.voice.wording import ZWNJ
from bot.core.text import fold_digits

LANGUAGE = "fa"
_UNITS = (
    "صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نُه", "ده", "یازده", "دوازده", "سیزده", "چهارده",
    "پانزده", "شانزده", "هفده", "هجده", "نوزده",
)  # fmt: skip
_TENS = ("بیست", "سی", "چهل", "پنجاه", "شصت", "هفتاد", "هشتاد", "نود")
_HUNDREDS = ("یکصد", "دویست", "سیصد", "چهارصد", "پانصد", "ششصد", "هفتصد", "هشتصد", "نهصد")
_SCALES = ((10**12, "تریلیون"), (10**9, "میلیارد"), (10**6, "میلیون"), (1000, "هزار"))
WORDS: Mapping[int, str] = {
    **dict(enumerate(_UNITS)),
    **{20 + 10 * n: word for n, word in enumerate(_TENS)},
    **{100 * n: word for n, word in enumerate(_HUNDREDS, 1)},
    **dict(_SCALES),
}
"""Every word that numbers are made of."""
MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")  # from Monday
_PARTS_OF_HOUR = {15: ("unit.quarter", "ربع"), 30: ("unit.half", "نیم")}
_LETTERS = {
    "a": "اِی", "b": "بی", "c": "سی", "d": "دی", "e": "ای", "f": "اِف", "g": "جی", "h": "اِیچ", "i": "آی", "j": "جِی",
    "k": "کِی", "l": "اِل", "m": "اِم", "n": "اِن", "o": "اُو", "p": "پی", "q": "کیو", "r": "آر", "s": "اِس", "t": "تی",
    "u": "یو", "v": "وی", "w": "دَبِلیو", "x": "ایکس", "y": "وای", "z": "زِد",
}  # fmt: skip
_SIGNS = {"%": "درصد", "&": "و", "+": "به‌علاوه", "@": "اَت", "=": "برابرِ", "$": "دلار", "€": "یورو", "°": "درجه"}
_MARKS = str.maketrans(",?;", "،؟؛")
_SPELT = {**_SIGNS, ".": "نقطه", "-": "خط تیره", "_": "زیرخط", "/": "خط کج"}


def _word(number: int, *, more: bool) -> Clip:
    return Clip(
        WORDS[number] + (" و" if more else ""), LANGUAGE, f"number.{number}{'_and' if more else ''}", joins=CLOSE
    )


def _fixed(key: str, text: str) -> list[Clip]:
    return [Clip(text, LANGUAGE, key)]


def ordinal(number: int) -> str:
    """اول، دوم، سوم … بیست و یکم."""
    if number == 1:
        return "اول"
    words = plain(Persian({}).number(number))
    if words.endswith("سه"):
        return words.removesuffix("سه") + "سوم"
    return words + ("‌اُم" if words.endswith("ی") else "م")


def vocabulary() -> list[Clip]:
    """Every word that values are put together from, for who wants to record them."""
    numbers = [_word(n, more=more) for n in WORDS for more in (False, True)]
    return [
        *numbers,
        *_fixed("number.minus", "منفی"),
        *(clip for day in range(1, 32) for clip in _fixed(f"ordinal.{day}", ordinal(day))),
        *(clip for n, name in enumerate(MONTHS, 1) for clip in _fixed(f"month.{n}", name)),
        *(clip for n, name in enumerate(WEEKDAYS) for clip in _fixed(f"weekday.{(n + 2) % 7}", name)),
        *_fixed("unit.rial", "ریال"),
        *_fixed("unit.minute", "دقیقه"),
        *(clip for part in _PARTS_OF_HOUR.values() for clip in _fixed(*part)),
        *_fixed("unit.clock", "ساعتِ"),
    ]


class Persian:
    """Implements `Grammar`. `foreign`: Latin words, small, as a Persian voice says them; others are spelled."""

    def __init__(self, foreign: Mapping[str, str]) -> None:
        self._foreign = foreign

    def number(self, number: int) -> list[Clip]:
        if abs(number) >= wording.LONGEST_NUMBER:
            return self.digits(str(number))
        parts = _parts(abs(number))
        said = [_word(part, more=more) for part, more in parts]
        return breath(*([_fixed("number.minus", "منفی")] if number < 0 else []), said)

    def digits(self, value: str) -> list[Clip]:
        value = fold_digits(value).strip()
        if re.fullmatch(r"[0-9]{1,3}", value) and not value.startswith("0"):
            return self.number(int(value))  # ۱۳۷ is known as one number
        return breath(*([self._sign(c, COMMA) for c in group] for group in identifier_groups(value)), joins=GROUP)

    def code(self, value: str) -> list[Clip]:
        return breath(
            *([self._sign(c, COMMA) for c in group] for group in (value[:5], value[5:]) if group), joins=GROUP
        )

    def _sign(self, character: str, joins: str) -> Clip:
        if character.isascii() and character.isdigit():
            return Clip(_UNITS[int(character)], LANGUAGE, f"number.{character}", joins)
        letter = _LETTERS.get(character.casefold()) or _SPELT.get(character, "نویسه")
        return Clip(letter, LANGUAGE, "", joins)

    def rial(self, amount: int) -> list[Clip]:
        return breath(self.number(amount), _fixed("unit.rial", "ریال"))

    def date(self, day: date) -> list[Clip]:
        return breath(
            _fixed(f"weekday.{(day.weekday() + 2) % 7}", WEEKDAYS[day.weekday()]),
            self._day(jdatetime.date.fromgregorian(date=day)),
        )

    def _day(self, jalali: jdatetime.date) -> list[Clip]:
        return breath(
            _fixed(f"ordinal.{jalali.day}", ordinal(jalali.day)),
            _fixed(f"month.{jalali.month}", MONTHS[jalali.month - 1]),
            self.number(jalali.year),
        )

    def clock(self, at: time) -> list[Clip]:
        if not at.minute:
            return self.number(at.hour)
        hour = [_word(n, more=True) for n in ([at.hour] if at.hour in WORDS else [at.hour // 10 * 10, at.hour % 10])]
        if at.minute in _PARTS_OF_HOUR:
            return breath(hour, _fixed(*_PARTS_OF_HOUR[at.minute]))
        return breath(hour, self.number(at.minute), _fixed("unit.minute", "دقیقه"))

    def moment(self, at: datetime) -> list[Clip]:
        local = at.astimezone(TEHRAN) if at.tzinfo else at
        said = breath(self.date(local.date()), _fixed("unit.clock", "ساعتِ"), joins=COMMA)
        return breath(said, self.clock(local.time()))

    # --- written texts

    def words(self, text: str) -> str:
        text = re.sub(r"^\s*\(([0-9۰-۹]+) از ([0-9۰-۹]+)\)", r"پرسشِ \1 از \2: ", text)
        text = wording.spelt(
            wording.marked(text).translate(_ARABIC),
            url="نشانیِ وبگاه",
            at=" اَت‌ساین ",
            figure=self._figure,
            spell=self._spelled,
        )
        text = re.sub(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’]*", self._latin, text)
        said = wording.paused(text, _spoken, _SIGNS)
        said = re.sub(rf"{ZWNJ}+(?![ء-ۓ])|(?<![ء-ۓ]){ZWNJ}+|(?<={ZWNJ}){ZWNJ}+", "", said)
        return " ".join(said.split()).translate(_MARKS)

    def _figure(self, found: re.Match[str]) -> str:
        try:
            return self._said(found)
        except ValueError:  # no day of any calendar, no time of day
            return plain(self.digits(found[0]))

    def _said(self, found: re.Match[str]) -> str:
        if found["date"]:
            year, month, day = map(int, re.split("[/-]", found["date"]))
            if year > 1700:
                return plain(self._day(jdatetime.date.fromgregorian(date=date(year, month, day))))
            return plain(self._day(jdatetime.date(year, month, day)))
        if found["clock"]:
            return plain(self.clock(time.fromisoformat(found["clock"].zfill(5))))
        if found["phone"]:
            return f", {plain(self.digits(found['phone']))}, "
        whole, said = found["whole"], ""
        if wording.is_identifier(whole):
            said = f", {plain(self.digits(whole))}, "
        else:
            number = int(re.sub(r"\D", "", whole))
            said = ordinal(number) if found["ordinal"] else plain(self.number(number))
        if found["part"]:
            said += " ممیزِ " + (
                plain(self.digits(found["part"])) if len(found["part"]) > 3 else plain(self.number(int(found["part"])))
            )
        return ("منفی " if found["minus"] else "") + said + (" درصد" if found["percent"] else "")

    def _latin(self, found: re.Match[str]) -> str:
        word = found[0].casefold()
        known = self._foreign.get(word)
        return f" {known} " if known else f" {self._spelled(word)} "

    def _spelled(self, word: str) -> str:
        """Letter by letter; letters with accents by their plain ones."""
        bare = unicodedata.normalize("NFKD", word.casefold())
        known = self._foreign.get(word.casefold())
        return known or " ".join(
            self._sign(c, CLOSE).text for c in bare if c.isascii() and c.isprintable() and c != "'"
        )


_ARABIC: dict[int, str] = {ord("ي"): "ی", ord("ى"): "ی", ord("ك"): "ک", ord("ة"): "ه", ord("ـ"): "", ord("ۀ"): "هٔ"}


def _spoken(character: str) -> bool:
    """Persian and Arabic letters, short vowels, the half-space."""
    return (
        character == ZWNJ
        or "\u064b" <= character <= "\u0655"
        or character == "\u0670"
        or ("\u0600" <= character <= "\u06d3" and unicodedata.category(character) == "Lo")
    )


def _parts(number: int) -> list[tuple[int, bool]]:
    """The words of a number and whether «و» follows each."""
    if number == 0:
        return [(0, False)]
    said: list[tuple[int, bool]] = []
    for scale, _ in (*_SCALES, (1, "")):
        count, rest = divmod(number, scale)
        if not count:
            continue
        lone_thousand = scale == 1000 and count == 1 and not said  # «هزار و چهارصد», not «یک هزار»
        words = [] if lone_thousand else _below_thousand(count)
        said += [(word, word != words[-1]) for word in words]
        if scale > 1:
            said.append((scale, False))
        if rest:
            said[-1] = (said[-1][0], True)
        number = rest
    return said


def _below_thousand(number: int) -> list[int]:
    """125 → 100, 20, 5."""
    hundreds, rest = number // 100 * 100, number % 100
    tens = [rest] if rest in WORDS else [rest // 10 * 10, rest % 10]
    return [part for part in (hundreds, *tens) if part]
