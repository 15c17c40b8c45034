"""Waiting together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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
