"""How much each kind of route takes, and from whom.

One address may be a household's, or a mobile carrier's with thousands of citizens behind it: the figures are what a
hundred of them need who all write at once, and a small part of what one process serves. Who knows a secret (API_TOKEN,
a provider's signature) is not limited by its address; providers come again after a 503, a telephone call cannot.
"""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from bot.app.counter import Counter
from bot.core.messages import Phrase
from bot.stores.limits import MemoryLimits
from bot.web.callers import Callers, is_loopback
from bot.web.limiting import Limiter, Rule

SOCKETS = 10_000  # that one process holds open
SPARE = 256  # files for everything else: stores, providers, requests

RULES = (
    Rule("/channels/web/socket", "sockets", burst=100, rate=10, most=SOCKETS, each=1_000, citizens=True),
    Rule("/channels/web/files", "files", burst=30, rate=1, most=32, each=8, citizens=True),  # each is held in memory
    Rule("/channels/web/", "web", burst=300, rate=30, most=500, citizens=True),
    Rule("/channels/voice/", "calls", guarded=True, sized=True),
    Rule("/channels/", "webhooks", most=500, guarded=True, sized=True),
    Rule("/actions", "actions", most=100, guarded=True),
    Rule("/api/", "api", burst=500, rate=50, most=100, guarded=True),
    Rule("/metrics", "metrics", guarded=True),
    Rule("/", "pages", burst=600, rate=60, citizens=True),
)


def open_files() -> int:
    """How many this process may have open, once it has asked the system for as many as there is use for."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return SOCKETS + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SOCKETS + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft


def limiter(counter: Counter) -> Limiter:
    """In development whoever is at this machine has no limits of their own."""
    settings = counter.settings

    def say(code: str, request: web.Request) -> str:
        asked = request.headers.get("Accept-Language", "")[:2].lower()
        language = asked if asked in counter.live.catalogue.languages else settings.language
        return counter.renderer.text(Phrase(f"web.{code}"), language)

    sockets = max(1, open_files() - SPARE)
    return Limiter(
        [replace(rule, most=sockets) if rule.most > sockets else rule for rule in RULES],
        Callers(filter(None, settings.trusted_proxies.split(","))),
        here=MemoryLimits(),
        shared=counter.stores.limits,
        say=say,
        spared=(lambda caller: False) if settings.production else is_loopback,
    )
