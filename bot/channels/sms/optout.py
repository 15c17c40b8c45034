"""STOP and START: what citizens say to have fewer messages, and which answer they get."""

from __future__ import annotations

from functools import lru_cache

from bot.core.messages import Phrase
from bot.core.ports import Consent
from bot.core.text import fold
from bot.core.values import value

NO_NOTICES = ("stop", "stopall", "unsubscribe", "end", "quit", "توقف", "لغو پیامک", "لغو اشتراک")
NOTHING_AT_ALL = ("stop all", "توقف همه", "توقف کامل")
CANCEL = ("cancel", "لغو")
"""Under way in a form they are the form's own; else they mean the messages."""
AGAIN = ("start", "unstop", "شروع", "آغاز")
BY_TWILIO = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "start", "unstop"})
"""Twilio obeys these by itself, says so, and refuses what we send (twilio.com/docs/api/errors/21610)."""

_EDGE = " .,!?:;()«»\"'"


@value
class Wish:
    consent: Consent
    confirmation: Phrase
    language: str  # of the word
    unless_drafting: bool = False


_STOPPED = Phrase("sms.stopped")
_WISHES: dict[str, tuple[Consent, Phrase, bool]] = {
    **{fold(word): (Consent.REPLIES, _STOPPED, False) for word in NO_NOTICES},
    **{fold(word): (Consent.REPLIES, _STOPPED, True) for word in CANCEL},
    **{fold(word): (Consent.NOTHING, Phrase("sms.stopped_all"), False) for word in NOTHING_AT_ALL},
    **{fold(word): (Consent.EVERYTHING, Phrase("sms.started"), False) for word in AGAIN},
}


@lru_cache(maxsize=64)
def word_of(text: str) -> str:
    """Kept a while: a message is asked for it by its driver, by `wish`, and by what goes on where an answer was cut."""
    return fold(text).strip(_EDGE)


def wish(text: str) -> Wish | None:
    """What the whole message, a word or two, wishes; None for anything else."""
    word = word_of(text)
    found = _WISHES.get(word)
    return Wish(found[0], found[1], "en" if word.isascii() else "fa", found[2]) if found else None
