"""`knowledge_base/` → `bot.core.catalogue`, read strictly: mistakes by file and line; read again when files change."""

from bot.content.findings import ContentErrors, Problem
from bot.content.loader import load
from bot.content.watch import ContentWatcher

__all__ = ["ContentErrors", "ContentWatcher", "Problem", "load"]
