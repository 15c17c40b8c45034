"""Parts of a text message. The table is the one of Twilio's sms-segments-calculator 1.3.0."""

from __future__ import annotations

import pytest

from bot.channels.segments import Segments, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("س" * 70, Segments("UCS-2", 70, 1)),
        ("س" * 71, Segments("UCS-2", 71, 2)),
        ("س" * 134, Segments("UCS-2", 134, 2)),
        ("س" * 135, Segments("UCS-2", 135, 3)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("€" * 81, Segments("GSM-7", 162, 2)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        ("😀" * 36, Segments("UCS-2", 72, 2)),
        ("a" * 159 + "۱", Segments("UCS-2", 160, 3)),
        ("می\u200cشود", Segments("UCS-2", 6, 1)),
        ("", Segments("GSM-7", 0, 1)),
    ],
)
def test_segments(text: str, expected: Segments) -> None:
    assert segments(text) == expected


def test_a_wide_character_is_not_torn_apart() -> None:
    assert segments("😀" * 67).parts == 3  # 33 in a part of 67 units, one unit left over in each
