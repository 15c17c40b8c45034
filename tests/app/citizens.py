"""Citizens to whom something happens, and what `pishkhan explain` says of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from bot.app import Counter
from bot.commands.explaining import explained
from bot.core.messages import Address, Event, Inbound
from bot.core.requests import Draft, ServiceRequest, Status
from bot.settings import Settings

NUMBER = "+989121234567"
SMS = Address("sms", NUMBER)
TELEGRAM = Address("telegram", "5001234")


async def told(settings: Settings, asked: str, *, personal: bool = False) -> dict[str, dict[str, Any]]:
    """The findings by their names (the last of each), and `next`."""
    found = json.loads(await asyncio.to_thread(explained, settings, asked, personal=personal, json=True))
    return {f["finding"]: f for f in found["findings"]} | {"next": found["next"]}


async def sentences(settings: Settings, asked: str, **options: Any) -> str:
    return await asyncio.to_thread(explained, settings, asked, **{"personal": False, "json": False, **options})


async def say(counter: Counter, *texts: str, address: Address = SMS) -> None:
    for n, text in enumerate(texts):
        await counter.gateway.receive(Inbound(f"{n}{text}", address, Event.MESSAGE, text=text))


async def file(counter: Counter, address: Address = SMS) -> ServiceRequest:
    contact = await counter.contacts.resolve(address)
    draft = Draft("letter", "request", "نامه", contact, address, "fa", mobile=NUMBER)
    return await counter.desk.file(draft, key=f"file {address}")


async def move(counter: Counter, request: ServiceRequest, status: Status = Status.IN_REVIEW) -> None:
    await counter.desk.change(request.code, by="officer", status=status)
