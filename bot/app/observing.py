"""Who watches the parts of a process: the meter, and OpenTelemetry where it is asked for."""

from __future__ import annotations

from aiohttp import web

from bot.app.channels import Channels
from bot.app.counter import Counter
from bot.app.metering import Meter
from bot.courier import Courier


def observe(app: web.Application, meter: Meter, counter: Counter, channels: Channels, courier: Courier | None) -> None:
    meter.equip(app, counter, channels, courier)
    if endpoint := counter.settings.otel_exporter_otlp_endpoint:
        from bot.app.tracing import Tracing, exporting  # needs the extra `tracing`

        Tracing(exporting(endpoint)).equip(app, counter, channels)
