"""`knowledge_base/` → `bot.core.catalogue`, `ivr/` → `bot.core.voice_content`: read strictly, with mistakes by file and
line, and again when files change."""

from bot.content.findings import ContentErrors, Problem
from bot.content.loader import load
from bot.content.voice import load_voice
from bot.content.watch import ContentWatcher

__all__ = ["ContentErrors", "ContentWatcher", "Problem", "load", "load_voice"]
