"""Log lines on standard error, with references and without anybody's data: `key=value`, or JSON.

Our own messages are fixed sentences with short technical extras. What others wrote (the text of an exception, a
line of a library) is shown with its quoted parts, long numbers, addresses and non-ASCII words masked: that is where
values hide. Libraries speak only from WARNING on: below it they print tokens in URLs and parameters of queries.
A line carries what is bound in its context, the turn's `reference` and `channel` (see `bot.gateway`); what it says by
itself goes first.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
import traceback
from collections.abc import MutableMapping
from contextvars import copy_context
from functools import cached_property
from types import TracebackType
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_VALUES = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|https?://\S+|\S+@\S+|\d{4,}|[^\x00-\x7f]+(?:\s+[^\x00-\x7f]+)*"""
)
_PLAIN = re.compile(r"[\w./:+-]+")
_BOUND = "structlog_"  # how the names of structlog's context variables begin


def masked(text: str) -> str:
    """The text with every part that may be a value replaced by an ellipsis."""
    return _VALUES.sub("…", text)


def _pairs(record: logging.LogRecord, message: str) -> dict[str, Any]:
    """What a line says, in its order, but for when and where an error came up."""
    pairs: dict[str, Any] = {
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": message if record.name.split(".")[0] == "bot" else masked(message),
        **{k: v for k, v in vars(record).items() if k not in _STANDARD},
    }
    bound = {v.name.removeprefix(_BOUND): value for v, value in copy_context().items() if v.name.startswith(_BOUND)}
    for name in sorted(bound):
        pairs.setdefault(name, bound[name])
    error = record.exc_info[1] if record.exc_info else None
    if error:
        pairs["error"] = type(error).__name__
        pairs["why"] = masked(str(error))
    return pairs


def _frames(record: logging.LogRecord) -> list[str]:
    """Where an error came up, without the values that a traceback's last line would show."""
    trace: TracebackType | None = record.exc_info[2] if record.exc_info else None
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]


class Lines(logging.Formatter):
    """`2026-11-23T07:43:22Z level=error logger=bot.gateway msg="turn failed" reference=1a2b3c4d channel=web`"""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line = " ".join((at, *(f"{k}={_quoted(str(v))}" for k, v in _pairs(record, record.getMessage()).items())))
        return "\n    ".join((line, *_frames(record)))


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


class JsonLines(logging.Formatter):
    """`{"level":"error","logger":"bot.gateway","msg":"turn failed","reference":"1a2b3c4d",…,"at":[…],"time":"…Z"}`

    By structlog, which is loaded with the first line.
    """

    def format(self, record: logging.LogRecord) -> str:
        return self._structured.format(record)

    @cached_property
    def _structured(self) -> logging.Formatter:
        import orjson
        from structlog.processors import JSONRenderer, TimeStamper
        from structlog.stdlib import ProcessorFormatter

        def told(logger: object, level: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
            record = line["_record"]
            return _pairs(record, line["event"]) | ({"at": _frames(record)} if record.exc_info else {})

        def dumps(line: MutableMapping[str, Any], **_: Any) -> str:
            return orjson.dumps(line, default=str).decode()

        stamped = TimeStamper(fmt="iso", utc=True, key="time")
        return ProcessorFormatter(foreign_pre_chain=[told], processors=[stamped, JSONRenderer(dumps)])


def set_up(level: str, style: str = "") -> None:
    """Send the log of this process, and of those that it starts, to standard error; `level` is for our own lines,
    `style` "text" or "json", if it is not told that of the process that started this one. A line that cannot be
    written is lost: logging's own complaint about it would hold the values."""
    logging.raiseExceptions = False
    os.environ["LOG_FORMAT"] = style = style or os.environ.get("LOG_FORMAT", "text")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(level)
