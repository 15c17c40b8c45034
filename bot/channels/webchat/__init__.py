"""The web chat: the organisation's own page, and one script tag for any other page."""

from bot.channels.webchat.server import WebChat

__all__ = ["WebChat"]
