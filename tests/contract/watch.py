"""What is watched without being asked: where a test connects to, and what is logged."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.logs import Lines

_LOCAL = frozenset({"localhost", "", None})


class Outside(OSError):
    """A connection that would have left this machine."""


def _is_local(host: Any) -> bool:
    if host in _LOCAL:
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@contextmanager
def loopback_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Nothing leaves the machine, not even a question for a name; what tried to is in the list."""
    tried: list[str] = []

    def refuse(host: Any) -> None:
        if not _is_local(host):
            tried.append(str(host))
            raise Outside(f"a test must not reach {host}")

    def guarded(name: str) -> Any:
        plain = getattr(socket.socket, name)

        def call(self: socket.socket, *args: Any) -> Any:
            address = args[-1]
            if isinstance(address, tuple):
                refuse(address[0])
            return plain(self, *args)

        return call

    look_up = socket.getaddrinfo

    def named(host: Any, *args: Any, **more: Any) -> Any:
        refuse(host)
        return look_up(host, *args, **more)

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(name), raising=True)
    monkeypatch.setattr(socket, "getaddrinfo", named)
    yield tried


class _Trap(logging.Handler):
    """Keeps a record's message, its extras, and the line that the server would write."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self._plain = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def emit(self, record: logging.LogRecord) -> None:
        extras = {k: v for k, v in vars(record).items() if k not in self._plain}
        self.lines.append(f"{record.name}: {record.getMessage()} {extras!r} {Lines().format(record)}")


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Every record of every logger, whatever its level."""
    trap, root = _Trap(), logging.getLogger()
    loggers = [log for log in root.manager.loggerDict.values() if isinstance(log, logging.Logger)]
    shut = [log for log in loggers if log.level > logging.DEBUG or log.disabled or not log.propagate]
    before = [(log, log.level, log.propagate, log.disabled) for log in (root, *shut)]
    for log in (root, *shut):
        log.setLevel(logging.DEBUG)
        log.propagate, log.disabled = True, False
    root.addHandler(trap)
    try:
        yield trap.lines
    finally:
        root.removeHandler(trap)
        for log, level, propagate, disabled in before:
            log.setLevel(level)
            log.propagate, log.disabled = propagate, disabled
