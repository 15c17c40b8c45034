"""How much each kind of route takes, and from whom.

One address may be a household's, or a mobile carrier's with thousands of citizens behind it: the figures are what a
hundred of them need who all write at once, and a small part of what one process serves. Who knows a secret (API_TOKEN,
a provider's signature) is not limited by its address; providers come again after a 503, a telephone call cannot.
"""

from __future__ import annotations

from aiohttp import web

from bot.app.counter import Counter
from bot.core.messages import Phrase
from bot.stores.limits import MemoryLimits
from bot.web.callers import Callers, is_loopback
from bot.web.limiting import Limiter, Rule

RULES = (
    Rule("/channels/web/socket", "sockets", burst=100, rate=10, most=10_000, each=1_000, citizens=True),
    Rule("/channels/web/files", "files", burst=30, rate=1, most=100, each=20, citizens=True),
    Rule("/channels/web/", "web", burst=300, rate=30, most=500, citizens=True),
    Rule("/channels/voice/", "calls", guarded=True, sized=True),
    Rule("/channels/", "webhooks", most=500, guarded=True, sized=True),
    Rule("/actions", "actions", most=100, guarded=True),
    Rule("/api/", "api", burst=500, rate=50, most=100, guarded=True),
    Rule("/metrics", "metrics", guarded=True),
    Rule("/", "pages", burst=600, rate=60, citizens=True),
)


def limiter(counter: Counter) -> Limiter:
    """In development whoever is at this machine has no limits of their own."""
    settings = counter.settings

    def say(code: str, request: web.Request) -> str:
        asked = request.headers.get("Accept-Language", "")[:2].lower()
        language = asked if asked in counter.live.catalogue.languages else settings.language
        return counter.renderer.text(Phrase(f"web.{code}"), language)

    return Limiter(
        RULES,
        Callers(filter(None, settings.trusted_proxies.split(","))),
        here=MemoryLimits(),
        shared=counter.stores.limits,
        say=say,
        spared=(lambda caller: False) if settings.production else is_loopback,
    )
