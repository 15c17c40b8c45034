"""The protocol over a WebSocket: conversations, coming back, several tabs."""

from __future__ import annotations

from tests.webchat.conftest import Client
from tests.webchat.script import Counter
from tests.webchat.tab import Frame, Tab, texts


async def test_a_new_session_is_greeted(tab: Tab) -> None:
    welcome = await tab.hello()
    greeting = await tab.next()
    assert welcome["seq"] == greeting["seq"] == 2  # line 1 is the start
    assert greeting["text"].startswith("سلام! به میز خدمت شهرداری شهر نمونه")
    assert greeting["choices"][0] == {"value": "ask", "label": "پرسش دربارهٔ خدمات"}
    assert greeting["expect"] == {"kind": "choice"}
    assert greeting["language"] == "fa"
    assert await tab.silent()


async def test_the_hint_of_the_language_is_heard(tab: Tab) -> None:
    assert (await tab.hello(language="en-GB"))["language"] == "en"
    assert (await tab.next())["text"].startswith("Hello! Welcome")


async def test_an_unknown_language_is_the_first_one(tab: Tab) -> None:
    assert (await tab.hello(language="de"))["language"] == "fa"


async def test_words_are_answered_and_acknowledged(tab: Tab) -> None:
    await tab.greeted()
    reply, ack = await tab.say("چراغ کوچهٔ ما", id="6f1c")
    assert "چراغ کوچهٔ ما" in reply["text"]
    assert (reply["seq"], reply["to"]) == (4, "6f1c")
    assert ack == {"type": "ack", "id": "6f1c", "seq": 3}


async def test_navigation_is_marked(tab: Tab) -> None:
    await tab.greeted()
    await tab.send(type="choice", id="a", value="file")
    reply, _ = await tab.until("ack")
    assert reply["choices"] == [
        {"value": "/back", "label": "بازگشت", "nav": True},
        {"value": "/cancel", "label": "لغو", "nav": True},
    ]
    assert reply["expect"] == {"kind": "date"}


async def test_a_confirmation_is_marked(tab: Tab) -> None:
    await tab.greeted()
    reply, _ = await tab.say("review")
    assert [c.get("main") for c in reply["choices"]] == [True, None, None, None]


async def test_frames_of_one_socket_keep_their_order(tab: Tab, counter: Counter) -> None:
    await tab.greeted()
    counter.script.seconds = 0.01
    for n in range(5):
        await tab.send(type="message", id=f"m{n}", text=f"شمارهٔ {n}")
    acks = [(await tab.until("ack"))[-1] for _ in range(5)]
    assert [a["id"] for a in acks] == [f"m{n}" for n in range(5)]
    assert [a["seq"] for a in acks] == [3, 5, 7, 9, 11]


async def test_the_same_id_again_gets_the_same_replies_and_changes_nothing(tab: Tab, counter: Counter) -> None:
    await tab.greeted()
    first = await tab.say("یک بار", id="once")
    turns = counter.script.turns
    assert await tab.say("یک بار", id="once") == first
    assert counter.script.turns == turns


async def test_two_sessions_may_use_the_same_id(client: Client, counter: Counter) -> None:
    for words in ("اولی", "دومی"):
        async with client.ws_connect("/channels/web/socket") as ws:
            tab = Tab(ws)
            await tab.greeted()
            assert words in (await tab.say(words, id="same"))[0]["text"]
    assert counter.script.turns == 4


# --- coming back --------------------------------------------------------------------------------


async def test_who_comes_back_is_not_greeted_again(tab: Tab, client: Client) -> None:
    await tab.greeted()
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        welcome = await again.hello(tab.token, after=tab.seq)
        assert (welcome["session"], welcome["seq"]) == (tab.token, 2)
        assert await again.silent()


async def test_what_was_missed_comes_once(tab: Tab, client: Client) -> None:
    await tab.greeted()
    await tab.say("یک")
    await tab.say("دو")
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        await again.hello(tab.token, after=4)
        missed = await again.next()
        assert (missed["seq"], "دو" in missed["text"], "at" in missed) == (6, True, True)
        assert await again.silent()
        await again.hello(tab.token, after=6)
        assert await again.silent()


async def test_a_turn_whose_socket_broke_is_finished_and_told(client: Client, counter: Counter) -> None:
    counter.script.seconds = 0.05
    async with client.ws_connect("/channels/web/socket") as ws:
        tab = Tab(ws)
        await tab.greeted()
        await tab.send(type="message", id="cut", text="نیمه‌کاره")
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        await again.hello(tab.token, after=2)
        frames = await again.say("نیمه‌کاره", id="cut")
        assert {f["seq"] for f in frames if f["type"] == "reply"} == {4}
        assert frames[-1] == {"type": "ack", "id": "cut", "seq": 3}
    assert counter.script.turns == 2


async def test_a_reload_with_history_shows_both_sides(tab: Tab, client: Client) -> None:
    await tab.greeted()
    await tab.send(type="choice", id="c1", value="ask")
    await tab.until("ack")
    await tab.say("پروانه", id="m1")
    await tab.send(type="choice", id="c2", value="/menu")
    await tab.until("ack")
    await tab.send(type="message", id="l1", text="", location=[35.7, 51.4])
    await tab.until("ack")
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        welcome = await again.hello(tab.token, history=True)
        frames: list[Frame] = []
        while not frames or frames[-1]["seq"] < welcome["seq"]:
            frames.append(await again.next())
    said = [(f["id"], f["event"], f["text"]) for f in frames if f["type"] == "said"]
    assert said == [
        ("c1", "choice", "پرسش دربارهٔ خدمات"),
        ("m1", "message", "پروانه"),
        ("c2", "choice", "منوی اصلی"),
        ("l1", "message", "موقعیت من روی نقشه"),
    ]
    assert [f["seq"] for f in frames] == sorted(f["seq"] for f in frames)
    assert len(texts(frames)) == 6


async def test_the_label_of_a_button_is_found_behind_what_is_asked_for(tab: Tab, client: Client) -> None:
    await tab.greeted()
    await tab.send(type="choice", id="c1", value="ask")
    await tab.until("ack")
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        await again.hello(tab.token, after=2, history=True)
        assert (await again.next())["text"] == "پرسش دربارهٔ خدمات"


async def test_a_store_that_was_emptied_begins_anew(tab: Tab, client: Client, counter: Counter) -> None:
    await tab.greeted()
    await tab.say("یک")
    counter.memory.sessions.clear()
    counter.memory.said.clear()
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        assert (await again.hello(tab.token, after=4))["seq"] == 2
        assert (await again.next())["seq"] == 2


async def test_the_lines_of_other_addresses_are_not_shown(tab: Tab, client: Client, counter: Counter) -> None:
    """One person's lines on a messenger belong to the same contact, but not into this browser."""
    await tab.greeted()
    contact, line = counter.memory.said[-1]
    elsewhere = line.address._replace(channel="telegram")
    counter.memory.said.append((contact, type(line)(9, elsewhere, "telegram:1", line.said_at, "out", line.content)))
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        assert (await again.hello(tab.token, after=2))["seq"] == 9
        assert await again.silent()


# --- several tabs, and news ---------------------------------------------------------------------


async def test_two_tabs_of_one_session_see_the_same(tab: Tab, client: Client) -> None:
    await tab.greeted()
    async with client.ws_connect("/channels/web/socket") as ws1, client.ws_connect("/channels/web/socket") as ws2:
        full, plain = Tab(ws1), Tab(ws2)
        await full.hello(tab.token, after=2, history=True)
        await plain.hello(tab.token, after=2)
        await tab.say("از زبانهٔ نخست", id="m1")
        said, reply = await full.next(), await full.next()
        assert (said["type"], said["id"], said["seq"]) == ("said", "m1", 3)
        assert (reply["type"], reply["seq"]) == ("reply", 4)
        assert (await plain.next())["seq"] == 4
        await tab.say("از زبانهٔ نخست", id="m1")
        assert await full.silent()
        assert await plain.silent()


async def test_news_of_the_desk_reach_every_open_tab(tab: Tab, client: Client, counter: Counter) -> None:
    await tab.greeted()
    session = tab.token.partition(".")[0]
    async with client.ws_connect("/channels/web/socket") as ws:
        other = Tab(ws)
        await other.hello(tab.token, after=2)
        await counter.notice(session)
        for one in (tab, other):
            news = await one.next()
            assert (news["type"], news["seq"], news["text"]) == ("reply", 4, "درخواست شما بسته شد. سپاس از همراهی‌تان.")


async def test_news_told_to_a_closed_page_come_at_the_next_hello(client: Client, counter: Counter) -> None:
    async with client.ws_connect("/channels/web/socket") as ws:
        tab = Tab(ws)
        await tab.greeted()
    await counter.notice(tab.token.partition(".")[0])
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        await again.hello(tab.token, after=2)
        assert (await again.next())["text"].startswith("درخواست شما بسته شد")
        assert await again.silent()


async def test_news_during_hello_come_once(client: Client, counter: Counter) -> None:
    async with client.ws_connect("/channels/web/socket") as ws:
        tab = Tab(ws)
        await tab.greeted()
    lines = counter.memory.lines

    async def slow(contact: str, after: int, limit: int = 200) -> object:
        found = await lines(contact, after, limit)
        if limit == 1:
            counter.memory.lines = lines  # type: ignore[method-assign]
            await counter.notice(tab.token.partition(".")[0])
        return found

    counter.memory.lines = slow  # type: ignore[method-assign,assignment]
    async with client.ws_connect("/channels/web/socket") as ws:
        again = Tab(ws)
        await again.hello(tab.token, after=2)
        assert (await again.next())["seq"] == 4
        assert await again.silent()
