"""What goes to Twilio, judged by Twilio's own description of its API."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from bot.core.messages import Phrase, Reply
from bot.core.ports import SendFailed
from tests.sms.conftest import Start
from tests.sms.desk import ADDRESS, twilio
from tests.sms.peers import SPEC, prism

NEWS = (Reply(Phrase("echo", {"words": "درخواست شما در دست بررسی است."})),)


@pytest.fixture(scope="session")
def api() -> Iterator[str]:
    with prism() as url:
        yield url


async def test_a_notice_is_taken(start: Start, api: str) -> None:
    counter = await start(lambda _: twilio(api))
    await counter.channel.send(ADDRESS, NEWS, "fa", seq=1)
    without_reports = await start(lambda _: twilio(api, public_url=""))
    await without_reports.channel.send(ADDRESS, NEWS, "fa", seq=1)


async def test_mistakes_are_seen(start: Start, api: str) -> None:
    for mistake in ({"public_url": "no address at all"}, {"account_sid": "AC-wrong"}):
        counter = await start(lambda _, mistake=mistake: twilio(api, **mistake))
        with pytest.raises(SendFailed, match=r"refused \(422\)"):
            await counter.channel.send(ADDRESS, NEWS, "fa", seq=1)


async def test_each_field_is_one_of_twilios(start: Start) -> None:
    counter = await start(twilio)
    counter.provider.answer = (201, "{}")
    await counter.channel.send(ADDRESS, NEWS, "fa", seq=1)
    path = orjson.loads(SPEC.read_bytes())["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]
    body = path["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    (call,) = counter.provider.calls
    assert set(body["required"]) <= set(call.form) <= set(body["properties"])
