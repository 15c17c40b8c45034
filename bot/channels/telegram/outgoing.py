"""A reply → the messages of the Bot API (core.telegram.org/bots/api#sendmessage) that say it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.channels.render import Renderer
from bot.channels.telegram.dialects import TELEGRAM, Dialect
from bot.core.messages import Choice, Kind, Phrase, Reply

MAX_TEXT = 4096  # UTF-16 units
SHORT_LABEL = 18  # characters: two of these fit side by side on a small telephone
NAV_PER_ROW = 4

Message = dict[str, Any]


class _Request(NamedTuple):
    field: str
    invitation: Phrase
    label: Phrase


_REQUESTS: Mapping[Kind, _Request] = {
    Kind.PHONE: _Request("request_contact", Phrase("telegram.phone_hint"), Phrase("telegram.share_phone")),
    Kind.LOCATION: _Request("request_location", Phrase("telegram.location_hint"), Phrase("telegram.share_location")),
}


class Composer:
    """Writes replies in one dialect. `renderer` writes plain text."""

    def __init__(self, renderer: Renderer, dialect: Dialect) -> None:
        self._labels = renderer
        self._words = renderer.styled(dialect.style)
        self._parse_mode = dialect.parse_mode
        self._whole = dialect.whole

    def messages(self, replies: Sequence[Reply], language: str, *, keyboard_up: bool) -> list[Message]:
        """The messages in order, each still without its chat. `keyboard_up`: an earlier turn left its button for
        sharing a number or a place under the citizen's text field; it goes, unless a new one takes its place."""
        messages = [m for reply in replies for m in self._reply(reply, language)]
        if keyboard_up and messages and not shows_keyboard(messages):
            bare = next((m for m in messages if "reply_markup" not in m), None)
            if bare is None:  # a message has either buttons or the removal of a keyboard
                bare = self._text(Phrase("telegram.keyboard_gone"), language)
                messages.insert(0, bare)
            bare["reply_markup"] = {"remove_keyboard": True}
        return messages

    def _reply(self, reply: Reply, language: str) -> list[Message]:
        messages = [self._message(part) for part in split(self._words.text(reply.say, language), whole=self._whole)]
        if reply.choices:
            messages[-1]["reply_markup"] = {"inline_keyboard": self._buttons(reply.choices, language)}
        if request := _REQUESTS.get(reply.expect.kind):
            if reply.choices:  # inline buttons and a keyboard do not go in one message
                messages.append(self._text(request.invitation, language))
            button = {"text": self._labels.text(request.label, language), request.field: True}
            messages[-1]["reply_markup"] = {
                "keyboard": [[button]],
                "resize_keyboard": True,
                "one_time_keyboard": True,
            }
        return messages

    def _text(self, phrase: Phrase, language: str) -> Message:
        return self._message(self._words.text(phrase, language))

    def _message(self, text: str) -> Message:
        return {"text": text, "parse_mode": self._parse_mode} if self._parse_mode else {"text": text}

    def _buttons(self, choices: Sequence[Choice], language: str) -> list[list[dict[str, str]]]:
        """Answers one to a row, two where both are short; back, cancel and their like together at the end."""
        rows: list[list[dict[str, str]]] = []
        nav: list[dict[str, str]] = []
        half = False  # the last row has room for one more
        for choice in choices:
            label = self._labels.text(choice.label, language)
            button = {"text": label, "callback_data": choice.value}
            if choice.nav:
                nav.append(button)
                continue
            short = len(label) <= SHORT_LABEL
            if half and short:
                rows[-1].append(button)
            else:
                rows.append([button])
            half = short and len(rows[-1]) == 1
        rows += [nav[n : n + NAV_PER_ROW] for n in range(0, len(nav), NAV_PER_ROW)]
        return rows


_LINK = re.compile(r'<a href="([^"]*)">[^<]*</a>')


def shows_keyboard(messages: Sequence[Message]) -> bool:
    return any("keyboard" in m.get("reply_markup", ()) for m in messages)


def unmarked(message: Message) -> Message:
    """The same message as plain text, for a server that could not read our markup."""
    addresses = _LINK.sub(r"\1", message["text"])
    text = html.unescape(re.sub(r"</?[a-z]+>", "", addresses))
    return {**{k: v for k, v in message.items() if k != "parse_mode"}, "text": text}


# --- splitting ------------------------------------------------------------------------------------

_ENDS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[.!?؟؛…](?=\s)"), re.compile(r"\s"))


def units(text: str) -> int:
    """Length as Telegram counts it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def split(text: str, limit: int = MAX_TEXT, whole: re.Pattern[str] = TELEGRAM.whole) -> list[str]:
    """The text in parts of at most `limit` units: cut after paragraphs, else lines, sentences, words; never inside
    what is `whole`: a tag with its text, an entity, a character."""
    parts = []
    while units(text) > limit:
        cut = _cut(text, limit, whole)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text] if text or not parts else parts


def _cut(text: str, limit: int, whole: re.Pattern[str]) -> int:
    """Where to cut: the last good end in the second half of what fits, else all that fits."""
    room, at, seen = limit, 0, []
    for atom in whole.finditer(text):
        room -= units(atom.group())
        if room < 0:
            break
        at = atom.end()
        seen.append(atom.group() if len(atom.group()) == 1 else "x" * len(atom.group()))
    fitting = "".join(seen) + text[at : at + 1]
    for end in _ENDS:
        found = [min(m.end(), at) for m in end.finditer(fitting) if m.end() > at // 2]
        if found:
            return found[-1]
    return at or limit
