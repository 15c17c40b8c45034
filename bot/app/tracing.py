"""Traces by OpenTelemetry, for who gives OTEL_EXPORTER_OTLP_ENDPOINT and has the extra `tracing`; else never imported.

A span for each HTTP request, turn, load and save of a session, call of the desk, and sending of a notice. They hold
names of our own: channel, event, outcome, dialog, route; nothing that a citizen says, nobody's address. The parts know
nothing of it: their methods are wrapped in place, so without traces nothing is paid. A `traceparent` of the caller is
ignored: those who call are providers and browsers. Log lines of a turn carry its `trace`.

The SDK's other variables (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS…) hold as documented.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span, set_span_in_context

from bot.app.channels import Channels
from bot.app.counter import Counter
from bot.core.messages import Address, Inbound
from bot.core.ports import Opened
from bot.core.sessions import Session
from bot.gateway import Conversations, End, Outcome

EXPORT = 5.0  # seconds that the collector may take
DESK = ("file", "find", "look_up", "unlock", "list_of", "change", "rate", "miss")

trace: ContextVar[str] = ContextVar("structlog_trace")
_turn: ContextVar[Context | None] = ContextVar("turn", default=None)  # of what was told last in this task


def exporting(endpoint: str) -> TracerProvider:
    """Sends spans to the OTLP/HTTP collector at this address, in a thread of its own."""
    resource = Resource({SERVICE_NAME: "pishkhan"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=EXPORT)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class Tracing:
    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("pishkhan")

    def equip(self, app: web.Application, counter: Counter, channels: Channels) -> None:
        """Wrap these parts; at the end of the application what was traced is sent."""
        app.middlewares.insert(0, self._request())
        app.cleanup_ctx.append(self._ending)
        gateway, desk = counter.gateway, counter.desk
        gateway.sessions = TracedSessions(gateway.sessions, self)
        self._wrap(gateway, "receive", self._received)
        for name in DESK:
            self._wrap(desk, name, self._called(f"desk.{name}"))
        for sender in channels.senders.values():
            self._wrap(sender, "send", self._sent)

    def span(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, context: Context | None = None) -> Any:
        """A span as the current one. Of an error its kind is told alone: its message may be what somebody wrote."""
        return self._tracer.start_as_current_span(
            name, context=context, kind=kind, record_exception=False, set_status_on_exception=False
        )

    async def _ending(self, app: web.Application) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(self._provider.shutdown)

    # --- wrapping -------------------------------------------------------------------------------

    @staticmethod
    def _wrap(part: object, name: str, around: Callable[[Callable[..., Awaitable[Any]]], Any]) -> None:
        setattr(part, name, around(getattr(part, name)))

    def _called(self, name: str) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
        def around(method: Callable[..., Awaitable[Any]]) -> Any:
            @wraps(method)
            async def called(*args: Any, **more: Any) -> Any:
                with self.span(name) as span, failing(span):
                    return await method(*args, **more)

            return called

        return around

    def _received(self, receive: Callable[[Inbound], Awaitable[Outcome]]) -> Any:
        async def received(heard: Inbound) -> Outcome:
            with self.span("turn") as span, failing(span):
                trace.set(f"{span.get_span_context().trace_id:032x}")
                _turn.set(set_span_in_context(span))
                span.set_attributes({"channel": heard.address.channel, "event": heard.event.value})
                outcome = await receive(heard)
                span.set_attribute("outcome", outcome.end.value)
                if outcome.end is End.APOLOGY:
                    span.set_status(Status(StatusCode.ERROR))
                return outcome

        return received

    def _sent(self, send: Callable[..., Awaitable[str]]) -> Any:
        """Within the trace of the turn that said what is sent."""

        @wraps(send)
        async def sent(to: Address, *args: Any, **more: Any) -> str:
            with self.span("send", kind=SpanKind.CLIENT, context=_turn.get()) as span, failing(span):
                span.set_attribute("channel", to.channel)
                return await send(to, *args, **more)

        return sent

    def _request(self) -> Any:
        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            route = resource.canonical if resource else ""
            with self.span(f"{request.method} {route}".strip(), kind=SpanKind.SERVER, context=Context()) as span:
                span.set_attributes({"http.request.method": request.method, "http.route": route})
                answer = await handler(request)
                span.set_attribute("http.response.status_code", answer.status)
                return answer

        return middleware


class TracedSessions:
    """`Conversations` whose loading and saving is seen, and the dialog that a turn ends in."""

    def __init__(self, sessions: Conversations, tracing: Tracing) -> None:
        self._sessions = sessions
        self.lines = sessions.lines
        self._tracing = tracing

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        manager = self._sessions.open(contact)
        with self._tracing.span("session.load") as span, failing(span):
            opened = await manager.__aenter__()
        try:
            yield opened
        except BaseException:
            if not await manager.__aexit__(*sys.exc_info()):
                raise
            return
        if top := opened.session.top:
            get_current_span().set_attribute("dialog", top.dialog)
        with self._tracing.span("session.save") as span, failing(span):
            await manager.__aexit__(None, None, None)

    async def absorb(self, contact: str, into: str) -> Session:
        return await self._sessions.absorb(contact, into)


class failing:  # noqa: N801 - reads as a part of the `with`
    """Marks the span when what is done in it fails."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._span.set_attribute("error.type", kind.__name__)
            self._span.set_status(Status(StatusCode.ERROR))
