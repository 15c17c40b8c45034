"""`pishkhan rasa …`, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.conversation import KNOWLEDGE_BASE

PATIENCE = 60.0  # seconds
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    return {**kept, "DATA_DIR": str(tmp_path / "data"), "CONTENT_DIR": str(KNOWLEDGE_BASE), "PYTHONUTF8": "1"}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot", "rasa", *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    return run


def test_the_project_is_written_and_nothing_else_is_overwritten(run: Run, tmp_path: Path) -> None:
    done = run("export", str(tmp_path / "project"))
    assert done.returncode == 0 and "7 files" in done.stdout, done.stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    refused = run("export", str(tmp_path / "other"))
    assert refused.returncode == 1 and "--force" in refused.stderr and "Traceback" not in refused.stderr
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["notes.txt"]


def test_the_actions_are_served_to_who_has_the_token_until_they_are_stopped(
    run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    token = run("token").stdout.strip()
    assert len(token) == 64
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bot", "rasa", "actions", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert f":{port}/webhook" in process.stdout.readline(), process.communicate(timeout=PATIENCE)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/actions", timeout=PATIENCE)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/actions", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert {"name": "action_submit_letter"} in json.load(answer)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0 and "Traceback" not in errors
    finally:
        process.kill()
        process.communicate()


def test_a_taken_port_is_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("actions", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1 and "could not start" in done.stderr and "Traceback" not in done.stderr, done.stderr
