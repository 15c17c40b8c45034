"""Recognising what was offered: buttons with their stamp, typed labels, numbers, and the words for commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2s
from typing import NamedTuple

from bot.core.messages import Choice, Inbound, Kind, Reply
from bot.core.ports import Wording
from bot.core.sessions import Frame
from bot.core.text import fold

Words = Mapping[str, str]
"""What people say, folded → the command or answer that it stands for."""

_COMMAND = re.compile(r"/([a-z_]+)(?:[/ ]+(.*))?", re.DOTALL)
_SAID = (
    "یک اول یکم one first",
    "دو دوم two second",
    "سه سوم three third",
    "چهار چهارم four fourth",
    "پنج پنجم five fifth",
    "شش شیش ششم six sixth",
    "هفت هفتم seven seventh",
    "هشت هشتم eight eighth",  # and not nine: «نه» is no
)
_NUMBERS = {word: n for n, words in enumerate(_SAID, 1) for word in words.split()}
_NUMBER = re.compile(
    r"(?!یکی)(?:(?:گزینه|شماره|مورد|option|number) ?(?:ی )?)?"
    rf"(\d{{1,2}}|{'|'.join(_NUMBERS)})(?:م|می|مین|ی|ین| ام)?(?: را| رو| لطفا)?"
)
_WORD = re.compile(r"\w+")
SPARE_WORDS = 2  # that may stand around a label
_EDGE = " .,!?:;()«»\"'"


class Command(NamedTuple):
    name: str
    arg: str = ""


def plain(text: str) -> str:
    """The fold without punctuation at its ends: «بازگشت!» is «بازگشت»."""
    return fold(text).strip(_EDGE)


@lru_cache(maxsize=4096)
def _label(text: str) -> str:
    """Labels come again with every turn of every citizen."""
    return plain(text)


def _joined(text: str) -> str:
    """Without spaces: half-spaces are typed as spaces, or not at all."""
    return text.replace(" ", "")


def is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "؟"))


def is_number(text: str) -> bool:
    """Whether it can be the place of a choice: «۲», «گزینهٔ دو», «اولی»."""
    return _NUMBER.fullmatch(plain(text)) is not None


def command_in(value: str) -> Command | None:
    """ "/form/letter" and "/track 12345 67890" alike."""
    match = _COMMAND.fullmatch(value.strip())
    return Command(match[1], (match[2] or "").strip()) if match else None


def stamp(frame: Frame) -> str:
    """Ties a button to the question that offered it, so that an old one is noticed."""
    return blake2s(f"{frame.id}.{frame.step}".encode(), digest_size=3).hexdigest()


def stamped(frame: Frame, reply: Reply, *more: Choice) -> Reply:
    """The reply with further choices, none twice, each tied to this question unless it is a command."""
    mark = stamp(frame)
    have = {c.value for c in reply.choices}
    choices = (*reply.choices, *(c for c in more if c.value not in have))
    tied = (c if c.value.startswith("/") else Choice(f"{mark}~{c.value}", c.label, c.nav, c.main) for c in choices)
    return Reply(reply.say, tuple(tied), reply.expect, reply.brief, reply.skip)


def bare(frame: Frame, value: str) -> str | None:
    """The bare value of a button of this very question; None for any other question's."""
    mark, tilde, rest = value.partition("~")
    if not tilde:
        return value
    return rest if mark == stamp(frame) else None


def chosen(reply: Reply, heard: Inbound, words: Words, wording: Wording, language: str) -> str | None:
    """The bare value that typed words pick among the offered choices: by label or what stands before its colon, by a
    word such as «بله», or, where the question is a choice, by number (counted without the navigation) or by a part of
    one label only."""
    typed = plain(heard.text)
    if not typed or not reply.choices:
        return None
    word, joined = words.get(typed), _joined(typed)
    offered = {c.value for c in reply.choices}
    for value in (word, typed):
        if value in offered:
            return value
    for choice in reply.choices:
        label = _label(wording.text(choice.label, language))
        if _joined(label) == joined or (word and words.get(label) == word):
            return choice.value
    heads = [c.value for c in reply.choices if _joined(_head(_label(wording.text(c.label, language)))) == joined]
    if len(heads) == 1:
        return heads[0]
    if not reply.expect.kind.numbered:
        return None
    options = [c for c in reply.choices if not c.nav]
    if number := _NUMBER.fullmatch(typed):
        place = _NUMBERS.get(number[1]) or int(number[1])
        return options[place - 1].value if 1 <= place <= len(options) else None
    if reply.expect.kind is not Kind.CHOICE:
        return None
    meant = [c.value for c in options if _overlap(typed, _label(wording.text(c.label, language)))]
    return meant[0] if len(meant) == 1 else None


def _head(label: str) -> str:
    """«همین شماره» of «همین شماره: 0912…»: nobody types the rest."""
    head, colon, _ = label.partition(":")
    return head if colon else ""


def _overlap(typed: str, label: str) -> bool:
    """«صبح» for «صبح، ۸ تا ۱۲», and «صدور پروانه ساختمانی» for «پروانه ساختمانی»."""
    said, offered = set(_WORD.findall(typed)), set(_WORD.findall(label))
    return said <= offered or (len(offered) > 1 and offered <= said and len(said) <= len(offered) + SPARE_WORDS)
