"""Stores that go away in the middle of traffic: nothing that was acknowledged is lost or doubled, and all goes on when
they are back."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa

from tests.faults.conftest import TIMES
from tests.faults.town import Town
from tests.faults.traffic import more, stands, traffic
from tests.stores.postgres import Server as Postgres
from tests.stores.valkey import Server as Valkey

AWAY = 0.5  # seconds


async def test_valkey_dies_and_comes_back_with_its_data(distributed: Town, valkey: Valkey) -> None:
    async with traffic(distributed):
        for _ in range(2 * TIMES):
            await more(distributed)
            valkey.kill()
            await stands(distributed)
            await asyncio.to_thread(valkey.start)
            distributed.ledger.faults["store faults"] += 1


async def test_valkey_comes_back_empty(distributed: Town, valkey: Valkey) -> None:
    """What only it knew are the open questions: a citizen in the middle of a form begins anew, or finds the request
    that was filed but not yet told of among the others. Turns are replayed from the transcript."""
    async with traffic(distributed, patiently=True):
        for _ in range(TIMES):
            await more(distributed)
            valkey.kill()
            valkey.forget()
            distributed.ledger.emptied = True
            await stands(distributed)
            await asyncio.to_thread(valkey.start)
            distributed.ledger.faults["store faults"] += 1


async def test_postgresql_is_restarted(distributed: Town, postgres: Postgres) -> None:
    async with traffic(distributed):
        for how in (signal.SIGINT, signal.SIGQUIT) * TIMES:
            await more(distributed)
            await asyncio.to_thread(postgres.stop, how)
            await stands(distributed)
            await asyncio.to_thread(postgres.start)
            distributed.ledger.faults["store faults"] += 1


async def test_connections_to_postgresql_are_cut(distributed: Town) -> None:
    url = sa.make_url(distributed.database_url)
    async with traffic(distributed):
        for _ in range(10 * TIMES):
            await asyncio.sleep(0.1)
            connection = await asyncpg.connect(host=url.host, port=url.port, user=url.username, database=url.database)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await connection.close()
            distributed.ledger.faults["store faults"] += 1


async def test_sqlite_on_a_full_disk(alone: Town) -> None:
    """The process may write no file beyond what it has."""
    async with traffic(alone):
        for _ in range(2 * TIMES):
            await more(alone)
            pid = alone.replicas[0].pid
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            await stands(alone)
            await asyncio.sleep(AWAY)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            alone.ledger.faults["store faults"] += 1


async def test_sqlite_is_locked_by_another_process(alone: Town) -> None:
    file = Path(sa.make_url(alone.database_url).database or "")
    async with traffic(alone):
        for _ in range(2 * TIMES):
            await more(alone)
            with sqlite3.connect(file, isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                await stands(alone)
                other.execute("ROLLBACK")
            other.close()
            alone.ledger.faults["store faults"] += 1
