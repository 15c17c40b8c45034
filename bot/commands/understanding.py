"""`pishkhan understand`: what the counter makes of a sentence, for editors who wonder why."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bot import app
from bot.channels.render import Renderer
from bot.commands.errors import Ended
from bot.core.catalogue import Catalogue, pick
from bot.core.messages import Address, Event, Inbound
from bot.desk.service_desk import ServiceDesk
from bot.dialogs.base import Context, Done, Goto, Move, Push
from bot.dialogs.router import Router
from bot.nlu.model import EmbeddedNlu
from bot.settings import Settings
from bot.stores.memory import MemoryRecords

NEAREST = 4  # entries that are told
_BEGINNING = 160  # letters of a reply that are told


def understood(settings: Settings, text: str, *, service: str, json: bool) -> str:
    """Words, values, wishes, the nearest entries with the words that spoke for them, and what would be done if this
    were said first in a conversation."""
    catalogue = app.load_content(settings)
    if service and service not in catalogue.services:
        raise Ended(f"there is no service {service}")
    nlu = EmbeddedNlu.train(catalogue)
    found = _findings(catalogue, nlu, text, service)
    found["does"] = asyncio.run(_done(catalogue, nlu, text, service))
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() if json else _told(found, catalogue)


def _findings(catalogue: Catalogue, nlu: EmbeddedNlu, text: str, service: str) -> dict[str, Any]:
    language = catalogue.languages[0]
    words = nlu.vocabulary.read(text)
    reading = nlu.reading(text, language)
    return {
        "words": words,
        "entities": [{**asdict(entity), "text": text[entity.start : entity.end]} for entity in reading.entities],
        "intent": {"name": reading.intent, "confidence": round(reading.confidence, 4)},
        "guesses": [{"name": name, "confidence": round(chance, 4)} for name, chance in reading.guesses],
        "answers": [
            {"id": m.id, "chance": m.score, "sure": m.sure, "by": list(nlu.retriever.explain(words, m.id))}
            for m in nlu.matches(text, language, service=service, limit=NEAREST)
        ],
    }


async def _done(catalogue: Catalogue, nlu: EmbeddedNlu, text: str, service: str) -> list[str]:
    """What the router makes of it, at a desk where nothing was filed yet."""
    zone = ZoneInfo(catalogue.organization.timezone)
    desk = ServiceDesk(MemoryRecords(), lambda: catalogue, lambda: datetime.now(zone))
    me = Address("console", "me")
    context = Context("me", me, catalogue.languages[0], datetime.now(zone))
    heard = Inbound("1", me, Event.MESSAGE, text=text)
    move = await Router(catalogue, nlu, desk).hear(heard, context, service)
    renderer = Renderer(lambda: catalogue.phrases, default_language=context.language)
    return _moves(move, renderer, context.language)


def _moves(move: Move, renderer: Renderer, language: str) -> list[str]:
    replies = move.say if isinstance(move, Push | Done | Goto) else ()
    done = [f"says {renderer.text(reply.say, language)}" for reply in replies]
    done += [f"offers {renderer.text(choice.label, language)}" for reply in replies for choice in reply.choices]
    if isinstance(move, Push):
        with_ = ", ".join(f"{name} {value}" for name, value in move.answers.items())
        done.append(f"opens {move.dialog} {with_}".rstrip())
    return done


def _told(found: dict[str, Any], catalogue: Catalogue) -> str:
    lines = [("words", " ".join(found["words"]))]
    lines += [
        ("value", f"{entity['kind']} {entity['value']}, from “{entity['text']}” ({entity['confidence']:.2f})")
        for entity in found["entities"]
    ]
    intent = found["intent"]
    lines.append(("wish", f"{intent['name']} ({intent['confidence']:.2f})"))
    others = [guess for guess in found["guesses"] if guess["name"] != intent["name"]]
    lines += [("", f"{guess['name']} ({guess['confidence']:.2f})") for guess in others]
    for match in found["answers"]:
        sure = ", told as right" if match["sure"] else ""
        lines.append(("answer", f"{match['id']} ({match['chance']:.2f}{sure}) {_title(match['id'], catalogue)}"))
        lines.append(("", f"by {'، '.join(match['by'])}"))
    lines += [("does", " ".join(step.split())[:_BEGINNING]) for step in found["does"]]
    return "\n".join(f"{name:<8}{line}".rstrip() for name, line in lines)


def _title(id: str, catalogue: Catalogue) -> str:
    kind, _, name = id.partition("/")
    text = catalogue.faq[name].question if kind == "faq" else catalogue.services[name].title
    return pick(text, catalogue.languages[0])
