"""Whatever is stored comes back the same: messages and sessions through JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import Choice, Expect, Kind, Phrase, Reply, Term, replies_from_json, replies_to_json
from bot.core.sessions import KEPT_IDS, KEPT_REPLIES, Frame, Session, Turn

words = st.text(max_size=20)
keys = st.from_regex(r"[a-z]{1,8}(\.[a-z_]{1,8})?", fullmatch=True)
args = st.recursive(
    words | st.integers(-(10**12), 10**12) | st.builds(Term, st.sampled_from(["code", "date", "quote"]), words),
    lambda inner: (
        st.builds(Phrase, keys, st.dictionaries(keys, inner, max_size=3)) | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=8,
)
phrases = st.builds(Phrase, keys, st.dictionaries(keys, args, max_size=3))
replies = st.builds(
    Reply,
    phrases,
    st.lists(st.builds(Choice, words, args, st.booleans(), st.booleans()), max_size=4).map(tuple),
    st.builds(Expect, st.sampled_from(Kind), st.integers(0, 10)),
)


@given(st.lists(replies, max_size=4).map(tuple))
def test_replies_survive_storage(said: tuple[Reply, ...]) -> None:
    stored = json.loads(json.dumps(replies_to_json(said)))
    back = replies_from_json(stored)
    for before, after in zip(said, back, strict=True):
        assert (before.say, before.choices) == (after.say, after.choices)
        assert before.expect.kind is after.expect.kind


json_values = st.none() | st.booleans() | st.integers() | words
frames = st.builds(
    Frame, keys, keys, st.integers(0, 2**32), keys, st.dictionaries(keys, json_values), st.integers(0, 9)
)


@given(st.lists(frames, max_size=4).map(tuple), st.lists(keys, max_size=60))
def test_sessions_survive_storage(stack: tuple[Frame, ...], inbounds: list[str]) -> None:
    session = Session("c", "fa", "web", stack, touched_at=datetime(2026, 11, 23, tzinfo=UTC), profile={"name": "x"})
    for n, inbound in enumerate(inbounds):
        session = session.remember(Turn(inbound, n, ({"s": {"p": "hello"}},)))
    assert Session.from_json(json.loads(json.dumps(session.to_json()))) == session


def test_recent_turns_are_replayed_and_older_ones_recognised() -> None:
    session = Session("c")
    for n in range(KEPT_IDS + 1):
        session = session.remember(Turn(f"web:{n}", n, ({"s": {"p": str(n)}},)))
    newest = session.replay(f"web:{KEPT_IDS}")
    assert newest is not None
    assert newest.replies == ({"s": {"p": str(KEPT_IDS)}},)
    older = session.replay(f"web:{KEPT_IDS - KEPT_REPLIES}")
    assert older is not None
    assert older.replies == ()
    assert session.replay("web:0") is None
    assert session.replay("web:new") is None


def test_a_brief_form_survives_being_kept() -> None:
    long, short = Phrase("long", {"n": 1}), Phrase("short")
    for reply in (Reply(long), Reply(long, brief=short), Reply(long, brief=Phrase("long", {"n": 1}), skip=7)):
        assert Reply.from_json(json.loads(json.dumps(reply.to_json()))) == reply
