"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.conversation import Conversation, content

pytest_plugins = ("tests.stores.postgres", "tests.faults.summary")

settings.register_profile("ours", deadline=None)  # a busy machine is no error
settings.load_profile("ours")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the golden transcripts as they go today")


@pytest.fixture
def talk() -> Conversation:
    return Conversation(*content())
