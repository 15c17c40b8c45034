"""What all tests share."""

from __future__ import annotations

import pytest

from tests.conversation import Conversation, content


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the golden transcripts as they go today")


@pytest.fixture
def talk() -> Conversation:
    return Conversation(*content())
