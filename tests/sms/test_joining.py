"""Parts of a long message: joined, in order, none acknowledged before the turn."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.sms.driver import Part, Text
from bot.channels.sms.joining import Joiner, joined, part_of
from tests.sms.desk import THEIRS


def piece(number: int, text: str, total: int = 3, reference: int = 7, sender: str = THEIRS) -> Text:
    return Text(f"id-{number}", sender, text, part=Part(reference, number, total))


class Taken:
    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.failure: Exception | None = None

    async def take(self, text: Text) -> str:
        self.texts.append(text)
        await asyncio.sleep(0.01)
        if self.failure:
            raise self.failure
        return f"answer to {text.text}"


async def test_parts_in_any_order_are_one_message_with_the_first_ones_id() -> None:
    taken = Taken()
    joiner = Joiner(taken.take)
    answers = await asyncio.gather(*(joiner.take(piece(n, t)) for n, t in ((2, "b"), (3, "c"), (1, "a"))))
    assert taken.texts == [Text("id-1", THEIRS, "abc")]
    assert answers == ["answer to abc", "", ""]
    assert not joiner._groups


async def test_no_part_is_done_before_the_turn() -> None:
    taken = Taken()
    joiner = Joiner(taken.take)
    first = asyncio.create_task(joiner.take(piece(1, "a", 2)))
    await asyncio.sleep(0.02)
    assert not first.done()
    await joiner.take(piece(2, "b", 2))
    await first
    assert [t.text for t in taken.texts] == ["ab"]


async def test_a_failed_turn_is_each_parts() -> None:
    taken = Taken()
    taken.failure = ValueError("no")
    joiner = Joiner(taken.take)
    results = await asyncio.gather(*(joiner.take(piece(n, "x", 2)) for n in (1, 2)), return_exceptions=True)
    assert [type(r) for r in results] == [ValueError, ValueError]


async def test_what_is_missing_is_not_waited_for_without_end() -> None:
    taken = Taken()
    joiner = Joiner(taken.take, patience=0.05)
    await asyncio.gather(joiner.take(piece(1, "a")), joiner.take(piece(3, "c")))
    assert [t.text for t in taken.texts] == ["a … c"]
    await joiner.take(piece(2, "b"))
    assert [(t.id, t.text) for t in taken.texts[1:]] == [("id-2", " … b … ")]


async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    taken = Taken()
    joiner = Joiner(taken.take)
    first = asyncio.create_task(joiner.take(piece(1, "a", 2)))
    await asyncio.sleep(0)
    first.cancel()
    await joiner.take(piece(2, "b", 2))
    assert [t.text for t in taken.texts] == ["ab"]


async def test_messages_are_kept_apart() -> None:
    taken = Taken()
    joiner = Joiner(taken.take)
    await asyncio.gather(
        *(joiner.take(piece(n, f"{n}", 2)) for n in (1, 2)),
        *(joiner.take(piece(n, f"{n}", 2, reference=8)) for n in (1, 2)),
        *(joiner.take(piece(n, f"{n}", 2, sender="+989351234567")) for n in (1, 2)),
        joiner.take(Text("whole", THEIRS, "whole")),
        joiner.take(piece(5, "wrong", 2)),
        joiner.take(piece(1, "single", 1)),
        joiner.take(piece(1, "too many", 200)),
    )
    assert sorted(t.text for t in taken.texts) == ["12", "12", "12", "single", "too many", "whole", "wrong"]


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("050003070302", Part(7, 2, 3)),
        ("06080401070302", Part(263, 2, 3)),
        ("0b0504158a000000030c0201", Part(12, 1, 2)),  # behind another element
        ("", None),
        ("00", None),
        ("050003", None),
        ("ff", None),
        ("0605040b8423f0", None),  # ports only
    ],
)
def test_headers(header: str, part: Part | None) -> None:
    assert part_of(bytes.fromhex(header)) == part


@given(st.binary(max_size=20))
def test_any_bytes_are_read(header: bytes) -> None:
    part_of(header)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=6))
def test_all_parts_make_the_whole(texts: list[str]) -> None:
    parts = {n: piece(n, text, len(texts)) for n, text in enumerate(texts, 1)}
    assert joined(parts, len(texts)).text == "".join(texts)
