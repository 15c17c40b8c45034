from __future__ import annotations

import pytest

from tests.courier.house import House


@pytest.fixture
def house() -> House:
    return House()
