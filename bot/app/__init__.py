"""The only place that builds things: the settings become parts, and the parts one web application."""

from bot.app.counter import Counter, Live, assemble, desk, load_content, load_voice, missing_phrases
from bot.app.lifespans import COUNTER, COURIER, HEALTH
from bot.app.server import build
from bot.app.work import build_worker

__all__ = [
    "COUNTER",
    "COURIER",
    "HEALTH",
    "Counter",
    "Live",
    "assemble",
    "build",
    "build_worker",
    "desk",
    "load_content",
    "load_voice",
    "missing_phrases",
]
