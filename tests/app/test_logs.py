"""Log lines say what happened and never to whom."""

from __future__ import annotations

import logging

from bot.logs import Lines, masked


def line(logger: str, message: str, *args: object, **extra: object) -> str:
    record = logging.getLogger(logger).makeRecord(
        logger, logging.WARNING, __file__, 1, message, args, None, extra=extra
    )
    return Lines().format(record)


def test_extras_become_pairs() -> None:
    said = line("bot.gateway", "turn failed", reference="1a2b", channel="web")
    assert said.endswith('level=warning logger=bot.gateway msg="turn failed" reference=1a2b channel=web')


def test_a_line_stays_one_line() -> None:
    assert "\n" not in line("bot.x", "first\nsecond")


def test_what_others_wrote_is_masked() -> None:
    said = line("httpx", 'POST https://api.telegram.org/bot1:secret/getMe for سلام دنیا at 09123456789 "x y"')
    assert all(value not in said for value in ("secret", "سلام", "09123456789", "x y"))
    assert "POST" in said


def test_an_exception_shows_its_kind_and_place_without_values() -> None:
    try:
        raise ValueError("no such value: '0012345678' of نام, a@example.org, no such table")
    except ValueError as error:
        record = logging.makeLogRecord({"name": "bot.x", "msg": "failed", "exc_info": (ValueError, error, None)})
        record.exc_info = (ValueError, error, error.__traceback__)
    said = Lines().format(record)
    assert "error=ValueError" in said
    assert "no such table" in said
    assert "test_logs.py" in said
    assert all(value not in said for value in ("0012345678", "نام", "example.org"))


def test_short_technical_words_survive_the_mask() -> None:
    assert masked("no such table: requests (code 14)") == "no such table: requests (code 14)"
