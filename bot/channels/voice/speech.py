"""Replies as pieces of sound: what is spoken, in words alone, in the order that a caller hears it."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime, time

from bot.channels.voice.clips import CLOSE, COMMA, Clip, Grammar, breath
from bot.channels.voice.english_speech import English
from bot.channels.voice.persian_speech import Persian
from bot.channels.voice.scripts import runs_of
from bot.core.catalogue import Text, pick
from bot.core.messages import Arg, Phrase, Reply, Term
from bot.core.text import fold_digits
from bot.core.values import replace, value
from bot.core.voice_content import VoiceContent

__all__ = ["Clip", "Speaker", "text_key"]

log = logging.getLogger(__name__)

LAST = 4  # digits of a code that is told apart by them alone
LONGEST_QUOTE = 600  # characters; reading so many takes most of a minute
REMEMBERED = 2000  # texts and phrases

_GAP = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.(?:once|last))?)\}")
_END = re.compile(r"[.!?؟…\n]")
_ON_MAP = re.compile(r"-?\d+\.\d+, ?-?\d+\.\d+")
_PAUSE = re.compile(r"[،,؛;:()\[\]«»“”—–•]")


def text_key(text: str) -> str:
    """The name of a content text's recording: an edited text has another one."""
    return "text." + hashlib.sha256(text.encode()).hexdigest()[:10]


@value
class _Piece:
    """A part of a phrase: words, or the gap that a value fills."""

    clip: Clip | None = None
    gap: str = ""
    joins: str = ""  # how it joins the part before; empty: a sentence ended there


class Speaker:
    """Says what a `Renderer` would write. Never raises for a missing phrase or a malformed value: that is left out,
    and the log tells it once."""

    def __init__(
        self, phrases: Callable[[], Mapping[str, Text]], voice: Callable[[], VoiceContent], default_language: str = "fa"
    ) -> None:
        self._phrases = phrases
        self._voice = voice
        self._default = default_language
        self._source: tuple[object, object] | None = None  # what the compiled phrases were made of
        self._compiled: dict[tuple[str, str], tuple[_Piece, ...]] = {}
        self._remembered: dict[tuple[Hashable, str], Sequence[Clip]] = {}
        self._grammars: dict[str, Grammar] = {}
        self._told: set[str] = set()

    def reply(self, reply: Reply, language: str) -> tuple[Clip, ...]:
        """What the reply says, without its choices."""
        return self.say(reply.say, language)

    def say(self, arg: Arg, language: str) -> tuple[Clip, ...]:
        """The clips of a phrase, a value or lines, in order; empty when nothing is to be heard."""
        self._refresh()
        return tuple(self._say(arg, language))

    def static(self, key: str, language: str) -> tuple[Clip, ...]:
        """What a phrase says whatever stands in its gaps."""
        self._refresh()
        return tuple(piece.clip for piece in self._pieces(key, language) if piece.clip)

    # --- one thing after another

    def _refresh(self) -> None:
        source = (self._phrases(), self._voice())
        if self._source is None or source[0] is not self._source[0] or source[1] is not self._source[1]:
            self._source = source
            self._compiled.clear()
            self._remembered.clear()
            self._grammars = {"fa": Persian(source[1].words), "en": English()}

    def _say(self, arg: Arg, language: str, form: str = "") -> Sequence[Clip]:
        """What everybody hears alike is put into words once."""
        what = _unchanging(arg)
        if what is None:
            return self._worded(arg, language, form)
        said = self._remembered.get((what, language))
        if said is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            said = self._remembered[what, language] = self._worded(arg, language, form)
        return said

    def _worded(self, arg: Arg, language: str, form: str) -> Sequence[Clip]:
        if isinstance(arg, Phrase):
            return self._phrase(arg, language)
        if isinstance(arg, str):
            spoken = self._voice().texts.get((language, arg), arg)
            return self._words(spoken, language, text_key(spoken))
        if isinstance(arg, Term):
            return self._term(arg, language, form)
        if isinstance(arg, int):
            return self._grammar(language).number(arg)
        return [clip for line in arg for clip in self._say(line, language)]

    def _grammar(self, language: str) -> Grammar:
        return self._grammars.get(language) or self._grammars[self._default]

    def _words(self, text: str, language: str, key: str = "") -> list[Clip]:
        said = [Clip(words, spoken) for words, spoken in self._voiced(text, language)]
        if key:
            said = [replace(c, key=key if len(said) == 1 else text_key(c.text)) for c in said]
        return breath(*([clip] for clip in said), joins=COMMA)

    def _voiced(self, text: str, language: str) -> list[tuple[str, str]]:
        """(words, language of the voice) of each stretch in which there is something to say."""
        runs = runs_of(text, language, self._voice().words)
        return [(words, spoken) for run, spoken in runs if (words := self._grammar(spoken).words(run))]

    # --- phrases

    def _phrase(self, phrase: Phrase, language: str) -> list[Clip]:
        said: list[Clip] = []
        for piece in self._pieces(phrase.key, language):
            if piece.clip:
                clips: Sequence[Clip] = (piece.clip,)
            else:
                name, _, form = piece.gap.partition(".")
                if name not in phrase.args:
                    self._tell("phrase %s has no value for the gap %s", phrase.key, name)
                    continue
                clips = self._say(phrase.args[name], language, form)
            if clips and said:
                said.append(replace(clips[0], joins=piece.joins))
                clips = clips[1:]
            said += clips
        return said

    def _pieces(self, key: str, language: str) -> tuple[_Piece, ...]:
        found = self._compiled.get((key, language))
        if found is None:
            found = self._compiled.setdefault((key, language), tuple(self._compile(key, language)))
        return found

    def _compile(self, key: str, language: str) -> list[_Piece]:
        text = self._voice().phrases.get(key)
        if text is None:
            text = self._phrases().get(key)
        if text is None:
            self._tell("no phrase %s", key)
            return []
        parts = _GAP.split(text[language] if language in text else pick(text, self._default))
        pieces: list[_Piece] = []
        between, count = "", 0
        for n, part in enumerate(parts):
            if n % 2:
                pieces.append(_Piece(gap=part, joins=_joins(between)))
                between = ""
                continue
            voiced = self._voiced(part, language)
            head, tail = _edges(part) if voiced else (part, "")
            between += head
            for words, spoken in voiced:
                count += 1
                # Another language's words are a text of their own: both languages may have them at other places.
                own = f"{key}.{count}" if spoken == language else text_key(words)
                pieces.append(_Piece(Clip(words, spoken, own), joins=_joins(between)))
                between = ","
            if voiced:
                between = tail
        whole = pieces[0].clip if len(pieces) == count == 1 else None
        return [_Piece(replace(whole, key=key))] if whole and whole.language == language else pieces

    # --- values

    def _term(self, term: Term, language: str, form: str) -> Sequence[Clip]:
        grammar, value = self._grammar(language), term.value
        try:
            match term.kind:
                case "code":
                    return self._code(fold_digits(value), language, form)
                case "digits" if _ON_MAP.fullmatch(value):
                    return self._say(Phrase("voice.on_map"), language)
                case "digits":
                    return grammar.digits(value.lstrip("…"))  # of a number whose ending is shown
                case "url":
                    return self._say(Phrase("voice.url"), language)
                case "quote":
                    return self._quote(value, language)
                case "date":
                    return grammar.date(date.fromisoformat(value))
                case "moment":
                    return grammar.moment(datetime.fromisoformat(value))
                case "clock":
                    return grammar.clock(time.fromisoformat(value))
                case "rial":
                    return grammar.rial(int(value))
        except (ValueError, OverflowError):
            self._tell("malformed value of kind %s", term.kind)
        else:
            self._tell("no way to say the kind %s", term.kind)
        return self._words(value, language)

    def _quote(self, text: str, language: str) -> list[Clip]:
        if len(text) <= LONGEST_QUOTE:
            return self._words(text, language)
        beginning = text[:LONGEST_QUOTE].rsplit(maxsplit=1)[:1]
        return [*self._words(" ".join(beginning), language), *self._say(Phrase("voice.quote_cut"), language)]

    def _code(self, digits: str, language: str, form: str) -> list[Clip]:
        """In two groups, and once more: few write it down at the first time."""
        grammar = self._grammar(language)
        if form == "last":
            return grammar.code(digits[-LAST:])
        if form == "once":
            return grammar.code(digits)
        again = self._say(Phrase("voice.code_again"), language)
        return [*grammar.code(digits), *again, *breath(grammar.code(digits))]

    def _tell(self, message: str, *args: str) -> None:
        """Once for each fault: it would come again with every call."""
        fault = message % args
        if fault not in self._told:
            self._told.add(fault)
            log.error(message, *args)


def _unchanging(arg: Arg) -> Hashable | None:
    """What it is remembered by; None when a value is in it, which may be one caller's own."""
    if isinstance(arg, (str, int)):
        return arg
    if isinstance(arg, Term):
        return None
    what: list[Hashable] = [arg.key if isinstance(arg, Phrase) else ""]
    for name, part in arg.args.items() if isinstance(arg, Phrase) else enumerate(arg):
        inside = _unchanging(part)
        if inside is None:
            return None
        what += (name, inside)
    return tuple(what)


def _edges(part: str) -> tuple[str, str]:
    """What stands before and behind the words of a literal part."""
    words = [m.span() for m in re.finditer(r"[^\W_]+", part)]
    return part[: words[0][0]], part[words[-1][1] :]


def _joins(between: str) -> str:
    if _END.search(between):
        return ""
    return COMMA if _PAUSE.search(between) else CLOSE
