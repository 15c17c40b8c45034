"""Log lines say what happened and never to whom."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextvars import Context
from typing import Any

import pytest

from bot.gateway import channel, reference
from bot.logs import JsonLines, Lines, masked


def record(logger: str, message: str, *args: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger(logger).makeRecord(logger, logging.WARNING, __file__, 1, message, args, None, extra=extra)


def line(logger: str, message: str, *args: object, **extra: object) -> str:
    return Lines().format(record(logger, message, *args, **extra))


def failed(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except Exception as raised:
        found = record("bot.x", "failed")
        found.exc_info = (type(raised), raised, raised.__traceback__)
    return found


def test_extras_become_pairs() -> None:
    said = line("bot.gateway", "turn failed", reference="1a2b", channel="web")
    assert said.endswith('level=warning logger=bot.gateway msg="turn failed" reference=1a2b channel=web')


def test_a_line_stays_one_line() -> None:
    assert "\n" not in line("bot.x", "first\nsecond")


def test_what_others_wrote_is_masked() -> None:
    said = line("httpx", 'POST https://api.telegram.org/bot1:secret/getMe for سلام دنیا at 09123456789 "x y"')
    assert all(value not in said for value in ("secret", "سلام", "09123456789", "x y"))
    assert "POST" in said


HIDDEN = ("0012345678", "نام", "example.org")
ERROR = ValueError("no such value: '0012345678' of نام, a@example.org, no such table")


def test_an_exception_shows_its_kind_and_place_without_values() -> None:
    said = Lines().format(failed(ERROR))
    assert "error=ValueError" in said
    assert "no such table" in said
    assert "\n    " in said
    assert "test_logs.py" in said
    assert all(value not in said for value in HIDDEN)


def test_short_technical_words_survive_the_mask() -> None:
    assert masked("no such table: requests (code 14)") == "no such table: requests (code 14)"


# --- as JSON ----------------------------------------------------------------------------------------


def as_json(record: logging.LogRecord) -> dict[str, Any]:
    said = JsonLines().format(record)
    assert "\n" not in said
    found: dict[str, Any] = json.loads(said)
    return found


def test_a_line_of_json_says_the_same() -> None:
    said = as_json(record("bot.gateway", "turn %s", "failed", reference="1a2b", tries=2))
    assert said.pop("time").endswith("Z")
    assert said == {"level": "warning", "logger": "bot.gateway", "msg": "turn failed", "reference": "1a2b", "tries": 2}


def test_json_masks_what_others_wrote_and_shows_where_it_failed() -> None:
    foreign = as_json(record("httpx", "POST %s for سلام", "https://api.telegram.org/bot1:secret/getMe"))
    assert foreign["msg"] == "POST … for …"
    said = as_json(failed(ERROR))
    assert said["error"] == "ValueError"
    assert "test_logs.py" in said["at"][0]
    assert all(value not in json.dumps(said, ensure_ascii=False) for value in HIDDEN)


@pytest.mark.parametrize("formatter", [Lines(), JsonLines()])
def test_a_line_carries_its_turn_s_reference_and_channel(formatter: logging.Formatter) -> None:
    def within_a_turn() -> str:
        reference.set("1a2b3c4d")
        channel.set("sms")
        return formatter.format(record("bot.channels.sms", "not taken"))

    said = Context().run(within_a_turn)
    assert "1a2b3c4d" in said
    assert "sms" in said
    assert "1a2b3c4d" not in Context().run(formatter.format, record("bot.channels.sms", "not taken"))


# --- set up -----------------------------------------------------------------------------------------

SAYING = """
import logging, sys
from bot import logs
logs.set_up("DEBUG", *sys.argv[1:])
assert "structlog" not in sys.modules, "it costs too much at the start"
logging.getLogger("bot.x").debug("ours")
logging.getLogger("httpx").info("a library's")
"""


def written(*style: str, **environment: str) -> str:
    command = [sys.executable, "-c", SAYING, *style]
    kept = {k: v for k, v in os.environ.items() if k != "LOG_FORMAT"}
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=True).stderr


def test_libraries_speak_from_warning_on() -> None:
    (said,) = written("json").splitlines()
    assert json.loads(said)["msg"] == "ours"


def test_a_child_process_writes_as_its_parent_does() -> None:
    assert json.loads(written(LOG_FORMAT="json"))["msg"] == "ours"
    assert "msg=ours" in written()
