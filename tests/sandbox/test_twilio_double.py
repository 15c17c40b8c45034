"""The double of Twilio, before Twilio's own client and before the project's own channels."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient

from bot.core.messages import Address
from bot.core.requests import Draft
from bot.web.sandbox.telephone import texts
from tests.sandbox.served import Client, Json, Page, Served, visit
from tests.voice.counter import wav

pytestmark = pytest.mark.asyncio(loop_scope="session")  # one desk for all


@pytest.fixture
def twilio(client: Client, served: Served) -> TwilioClient:
    twilio = TwilioClient(served.sandbox.twilio_account_sid, served.sandbox.twilio_auth_token)
    twilio.api.base_url = served.sandbox.twilio_api_url
    return twilio


async def send(twilio: TwilioClient, **message: str) -> str:
    return str((await asyncio.to_thread(twilio.messages.create, **message)).sid)


async def test_twilio_s_own_client_texts_the_handset(twilio: TwilioClient, served: Served, page: Page) -> None:
    to = page.hello["number"]
    sid = await send(twilio, to=to, from_=served.sandbox.twilio_number, body="کد شما ۱۲۳۴ است")
    event = await page.until("sms", sid=sid)
    assert (event["text"], event["mine"]) == ("کد شما ۱۲۳۴ است", False)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"to": "", "body": "x"}, 21604),
        ({"to": "0912", "body": "x"}, 21211),
        ({"to": "+989120001234", "body": ""}, 21602),
        ({"to": "+989120001234", "body": "x" * 1601}, 21617),
        ({"to": "+989120001234", "body": "x", "from_": "+15005550006"}, 21606),
    ],
)
async def test_mistakes_get_twilio_s_codes(twilio: TwilioClient, message: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        await send(twilio, **{"from_": "+982100000137", **message})
    assert refused.value.code == code
    assert refused.value.status == 400


async def test_a_wrong_token_is_refused(twilio: TwilioClient, served: Served) -> None:
    stranger = TwilioClient(served.sandbox.twilio_account_sid, "0" * 32)
    stranger.api.base_url = served.sandbox.twilio_api_url
    with pytest.raises(TwilioRestException) as refused:
        await send(stranger, to="+989120001234", from_=served.sandbox.twilio_number, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)


async def test_a_text_goes_through_the_real_route_and_its_answer_comes_back(page: Page) -> None:
    await page.post("sms", text="منو")
    mine = await page.until("sms", mine=True)
    assert (await page.until("sms_status", sid=mine["sid"]))["status"] == "delivered"
    seen = await page.until("seen", channel="sms")
    assert seen["said"]
    assert (await page.until("sms", mine=False))["text"]


async def test_stop_is_twilio_s_own_affair(twilio: TwilioClient, served: Served, page: Page) -> None:
    await page.post("sms", text="STOP")
    assert "unsubscribed" in (await page.until("sms", mine=False))["text"]
    with pytest.raises(TwilioRestException) as refused:
        await send(twilio, to=page.hello["number"], from_=served.sandbox.twilio_number, body="x")
    assert refused.value.code == 21610
    await page.post("sms", text="START")
    assert "re-subscribed" in (await page.until("sms", mine=False))["text"]
    await send(twilio, to=page.hello["number"], from_=served.sandbox.twilio_number, body="باز هم")
    assert await page.until("sms", mine=False, text="باز هم")


async def test_a_picture_by_text_is_fetched_from_the_double(page: Page, served: Served) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"\x89PNG\r\n\x1a\n" + bytes(64), filename="lamp.png", content_type="image/png")
    answer = await page.client.post("/sandbox/sms", data=form, headers=page.headers)
    assert answer.status == 200
    assert (await page.until("seen"))["event"] == "file"


# --- calls ------------------------------------------------------------------------------------------


def verbs(turn: Json) -> list[str]:
    return [verb.tag for verb in ElementTree.fromstring(turn["twiml"])]


def action(turn: Json) -> str:
    verb = next(v for v in ElementTree.fromstring(turn["twiml"]) if "action" in v.attrib)
    return verb.attrib["action"]


async def test_a_call_by_keypad_until_it_is_hung_up(page: Page) -> None:
    turn = await (await page.post("calls")).json()
    assert verbs(turn) == ["Gather"]
    assert "یک" in turn["captions"][0]["text"]  # as it is spoken, not as it is written
    play = ElementTree.fromstring(turn["twiml"]).find(".//Play")
    assert play is not None
    sound = await page.client.get((play.text or "").removeprefix(str(page.client.make_url("")).rstrip("/")))
    assert (await sound.read()).startswith(b"RIFF")
    assert (await page.until("seen", channel="voice"))["event"] == "start"
    turn = await (await page.post(f"calls/{turn['id']}", path=action(turn), digits="1")).json()
    assert (await page.until("seen", channel="voice"))["event"] == "choice"
    assert (await (await page.post(f"calls/{turn['id']}", hangup=True)).json())["ended"]
    assert (await page.until("seen", channel="voice"))["event"] == "hangup"
    assert (await page.post(f"calls/{turn['id']}", digits="1")).status == 404


async def test_a_recording_becomes_the_answer(page: Page) -> None:
    turn = await (await page.post("calls")).json()
    turn = await (await page.post(f"calls/{turn['id']}", path=action(turn), digits="1")).json()  # street light
    turn = await (await page.post(f"calls/{turn['id']}", path=action(turn), digits="1")).json()  # it is out
    assert "Record" in verbs(turn)
    upload = await page.client.post("/sandbox/recordings", data=wav(2.0), headers=page.headers)
    recording = (await upload.json())["recording"]
    deed = {"path": action(turn), "recording": recording, "seconds": 2, "digits": "#"}
    assert (await page.post(f"calls/{turn['id']}", **deed)).status == 200
    assert (await page.until("seen", event="file"))["channel"] == "voice"


async def test_a_hidden_caller_sees_the_time_line_too(page: Page) -> None:
    turn = await (await page.post("calls", hidden=True)).json()
    assert (await page.until("seen"))["event"] == "start"
    await page.post(f"calls/{turn['id']}", hangup=True)
    assert (await page.until("seen"))["event"] == "hangup"


@pytest.mark.parametrize(
    "deed",
    [
        {"path": "/api/v1/requests"},
        {"path": "https://elsewhere.example/x"},
        {"digits": "12a"},
        {"digits": "hangup"},
        {"digits": 5},
        {"recording": "RE0"},
        {"digits": "1" * 65},
    ],
)
async def test_a_call_leads_nowhere_else(page: Page, deed: Json) -> None:
    turn = await (await page.post("calls")).json()
    assert (await page.post(f"calls/{turn['id']}", **deed)).status == 400


async def test_a_recording_is_sound(page: Page) -> None:
    for body, status in ((b"MZ" * 100, 400), (b"RIFF" + bytes(6 << 20), 413)):
        answer = await page.client.post("/sandbox/recordings", data=body, headers=page.headers)
        assert answer.status == status


async def test_the_signature_is_twilio_s(served: Served, client: Client) -> None:
    fields = {"Body": "سلام", "From": "+989120001234", "MessageSid": "SM1", "NumMedia": "0"}
    url = f"{served.url}/channels/sms/twilio"
    signature = RequestValidator(served.sandbox.twilio_auth_token).compute_signature(url, fields)
    for given, status in ((signature, 200), ("forged", 403)):
        answer = await client.post("/channels/sms/twilio", data=fields, headers={"X-Twilio-Signature": given})
        assert answer.status == status


async def test_what_is_said_in_a_message() -> None:
    assert texts("<Response><Message>سلام</Message><Message><Body>دو</Body></Message></Response>") == ["سلام", "دو"]
    assert texts("<Response/>") == texts("no xml") == []


async def test_the_officer_s_news_arrive_as_a_text(client: Client, served: Served) -> None:
    page = await visit(client)
    assert (await (await page.get("officer")).json()) == []
    address = Address("sms", page.hello["number"])
    contact = await served.desk.contacts.resolve(address)
    title = "گزارش خرابی چراغ معبر"
    draft = Draft("street_light_report", "request", title, contact, address, "fa", service="street_light")
    filed = await served.desk.desk.file(draft, key="of this test")
    [request] = await (await page.get("officer?language=en")).json()
    assert (request["code"], request["title"], request["status"]) == (filed.code, title, "filed, waiting for review")
    step = request["next"][0]["status"]
    answer = await page.post("officer", code=request["code"], status=step, note="همکاران در راه‌اند.")
    assert answer.status == 200
    assert "همکاران" in (await page.until("sms", mine=False))["text"]
    assert (await page.until("seen", event="notice"))["channel"] == "sms"
    other = await visit(client)
    assert (await other.post("officer", code=request["code"], status="closed")).status == 404
    assert (await page.post("officer", code=request["code"], status="withdrawn")).status == 400
    assert (await page.post("officer", code=request["code"], status=step)).status == 409
