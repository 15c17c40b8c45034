"""What the parts of one process tell while they work, as metrics for Prometheus.

Labels are names of our own: channels, outcomes, stores. Nothing that a citizen says, and nobody's address, is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from aiohttp import web

from bot.app.channels import Channels
from bot.app.counter import Counter
from bot.app.tallies import Count, Level, Spread
from bot.courier import Courier
from bot.courier.delivery import Delivery
from bot.gateway import End, Seen
from bot.web import metrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

PATIENCE = 2.0  # seconds that a store may take to answer
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 43200.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
FIRST_REPLY = 2  # its number in a conversation: the first line is the citizen's

_UNKNOWN = {"faq.unknown": "unknown", "faq.guess": "guessed", "faq.guesses": "guessed"}
_CHANNELS = "/channels/"


class Meter:
    """Counts for the life of the process. `turn`, `delivery`, `error` and `understood` are watchers of the parts."""

    def __init__(self) -> None:
        self._turns = Count("pishkhan_turns", "Inbounds, by how they were met.", "channel", "outcome")
        self._stale = Count("pishkhan_turns_stale", "Turns taken again: another process saved first.", "channel")
        self._seconds = Spread("pishkhan_turn_seconds", "From an inbound to its replies.", "channel", SECONDS)
        self._opened = Count("pishkhan_sessions_opened", "Conversations that began.", "channel")
        self._questions = Count("pishkhan_questions_unsure", "Questions without a sure answer.", "channel", "result")
        self._sure = Spread("pishkhan_understanding_confidence", "Of the likeliest reading.", "kind", SHARES)
        self._refused = Count("pishkhan_inbound_refused", "Errors at a channel's address.", "channel", "status")
        self._deliveries = Count("pishkhan_deliveries", "What steps of notices came to.", "channel", "outcome")
        self._delays = Spread("pishkhan_delivery_delay_seconds", "Since a sent notice was due.", "channel", DELAYS)
        self._waiting = Level("pishkhan_notices_waiting", "Notices whose time has come.")
        self._oldest = Level("pishkhan_notices_oldest_seconds", "For how long the first of them waits.")
        self._dead = Level("pishkhan_notices_dead", "Notices that were given up.")
        self._sockets = Level("pishkhan_websockets_open", "Browsers with an open WebSocket.")
        self._lines = Level("pishkhan_lines_waiting", "Lines of transcripts that this process still has to move.")
        self._up = Level("pishkhan_store_up", "Whether a store answers.", "store")
        self._trip = Level("pishkhan_store_round_trip_seconds", "How long a store takes to answer.", "store")
        self._tallies = [tally for tally in vars(self).values() if isinstance(tally, Count | Spread | Level)]
        self._registry: CollectorRegistry | None = None
        self._looks: list[Callable[[], Awaitable[None]]] = []

    def equip(self, app: web.Application, counter: Counter, channels: Channels, courier: Courier | None) -> None:
        """Watch these parts, and serve what was counted at `/metrics`."""
        counter.gateway.watchers.append(self.turn)
        counter.understanding.watchers.append(self.understood)
        channels.receipts.watchers.append(self.delivery)
        if courier:
            courier.watchers.append(self.delivery)
        for channel in channels.all:  # what has not happened yet is 0, so that its rate is known when it does
            for end in (end for end in End if end is not End.STALE):
                self._turns.add(channel.name, end.value, by=0)
        self._sockets.put(lambda: channels.web.open)
        self._lines.put(lambda: counter.stores.lines_waiting)
        self._looks = [partial(self._queue, counter), *(partial(self._ping, *c) for c in counter.stores.checks.items())]
        app.add_routes(metrics.routes(self.written, counter.settings.metrics_token.get_secret_value()))

    # --- watchers -------------------------------------------------------------------------------

    def turn(self, seen: Seen) -> None:
        channel = seen.heard.address.channel
        if seen.end is End.STALE:
            self._stale.add(channel)
            return
        self._turns.add(channel, seen.end.value)
        self._seconds.add(channel, seen.seconds)
        if seen.end is not End.ANSWERED or seen.outcome is None:
            return
        if seen.outcome.seq == FIRST_REPLY:
            self._opened.add(channel)
        for reply in seen.outcome.replies:
            if result := _UNKNOWN.get(reply.say.key):
                self._questions.add(channel, result)

    def delivery(self, delivery: Delivery) -> None:
        self._deliveries.add(delivery.channel, delivery.outcome)
        if delivery.outcome == "sent":
            self._delays.add(delivery.channel, delivery.seconds)

    def error(self, route: str, status: int) -> None:
        """`route`: a method and the pattern of a path."""
        _, _, path = route.partition(" ")
        if path.startswith(_CHANNELS):
            self._refused.add(path.removeprefix(_CHANNELS).split("/")[0], str(status))

    def understood(self, kind: str, confidence: float) -> None:
        """Of an "intent" or a "question", 0 to 1."""
        self._sure.add(kind, confidence)

    # --- for who collects -----------------------------------------------------------------------

    async def written(self) -> tuple[bytes, str]:
        """See `metrics.Written`. What a store does not tell in time is not shown."""
        if self._registry is None:
            self._registry = await asyncio.to_thread(self._registered)
        await asyncio.gather(*(look() for look in self._looks))
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Metric]:
        """A collector of prometheus_client."""
        return (tally.metric() for tally in self._tallies)

    def _registered(self) -> CollectorRegistry:
        """A registry of this application's own: a process may run two. Loads the library."""
        from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        return registry

    async def _queue(self, counter: Counter) -> None:
        levels = (self._waiting, self._oldest, self._dead)
        try:
            async with asyncio.timeout(PATIENCE):
                queue = await counter.outbox.queue(counter.live.now())
        except Exception:
            for level in levels:
                level.forget()
            return
        for level, value in zip(levels, (queue.waiting, queue.oldest, queue.dead), strict=True):
            level.put(value)

    async def _ping(self, store: str, check: Callable[[], Awaitable[None]]) -> None:
        began = perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                await check()
        except Exception:
            self._up.put(0, store)
            return
        self._up.put(1, store)
        self._trip.put(perf_counter() - began, store)
