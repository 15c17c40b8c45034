"""Citizens who do anything at any time, on all channels: valid, invalid, late and odd, linked and set apart, with a new
process for every turn.

Whatever they do: they are answered, nobody is stuck, no answer is lost, every request has one code, nothing is told to
who may be anybody. What is held is in `tests/walks/oracle.py`; `python -m bench walks` walks thousands.
"""

from __future__ import annotations

import pytest

from tests.walks import walk

WALKS = 60


@pytest.mark.parametrize("seed", range(WALKS))
async def test_a_random_walk_ends_well(seed: int) -> None:
    walked = await walk(seed)
    assert walked.turns > walked.requests > 0
