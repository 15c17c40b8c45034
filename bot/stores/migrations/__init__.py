"""The database's shape, step by step: `versions/0001_….py` and so on."""

from bot.stores.migrations.upgrade import migrate

__all__ = ["migrate"]
