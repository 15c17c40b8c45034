"""Where a notice goes, when it is due and until when it is of use; each attempt to tell it; where news are wanted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("addresses", sa.Column("preferred_at", sa.BigInteger(), nullable=True))
    op.add_column("notices", sa.Column("due_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("notices", sa.Column("way", sa.String(), nullable=False, server_default=""))
    op.add_column("notices", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("notices", sa.Column("until", sa.BigInteger(), nullable=True))
    op.add_column("notices", sa.Column("doubt", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("notices", sa.Column("forgiven", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index(op.f("ix_notices_state_next_at"), "notices")
    op.create_index(op.f("ix_notices_state_next_at_id"), "notices", ["state", "next_at", "id"], unique=False)
    urgent = sa.text("state = 'pending' AND urgent")
    op.create_index(
        "ix_notices_urgent",
        "notices",
        ["state", "next_at", "id"],
        unique=False,
        sqlite_where=urgent,
        postgresql_where=urgent,
    )
    op.create_table(
        "attempts",
        sa.Column("notice", _COUNT, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("received", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_attempts_notice")),
        sa.PrimaryKeyConstraint("notice", "n", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_message"), "attempts", ["message"], unique=False)
