"""Statements of SQLAlchemy that are compiled once and run past it: half the cost of what is written often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.stores.database import Database


class Prepared:
    """`sql` is for `Database.ask` and `cursor_of`."""

    def __init__(self, db: Database, statement: sa.ClauseElement) -> None:
        """All values of `statement` are bound by name, with their columns' types."""
        compiled = statement.compile(dialect=db.dialect)
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
        self.sql = str(compiled)
        self._clean = db.dialect.name == "postgresql"  # which has no text with U+0000 in it
        types = {name: compiled.binds[name].type.dialect_impl(db.dialect) for name in compiled.positiontup or ()}
        self._values = [(name, kind.bind_processor(db.dialect)) for name, kind in types.items()]

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What to bind, as SQLAlchemy's types would write it."""
        return tuple([self._value(row[name], process) for name, process in self._values])

    def _value(self, value: Any, process: Any) -> Any:
        if process:
            return process(value)
        return value.replace("\0", "") if self._clean and type(value) is str else value
