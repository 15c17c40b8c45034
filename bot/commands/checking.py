"""`pishkhan check`: is the content sound, and does it have words for all that the code says?"""

from __future__ import annotations

from pathlib import Path

from bot import content, phrase_keys
from bot.commands.errors import Ended


def check(folder: Path) -> str:
    """One line that says what was found sound. Raises Ended with every problem as `file:line: message`."""
    if not folder.is_dir():
        raise Ended(f"there is no folder {folder}")
    try:
        catalogue = content.load(folder)
    except content.ContentErrors as errors:
        lines = [f"{folder}/{problem}" for problem in errors.problems]
        raise Ended(*lines, f"{len(lines)} problem{'s' if len(lines) > 1 else ''}") from None
    missing = phrase_keys.said().missing(catalogue.phrases)
    if missing:
        raise Ended(*(f"{folder}/phrases: {line}" for line in missing))
    counts = {
        "services": len(catalogue.services),
        "answers": len(catalogue.faq),
        "forms": len(catalogue.forms),
        "surveys": len(catalogue.surveys),
        "announcements": len(catalogue.announcements),
        "phrases": len(catalogue.phrases),
        "example sentences": len(catalogue.examples),
    }
    return "content is sound: " + ", ".join(f"{n} {what}" for what, n in counts.items())
