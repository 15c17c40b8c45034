"""`pishkhan explain`: «چرا پاسخی نرفت؟» – why a citizen got no reply or no notice, and what may be done about it."""

from __future__ import annotations

import asyncio

from bot import app
from bot.channels.render import Renderer
from bot.commands.case import case_of
from bot.commands.explanations import SENTENCES
from bot.commands.findings import Finding, Shown, advice, findings
from bot.commands.officer import as_json
from bot.core.messages import Phrase
from bot.settings import Settings


def explained(settings: Settings, asked: str, *, personal: bool, json: bool) -> str:
    """Sentences in the language of LANGUAGE, a line each; the last one is what the operator may do next. Numbers and
    ids are shown without their middle unless `personal`. Raises Ended when nobody is found."""
    catalogue = app.load_content(settings)
    case = asyncio.run(case_of(settings, catalogue, asked))
    found = findings(case, Shown(personal))
    do = advice(found)
    if json:
        return as_json({"contact": case.contact, "findings": [f.to_json() for f in found], "next": do.to_json()})
    phrases = {**catalogue.phrases, **SENTENCES}
    renderer = Renderer(lambda: phrases, default_language=settings.language)

    def sentence(finding: Finding) -> str:
        return renderer.text(Phrase(finding.key, finding.values), settings.language)

    return "\n".join([*map(sentence, found), "", sentence(do)])
