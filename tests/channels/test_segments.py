"""Parts of a text message. The table is the one of Twilio's sms-segments-calculator 1.3.0."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

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


PEERS = Path(__file__).parents[2] / ".cache" / "node" / "sms"
ORACLE = """
const { SegmentedMessage } = require('sms-segments-calculator');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const count = (text) => { const m = new SegmentedMessage(text); return [m.encodingName, m.segmentsCount]; };
process.stdout.write(JSON.stringify(texts.map(count)));
"""
PERSIAN = ["سلام ", "می\u200cشود ", "۱۲۳", "مُدَرِّس", "abc "]
LATIN = ["abc ", "€", "[x]", "\n", "ñ", "é"]
PIECES = [*PERSIAN, *LATIN, "«", "😀", "👍🏽", "👨\u200d👩\u200d👧", "🇮🇷", "\u200e", "…"]
ORACLE = """
const { SegmentedMessage } = require('sms-segments-calculator');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const count = (text) => { const m = new SegmentedMessage(text); return [m.encodingName, m.segmentsCount]; };
process.stdout.write(JSON.stringify(texts.map(count)));
"""
PIECES = [
    "سلام ",
    "می\u200cشود ",
    "۱۲۳",
    "مُدَرِّس",
    "abc ",
    "€",
    "[x]",
    "\n",
    "«",
    "😀",
    "👍🏽",
    "👨\u200d👩\u200d👧",
    "🇮🇷",
    "é",
    "ñ",
    "\u200e",
    "…",
]


def texts() -> list[str]:
    """Many, about every border: of one kind of character, and mixed."""
    chance = random.Random(7)
    borders = [n + d for n in (67, 70, 134, 153, 160, 201, 268, 306, 459, 612) for d in (-1, 0, 1)]
    alike = [piece * (n // len(piece)) for n in borders for piece in PIECES]
    mixed = ["".join(chance.choices(PIECES, k=chance.randint(1, 90))) for _ in range(250)]
    words = ["".join(chance.choices(PERSIAN, k=chance.randint(1, 90))) for _ in range(250)]
    latin = ["".join(chance.choices(LATIN, k=chance.randint(1, 200))) for _ in range(200)]
    return [*alike, *mixed, *words, *latin]


def test_as_twilios_calculator_counts() -> None:
    node = shutil.which("node")
    assert node and (PEERS / "node_modules").is_dir(), "make test brings npm's sms-segments-calculator"
    given = texts()
    counted = subprocess.run(
        [node, "-e", ORACLE], cwd=PEERS, input=json.dumps(given), capture_output=True, text=True, check=True, timeout=60
    )
    expected = json.loads(counted.stdout)
    ours = [[s.encoding, s.parts] for s in map(segments, given)]
    assert [(t, o, e) for t, o, e in zip(given, ours, expected, strict=True) if o != e] == []


def test_a_wide_character_is_not_torn_apart() -> None:
    assert segments("😀" * 67).parts == 3  # 33 in a part of 67 units, one unit left over in each
