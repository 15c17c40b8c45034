"""What a caller hears: replies, then what may be pressed or said. Pure; `keypad` says what the keys mean."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import chain

from bot.channels.voice.keypad import ELSEWHERE, MORE, Keypad, Listen, keypad
from bot.channels.voice.speech import Clip, Speaker
from bot.core.catalogue import pick
from bot.core.messages import Arg, Kind, Phrase, Reply
from bot.core.values import replace, value
from bot.core.voice_content import MenuEntry, VoiceContent


class Then(StrEnum):
    """What follows the words."""

    KEY = "key"  # one key is awaited
    DIGITS = "digits"  # digits are awaited, ended by `#` or by their count
    VOICE = "voice"  # a recording begins, unless a key is pressed before
    PERSON = "person"  # the call is put through
    END = "end"  # hang up


@value
class Script:
    clips: tuple[Clip, ...]
    then: Then
    size: int = 0  # DIGITS: so many end the input by themselves; 0: only `#` does

    def after(self, *clips: Clip) -> Script:
        """The same with something said before."""
        return replace(self, clips=(*clips, *self.clips))


@value
class Manner:
    """How a question is put."""

    page: int = 0
    trouble: str = ""  # phrase key of why it is asked again, in fewer words
    first: bool = False  # the first words of a call, which explain the keys
    then: tuple[Arg, ...] = ()  # said behind the first reply


def script(
    speaker: Speaker,
    replies: Sequence[Reply],
    language: str,
    voice: VoiceContent,
    manner: Manner,
    *,
    textable: bool,
) -> Script:
    """The replies as a caller hears them on a page. After a wrong key or a silence only the question is put again, in
    few words; on a further page only its choices."""
    pad = keypad(replies, manner.page, voice, textable=textable)
    last = replies[-1] if replies else None
    said: list[Arg] = []
    if manner.trouble:
        said.append(Phrase(manner.trouble))
        said += [last.brief or last.say] if last and last.expect.kind is not Kind.NOTHING else []
    elif not manner.page:
        said += [reply.say for reply in replies[:1]]
        said += manner.then
        said += [reply.say for reply in replies[1:]]
    if last:
        said += _how(last.expect.kind, pad)
    said += _choices(pad, language)
    if manner.first or manner.trouble:
        said.append(Phrase("voice.keys"))
    if pad.listen is Listen.VOICE:  # the beep comes right after the words about it
        said.append(Phrase("voice.record"))
    clips = tuple(chain.from_iterable(speaker.say(arg, language) for arg in said))
    return Script(clips, Then(pad.listen.value), pad.size)


def _how(kind: Kind, pad: Keypad) -> list[Arg]:
    if kind in ELSEWHERE:
        return [Phrase("voice.no_files" if kind is Kind.FILE else "voice.no_email")]
    if kind is Kind.DATE:
        return [Phrase("voice.date")]
    if pad.listen is Listen.DIGITS:
        return [Phrase("voice.digits_of", {"count": pad.size}) if pad.size else Phrase("voice.digits")]
    return []


def _choices(pad: Keypad, language: str) -> list[Arg]:
    starred = pad.listen is Listen.DIGITS
    key = "voice.digits_key" if starred else "voice.key"
    said: list[Arg] = []
    for k in pad.keys:
        label = pick(k.choice.label, language) if isinstance(k.choice, MenuEntry) else k.choice.label
        said.append(Phrase(key, {"label": label, "key": int(k.key.lstrip("*"))}))
    if pad.pages > 1:
        said.append(Phrase("voice.more", {"key": int(MORE)}))
    return said
