"""The channels that keep the contract."""

from __future__ import annotations

from tests.contract.case import Case
from tests.contract.channels.bale import BALE
from tests.contract.channels.telegram import TELEGRAM
from tests.contract.channels.web import WEB

CASES: tuple[Case, ...] = (TELEGRAM, BALE, WEB)
