"""The tables, and how values that no database knows are written into them.

Moments are whole microseconds since 1970 in UTC: exact, the same on every database, in order. An address is one
text, `channel:id`. What has no column of its own is JSON. `migrations/versions/` makes the same tables step by step;
a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from bot.core.messages import Address

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Exact; `moment` has to be aware."""
    return (moment - _EPOCH) // _TICK


def from_micros(micros: int) -> datetime:
    """In UTC."""
    return _EPOCH + micros * _TICK


def to_address(text: str) -> Address:
    """The address that `str(address)` wrote; a channel's name has no colon, its ids may."""
    channel, _, id = text.partition(":")
    return Address(channel, id)


class Moment(TypeDecorator[datetime]):
    """An aware moment in a column of microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


# SQLite counts rows by itself only in a column that is an INTEGER to the letter.
_Count = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Unnamed constraints cannot be dropped by a later migration.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("contact", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),  # JSON
)

lines = sa.Table(
    "lines",
    metadata,
    sa.Column("contact", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address", sa.String, nullable=False),
    sa.Column("inbound", sa.String, nullable=False),
    sa.Column("said_at", sa.BigInteger, nullable=False),  # microseconds; written past the types, for speed
    sa.Column("direction", sa.String, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # JSON
)

addresses = sa.Table(
    "addresses",
    metadata,
    sa.Column("address", sa.String, primary_key=True),
    sa.Column("contact", sa.String, nullable=False, index=True),
    sa.Column("reachable", sa.Boolean, nullable=False),
    sa.Column("first_seen_at", Moment, nullable=False),
    sa.Column("consent", sa.String, nullable=False, server_default="everything"),  # see `ports.Consent`
    sa.Column("preferred_at", Moment),  # when it was chosen for news
)

phones = sa.Table(
    "phones",
    metadata,
    sa.Column("contact", sa.String, primary_key=True),
    sa.Column("phone", sa.String, primary_key=True, index=True),  # E.164
    sa.Column("verified_at", Moment, nullable=False),
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", _Count, primary_key=True),
    sa.Column("code", sa.String(10), nullable=False, unique=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("contact", sa.String, nullable=False, index=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("form", sa.String, nullable=False),
    sa.Column("service", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("unit", sa.String, nullable=False),
    sa.Column("officer", sa.String, nullable=False),
    sa.Column("filed_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("expected_on", sa.Date),
    sa.Column("rated", sa.Boolean, nullable=False),
    sa.Column("draft", sa.JSON, nullable=False),  # as it was filed; the personal data of a request are here
    sa.Index(None, "status", "id"),
    sa.Index(None, "unit", "id"),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", _Count, primary_key=True),
    sa.Column("code", sa.ForeignKey("requests.code"), nullable=False, index=True),
    sa.Column("key", sa.String, unique=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("unit", sa.String, nullable=False),
    sa.Column("officer", sa.String, nullable=False),
    sa.Column("made_by", sa.String, nullable=False),
    sa.Column("attachments", sa.JSON, nullable=False),
)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column("id", _Count, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("code", sa.ForeignKey("requests.code"), unique=True),
    sa.Column("survey", sa.String, nullable=False),
    sa.Column("contact", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("answers", sa.JSON, nullable=False),
    sa.Column("rated_at", Moment, nullable=False),
)

misses = sa.Table(
    "misses",
    metadata,
    sa.Column("id", _Count, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("entry", sa.String, nullable=False),
    sa.Column("nearest", sa.JSON, nullable=False),
    sa.Column("missed_at", Moment, nullable=False),
    sa.Column("chosen", sa.String, nullable=False, server_default=""),
    sa.Column("state", sa.String, nullable=False, server_default="open"),  # "open" | "accepted" | "dismissed"
    sa.Index(None, "state", "id"),
)

# See `bot.core.notices`. What has a default here is not written by an older version of the program.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", _Count, primary_key=True),
    sa.Column("address", sa.String, nullable=False),
    sa.Column("command", sa.String, nullable=False),
    sa.Column("once", sa.String, unique=True),  # the key of a notice that is never made twice
    sa.Column("state", sa.String, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("next_at", Moment, nullable=False),  # of one that a courier holds: until when
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("why", sa.String, nullable=False),  # the provider's last complaint
    sa.Column("due_at", Moment, nullable=False, server_default="0"),
    sa.Column("way", sa.String, nullable=False, server_default=""),
    sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("until", Moment),
    sa.Column("doubt", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("forgiven", sa.Integer, nullable=False, server_default="0"),
    sa.Index(None, "state", "next_at", "id"),  # many are due at the same moment when quiet hours end
    # Partial ones, of pending and of urgent notices. The migrations alone say so: `postgresql_where` would load that
    # dialect into every process.
    sa.Index(None, "address", "id"),
    sa.Index("ix_notices_urgent", "state", "next_at", "id"),
    sqlite_autoincrement=True,  # an id is never given again: the courier remembers what it told by it
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("notice", sa.ForeignKey("notices.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("way", sa.String, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("why", sa.String, nullable=False),
    sa.Column("message", sa.String, nullable=False),
    sa.Column("received", sa.String, nullable=False),
    sa.Index(None, "message"),
)

# Of messages that no attempt names: not yet, or never, since replies have receipts too.
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("message", sa.String, primary_key=True),
    sa.Column("delivered", sa.Boolean, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
)

failures = sa.Table(
    "failures",
    metadata,
    sa.Column("id", _Count, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),  # "look_up" | "unlock"
    sa.Column("address", sa.String, nullable=False, index=True),
    sa.Column("code", sa.String, nullable=False, index=True),
    sa.Column("at", Moment, nullable=False, index=True),
)

spent = sa.Table(
    "spent",
    metadata,
    sa.Column("what", sa.String, primary_key=True),  # one-time codes and tickets that were used, as hashes
    sa.Column("key", sa.String, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
