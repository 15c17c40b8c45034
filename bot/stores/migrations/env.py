"""Run by Alembic, on the connection that `upgrade.py` hands over, inside its transaction."""

from alembic import context

from bot.stores.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column by copying its table
)
context.run_migrations()
