"""Waiting in order, and waiting together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # wakes in order of asking
    people: int = 0


class Turnstile:
    """One at a time through each gate, in order of asking. A gate where nobody is takes no memory."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def pass_through(self, gate: str) -> AsyncIterator[None]:
        queue = self._queues.get(gate)
        if queue is None:
            queue = self._queues[gate] = _Queue()
        queue.people += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.people -= 1
            if not queue.people:
                del self._queues[gate]


class Together(Generic[Item, Result]):
    """Items that wait at the same time are worked on by one call.

    An item that comes alone does not wait for company; those that come while a call is under way share the next one.
    """

    def __init__(self, work: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]], most: int = 256) -> None:
        """`work` gives one result, or the exception to raise, for each item; if it raises, all of them fail."""
        self._work = work
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        group: list[tuple[Item, asyncio.Future[Result]]] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                group = [(item, future) for item, future in group if not future.cancelled()]
                if group:
                    _give(group, await self._results([item for item, _ in group]))
        finally:
            self._worker = None
            for _, future in (*group, *self._waiting):  # only if this task was cancelled: the process is stopping
                future.cancel()
            self._waiting = []

    async def _results(self, items: list[Item]) -> Sequence[Result | Exception]:
        try:
            return await self._work(items)
        except Exception as error:
            return [error] * len(items)


def _give(group: Sequence[tuple[object, asyncio.Future[Result]]], results: Sequence[Result | Exception]) -> None:
    for (_, future), result in zip(group, results, strict=True):
        if future.cancelled():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
