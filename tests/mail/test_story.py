"""A citizen asks for news by e-mail, and gets them: the whole server, and a real mail server beside it."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot import app
from bot.core.messages import Address, Event, Inbound
from bot.core.requests import Draft, Status
from tests.app.serving import serving, settings_of, until
from tests.mail.postoffice import open_office

MAILBOX = "ann@example.com"


async def test_news_come_to_the_mailbox_that_was_proven(tmp_path: Path) -> None:
    async with open_office() as office:
        settings = settings_of(
            tmp_path,
            smtp_url=SecretStr(f"smtp://127.0.0.1:{office.port}"),
            mail_from="desk@town.example",
            public_url="http://127.0.0.1:8080",
        )
        async with serving(settings) as client:
            counter = client.app[app.COUNTER]
            ann = Address("web", "ann")
            said = 0

            async def says(text: str) -> str:
                nonlocal said
                said += 1
                outcome = await counter.gateway.receive(Inbound(f"ann/{said}", ann, Event.MESSAGE, text))
                return "\n".join(counter.renderer.text(reply.say, "fa") for reply in outcome.replies)

            async def mails(count: int) -> bool:
                return len(office.mail) == count

            await says("خبررسانی")
            await says("ایمیل")
            await says(MAILBOX)
            await until(lambda: mails(1))
            code = _text(office.mail[0])[1:7]
            assert "example.com" in await says(code)

            draft = Draft(
                "street_light_report",
                "request",
                "چراغ معبر",
                await counter.contacts.resolve(ann),
                ann,
                "fa",
            )
            request = await counter.desk.file(draft, key="filed")
            await counter.desk.change(request.code, by="officer", status=Status.IN_REVIEW, key="seen")
            client.app[app.COURIER].wake()
            await until(lambda: mails(2))
            news = office.mail[1]
            assert str(request.code) in news["Subject"] and news["To"] == MAILBOX
            assert "چراغ معبر" in _text(news)

            async def settled() -> bool:
                told = await counter.outbox.told([ann])
                return [(r.state, r.attempts[-1].message) for r in told] == [("sent", news["Message-ID"])]

            await until(settled)


def _text(message: object) -> str:
    body = message.get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content())
