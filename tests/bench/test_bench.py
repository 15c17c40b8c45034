"""The bench measures what it says: real answers, checked, of every system; times are not looked at."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import load, report, walks
from bench.conversation import OPEN, Turn, form
from bench.load import Sample
from bench.process import Spent
from bench.report import TARGETS, Round
from bench.systems import SYSTEMS
from bench.wire import frame_in, message_in
from tests.walks import Fallen, Walked

ROOT = Path(__file__).parents[2]


def test_every_system_answers_rightly_and_has_its_row(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--seconds=0.5", "--users=4", "--rounds=1", "--walks=3", f"--json={figures}"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(figures.read_text("utf-8"))
    assert list(told["systems"]) == [s.id for s in SYSTEMS]
    for id, of in told["systems"].items():
        assert of["errors"] == 0, id
        assert of["turns"] > 0, id
        assert of["idle_mb"] > 0, id
    for name in [*(s.name for s in SYSTEMS), *(t.what for t in TARGETS)]:
        assert sum(line.startswith(f"| {name} |") for line in done.stdout.splitlines()) == 1
    assert "not measured" not in done.stdout
    assert told["walks"]["walks"] == 3
    assert told["walks"]["fallen"] == []
    assert "3 walks, " in done.stdout
    assert _living_in(tmp_path) == []
    assert not list(tmp_path.glob("pishkhan-bench-*"))


def _living_in(folder: Path) -> list[str]:
    """Processes whose working directory is in this folder, deleted ones included."""
    living = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if str(cwd.readlink()).startswith(str(folder)):
                living.append(cwd.parent.name)
        except OSError:
            continue
    return living


class Parrot:
    """Answers as told, then with the same for ever."""

    def __init__(self, *answers: str) -> None:
        self.script = form(7)
        self.heard: list[str] = []
        self._answers = list(answers)

    async def say(self, words: str) -> str:
        self.heard.append(words)
        await asyncio.sleep(0.001)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        pass


async def test_a_wrong_answer_is_an_error_and_ends_its_conversation() -> None:
    opening, second, *_ = form(7)
    parrot = Parrot("نام و نام خانوادگی شما چیست؟")
    sample = await load.measure([parrot], lambda: Spent(0.0, 0.0), warm_up=0.01, seconds=0.05)
    assert len(sample.wrong) == 1
    assert second.say in sample.wrong[0]
    assert parrot.heard == [opening.say, second.say]


async def test_an_answer_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(Parrot):
        async def say(self, words: str) -> str:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(load, "DRAIN", 0.01)
    sample = await load.measure([Mute("")], lambda: Spent(0.0, 0.0), warm_up=0.01, seconds=0.01)
    assert sample.wrong == ("a turn was never answered",)
    assert sample.turns == 0


async def test_cpu_is_told_for_each_turn() -> None:
    spent = iter((Spent(1.0, 0.0), Spent(1.5, 0.01)))
    parrot = Parrot("نام و نام خانوادگی شما چیست؟")
    parrot.script = (Turn(OPEN, form(7)[0].answer),)
    sample = await load.measure([parrot], lambda: next(spent), warm_up=0.01, seconds=0.05)
    assert sample.turns > 1
    assert sample.wrong == ()
    assert sample.cpu == pytest.approx(0.5e6 / sample.turns)
    assert sample.waited > 0


def test_a_walk_that_falls_is_told_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def walk(seed: int) -> Walked:
        if seed == 8:
            raise Fallen(seed, "somebody is stuck", ["ann web> سلام"])
        return Walked(turns=70, requests=4)

    monkeypatch.setattr(walks, "walk", walk)
    assert walks.main(["--first=7", "--count=3", "--jobs=1"]) == 1
    told = capsys.readouterr()
    assert "3 walks, 140 turns, 8 requests, 1 failures" in told.out
    assert "Fallen seeds: 8\n" in told.out
    assert "ann web> سلام" in told.err
    assert walks.main(["--first=9", "--count=1", "--jobs=1"]) == 0


def test_targets_are_judged_both_ways() -> None:
    def of(cpu: float, p99: float = 2.0) -> report.Figures:
        sample = Sample(turns=10, per_second=100.0, cpu=cpu, p50=1.0, p99=p99, waited=0.0, wrong=())
        return report.figures([Round(sample, start=1.0, idle=90.0, full=95.0)])

    results = {"bare": of(25), "aiogram": of(1100), "telegram": of(400, p99=5.0), "post": of(200), "echo": of(20)}
    results["socket"] = of(100)
    told = {t.what: t.verdict(t.figure(results)) for t in TARGETS}
    assert told == {
        "Telegram turn: aiogram's CPU / ours": "NOT REACHED",
        "Telegram turn: our CPU / the bare handler's": "NOT REACHED",
        "Telegram turn: our CPU": "NOT REACHED",
        "Telegram at saturation: p99 / p50": "NOT REACHED",
        "answered in the response (web chat POST): turns/s / the bare handler's": "ambition reached",
        "WebSocket turn: our CPU / the bare echo's": "ambition reached",
        "start to the first answered request": "reached",
        "memory, idle": "reached",
    }


@pytest.mark.parametrize("size", [5, 200, 70_000])
def test_frames_are_cut_where_they_end(size: int) -> None:
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
    whole = b"\x81" + length + b"x" * size
    buffer = bytearray(whole[:-1])
    assert frame_in(buffer) is None
    buffer += whole[-1:] + b"\x81"
    assert frame_in(buffer) == (1, b"x" * size)
    assert buffer == b"\x81"


def test_messages_are_cut_where_they_end() -> None:
    buffer = bytearray(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert message_in(buffer) == (b"HTTP/1.1 200 OK\r\nContent-Length: 2", b"ok")
    assert message_in(buffer) is None
    buffer += b"GET / HTTP/1.1\r\nHost: a\r\n"
    assert message_in(buffer) is None
    buffer += b"\r\n"
    assert message_in(buffer) == (b"GET / HTTP/1.1\r\nHost: a", b"")
