"""Golden conversations: every dialog, as a citizen sees it, with a new process between every two turns."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conversation import Conversation, replay

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda p: p.stem)
def test_conversation_goes_as_written(path: Path, talk: Conversation, request: pytest.FixtureRequest) -> None:
    written = path.read_text(encoding="utf-8")
    today = asyncio.run(replay(written, talk))
    if request.config.getoption("--regenerate"):
        path.write_text(today, encoding="utf-8")
    assert today == written or request.config.getoption("--regenerate")


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 15
