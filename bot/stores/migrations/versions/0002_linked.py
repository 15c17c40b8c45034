"""What a citizen lets us send to an address; codes and tickets that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("addresses", sa.Column("consent", sa.String(), nullable=False, server_default="everything"))
    op.create_table(
        "spent",
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_spent")),
    )
