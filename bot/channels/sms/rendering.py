"""The replies of a turn as one text message that keeps to a budget of segments.

What does not fit is cut at a sentence or a line, and told on demand: a text by «۱», a list of choices by «۰», since its
own numbers mean the choices. A channel needs no memory for it: `Reply.skip` says what was told already.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from bot.channels.persian import number_words
from bot.channels.render import Renderer, Style
from bot.channels.segments import segments
from bot.channels.sms.optout import word_of
from bot.core.messages import Kind, Phrase, Reply
from bot.core.text import fold

STATUS = 1  # segments that the news of a request may take
QUESTION = 2  # a form's question with its answers
LONGEST = 4  # anything else
MANY = 9  # choices; of more than these the name is quicker than their pages
LANGUAGES = ("fa", "en")  # that the rest may be asked for in
LRM = "\u200e"

_SAFE_RUN = re.compile(r"[0-9A-Za-z]+|[A-Za-z](?:.*[0-9A-Za-z])?", re.DOTALL)
_SENTENCE = re.compile(r"\n+|(?<=[.!?؟؛…])\s+")
_SPACE = re.compile(r"\s+")
_PICTURES = re.compile("[\U00010000-\U0010ffff\ufe0f\u2600-\u27bf]+ ?")
_WORTHWHILE = 0.4  # of the room that a part fills at least when it ends with a sentence
_ROOM = 160  # characters that no segment exceeds
_LABELS = (Phrase("sms.more"), Phrase("sms.more_choices"), Phrase("sms.more_or_name"))


def _ltr(markup: str) -> str:
    """Digits or letters alone, and what begins and ends with Latin letters, keep their order between Persian words;
    anything else is held by marks of one unit (UAX 9), half the price of isolates. Telephones take a mark behind a URL
    for its last character."""
    return markup if _SAFE_RUN.fullmatch(markup) or "://" in markup else f"{LRM}{markup}{LRM}"


def _same(text: str) -> str:
    return text


def _without_pictures(text: str) -> str:
    """A picture costs two units, and simple telephones show a box in its place."""
    return _PICTURES.sub("", text)


SMS = Style(plain=_without_pictures, code=_same, ltr=_ltr, own=_same, bullet="- ")


class Cut(Enum):
    """Where a text was cut, and so what continues it."""

    NOWHERE = 0
    WORDS = 1  # before its choices, if it has any
    CHOICES = 2


class Part(NamedTuple):
    """`text` is what is sent; `told` counts the characters of the whole that are told with it."""

    text: str
    told: int
    cut: Cut = Cut.NOWHERE


class _Whole(NamedTuple):
    """A turn's words: `text` with its choices from `choices_at` on, and the length of the first reply."""

    text: str
    choices_at: int
    first: int
    nav: str
    many: bool = False  # choices


def budget(replies: Sequence[Reply]) -> int:
    """Segments that these replies may take."""
    first, *others = replies
    if replies[-1].skip:
        return LONGEST
    if first.brief and first.expect.kind is Kind.NOTHING and not any(map(_is_form_or_more, others)):
        return STATUS
    return QUESTION if all(r.brief for r in replies) else LONGEST


def _is_form_or_more(reply: Reply) -> bool:
    """Whether it says more than what to do next with a request."""
    return reply.brief is not None or reply.expect.kind is not Kind.CHOICE


class Composer:
    """`renderer` writes plain text."""

    def __init__(self, renderer: Renderer) -> None:
        self._words = renderer.styled(SMS)

    def part(self, replies: Sequence[Reply], language: str) -> Part:
        """The next message; an empty one when there is nothing to say."""
        if not replies:
            return Part("", 0)
        # What was said anew before a continuation is told with its first part only.
        told = replies[-1].skip
        replies = [r for r in replies if r.skip == told]
        whole = self._whole(replies, language)
        return self._cut(whole, told if told < len(whole.text) else 0, budget(replies), language)

    def text(self, phrase: Phrase, language: str) -> str:
        return self._words.text(phrase, language)

    async def more(self, typed: str, last: Callable[[], Awaitable[tuple[str, Sequence[Reply]]]]) -> str:
        """The command that goes on where the message was cut, if these words ask for it; else nothing. `last` gives the
        conversation's language and what was said last."""
        word = word_of(typed)
        if word not in ("0", "1") and word not in _said(
            tuple([self.text(label, language) for language in LANGUAGES for label in _LABELS])
        ):
            return ""
        language, replies = await last()
        if not replies:
            return ""
        part = self.part(replies, language)
        if part.cut is Cut.NOWHERE or (word == "1" and part.cut is Cut.CHOICES):
            return ""
        return f"/more/{part.told}"

    def _whole(self, replies: Sequence[Reply], language: str) -> _Whole:
        says = [self._words.text(r.brief or r.say, language).strip() for r in replies]
        answers, nav = self._words.listed(replies[-1], language)
        words = "\n".join(says)
        text = "\n".join([words, *answers])
        return _Whole(text, len(words) + 1 if answers else len(text), len(says[0]), nav, len(answers) > MANY)

    def _cut(self, whole: _Whole, start: int, room: int, language: str) -> Part:
        text = whole.text
        rest = text[start:].strip()
        start = text.find(rest, start)
        with_nav = f"{rest}\n{whole.nav}".strip()
        all_parts = segments(with_nav).parts
        parts = segments(rest).parts if whole.nav and all_parts > 1 else all_parts
        if parts <= room:
            return Part(with_nav if all_parts == parts else rest, len(text))
        more = self._tail("1", Phrase("sms.more"), language)
        if start < whole.choices_at:
            if room == STATUS and not start and _fits(text[: whole.first], "", room):
                end = max(self._sentence(text, 0, whole.choices_at, room, more), whole.first)
                shown = text[:end].strip()
                return Part(shown + more if _fits(shown, more, room) else shown, end, Cut.WORDS)
            if not _fits(text[start : whole.choices_at].strip(), more, room):
                end = self._sentence(text, start, whole.choices_at, room, more)
                return Part(text[start:end].strip() + more, end, Cut.WORDS)
        by_name = Phrase("sms.more_or_name" if whole.many else "sms.more_choices")
        choices = self._tail("0", by_name, language)
        if (end := _lines(text, start, max(start, whole.choices_at), room, choices)) > start:
            return Part(text[start:end].strip() + choices, end, Cut.CHOICES)
        if start < whole.choices_at:
            return Part(text[start : whole.choices_at].strip() + more, whole.choices_at, Cut.WORDS)
        end = self._sentence(text, start, len(text), room, choices)  # one choice that is longer than a message
        return Part(text[start:end].strip() + choices, end, Cut.CHOICES)

    def _tail(self, digit: str, label: Phrase, language: str) -> str:
        return f"\n{number_words(int(digit), language)}. {self.text(label, language)}"

    @staticmethod
    def _sentence(text: str, start: int, stop: int, room: int, tail: str) -> int:
        """Where a part that begins at `start` ends: behind the last sentence that fits, else behind a word."""
        most = _most(text, start, stop, room, tail)
        for pattern, least in ((_SENTENCE, _WORTHWHILE), (_SPACE, 0.0)):
            ends = [m.end() for m in pattern.finditer(text, start, stop) if m.start() <= most]
            if ends and ends[-1] - start > least * (most - start):
                return ends[-1]
        return most


@lru_cache(maxsize=4)
def _said(labels: tuple[str, ...]) -> frozenset[str]:
    """What asks for more: a label, or its words before a comma. Kept as long as the labels are the same."""
    return frozenset(one for label in map(fold, labels) for one in (label, label.partition(",")[0]))


def _fits(text: str, tail: str, room: int) -> bool:
    return segments(text + tail).parts <= room


def _most(text: str, start: int, stop: int, room: int, tail: str) -> int:
    """The largest end up to `stop` with which the part fits; beyond `start` in any case."""
    low, high = start + 1, min(stop, start + _ROOM * room)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(text[start:middle].strip(), tail, room):
            low = middle
        else:
            high = middle - 1
    return low


def _lines(text: str, start: int, at: int, room: int, tail: str) -> int:
    """The end of the last choice from `at` on that still fits, or `start` when none does."""
    end = start
    while at < len(text):
        at = text.find("\n", at) + 1 or len(text)
        if not _fits(text[start:at].strip(), tail, room):
            break
        end = at
    return end
