"""Whether an earlier notice of an address still waits is asked for every notice that is due. PostgreSQL writes a
session anew each turn: beside the old one, where its page has room, without touching the index."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pending = sa.text("state = 'pending'")
    op.create_index(
        op.f("ix_notices_address_id"),
        "notices",
        ["address", "id"],
        unique=False,
        sqlite_where=pending,
        postgresql_where=pending,
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE sessions SET (fillfactor = 60)")
