"""An upgrade without downtime: the former version goes on serving over the tables of the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from bot.stores.migrations.upgrade import FOLDER, newest

FIRST = 4  # the version of the first replicas
VERSIONS = [f"{n:04}" for n in range(FIRST + 1, int(newest()) + 1)]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def brought_to(connection: Connection, version: str) -> sa.MetaData:
    """The tables of that version."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
    tables = sa.MetaData()
    tables.reflect(connection)
    return tables


def demands(table: sa.Table) -> set[tuple[object, ...]]:
    """What a row has to keep to, beside its columns' types: keys that are unique, rows that have to be elsewhere."""
    unique = {("unique", *sorted(i.columns.keys()), str(i.dialect_options)) for i in table.indexes if i.unique}
    ruled = {
        (type(rule).__name__, *sorted(rule.columns.keys()))
        for rule in table.constraints
        if isinstance(rule, sa.UniqueConstraint | sa.PrimaryKeyConstraint | sa.ForeignKeyConstraint)
    }
    checks = {("check", str(rule.sqltext)) for rule in table.constraints if isinstance(rule, sa.CheckConstraint)}
    return unique | ruled | checks


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_former_version_writes_and_reads_is_still_there(connection: Connection, version: str) -> None:
    before = brought_to(connection, f"{int(version) - 1:04}")
    after = brought_to(connection, version)
    assert set(before.tables) <= set(after.tables), "a table is taken away a version later"
    for name, table in before.tables.items():
        now = after.tables[name]
        for column in table.columns:
            assert column.name in now.columns, f"{name}.{column.name} is taken away a version later"
            assert str(now.columns[column.name].type) == str(column.type)
            assert now.columns[column.name].nullable or not column.nullable
        for column in now.columns:
            fills_itself = column.nullable or column.server_default is not None
            assert column.name in table.columns or fills_itself, f"{name}.{column.name} is not known yet"
        assert demands(now) <= demands(table), f"{name} asks for more than the former version gives"
