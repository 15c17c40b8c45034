"""Phrases and values as the text of one medium.

A channel with markup hands in its `Style`; the web page, the terminal and the engine read PLAIN. Whatever is written
from left to right, or comes from a citizen, stands inside Unicode's isolates (UAX 9), so that it can never turn the
sentence around it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from bot.channels.persian import date_words, day_digits, moment_words, number_words, persian_digits, rial_words
from bot.core.catalogue import Text, pick
from bot.core.messages import Arg, Phrase, Reply, Term
from bot.core.text import fold_digits
from bot.core.values import value

log = logging.getLogger(__name__)

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"

_GAP = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
# Directional marks, embeddings, overrides and isolates; control characters; halves of characters, which no JSON takes.
_UNQUOTABLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def _same(text: str) -> str:
    return text


def shown_code(digits: str) -> str:
    """A tracking code in two groups of five, in ASCII digits."""
    return f"{digits[:5]} {digits[5:]}" if len(digits) == 10 else digits


def _left_to_right(markup: str) -> str:
    return f"{LRI}{markup}{PDI}"


def _by_its_first_letter(markup: str) -> str:
    return f"{FSI}{markup}{PDI}"


@value
class Style:
    """How a medium writes. Each function takes raw text and returns the medium's markup.

    plain: words of ours · copy: a code or an identifier that people copy · link: a URL · quote: a citizen's words
    Raw text too: code: a tracking code's digits as they are shown. From markup to markup: ltr: what is read from left
    to right · own: one line that brings a direction of its own. bullet: before an answer that has no number.
    """

    plain: Callable[[str], str] = _same
    copy: Callable[[str], str] = _same
    link: Callable[[str], str] = _same
    quote: Callable[[str], str] = _same
    code: Callable[[str], str] = shown_code
    ltr: Callable[[str], str] = _left_to_right
    own: Callable[[str], str] = _by_its_first_letter
    bullet: str = "• "


PLAIN = Style()


def _numbered(number: str, label: str) -> str:
    """A scale's labels bring their numbers along: «۱ – خیلی ناراضی»."""
    return label if label.startswith(f"{number} ") else f"{number}. {label}"


def unmarked(text: str) -> str:
    """A citizen's words without what could change the direction of the text around them."""
    return _UNQUOTABLE.sub("", text)


class Renderer:
    """Implements `bot.core.ports.Wording`.

    Never raises for a missing phrase, gap or malformed value: the citizen sees the key or the value as it is, and the
    log tells it once. `phrases` is asked at each call, so edited content shows at once;
    as long as it hands out the same mapping, templates are compiled once.
    """

    def __init__(
        self, phrases: Callable[[], Mapping[str, Text]], style: Style = PLAIN, default_language: str = "fa"
    ) -> None:
        self._phrases = phrases
        self._style = style
        self._default = default_language
        self._source: Mapping[str, Text] | None = None  # what the compiled templates were made of
        self._compiled: dict[tuple[str, str], tuple[str, ...]] = {}
        self._told: set[str] = set()

    def styled(self, style: Style) -> Renderer:
        """The same phrases in another medium's markup."""
        return Renderer(self._phrases, style, self._default)

    def text(self, arg: Arg, language: str) -> str:
        if isinstance(arg, Phrase):
            return self._phrase(arg, language)
        if isinstance(arg, str):
            return self._style.plain(arg)
        if isinstance(arg, Term):
            return self._term(arg, language)
        if isinstance(arg, int):
            return number_words(arg, language)
        return "\n".join([self.text(a, language) for a in arg])

    def listed(self, reply: Reply, language: str) -> tuple[list[str], str]:
        """For a medium without buttons: the choices, one to a line, and the line of back, cancel and their like.

        Numbers are given where the engine understands them: to the answers of a choice, counted without the navigation.
        """
        answers = [self.text(c.label, language) for c in reply.choices if not c.nav]
        nav = [self.text(c.label, language) for c in reply.choices if c.nav]
        if reply.expect.kind.numbered:
            answers = [_numbered(number_words(n, language), label) for n, label in enumerate(answers, 1)]
        else:
            answers = [f"{self._style.bullet}{label}" for label in answers]
        return answers, " | ".join(nav)

    def _phrase(self, phrase: Phrase, language: str) -> str:
        phrases = self._phrases()
        if phrases is not self._source:
            self._source = phrases
            self._compiled.clear()
        parts = self._compiled.get((phrase.key, language))
        if parts is None:
            parts = self._compile(phrases, phrase.key, language)
        if len(parts) == 1:
            return parts[0]
        said = list(parts)
        for n in range(1, len(parts), 2):
            name = parts[n]
            if name in phrase.args:
                said[n] = self.text(phrase.args[name], language)
            else:
                self._tell("phrase %s has no value for the gap %s", phrase.key, name)
                said[n] = self._style.plain(f"[{name}]")
        return "".join(said)

    def _compile(self, phrases: Mapping[str, Text], key: str, language: str) -> tuple[str, ...]:
        """Literal text and names of gaps by turns, beginning and ending with text."""
        text = phrases.get(key)
        if text is None:
            self._tell("no phrase %s", key)
            text = {language: f"[{key}]"}
        template = text.get(language) or pick(text, self._default)
        parts = _GAP.split(template)
        parts[::2] = [self._style.plain(p) for p in parts[::2]]
        return self._compiled.setdefault((key, language), tuple(parts))

    def _term(self, term: Term, language: str) -> str:
        style, value = self._style, term.value
        try:
            match term.kind:
                case "code":
                    return style.ltr(style.copy(style.code(fold_digits(value))))
                case "digits":
                    return style.ltr(style.copy(fold_digits(value)))
                case "url" | "door":
                    return style.ltr(style.link(value))
                case "quote":
                    # An isolate ends with its paragraph: each line needs its own.
                    return "\n".join([style.own(style.quote(line)) for line in unmarked(value).split("\n")])
                case "day":
                    return day_digits(date.fromisoformat(value), language)
                case "date":
                    return date_words(date.fromisoformat(value), language)
                case "moment":
                    return moment_words(datetime.fromisoformat(value), language)
                case "clock":
                    return persian_digits(value) if language == "fa" else value
                case "rial":
                    return rial_words(int(value), language)
        except ValueError:
            self._tell("malformed value of kind %s", term.kind)
        else:
            self._tell("no way to say the kind %s", term.kind)
        return style.plain(unmarked(value))

    def _tell(self, message: str, *args: str) -> None:
        """Once for each fault: it would come again with every message."""
        fault = message % args
        if fault not in self._told:
            self._told.add(fault)
            log.error(message, *args)
