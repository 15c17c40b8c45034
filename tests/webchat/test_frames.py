from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.webchat import frames
from bot.channels.webchat.frames import Choice, File, Hello, Message, Ping, Refused
from bot.channels.webchat.sockets import FRAMES, SECONDS, Pace
from bot.channels.webchat.uploads import clean_name
from bot.core.messages import Address, Event, Location


def understood(text: str) -> object:
    return frames.understand(frames.read(text))


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('{"type":"hello"}', Hello(None, 0, "", False)),
        ('{"type":"hello","session":"a.b","after":7,"language":"en","history":true}', Hello("a.b", 7, "en", True)),
        ('{"type":"message","id":"a-1","text":"سلام"}', Message("a-1", "سلام", None)),
        ('{"type":"message","id":"a-1","text":""}', Message("a-1", "", None)),
        ('{"type":"message","id":"a","text":"a\\u0000b"}', Message("a", "ab", None)),
        ('{"type":"message","id":"a","text":"","location":[35.7,51]}', Message("a", "", Location(35.7, 51.0))),
        ('{"type":"choice","id":"a","value":"/menu"}', Choice("a", "/menu")),
        ('{"type":"file","id":"a","upload":"x.y"}', File("a", "x.y")),
        ('{"type":"ping"}', Ping()),
    ],
)
def test_understood(text: str, frame: object) -> None:
    assert understood(text) == frame


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        '"hello"',
        "{",
        "{}",
        '{"type":7}',
        '{"type":"dance"}',
        '{"type":"message","text":"a"}',
        '{"type":"message","id":7,"text":"a"}',
        '{"type":"message","id":"","text":"a"}',
        '{"type":"message","id":"a/start","text":"a"}',
        '{"type":"message","id":"%s","text":"a"}' % ("x" * 65),
        '{"type":"message","id":"a"}',
        '{"type":"message","id":"a","text":null}',
        '{"type":"message","id":"a","text":[]}',
        '{"type":"message","id":"a","text":"","location":"35,51"}',
        '{"type":"message","id":"a","text":"","location":[91,0]}',
        '{"type":"message","id":"a","text":"","location":[true,0]}',
        '{"type":"message","id":"a","text":"","location":[1]}',
        '{"type":"choice","id":"a"}',
        '{"type":"choice","id":"a","value":""}',
        '{"type":"choice","id":"a","value":7}',
        '{"type":"choice","id":"a","value":"%s"}' % ("x" * 201),
        '{"type":"file","id":"a","upload":null}',
        '{"type":"hello","session":7}',
        '{"type":"hello","after":-1}',
        '{"type":"hello","after":"1"}',
        '{"type":"hello","after":true}',
        '{"type":"hello","language":null}',
        '{"type":"message","id":"a","text":"\\ud800"}',
    ],
)
def test_a_bad_frame_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        understood(text)
    assert refused.value.code == "bad_frame"


_ANY = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text()


@given(
    st.recursive(_ANY, lambda v: st.lists(v, max_size=3)),
    st.sampled_from(["type", "id", "text", "location", "value", "upload", "session", "after", "language"]),
    st.sampled_from(["hello", "message", "choice", "file"]),
)
def test_nothing_but_refused_comes_of_a_strange_value(value: object, key: str, kind: str) -> None:
    frame = {"type": kind, "id": "a", "text": "t", "value": "v", "upload": "u"} | {key: value}
    try:
        frames.understand(frame)
    except Refused as refused:
        assert refused.code in ("bad_frame", "too_long")


def test_a_text_may_have_four_thousand_characters() -> None:
    assert understood('{"type":"message","id":"a","text":"%s"}' % ("آ" * 4000))
    with pytest.raises(Refused) as refused:
        understood('{"type":"message","id":"a","text":"%s"}' % ("آ" * 4001))
    assert (refused.value.code, refused.value.id) == ("too_long", "a")


def test_the_session_stands_before_the_clients_id() -> None:
    heard = frames.inbound(Address("web", "s1"), Message("a", "سلام", None), None, "fa")
    assert (heard.id, heard.event, heard.text, heard.key) == ("s1:a", Event.MESSAGE, "سلام", "web:s1:a")


def test_the_pace_lets_some_through_and_then_waits() -> None:
    now = 100.0
    pace = Pace(lambda: now)
    for _ in range(FRAMES):
        pace.check()
    with pytest.raises(Refused) as refused:
        pace.check()
    assert (refused.value.code, refused.value.retry_in) == ("slow_down", SECONDS)
    now += SECONDS
    pace.check()


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("عکس.png", "عکس.png"),
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("bad\u202efdp.exe", "badfdp.exe"),
        ("a\x00\n.png", "a.png"),
        ("", "file"),
        ("...", "file"),
        ("n" * 300 + ".jpeg", "n" * 115 + ".jpeg"),
    ],
)
def test_names_of_files(given: str, clean: str) -> None:
    assert clean_name(given) == clean
