"""E-mail: news of the desk to an address that the citizen has proven. Nobody talks with the desk by it."""

from bot.channels.mail.sender import Mail
from bot.channels.mail.server import MailServer

__all__ = ["Mail", "MailServer"]
