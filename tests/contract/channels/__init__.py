"""The channels that keep the contract."""

from __future__ import annotations

from tests.contract.case import Case
from tests.contract.channels.bale import BALE
from tests.contract.channels.sms import SMS_HTTP, SMS_KAVENEGAR, SMS_TWILIO
from tests.contract.channels.telegram import TELEGRAM
from tests.contract.channels.voice import VOICE_TWILIO
from tests.contract.channels.web import WEB

CASES: tuple[Case, ...] = (TELEGRAM, BALE, WEB, SMS_TWILIO, SMS_KAVENEGAR, SMS_HTTP, VOICE_TWILIO)
