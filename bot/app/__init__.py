"""The only place that builds things: the settings become parts, and the parts one web application."""

from bot.app.counter import Counter, Live, assemble, desk, load_content, load_voice, missing_phrases
from bot.app.server import COUNTER, COURIER, build

__all__ = [
    "COUNTER",
    "COURIER",
    "Counter",
    "Live",
    "assemble",
    "build",
    "desk",
    "load_content",
    "load_voice",
    "missing_phrases",
]
