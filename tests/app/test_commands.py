"""The command line, as it is typed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import app
from bot.core.messages import Address
from bot.core.requests import Answer, Draft
from bot.settings import Settings
from tests.app.serving import settings_of
from tests.conversation import KNOWLEDGE_BASE, content

PATIENCE = 60.0  # seconds


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """This machine's environment without settings of its own; the data in a new folder."""
    kept = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    return {**kept, "DATA_DIR": str(tmp_path / "data"), "CONTENT_DIR": str(KNOWLEDGE_BASE), "PYTHONUTF8": "1"}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Runner:
    return Runner(environment, tmp_path)


Done = subprocess.CompletedProcess[str]


class Runner:
    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder

    def __call__(
        self, *words: str, status: int = 0, typed: str = "", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words],
            env=self.environment | settings,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done


def test_help_names_every_command(run: Runner) -> None:
    told = run("--help").stdout
    commands = "serve chat check migrate evaluate requests notices questions understand explain rasa"
    assert all(command in told for command in commands.split())


def test_a_mistake_in_the_settings_is_one_line(run: Runner) -> None:
    done = run("serve", status=2, TELEGRAM_WEBHOOK_SECRET="abc")
    assert done.stderr == "pishkhan: TELEGRAM_TOKEN is missing: TELEGRAM_WEBHOOK_SECRET is set\n"


def test_a_taken_port_is_one_line(run: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", status=1, PORT=str(taken.getsockname()[1]), LOG_LEVEL="ERROR")
    assert "is taken" in done.stderr.splitlines()[-1]


# --- content ----------------------------------------------------------------------------------------


def test_our_own_content_is_sound(run: Runner) -> None:
    assert re.match(r"content is sound: \d+ services, ", run("check").stdout)


def test_every_planted_mistake_is_found_with_file_and_line(run: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(KNOWLEDGE_BASE, folder)
    service = folder / "services" / "pothole.md"
    service.write_text(service.read_text("utf-8").replace("category:", "categry:", 1), "utf-8")
    (folder / "faq" / "extra.yaml").write_text("- id: x\n  question: {fa: چه؟}\n", "utf-8")
    done = run("check", "--content", str(folder), status=1)
    assert re.search(r"services/pothole\.md:\d+: ", done.stderr)
    assert re.search(r"faq/extra\.yaml:\d+: ", done.stderr)


def test_a_phrase_that_the_code_says_is_missed(run: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(KNOWLEDGE_BASE, folder)
    (file,) = (f for f in (folder / "phrases").glob("*.yaml") if "\nmenu.greeting:" in f.read_text("utf-8"))
    file.write_text(file.read_text("utf-8").replace("\nmenu.greeting:", "\nmenu.greetin:"), "utf-8")
    assert "the phrase menu.greeting is missing" in run("check", "--content", str(folder), status=1).stderr


def test_a_folder_that_is_not_there(run: Runner) -> None:
    assert "there is no folder" in run("check", "--content", "nowhere", status=1).stderr


# --- understanding ----------------------------------------------------------------------------------


def test_questions_are_measured_on_anybody_s_data(run: Runner, tmp_path: Path) -> None:
    entries = [
        {"id": "hours", "question": "ساعت کار شما چیست؟", "variants": ["کی باز هستید"], "answer": "۸ تا ۱۴"},
        {"id": "tax", "question": "عوارض را چطور بپردازم؟", "variants": ["پرداخت عوارض"], "answer": "آنلاین"},
    ]
    asked = [{"question": "ساعت کارتان چیست", "id": "hours"}, {"question": "هوا ابری است", "id": None}]
    files = []
    for name, lines in (("entries", entries), ("questions", asked)):
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    words = ("evaluate", "faq", "--entries", str(files[0]), "--questions", str(files[1]))
    told = json.loads(run(*words, "--json").stdout)
    assert {"recall_at_1", "recall_at_3", "mrr_at_10", "out_of_scope_auroc", "n", "micros_per_query"} <= set(told)
    assert told["recall_at_1"] == 1
    assert "recall_at_1" in run(*words).stdout


@pytest.fixture
def intents(tmp_path: Path) -> str:
    """A file of two intents."""
    file = tmp_path / "intents.yaml"
    examples = {"greet": ("سلام", "درود", "سلام علیکم"), "bye": ("خداحافظ", "خدانگهدار", "فعلاً خداحافظ")}
    found = [{"intent": i, "examples": "".join(f"- {line}\n" for line in lines)} for i, lines in examples.items()]
    file.write_text(json.dumps({"version": "3.1", "nlu": found}), "utf-8")
    return str(file)


def test_intents_are_measured_on_anybody_s_data(run: Runner, intents: str) -> None:
    for more in ((), ("--semantic",)):
        told = json.loads(run("evaluate", "nlu", "--train", intents, "--test", intents, "--json", *more).stdout)
        assert {"accuracy", "macro_f1", "n", "train_seconds", "micros_per_utterance"} <= set(told)
        assert (told["n"], told["accuracy"]) == (6, 1)


def test_what_was_confused_is_told_and_drawn(run: Runner, intents: str, tmp_path: Path) -> None:
    told = run("evaluate", "nlu", "--train", intents, "--picture", "confused.png").stdout
    assert re.search(r"^accuracy +\d", told)
    assert "Most often confused" in told
    assert (tmp_path / "confused.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_is_one_line(run: Runner, intents: str, tmp_path: Path) -> None:
    words = ("evaluate", "nlu", "--train", intents, "--picture")
    for name in ("confused.gif", "nowhere/confused.png"):
        assert name in run(*words, name, status=1).stderr.splitlines()[-1]
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError(name='matplotlib')")
    done = run(*words, "confused.png", status=1)
    assert done.stderr == "pishkhan: matplotlib is missing: pip install 'pishkhan[evaluation]'\n"


def test_files_that_cannot_be_measured_are_one_line(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("{a: [\n")
    for words in (
        ("nlu", "--train", "nowhere.yaml"),
        ("nlu", "--train", "broken.yaml"),
        ("nlu", "--test", "broken.yaml"),
        ("faq", "--entries", "broken.yaml"),
        ("faq", "--entries", "broken.yaml", "--questions", "broken.yaml"),
    ):
        done = run("evaluate", *words, status=1)
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "broken.yaml:2: not YAML" in run("evaluate", "nlu", "--train", "broken.yaml", status=1).stderr


# --- talking and moving -----------------------------------------------------------------------------


def letter() -> Draft:
    answer = Answer("message", "long_text", "پیام", "لطفاً رسیدگی کنید.")
    return Draft("officer_message", "message", "پیام", "ann", Address("console", "ann"), "fa", answers=(answer,))


@pytest.fixture
def code(tmp_path: Path) -> str:
    """The code of a message that lies on the desk, as people write it."""
    settings = settings_of(tmp_path / "data")
    catalogue = content()[0]

    async def file() -> str:
        stores, desk = app.desk(settings, lambda: catalogue)
        async with stores.opened():
            return (await desk.file(letter(), key="k")).code.shown

    return asyncio.run(file())


def test_an_officer_sees_and_moves_a_request(run: Runner, code: str) -> None:
    assert code in run("requests", "list").stdout
    (row,) = json.loads(run("requests", "list", "--status", "submitted", "--json").stdout)
    assert row["code"] == code.replace(" ", "")
    shown = run("requests", "show", code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))).stdout
    assert "لطفاً رسیدگی کنید." in shown
    assert run("requests", "set", code, "closed", "--note", "پاسخ داده شد").stdout == f"{code} closed\n"
    case = json.loads(run("requests", "show", code, "--json").stdout)
    assert (case["status"], case["history"][-1]["note"]) == ("closed", "پاسخ داده شد")
    assert run("requests", "list", "--status", "submitted").stdout == "no requests\n"


@pytest.mark.parametrize(
    "words",
    [
        ("set", "CODE", "submitted"),
        ("set", "CODE", "finished"),
        ("set", "1000000005", "closed"),
        ("show", "1000000005"),
        ("show", "hello"),
        ("list", "--status", "open"),
    ],
)
def test_what_an_officer_cannot_do_is_one_line(run: Runner, code: str, words: tuple[str, ...]) -> None:
    done = run("requests", *(code if w == "CODE" else w for w in words), status=1)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("pishkhan: ")


def test_migrating_twice_is_as_good_as_once(run: Runner, tmp_path: Path) -> None:
    run("migrate")
    assert (tmp_path / "data" / "pishkhan.db").is_file()
    run("migrate")


# --- the server -------------------------------------------------------------------------------------


@pytest.fixture
def served(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        env=environment | {"PORT": str(port)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "Pishkhan is open" in first, process.communicate(timeout=PATIENCE)
    yield process, f"http://127.0.0.1:{port}"
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_when_it_is_told(served: tuple[subprocess.Popen[str], str], number: signal.Signals) -> None:
    process, url = served
    with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE) as answer:
        assert answer.status == 200
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_the_terminal_files_while_the_server_runs(run: Runner, served: tuple[subprocess.Popen[str], str]) -> None:
    answers = ["/form/officer_message", "لطفاً به این پیام رسیدگی کنید.", "09121234567", "تأیید و ثبت", ":quit"]
    told = run("chat", "--from", "ann", typed="\n".join(answers) + "\n").stdout
    codes = re.findall(r"\b\d{5} \d{5}\b", told)
    assert codes, told
    assert run("requests", "set", codes[0], "in_review").stdout == f"{codes[0]} in_review\n"
    _, url = served
    with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE) as answer:
        assert answer.status == 200


def test_an_operator_learns_why_nothing_came(run: Runner, code: str) -> None:
    assert "console" in run("explain", code, LANGUAGE="en").stdout
    assert json.loads(run("explain", code, "--json").stdout)["next"]["finding"] == "do_first_words"
    assert run("explain", "09120000000", status=1).stderr.startswith("pishkhan: nobody is known")
