"""A real Rasa 3.6 validates and trains our export, and citizens talk through it to our desk."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.ports import Reading
from bot.nlu.rasa import RasaNlu, RasaServer
from tests.conversation import content
from tests.rasa.assistant import code_in
from tests.rasa.real.processes import ROOT, TRAINING, Citizen, Running, free_port, pishkhan, rasa, running, told

UNUSED = {"PISHKHAN_ACTIONS_URL": "http://127.0.0.1:9/webhook", "PISHKHAN_ACTIONS_TOKEN": "unused"}
TOKEN = "rasa-token"
CONVERSATION = (
    ("سلام", "سلام"),
    ("هزینهٔ پروانهٔ ساختمانی چقدر است؟", "متراژ"),
    ('/command{"command": "/form/pothole_report"}', "چه چیزی خراب است"),
    ("۱", "کجاست"),
    ("خیابان بهار، نرسیده به کوچهٔ سوم", "خطرناک"),
    ("ساعت کاری شهرداری چیست؟", "۷:۳۰"),
    ("بله", "عکس"),
    ("رد شدن", "توضیح"),
    ("رد شدن", "شماره همراه"),
    ("۰۹۱۲", "درست نیست"),
    ("۰۹۱۲ ۱۲۳ ۴۵ ۶۷", "آماده است"),
)


def note(what: str) -> None:
    print(f"\n    {what}", end="", flush=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our export, validated and trained."""
    folder = tmp_path_factory.mktemp("rasa")
    told(folder / "data-of-ours", "rasa", "export", str(folder / "project"))
    for args in (("data", "validate", "--fail-on-warnings"), ("train",)):
        process = Running(rasa(*args), folder / "project", UNUSED, folder / f"{args[0]}.log")
        process.finish(TRAINING)
        note(f"rasa {args[0]}: {time.monotonic() - process.began:.0f} s, {process.peak} MiB")
    assert list((folder / "project" / "models").glob("*.tar.gz"))
    return folder / "project"


@dataclass
class Assistant:
    url: str
    data: Path
    server: Running


@pytest.fixture(scope="module", params=["rasa actions", "serve"])
def assistant(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """Rasa in front of our actions: on rasa-sdk's server, then on our own."""
    folder, port, rasa_port = tmp_path_factory.mktemp("desk"), free_port(), free_port()
    data, ours = folder / "data", f"http://127.0.0.1:{port}"
    if request.param == "serve":
        command, health, webhook = pishkhan("serve"), f"{ours}/actions/health", f"{ours}/actions/webhook"
    else:
        command, health = pishkhan("rasa", "actions", "--port", str(port)), f"{ours}/health"
        webhook = f"{ours}/webhook"
    env = {"DATA_DIR": str(data), "PORT": str(port)}
    theirs = {"PISHKHAN_ACTIONS_URL": webhook, "PISHKHAN_ACTIONS_TOKEN": told(data, "rasa", "token")}
    run = rasa("run", "--enable-api", "--auth-token", TOKEN, "-i", "127.0.0.1", "-p", str(rasa_port))
    with (
        running(command, ROOT, env, folder / "ours.log") as desk,
        running(run, project, theirs, folder / "rasa.log") as server,
    ):
        desk.until(health)
        url = f"http://127.0.0.1:{rasa_port}"
        server.until(f"{url}/status?token={TOKEN}")
        note(f"rasa run: up in {time.monotonic() - server.began:.0f} s")
        yield Assistant(url, data, server)
        server.measure()
        note(f"rasa run: {server.peak} MiB")


def filed(data: Path) -> list[dict[str, object]]:
    found = json.loads(told(data, "requests", "list", "--json"))
    return list(found["requests"] if isinstance(found, dict) else found)


def test_a_citizen_asks_files_follows_and_rates(assistant: Assistant) -> None:
    ann = Citizen(assistant.url, "ann")
    for said, expected in CONVERSATION:
        assert expected in ann.says(said), (said, ann.heard)
    code = code_in(ann.presses("تأیید"))
    assert [r["code"] for r in filed(assistant.data)] == [code]

    assert "ثبت‌شده" in ann.says(f"پیگیری {code}")
    assert "چهار رقم" in ann.presses("متن")
    assert "بهار" not in ann.says("۱۱۱۱")
    assert "بهار" in ann.says("۴۵۶۷")

    for status in ("resolved", "closed"):
        told(assistant.data, "requests", "set", code, status)
    assert "راضی" in ann.says("می‌خواهم در نظرسنجی شرکت کنم")
    ann.says("۵")
    ann.says("رد شدن")
    assert "ثبت شد" in ann.says("رد شدن")
    assert len(filed(assistant.data)) == 1


def test_two_citizens_at_once_do_not_meet(assistant: Assistant) -> None:
    bob, eve = Citizen(assistant.url, "bob"), Citizen(assistant.url, "eve")
    bob.says('/command{"command": "/form/officer_message"}')
    eve.says('/command{"command": "/form/officer_message"}')
    bob.says("پیام باب است")
    eve.says("پیام دیگری است")
    assert "پیام باب" in bob.says("۰۹۱۲۱۲۳۴۵۶۷") and "پیام باب" not in eve.says("۰۹۱۲۱۲۳۴۵۶۸")
    assert code_in(bob.presses("تأیید")) != code_in(eve.presses("تأیید"))


async def test_our_own_understanding_by_this_rasa_and_without_it(assistant: Assistant) -> None:
    catalogue, embedded = content()
    server = RasaServer(f"{assistant.url}?token={TOKEN}", timeout=5.0)
    nlu = RasaNlu(server, embedded, {e.intent for e in catalogue.examples})
    text = "می‌خواهم وضعیت درخواستم را ببینم"
    began = time.monotonic()
    theirs = [await nlu.read(text, "fa") for _ in range(20)]
    note(f"a reading by Rasa: {(time.monotonic() - began) / 20 * 1000:.0f} ms")
    assert {r.intent for r in theirs} == {"track_request"} and server.well
    assert theirs[0].guesses != (await embedded.read(text, "fa")).guesses
    assert isinstance(await nlu.read("", "fa"), Reading)

    assistant.server.stop()
    assert await nlu.read(text, "fa") == await embedded.read(text, "fa")
    for _ in range(5):
        await nlu.read(text, "fa")
    assert not server.well
    await server.close()
