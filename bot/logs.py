"""Log lines as `key=value` on standard error, with references and without anybody's data.

Our own messages are fixed sentences with short technical extras. What others wrote (the text of an exception, a
line of a library) is shown with its quoted parts, long numbers, addresses and non-ASCII words masked: that is where
values hide. Libraries speak only from WARNING on: below it they print tokens in URLs and parameters of queries.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from types import TracebackType

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_VALUES = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|https?://\S+|\S+@\S+|\d{4,}|[^\x00-\x7f]+(?:\s+[^\x00-\x7f]+)*"""
)
_PLAIN = re.compile(r"[\w./:+-]+")


def masked(text: str) -> str:
    """The text with every part that may be a value replaced by an ellipsis."""
    return _VALUES.sub("…", text)


class Lines(logging.Formatter):
    """`2026-11-23T07:43:22Z level=error logger=bot.gateway msg="turn failed" reference=1a2b3c4d channel=web`"""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        pairs: dict[str, object] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": message if record.name.split(".")[0] == "bot" else masked(message),
            **{k: v for k, v in vars(record).items() if k not in _STANDARD},
        }
        error = record.exc_info[1] if record.exc_info else None
        if error:
            pairs["error"] = type(error).__name__
            pairs["why"] = masked(str(error))
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line = " ".join((at, *(f"{k}={_quoted(str(v))}" for k, v in pairs.items())))
        return line + (_frames(error.__traceback__) if error else "")


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _frames(trace: TracebackType | None) -> str:
    """Where it happened, without the values that a traceback's last line would show."""
    return "".join(f"\n    {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace))


def set_up(level: str) -> None:
    """Send the log of this process to standard error; `level` is for our own lines. A line that cannot be written is
    lost: logging's own complaint about it would hold the values."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(level)
