"""What Rasa's actions work with: the parts of the counter, and the token that opens them."""

from __future__ import annotations

from bot.app.counter import Counter
from bot.rasa.talk import Parts
from bot.settings import Settings, derived

PURPOSE = "rasa actions"


def token(settings: Settings) -> str:
    """What Rasa has to bring with each call of an action."""
    return derived(settings, PURPOSE)


def parts(counter: Counter) -> Parts:
    return Parts(
        dialogs=lambda: counter.engine.dialogs,
        desk=counter.desk,
        contacts=counter.contacts,
        wording=counter.renderer,
        clock=counter.live.now,
    )
