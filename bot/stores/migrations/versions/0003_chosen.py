"""What a citizen chose among guesses; what the editors did about a question."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("misses", sa.Column("chosen", sa.String(), nullable=False, server_default=""))
    op.add_column("misses", sa.Column("state", sa.String(), nullable=False, server_default="open"))
    op.create_index(op.f("ix_misses_state_id"), "misses", ["state", "id"], unique=False)
