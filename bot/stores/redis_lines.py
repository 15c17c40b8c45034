"""The transcript's way from Redis into the database, behind the reply.

A save writes the turn's lines into Redis together with the session, so that a turn is acknowledged when both are there.
The process that saved hands them to the archive, many turns in one write, and has Redis forget them with the next save
of that contact or after some seconds of quiet. What a process leaves behind that dies in between is found in the list
of its bucket (`todo`) by any other. The archive takes the same lines any number of times.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

import orjson

from bot.core.messages import Line
from bot.core.ports import StoreUnavailable
from bot.stores.redis_link import unheard
from bot.stores.redis_places import Place, Places
from bot.stores.redis_scripts import MOVED, OVERDUE
from bot.stores.redis_servers import RedisServers
from bot.stores.redis_wire import Reply
from bot.stores.tables import from_micros, to_address, to_micros

log = logging.getLogger(__name__)

MOST = 512  # lines in one write
GATHER = 0.05  # seconds between two writes: the lines of all turns meanwhile share the next one
QUIET = 5.0  # seconds after which Redis forgets moved lines without a save
OVERDUE_AFTER = 15  # seconds after which anybody may move the lines of a session
SWEEP = 10.0  # seconds between two looks for them
AT_ONCE = 64  # overdue sessions of a bucket taken in one look
HELD = 20_000  # lines that wait in the process; more of them wait in Redis alone
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds after an archive that failed
DRAIN = 10.0  # seconds that closing waits for the archive
GRACE = (0.02, 0.05, 0.1, 0.3)  # seconds that another process gets to finish what it has begun to move


class Archive(Protocol):
    """Where lines stay."""

    async def put(self, lines: Sequence[tuple[str, Line]]) -> None:
        """Write down lines of contacts, in one transaction; those that are there already are passed over."""
        ...

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        """See `ports.Transcripts`."""
        ...


def line_to_json(line: Line) -> bytes:
    """One line of text, which begins with `[` and the number."""
    micros = to_micros(line.said_at)
    data = [line.seq, str(line.address), line.inbound, micros, line.direction, line.content]
    return orjson.dumps(data) + b"\n"


def line_from_json(data: bytes) -> Line:
    seq, address, inbound, said_at, direction, content = orjson.loads(data)
    return Line(seq, to_address(address), inbound, from_micros(said_at), direction, content)


def lines_of(value: bytes) -> list[Line]:
    """The lines of a stored session that are still to be moved."""
    return [line_from_json(data) for data in value.split(b"\n")[2:-1]]


class LineMover:
    def __init__(
        self, redis: RedisServers, places: Places, archive: Archive, *, quiet: float, sweep: float, overdue: int
    ) -> None:
        self._redis = redis
        self._places = places
        self._archive = archive
        self._quiet = quiet
        self._sweep = sweep
        self._look_for = (b"%d" % overdue, b"%d" % AT_ONCE)
        self._waiting: deque[tuple[str, Line]] = deque()
        self._called = asyncio.Event()
        self._putting = asyncio.Lock()
        self._moved: dict[str, tuple[list[int], float]] = {}  # contact → lines that Redis may forget, since when
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        create = asyncio.get_running_loop().create_task
        self._tasks = [create(self._move()), create(self._tidy()), create(self._look())]

    async def close(self) -> None:
        """Move what waits here; what cannot be moved stays in Redis for others."""
        try:
            async with asyncio.timeout(DRAIN), self._putting:
                again = False
                while self._waiting:
                    if again := not await self._put_next(again):
                        await asyncio.sleep(FIRST_PAUSE)
                moved = [(self._places.of(contact), seqs) for contact, (seqs, _) in self._moved.items()]
                await asyncio.gather(*(self._forget(place, seqs) for place, seqs in moved))
        except (TimeoutError, StoreUnavailable):
            log.warning("lines of the transcript are left in Redis: %d", len(self._waiting))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def add(self, contact: str, lines: Iterable[Line]) -> None:
        """Lines that a save has written into Redis."""
        if len(self._waiting) < HELD:
            self._waiting.extend([(contact, line) for line in lines])
            self._called.set()

    def moved(self, contact: str) -> bytes:
        """The numbers of lines that a save may drop."""
        seqs, _ = self._moved.pop(contact, ((), 0.0))
        return _listed(seqs)

    async def flush(self, contact: str) -> None:
        """Move what waits here of a contact. Raises StoreUnavailable when the archive takes nothing."""
        if all(waiting != contact for waiting, _ in self._waiting):
            return
        async with self._putting:  # what had begun is through
            group = [item for item in self._waiting if item[0] == contact]
            if group and not await self._put(group):
                raise StoreUnavailable("the archive takes nothing")
            self._waiting = deque(item for item in self._waiting if item[0] != contact)

    async def settle(self, place: Place) -> None:
        """Move what there is of a contact that gets no lines any more. When this returns nobody is going to put one:
        not this process, and no other that does it within the grace it is given."""
        await self.flush(place.contact)
        seqs, _ = self._moved.pop(place.contact, ((), 0.0))
        if seqs:
            await self._forget(place, seqs)
        for pause in GRACE:
            if not await self.pending(place):
                return
            await asyncio.sleep(pause)
        await self._fetch(place)

    async def pending(self, place: Place) -> list[Line]:
        """The lines that Redis still holds."""
        value = await self._redis.ask(place.tag, b"GET", place.state)
        return lines_of(value) if isinstance(value, bytes) else []

    # --- moving ---------------------------------------------------------------------------------

    async def _move(self) -> None:
        pause = 0.0
        while True:
            await self._called.wait()
            async with self._putting:
                moved = await self._put_next(pause > 0)
            if not moved:
                pause = min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
                await asyncio.sleep(pause)
            else:
                pause = 0.0
                if not self._waiting:
                    self._called.clear()
                if len(self._waiting) < MOST:
                    await asyncio.sleep(GATHER)

    async def _put_next(self, again: bool) -> bool:
        group = list(islice(self._waiting, MOST))
        try:
            left = await self._left(group) if again else group
        except StoreUnavailable:
            return False
        if left and not await self._put(left):
            return False
        for _ in group:
            self._waiting.popleft()
        return True

    async def _left(self, group: list[tuple[str, Line]]) -> list[tuple[str, Line]]:
        """Those that nobody else has moved meanwhile, perhaps on to another contact. What Redis has forgotten nobody
        else can move."""
        places = {contact: self._places.of(contact) for contact, _ in group}
        values = await asyncio.gather(*(self._redis.ask(p.tag, b"GET", p.state) for p in places.values()))
        seqs = {c: {n.seq for n in lines_of(v)} for c, v in zip(places, values, strict=True) if isinstance(v, bytes)}
        return [(contact, line) for contact, line in group if contact not in seqs or line.seq in seqs[contact]]

    async def _put(self, group: list[tuple[str, Line]]) -> bool:
        """False: the archive takes nothing now. A contact whose lines alone are not taken holds up no other: they stay
        in Redis and are tried again from there."""
        try:
            await self._archive.put(group)
        except Exception as error:
            log.warning("lines of the transcript are not taken: %s", type(error).__name__)
            contacts = dict.fromkeys(contact for contact, _ in group)
            taken, refused = 0, 0
            for contact in contacts if len(contacts) > 1 else ():
                one = await self._put([item for item in group if item[0] == contact])
                taken, refused = taken + one, refused + (not one)
                if refused > taken + 1:
                    break
            return taken > 0
        now = asyncio.get_running_loop().time()
        for contact, line in group:
            seqs, _ = self._moved.pop(contact, ([], now))
            seqs.append(line.seq)
            self._moved[contact] = (seqs, now)
        return True

    async def _tidy(self) -> None:
        """Have Redis forget what was moved, where no save does it soon."""
        while True:
            await asyncio.sleep(self._quiet / 4)
            until = asyncio.get_running_loop().time() - self._quiet
            for contact, seqs in [(contact, seqs) for contact, (seqs, at) in self._moved.items() if at <= until]:
                del self._moved[contact]
                unheard(self._forget(self._places.of(contact), seqs))

    async def _look(self) -> None:
        """Move what other processes have left behind."""
        redis, places = self._redis, self._places
        while True:
            failures = 0
            try:
                asked = [redis.run(OVERDUE, tag, (places.todo(tag),), *self._look_for) for tag in places.tags]
                found = [contact for some in await asyncio.gather(*asked) if isinstance(some, list) for contact in some]
            except StoreUnavailable:
                found = []
            for contact in found:
                try:
                    assert isinstance(contact, bytes)
                    await self._fetch(places.of(contact.decode()))
                except Exception as error:
                    log.warning("lines that were left behind are not moved: %s", type(error).__name__)
                    failures += 1
                    if failures > 2:
                        break
            await asyncio.sleep(self._sweep)

    async def _fetch(self, place: Place) -> None:
        """Move what lies in Redis of a contact."""
        async with self._putting:
            lines = await self.pending(place)
            await self._archive.put([(place.contact, line) for line in lines])
        await self._forget(place, [line.seq for line in lines])

    def _forget(self, place: Place, seqs: Iterable[int]) -> asyncio.Future[Reply]:
        """Have Redis forget the lines with these numbers."""
        keys = (place.state, place.todo)
        return self._redis.run(MOVED, place.tag, keys, place.contact.encode(), _listed(seqs))


def _listed(seqs: Iterable[int]) -> bytes:
    return b",%b," % b",".join([b"%d" % seq for seq in seqs])
