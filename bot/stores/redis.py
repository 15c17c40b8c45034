"""Sessions in Redis (or Valkey), for many processes."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby

import orjson

from bot.core.messages import Line
from bot.core.ports import Opened, StaleSession
from bot.core.sessions import Session, Turn
from bot.core.turnstile import Turnstile
from bot.core.values import replace
from bot.stores.redis_lines import OVERDUE_AFTER, QUIET, SWEEP, Archive, LineMover, line_to_json
from bot.stores.redis_link import unheard
from bot.stores.redis_places import Place, Places
from bot.stores.redis_scripts import ENTER, LEAVE, SAVE, STAY
from bot.stores.redis_servers import RedisServers

KEPT = 512  # sessions kept as they were last saved: Redis then says that nothing has changed, and sends nothing
SILENCE = 90 * 86_400  # seconds after its last turn that a session, with the drafts in it, is forgotten
LEASE = 4.0  # seconds that a process that died keeps others waiting
LONGEST = 30.0  # seconds after which a turn that does not end is no longer protected
CLAIM = 1.0  # seconds that the next in the queue has to come forward
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.04  # seconds between two looks whether it is our turn
EVER = -(2**31)  # below every line's number


@dataclass(frozen=True, slots=True)
class _Kept:
    """A session as it is stored, by whose save and in which life of the server."""

    token: bytes
    life: bytes
    session: Session


class RedisSessions:
    """`SessionStore` and `Transcripts`. A turn asks Redis twice: to enter (lock and load) and to save (and unlock).

    Who may save is decided where it is saved: the lock's token, which no other turn ever gets, and the version have to
    be those of the stored session. So a turn whose lease ran out while it stood still finds itself stale. Within a
    process turns wait in order of asking, among processes in a queue beside the lock.
    """

    def __init__(
        self,
        redis: RedisServers,
        archive: Archive,
        *,
        prefix: str = "pk",
        silence: int = SILENCE,
        lease: float = LEASE,
        claim: float = CLAIM,
        quiet: float = QUIET,
        sweep: float = SWEEP,
        overdue: int = OVERDUE_AFTER,
    ) -> None:
        """`archive`: where the transcript stays. All but `prefix` in seconds."""
        self._redis = redis
        self._archive = archive
        self._places = Places(prefix)
        self._mover = LineMover(redis, self._places, archive, quiet=quiet, sweep=sweep, overdue=overdue)
        self._turnstile = Turnstile()
        self._lease = lease
        self._enter = (b"%d" % (lease * 1000), b"%d" % (claim * 1000), b"%d" % ((lease + LONGEST) * 1000))
        self._silence = b"%d" % silence
        self._process = secrets.token_hex(4)
        self._count = itertools.count()
        self._inside: dict[bytes, tuple[Place, float]] = {}  # token → what it holds, since when
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._staying: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to move lines and to look for those that were left behind; the first turn does it too."""
        if self._staying is None:
            self._staying = asyncio.get_running_loop().create_task(self._stay())
            self._mover.start()

    async def close(self) -> None:
        """When no turn is under way any more. The lines of all turns are in the archive, or wait in Redis for another
        process."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
            await self._mover.close()

    @property
    def waiting(self) -> int:
        """Lines of this process that are still to be moved to the archive."""
        return self._mover.waiting

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        if self._staying is None:
            self.start()
        async with self._turnstile.pass_through(contact):
            place = self._places.of(contact)
            token = self._token()
            saved = False
            try:
                session = await self._entered(place, token)
                if session.merged_into:
                    await self._mover.settle(place)
                opened = Opened(session)
                yield opened
                if opened.session is not session:
                    session = replace(opened.session, version=session.version + 1)
                    await self._save(place, token, session, opened.lines)
                    saved = True  # and the lock is given on
            finally:
                self._inside.pop(token, None)
                if not saved:
                    self._leave(place, token)

    async def absorb(self, contact: str, into: str) -> Session:
        """Past the locks of turns, which may be waiting for each other; those who merge wait in order of the two names.
        The one write is the pointer in `contact`, by who still holds its place among those who merge: no two processes
        can make a circle of pointers, wherever they stop."""
        both = {name: self._places.of(name, merging=True) for name in sorted({contact, into})}
        tokens = {name: self._token() for name in both}
        place = both[contact]
        await self._mover.settle(place)  # an archive that takes nothing is told before anything is written
        try:
            found = {name: await self._entered(both[name], tokens[name]) for name in both}
            session = found[contact]
            if found[into].merged_into or session.merged_into not in ("", into):
                raise StaleSession("the two were merged in another way meanwhile")
            if not session.merged_into:
                moved = replace(session, merged_into=into, version=session.version + 1)
                await self._save(place, tokens[contact], moved, ())
        finally:
            for name in both:
                self._inside.pop(tokens[name], None)
                self._leave(both[name], tokens[name])
        await self._mover.settle(place)
        return replace(session, merged_into="")

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        # In this order: what is moved in between is found twice, not never.
        waiting = await self._mover.pending(self._places.of(contact))
        said = {line.seq: line for line in await self._archive.lines(contact, after, limit)}
        said |= {line.seq: line for line in waiting if line.seq > after}
        return tuple([said[seq] for seq in sorted(said)][-limit:])

    # --- entering and leaving -------------------------------------------------------------------

    def _token(self) -> bytes:
        """Never given twice."""
        return f"{self._process}{next(self._count):x}".encode()

    async def _entered(self, place: Place, token: bytes) -> Session:
        """Wait for our turn; the session then."""
        known, contact = self._kept.get(place.contact), place.contact
        asked = (place.state, place.lock, place.queue), token, *self._enter, known.token if known else b""
        pause = FIRST_PAUSE
        while (found := await self._redis.run(ENTER, place.tag, *asked)) == 0:
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)
        self._inside[token] = (place, asyncio.get_running_loop().time())
        if isinstance(found, bytes):
            head, _, state = found.partition(b"\n")
            _, saved_by, life = head.split(b" ")
            known = _Kept(saved_by, life, Session.from_json(orjson.loads(state)))
            self._keep(contact, known)
        elif found is None:
            known = None
        if known is None:
            return await self._caught_up(Session(contact), EVER)
        if known.life != self._redis.life(place.tag):
            return await self._caught_up(known.session, known.session.seq)
        return known.session

    async def _caught_up(self, session: Session, after: int) -> Session:
        """A server that was started again may have forgotten the last turns, or all of them. The transcript has not:
        lines are numbered on from there, and what was answered is replayed."""
        await self._mover.flush(session.contact)
        said = await self._archive.lines(session.contact, after)
        return remembering(session, said) if said else session

    def _leave(self, place: Place, token: bytes) -> None:
        """Not waited for: what this process asks next comes behind it."""
        unheard(self._redis.run(LEAVE, place.tag, (place.lock, place.queue), token, self._enter[1]))

    async def _save(self, place: Place, token: bytes, session: Session, lines: Sequence[Line]) -> None:
        life = self._redis.life(place.tag)
        saved = await self._redis.run(
            SAVE,
            place.tag,
            (place.state, place.lock, place.queue, place.todo),
            token,
            b"%d" % (session.version - 1),
            b"%d %b %b\n%b\n" % (session.version, token, life, orjson.dumps(session.to_json())),
            b"".join([line_to_json(line) for line in lines]),
            self._mover.moved(place.contact),
            self._silence,
            self._enter[1],
            place.contact.encode(),
        )
        if saved != 1:
            self._kept.pop(place.contact, None)
            raise StaleSession("another process saved first")
        self._keep(place.contact, _Kept(token, life, session))
        if lines:
            self._mover.add(place.contact, lines)

    def _keep(self, contact: str, known: _Kept) -> None:
        self._kept[contact] = known
        self._kept.move_to_end(contact)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _stay(self) -> None:
        """Renew the leases of turns that take long."""
        while True:
            await asyncio.sleep(self._lease / 4)
            now = asyncio.get_running_loop().time()
            for token, (place, since) in self._inside.items():
                if self._lease / 4 <= now - since < LONGEST:
                    unheard(self._redis.run(STAY, place.tag, (place.lock,), token, self._enter[0]))


def remembering(session: Session, said: Sequence[Line]) -> Session:
    """The session with the turns that these lines, oldest first, tell of."""
    for inbound, lines in groupby(said, key=lambda line: line.inbound):
        turn = list(lines)
        replies = [line for line in turn if line.direction == "out"]
        first = replies[0].seq if replies else turn[-1].seq + 1
        known = Turn(inbound, first, tuple(line.content for line in replies))
        session = session.remember(known, max(turn[-1].seq, session.seq), turn[-1].said_at)
    return replace(session, address=str(said[-1].address)) if said else session
