"""Text messages over one of three providers."""

from bot.channels.sms.channel import Sms
from bot.channels.sms.http import Http
from bot.channels.sms.kavenegar import Kavenegar
from bot.channels.sms.twilio import Twilio

__all__ = ["Http", "Kavenegar", "Sms", "Twilio"]
