"""The bench measures what it says: real answers, checked, of every system; times are not looked at."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench import load, report, walks
from bench.botapi import BotApi
from bench.conversation import OPEN, Turn, form
from bench.found import Found
from bench.load import Sample
from bench.parts import burst, turns
from bench.pool import Running
from bench.process import Spent
from bench.systems import SYSTEMS
from bench.targets import TARGETS
from bench.wire import frame_in, message_in
from tests.walks import Fallen, Walked

ROOT = Path(__file__).parents[2]


def test_every_system_answers_rightly(tmp_path: Path) -> None:
    """Three forms with each, and a moment of load: whoever answers wrongly, late or twice makes it fail. What the large
    way of storing adds is in `whole`."""
    asked = [system for system in SYSTEMS if not system.id.endswith("_distributed") and system.id != "kannel"]
    chosen = [f"--system={system.id}" for system in asked]
    told = bench(tmp_path, "--only=turns", "--rounds=1", "--seconds=0.4", "--users=2", *chosen)
    for system in asked:
        assert f"| {system.name} |" in (tmp_path / "benchmarks.md").read_text("utf-8")
    judged = [target["what"] for target in told["targets"] if target["verdict"] != "not measured"]
    assert judged == [target.what for target in TARGETS if target.part == "turns" and "SQLite" in target.what]


def bench(folder: Path, *options: str) -> dict[str, Any]:
    """What `python -m bench` has told as JSON; it leaves nothing behind."""
    figures = folder / "figures.json"
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:  # pytest's own folders are closed to PostgreSQL
        Path(temporary).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-m", "bench", *options, f"--json={figures}", f"--out={folder}"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": temporary},
            capture_output=True,
            text=True,
            timeout=1500,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert _living_in(Path(temporary)) == []
        assert list(Path(temporary).iterdir()) == []
    assert done.stdout.strip() in (folder / "benchmarks.md").read_text("utf-8")
    told: dict[str, Any] = json.loads(figures.read_text("utf-8"))
    assert told["wrong"] == []
    return told


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
        self.citizens = 0
        self._answers = list(answers)

    def arrive(self) -> None:
        self.citizens += 1

    async def say(self, words: str) -> str:
        self.heard.append(words)
        await asyncio.sleep(0.001)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        pass


class Mute(Parrot):
    async def say(self, words: str) -> str:
        await asyncio.Event().wait()
        raise AssertionError


NAME = "نام و نام خانوادگی شما چیست؟"


async def test_a_wrong_answer_is_an_error_and_ends_its_conversation() -> None:
    opening, second, *_ = form(7)
    parrot = Parrot(NAME)
    sample = await load.measure([parrot], lambda: Spent(0.0, 0.0), warm_up=0.01, seconds=0.05)
    assert len(sample.wrong) == 1
    assert second.say in sample.wrong[0]
    assert parrot.heard == [opening.say, second.say]


async def test_a_wrong_answer_is_told_before_anything_is_measured() -> None:
    with pytest.raises(RuntimeError, match="not right"):
        await load.once(Parrot(NAME), lambda: Spent(0.0, 0.0))


async def test_an_answer_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "DRAIN", 0.01)
    sample = await load.measure([Mute("")], lambda: Spent(0.0, 0.0), warm_up=0.01, seconds=0.01)
    assert sample.wrong == ("a turn was never answered",)
    assert sample.turns == 0


async def test_cpu_is_told_for_each_turn_and_each_script_is_another_citizens() -> None:
    spent = iter((Spent(1.0, 0.0), Spent(1.5, 0.01)))
    parrot = Parrot(NAME)
    parrot.script = (Turn(OPEN, form(7)[0].answer),)
    sample = await load.measure([parrot], lambda: next(spent), warm_up=0.01, seconds=0.05)
    assert sample.turns > 1
    assert sample.wrong == ()
    assert sample.cpu == pytest.approx(0.5e6 / sample.turns)
    assert sample.waited > 0
    assert parrot.citizens == len(parrot.heard) == sample.finished


async def test_a_fixed_load_is_kept_and_its_wrong_answers_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot(NAME)
    parrot.script = (Turn(OPEN, form(7)[0].answer),)
    paced = await load.at_rate([parrot, Parrot(NAME)], os.getpid(), rate=200, seconds=0.2)
    assert paced.turns == 40
    assert len(paced.wrong) == 1
    assert paced.longest >= paced.p99 >= paced.p50 > 0
    assert paced.own_longest <= paced.longest
    monkeypatch.setattr(load, "DRAIN", 0.01)
    silent = await load.at_rate([Mute("")], os.getpid(), rate=100, seconds=0.01)
    assert silent.wrong == ("a turn was never answered",)


async def test_what_is_lost_doubled_or_wrong_in_a_burst_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "QUIET", 0.0)
    monkeypatch.setattr(burst, "PATIENCE", 0.05)
    api = BotApi()

    class Told(Parrot):
        async def say(self, words: str) -> str:
            said = await super().say(words)
            api.messages += 1 + said.startswith("twice")
            return said

    script = (Turn(OPEN, re.compile("right")),)
    talks = [Told("right"), Told("right", "twice right", "right"), Told("right", "wrong", "right"), Mute("")]
    for talk in talks:
        talk.script = script
    server = SimpleNamespace(spent=lambda: Spent(0.0, 0.0))
    each = cast("Running", SimpleNamespace(server=server, api=api, users=lambda count: talks))
    told = await burst.strike(each, 4, 3)
    assert {name: told[name] for name in ("lost", "doubled", "misordered")} == {
        "lost": 3,
        "doubled": 1,
        "misordered": 1,
    }


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


def _verdicts(figures: dict[str, float]) -> dict[str, str]:
    told = report.markdown(Found(figures), command="bench", parts={t.part for t in TARGETS})
    rows = [line.strip("| ").split(" | ") for line in told.splitlines() if line.startswith("| ")]
    return {row[0]: row[-1] for row in rows[1:]}


def test_targets_are_judged_both_ways_and_what_was_not_measured_is_not_reached() -> None:
    told = _verdicts(
        {
            "telegram.cpu": 400.0,
            "aiogram.cpu": 1100.0,
            "botbuilder.cpu": 9000.0,
            "telegram.bare": 16.0,
            "telegram.spread": 3.0,
            "telegram burst.faults": 1.0,
            "telegram_distributed burst.faults": 0.0,
            "start again": 0.7,
        }
    )
    assert told["SQLite: Telegram turn, aiogram's CPU / ours"] == "**MISSED**"
    assert told["SQLite: Telegram turn, our CPU / the bare handler's"] == "**MISSED**"
    assert told["SQLite: Telegram turn, botbuilder's CPU / ours"] == "reached"
    assert told["SQLite: Telegram at saturation, p99 / p50"] == "reached"
    assert told["SQLite: of them lost, doubled, misordered"] == "**MISSED**"
    assert told["PostgreSQL + Valkey: of them lost, doubled, misordered"] == "ambition reached"
    assert told["start to the first answered request, own time"] == "ambition reached"
    assert told["memory, idle"] == "not measured"
    assert len(told) == len(TARGETS)


def test_a_window_in_which_nothing_was_answered_is_no_figure() -> None:
    def of(turns: int, cpu: float) -> Sample:
        return Sample(turns, turns, float(turns), cpu, p50=1.0 * bool(turns), p99=3.0, waited=0.0, wrong=())

    assert turns.figures("x", [of(0, 0.0)]) == {}
    told = turns.figures("x", [of(0, 0.0), of(10, 50.0), of(10, 70.0)])
    assert told["x.cpu"] == 60.0
    assert told["x.spread"] == 3.0


def test_the_document_keeps_what_is_written_around_the_figures(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    report.into(document, "old figures")
    document.write_text("Before.\n" + document.read_text("utf-8") + "After.\n", "utf-8")
    report.into(document, "new figures")
    told = document.read_text("utf-8")
    assert told.startswith("Before.\n")
    assert told.endswith("After.\n")
    assert "new figures" in told
    assert "old figures" not in told


def test_the_profile_tells_where_the_time_went(tmp_path: Path) -> None:
    work = "sum(i * i for i in range(300_000))"
    subprocess.run(
        [sys.executable, "-m", "bench.profiled", str(tmp_path / "seen"), "timeit", "-n", "3", "-r", "3", work],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    seen = (tmp_path / "seen").read_text("utf-8")
    assert "<timeit-src>" in seen
    assert not seen.startswith("0 samples")


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
