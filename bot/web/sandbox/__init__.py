"""The sandbox: telephone, SMS, messenger and web chat side by side against this very server; not in production."""

from bot.web.sandbox.officer import Officer
from bot.web.sandbox.sandbox import Sandbox

__all__ = ["Officer", "Sandbox"]
