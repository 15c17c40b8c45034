"""Traces show what a turn was made of, and never of whom or what it was."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bot import app
from bot.app import tracing
from bot.core.messages import Address, Event, Inbound
from bot.core.requests import Draft, Status
from bot.desk.service_desk import ServiceDesk
from bot.settings import Settings
from tests.app.serving import Client, serving, settings_of, until

ME = Address("web", "browser-of-zeinab")
SAID = "راز سر به مهر"


class Traced:
    def __init__(self, client: Client, exporter: InMemorySpanExporter) -> None:
        self.client = client
        self.exporter = exporter

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    async def say(self, *texts: str) -> None:
        gateway = self.client.app[app.COUNTER].gateway
        for text in texts:
            await gateway.receive(Inbound(text, ME, Event.MESSAGE, text=text))


@asynccontextmanager
async def traced_at(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Traced]:
    """The whole server, its spans kept in memory."""
    exporter = InMemorySpanExporter()

    def kept(endpoint: str) -> TracerProvider:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        return provider

    monkeypatch.setattr(tracing, "exporting", kept)
    async with serving(settings.model_copy(update={"otel_exporter_otlp_endpoint": "http://127.0.0.1:9"})) as client:
        yield Traced(client, exporter)


@pytest.fixture
async def traced(data: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Traced]:
    async with traced_at(settings_of(data), monkeypatch) as traced:
        yield traced


def parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


async def test_a_turn_is_loading_and_saving(traced: Traced) -> None:
    await traced.say("/form/letter", SAID)
    *_, turn = traced.named("turn")
    assert turn.attributes is not None
    assert dict(turn.attributes) == {
        "channel": "web",
        "event": "message",
        "outcome": "answered",
        "dialog": "form/letter",
    }
    inside = {span.name for span in traced.spans if parent(span) == id_of(turn)}
    assert {"session.load", "session.save"} <= inside


async def test_a_failing_desk_is_marked_and_its_words_are_not_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise ValueError(f"cannot take '{SAID}' of 09123456789")

    monkeypatch.setattr(ServiceDesk, "list_of", fails)
    async with traced_at(settings_of(data), monkeypatch) as traced:
        await traced.say(SAID, "/mine")
        (call,), turn = traced.named("desk.list_of"), traced.named("turn")[-1]
        told = "".join(span.to_json() for span in traced.spans).encode().decode("unicode_escape")
    assert (call.status.status_code, turn.status.status_code) == (StatusCode.ERROR, StatusCode.ERROR)
    assert call.attributes is not None
    assert dict(call.attributes) == {"error.type": "ValueError"}
    assert parent(call) == id_of(turn)
    assert all(value not in told for value in (SAID, ME.id, "09123456789"))


async def test_a_stranger_s_trace_is_not_gone_on_with(traced: Traced) -> None:
    stranger = "0af7651916cd43dd8448eb211c80319c"
    await traced.client.get("/healthz", headers={"traceparent": f"00-{stranger}-b7ad6b7169203331-01"})
    (request,) = traced.named("GET /healthz")
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" != stranger
    assert parent(request) is None
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200


async def test_what_is_sent_belongs_to_the_turn_that_said_it(traced: Traced) -> None:
    counter = traced.client.app[app.COUNTER]
    await traced.say("سلام")
    contact = await counter.contacts.resolve(ME)
    filed = await counter.desk.file(Draft("letter", "request", "نامه", contact, ME, "fa"), key="k")
    await counter.desk.change(filed.code, by="officer", status=Status.IN_REVIEW)
    traced.client.app[app.COURIER].wake()

    async def sent() -> bool:
        return bool(traced.named("send"))

    await until(sent)
    (send,) = traced.named("send")
    turn = next(span for span in traced.named("turn") if (span.attributes or {}).get("event") == "notice")
    assert parent(send) == id_of(turn)


async def test_a_collector_gets_them_by_otlp(data: Path) -> None:
    got: list[ExportTraceServiceRequest] = []

    async def collect(request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest()
        told.ParseFromString(await request.read())
        got.append(told)
        return web.Response(content_type="application/x-protobuf")

    collector = web.Application()
    collector.add_routes([web.post("/v1/traces", collect)])
    async with TestServer(collector) as server:
        endpoint = str(server.make_url("")).rstrip("/")
        async with serving(settings_of(data, otel_exporter_otlp_endpoint=endpoint)) as client:
            await client.get("/healthz")
            await client.app[app.COUNTER].gateway.receive(Inbound("1", ME, Event.MESSAGE, text=SAID))
    resources = [resource for told in got for resource in told.resource_spans]
    names = {span.name for r in resources for scope in r.scope_spans for span in scope.spans}
    assert {"GET /healthz", "turn", "session.load", "session.save"} <= names
    assert any(a.key == "service.name" and a.value.string_value == "pishkhan" for a in resources[0].resource.attributes)
    assert SAID.encode() not in b"".join(told.SerializeToString() for told in got)


def test_without_an_endpoint_nothing_of_it_is_loaded() -> None:
    code = "import bot.app, sys; sys.exit(any(m.startswith(('opentelemetry', 'prometheus')) for m in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True)
