"""Sessions, transcripts, contacts, requests with their history, surveys, misses, the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_addresses")),
    )
    op.create_index(op.f("ix_addresses_contact"), "addresses", ["contact"], unique=False)
    op.create_table(
        "failures",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failures")),
    )
    op.create_index(op.f("ix_failures_address"), "failures", ["address"], unique=False)
    op.create_index(op.f("ix_failures_at"), "failures", ["at"], unique=False)
    op.create_index(op.f("ix_failures_code"), "failures", ["code"], unique=False)
    op.create_table(
        "lines",
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("inbound", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("contact", "seq", name=op.f("pk_lines")),
    )
    op.create_table(
        "misses",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("nearest", sa.JSON(), nullable=False),
        sa.Column("missed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misses")),
        sa.UniqueConstraint("key", name=op.f("uq_misses_key")),
    )
    op.create_table(
        "notices",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("once", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("once", name=op.f("uq_notices_once")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notices_state_next_at"), "notices", ["state", "next_at"], unique=False)
    op.create_table(
        "phones",
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("contact", "phone", name=op.f("pk_phones")),
    )
    op.create_index(op.f("ix_phones_phone"), "phones", ["phone"], unique=False)
    op.create_table(
        "requests",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("rated", sa.Boolean(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("code", name=op.f("uq_requests_code")),
        sa.UniqueConstraint("key", name=op.f("uq_requests_key")),
    )
    op.create_index(op.f("ix_requests_contact"), "requests", ["contact"], unique=False)
    op.create_index(op.f("ix_requests_status_id"), "requests", ["status", "id"], unique=False)
    op.create_index(op.f("ix_requests_unit_id"), "requests", ["unit", "id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_sessions")),
    )
    op.create_table(
        "changes",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["requests.code"], name=op.f("fk_changes_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sa.UniqueConstraint("key", name=op.f("uq_changes_key")),
    )
    op.create_index(op.f("ix_changes_code"), "changes", ["code"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=True),
        sa.Column("survey", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("rated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["requests.code"], name=op.f("fk_ratings_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("code", name=op.f("uq_ratings_code")),
        sa.UniqueConstraint("key", name=op.f("uq_ratings_key")),
    )
