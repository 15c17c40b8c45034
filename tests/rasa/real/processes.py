"""A real Rasa 3.6 (`make test-rasa` puts it into .cache/rasa) and our command line, each in processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
RASA = ROOT / ".cache" / "rasa" / "bin" / "rasa"
MEMORY = 1500  # MiB that a process of Rasa may hold
STARTING = 240.0  # seconds; Rasa takes twenty on a quiet machine
TRAINING = 900.0
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "RASA_TELEMETRY_ENABLED": "false",
    "PYTHONWARNINGS": "ignore",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A process under watch: one that holds too much memory, or takes too long, is ended."""

    def __init__(self, command: list[str], folder: Path, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        self.peak = 0
        self.began = time.monotonic()
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **QUIET, **env},
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )

    def measure(self) -> None:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return
        self.peak = max([self.peak, *(int(line.split()[1]) // 1024 for line in status.splitlines() if "VmHWM" in line)])
        if self.peak > MEMORY:
            self.stop()
            raise AssertionError(f"Rasa took {self.peak} MiB\n{self.tail()}")

    def finish(self, within: float) -> str:
        """Wait for its end; what it said."""
        while self.process.poll() is None:
            self.measure()
            if time.monotonic() - self.began > within:
                self.stop()
                raise AssertionError(f"not done in {within:.0f} s\n{self.tail()}")
            time.sleep(0.2)
        assert self.process.returncode == 0, self.tail()
        return self.log.read_text("utf-8", "replace")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-4000:]

    def until(self, url: str) -> None:
        """Wait until it answers there."""
        while time.monotonic() - self.began < STARTING:
            assert self.process.poll() is None, self.tail()
            self.measure()
            try:
                urllib.request.urlopen(url, timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
            else:
                return
        raise AssertionError(f"nothing answers at {url}\n{self.tail()}")


@contextmanager
def running(*args: Any) -> Iterator[Running]:
    process = Running(*args)
    try:
        yield process
    finally:
        process.stop()


def rasa(*args: str) -> list[str]:
    assert RASA.exists(), "there is no Rasa here: make test-rasa installs it"
    return [str(RASA), *args]


def pishkhan(*args: str) -> list[str]:
    return [sys.executable, "-m", "bot", *args]


def told(data: Path, *args: str) -> str:
    """What one of our commands prints."""
    env = {**os.environ, **QUIET, "DATA_DIR": str(data)}
    done = subprocess.run(pishkhan(*args), cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Citizen:
    """Who talks to Rasa's REST channel."""

    def __init__(self, url: str, sender: str) -> None:
        self.url = f"{url}/webhooks/rest/webhook"
        self.sender = sender
        self.heard: list[dict[str, Any]] = []

    def says(self, text: str) -> str:
        body = json.dumps({"sender": self.sender, "message": text}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.heard = json.load(answer)
        return "\n".join(m.get("text", "") for m in self.heard)

    def presses(self, label: str) -> str:
        buttons = [b for m in self.heard for b in m.get("buttons", ())]
        found = [b["payload"] for b in buttons if b["title"].startswith(label)]
        assert found, f"{label} is not among {[b['title'] for b in buttons]}"
        return self.says(found[0])
