"""Who looks into the books when it is over: nothing lost, nothing doubled, nothing half done; and who counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import orjson
import redis
import sqlalchemy as sa

from bot.stores.database import open_database
from bot.stores.redis_lines import lines_of
from tests.faults.town import Town, until


@dataclass(frozen=True)
class Fate:
    """Of a notice: in how many rows of the outbox it lies, its state, or why it was dropped, and how often the citizen
    has seen it."""

    rows: int
    state: str
    shown: int


@dataclass
class Report:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)  # done
    counted: Counter[str] = field(default_factory=Counter)


class Auditor:
    """Reads the database past the application."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.report = Report(counted=Counter(town.ledger.faults))

    async def __aenter__(self) -> Auditor:
        self.database = open_database(self.town.database_url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()

    async def moved(self) -> None:
        """Wait until lines that a dead process left in Redis are in the database, by whoever lives."""
        if any(replica.alive for replica in self.town.replicas):
            await until(self._all_moved, "lines of acknowledged turns do not come to the database")

    async def audit(self) -> Report:
        """Once all is quiet."""
        await self._inbounds()
        await self._lines()
        await self._requests()
        await self._contacts()
        await self._notices()
        if await self._rows("SELECT id FROM notices WHERE state = 'pending'"):
            self.report.half.append("notices are left pending")
        counted = self.report.counted
        counted["inbounds"], counted["notices"] = len(self.town.ledger.inbounds), len(self.town.ledger.notes)
        counted["lost"], counted["doubled"] = len(self.report.lost), len(self.report.doubled)
        counted["half done"] = len(self.report.half)
        return self.report

    async def _rows(self, query: str) -> Sequence[Any]:
        return await self.database.read(lambda connection: connection.execute(sa.text(query)).all(), single=True)

    async def _all_moved(self) -> bool:
        lines = await self._rows("SELECT contact, seq, inbound, direction FROM lines")
        heard = {line.inbound for line in lines if line.direction == "in"}
        there = {(line.contact, line.seq) for line in lines}
        waiting = {(_contact(value), line.seq) for value in self._in_redis() for line in lines_of(value)}
        return waiting <= there and self.town.ledger.inbounds.keys() <= heard

    def _in_redis(self) -> list[bytes]:
        """Stored sessions, each with lines that may still be to be moved."""
        if not self.town.redis_url:
            return []
        with redis.Redis.from_url(self.town.redis_url) as server:
            found = [server.get(key) for key in server.scan_iter("pk*:s:*", count=1000)]
        return [value for value in found if isinstance(value, bytes)]

    async def _inbounds(self) -> None:
        """Each acknowledged inbound was heard once, and answered once, on the address that it came from."""
        heard: dict[str, list[str]] = defaultdict(list)
        answered = Counter[str]()
        for row in await self._rows("SELECT inbound, address, direction FROM lines"):
            if row.direction == "in":
                heard[row.inbound].append(row.address)
            else:
                answered[row.inbound] += 1
        for key, address in self.town.ledger.inbounds.items():
            if not heard[key] or not answered[key]:
                self.report.lost.append(f"inbound {key}")
            elif heard[key] != [address]:
                self.report.doubled.append(f"inbound {key}: {heard[key]}")
        self.report.doubled += [f"inbound {key}" for key, times in heard.items() if len(times) > 1]

    async def _lines(self) -> None:
        """Each contact's lines are numbered without a gap up to where its session stands, but for who was merged: there
        they go on from whichever had more. Each turn's stand together, the inbound first."""
        talks: dict[str, list[Any]] = defaultdict(list)
        for row in await self._rows("SELECT contact, seq, inbound, direction FROM lines ORDER BY contact, seq"):
            talks[row.contact].append(row)
        sessions = await self._sessions()
        addresses = Counter(row.contact for row in await self._rows("SELECT contact FROM addresses"))
        for contact, lines in talks.items():
            seqs = [line.seq for line in lines]
            whole = seqs == list(range(seqs[0], seqs[0] + len(seqs))) or addresses[contact] > 1
            stands = sessions[contact]["seq"] if contact in sessions or not self.town.ledger.emptied else seqs[-1]
            if not whole or seqs[-1] != stands:
                self.report.lost.append(f"lines of {contact}: {seqs}, its session stands at {stands}")
            turns = [
                (key, [line.direction for line in turn]) for key, turn in groupby(lines, lambda line: line.inbound)
            ]
            torn = any(said[0] != "in" or "in" in said[1:] for _, said in turns)
            if torn or len(dict(turns)) < len(turns):
                self.report.half.append(f"turns of {contact}: {turns}")
        self.report.counted["lines"] = sum(map(len, talks.values()))

    async def _requests(self) -> None:
        """As many requests as codes that citizens were told, each whole: by whom, with its first entry."""
        rows = await self._rows(
            "SELECT r.code, r.contact, count(c.id) AS entries FROM requests r"
            " LEFT JOIN changes c ON c.code = r.code GROUP BY r.code, r.contact"
        )
        told = self.town.ledger.codes
        filed = {row.code for row in rows}
        self.report.lost += [f"request {code}" for code in told.keys() - filed]
        self.report.doubled += [f"request {code}, of which nobody was told" for code in filed - told.keys()]
        self.report.half += [f"request {row.code} without history" for row in rows if not row.entries]
        owners = {row.address: row.contact for row in await self._rows("SELECT address, contact FROM addresses")}
        self.report.half += [
            f"request {row.code} is of another contact"
            for row in rows
            if row.code in told and owners.get(told[row.code]) != row.contact
        ]
        self.report.counted["requests"] = len(rows)

    async def _contacts(self) -> None:
        """No address, line or request belongs to a contact that was taken over by another."""
        merged = {contact for contact, session in (await self._sessions()).items() if session["merged_into"]}
        for table in ("addresses", "lines", "requests", "phones"):
            owners = {row.contact for row in await self._rows(f"SELECT DISTINCT contact FROM {table}")}
            self.report.half += [f"{table} of {contact}, who was merged" for contact in owners & merged]

    async def _sessions(self) -> dict[str, Any]:
        """Contact → its session as it is stored."""
        states = [value.split(b"\n")[1] for value in self._in_redis()]
        states += [row.state for row in await self._rows("SELECT state FROM sessions")]
        sessions = map(orjson.loads, states)
        return {session["contact"]: session for session in sessions}

    async def _notices(self) -> None:
        """Each was shown once, or lies among the dead letters, or was not wanted: so the citizen told the provider."""
        for note, fate in (await self.fates()).items():
            if fate.shown > 1 or fate.rows > 1:
                self.report.doubled.append(f"notice {note!r}: {fate}")
            elif not fate.rows or (not fate.shown and fate.state not in ("dead", "not wanted")):
                self.report.lost.append(f"notice {note!r}: {fate}")
            self.report.counted["dead letters"] += fate.state == "dead"

    async def tried(self) -> None:
        """Wait for an attempt that failed."""
        failed = "SELECT notice FROM attempts WHERE outcome = 'failed'"
        await until(lambda: self._rows(failed), "no attempt has failed")

    async def fates(self) -> dict[str, Fate]:
        """What became of each officer's note."""
        commands: dict[str, str] = {}
        entries = Counter[str]()
        for row in await self._rows("SELECT code, note FROM changes ORDER BY id"):
            commands[row.note] = f"/told {row.code} {entries[row.code]}"
            entries[row.code] += 1
        states: dict[str, list[str]] = defaultdict(list)
        for row in await self._rows("SELECT command, state, why FROM notices"):
            states[row.command].append(row.why if row.state == "dropped" else row.state)
        web = "\n".join(
            bytes(row.content).decode()
            for row in await self._rows("SELECT content FROM lines WHERE direction = 'out' AND address LIKE 'web:%'")
        )
        fates: dict[str, Fate] = {}
        for note, address in self.town.ledger.notes.items():
            channel, _, id = address.partition(":")
            screens = {"telegram": self.town.messenger.of, "sms": self.town.operator.of, "web": lambda _: [web]}
            found = states[commands.get(note, "")]
            fates[note] = Fate(len(found), "".join(found), "\n".join(screens[channel](id)).count(note))
        return fates


def _contact(stored: bytes) -> str:
    """Whose session it is."""
    return str(orjson.loads(stored.split(b"\n")[1])["contact"])
