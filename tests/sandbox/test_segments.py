"""The handset's counter counts as the desk does."""

from __future__ import annotations

import random

import pytest

from bot.channels.segments import segments
from tests.sandbox.conftest import Shown

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop

ALPHABETS = (
    "abc XYZ 0123\n@£Δ",
    "abc€[]{}~^|\\\f",
    "سلام پیشخوان ۱۲۳ می\u200cشود",
    "abc😀👩‍👩‍👧é",
    "ñÅü¿¡ÇçΩ`",
)
COUNT = (
    "async texts => { const { segments } = await import('/sandbox/static/segments.js'); return texts.map(segments); }"
)


def many_texts() -> list[str]:
    chance = random.Random(11)
    lengths = [0, 1, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 305, 306, 307, 459, 460]
    texts = ["".join(chance.choice(letters) for _ in range(n)) for letters in ALPHABETS for n in lengths]
    texts += ["".join(chance.choice("".join(ALPHABETS)) for _ in range(chance.randrange(400))) for _ in range(300)]
    return [*texts, *("ن" * n for n in range(60, 210)), *("€" * n for n in range(70, 90)), "😀" * 67]


async def test_the_handset_counts_as_the_desk(shown: Shown) -> None:
    texts = many_texts()
    page = await shown.open()
    counted = await page.evaluate(COUNT, texts)
    assert [(c["encoding"], c["units"], c["parts"]) for c in counted] == [tuple(segments(text)) for text in texts]
