"""Whether an earlier notice of an address still waits is asked for every notice that is due."""

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
