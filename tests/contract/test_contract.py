"""What every channel promises, row by row; see `case.py` for the rows and `conftest.py` for what is checked unasked:
nothing leaves the machine, no log tells a secret or somebody's words, all that goes out was expected and all that was
expected goes out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bot.core.ports import SendFailed
from tests.contract.bench import Answered, Bench
from tests.contract.case import Call, Failure, Hearing, Saying, Sent, Unheard
from tests.contract.scramble import scrambled, scrambled_form

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # of RetryAfter


def good(answered: Answered) -> bool:
    return 200 <= answered.status < 300


class TestContract:
    async def test_names(self, bench: Bench) -> None:
        heard = [h for hearing in bench.case.hearings for h in hearing.heard]
        assert {h.address.channel for h in heard} == {bench.channel.name}
        assert bench.channel.can.max_text > 0 or not bench.channel.can.text

    async def test_a_payload_means(self, bench: Bench, hearing: Hearing) -> None:
        bench.provider.expect(*hearing.sent)
        assert good(await bench.call(hearing.call))
        assert tuple(bench.script.heard) == hearing.heard

    async def test_what_is_not_for_us_changes_nothing(self, bench: Bench, unheard: Unheard) -> None:
        bench.script.replies = bench.case.sayings[0].replies
        bench.provider.expect(*unheard.sent)
        assert (await bench.call(unheard.call)).status in unheard.statuses
        assert not bench.script.heard and not bench.parts.files.kept
        assert tuple(bench.parts.contacts.reached) == unheard.reached

    async def test_a_forged_call_is_forbidden(self, bench: Bench, forging: Callable[[Call], Call]) -> None:
        bench.script.replies = bench.case.sayings[0].replies
        for call in (bench.case.poke, *bench.case.guarded):
            assert (await bench.call(forging(call))).status == 403
            assert bench.untouched

    async def test_an_authentic_call_is_not(self, bench: Bench) -> None:
        """Else a forged one would show nothing."""
        for call in (bench.case.poke, *bench.case.guarded):
            assert (await bench.call(call)).status != 403

    async def test_every_route_is_guarded(self, bench: Bench) -> None:
        called = [f"{c.method} {c.path.partition('?')[0]}" for c in (bench.case.poke, *bench.case.guarded)]
        for route in bench.channel.routes():
            if route.method == "OPTIONS" or route.path in bench.case.public:
                continue
            pattern = f"{route.method} {re.sub(r'{[^}]*}', '[^/]+', route.path)}"
            assert any(re.fullmatch(pattern, call) for call in called), f"no forged call to {route.path}"
        assert bench.case.forgings

    async def test_a_repeated_delivery_is_one_change(self, bench: Bench) -> None:
        saying = bench.case.sayings[0]
        bench.script.replies = saying.replies
        bench.provider.expect(*saying.answered)
        first = await bench.call(bench.case.poke)
        bench.provider.expect(*(saying.answered if bench.case.again else ()))
        assert await bench.call(bench.case.poke) == first
        assert good(first)
        assert len(bench.script.heard) == 1

    async def test_two_deliveries_at_once_are_one_change(self, bench: Bench) -> None:
        saying = bench.case.sayings[0]
        bench.script.replies = saying.replies
        bench.provider.expect(*saying.answered * (2 if bench.case.again else 1))
        first, second = await asyncio.gather(*(bench.call(bench.case.poke) for _ in range(2)))
        assert first == second and good(first)
        assert len(bench.script.heard) == 1

    async def test_a_store_that_is_away(self, bench: Bench) -> None:
        """The provider is told so, and comes again; then all is as if it had come once."""
        saying = bench.case.sayings[0]
        bench.script.replies = saying.replies
        bench.parts.sessions.down = True
        assert (await bench.call(bench.case.poke)).status in (500, 503)
        assert not bench.script.heard
        bench.parts.sessions.down = False
        bench.provider.expect(*saying.answered)
        assert good(await bench.call(bench.case.poke))
        assert len(bench.script.heard) == 1

    async def test_no_payload_breaks_it(self, bench: Bench) -> None:
        """Authentic, and yet with a part that is missing or makes no sense: taken, ignored or refused."""
        assert bench.case.authentic is not None
        bench.provider.strict = False
        for hearing in bench.case.hearings:
            if hearing.sent or hearing.call.path != bench.case.poke.path or hearing.call.method != "POST":
                continue
            call = hearing.call
            for payload in scrambled(call.json) if call.form is None else scrambled_form(call.form):
                status = (await bench.call(bench.case.authentic(payload))).status
                assert status < 500 and status != 403, payload

    async def test_a_reply_goes_out_as(self, bench: Bench, saying: Saying) -> None:
        bench.script.replies, bench.script.tongue = saying.replies, saying.language
        bench.provider.expect(*saying.answered)
        answered = await bench.call(bench.case.poke)
        assert good(answered)
        assert answered.body == saying.body

    async def test_the_desk_says(self, bench: Bench, saying: Saying) -> None:
        if not bench.case.sends:
            assert not hasattr(bench.channel, "send")
            return
        bench.provider.expect(*saying.sent)
        if bench.case.ear is None:
            await bench.say(*saying.replies, language=saying.language)
            return
        async with bench.case.ear(bench) as listen:
            await bench.say(*saying.replies, language=saying.language)
            assert tuple(await listen()) == saying.pushed

    async def test_nothing_to_say_sends_nothing(self, bench: Bench) -> None:
        if bench.case.sends:
            await bench.say()

    async def test_a_provider_that_fails(self, bench: Bench, failure: Failure) -> None:
        self._failing(bench, bench.case.sayings[0].sent, failure)
        with pytest.raises(SendFailed) as failed:
            await bench.say(*bench.case.sayings[0].replies)
        assert (failed.value.retry_in is not None, failed.value.unreachable) == (failure.retry, failure.unreachable)
        assert failed.value.doubtful == failure.doubtful
        assert (False in bench.parts.contacts.reached) == failure.unreachable
        assert not any(secret in str(failed.value) for secret in bench.case.secrets)

    async def test_a_provider_that_hangs_up(self, bench: Bench) -> None:
        """Nobody knows what became of it: it is tried again, and no error tells where it went."""
        saying = bench.case.sayings[0]
        bench.provider.gone = True
        if saying.sent:
            with pytest.raises(SendFailed) as failed:
                await bench.say(*saying.replies)
            assert failed.value.retry_in is not None and not failed.value.unreachable and failed.value.doubtful
            assert not any(secret in repr(failed.value) for secret in bench.case.secrets)
        if saying.answered:
            bench.script.replies = saying.replies
            assert (await bench.call(bench.case.poke)).status == 500
            bench.provider.gone = False
            bench.provider.expect(*saying.answered)
            assert good(await bench.call(bench.case.poke))
            assert len(bench.script.heard) == 1

    async def test_a_notice_that_may_have_been_taken_is_not_sent_again(self, bench: Bench) -> None:
        """By the channel itself; with a key the courier decides."""
        saying = bench.case.sayings[0]
        bench.provider.gone = True
        if saying.sent:
            with pytest.raises(SendFailed) as failed:
                await bench.say(*saying.replies, key="notice:1")
            assert failed.value.doubtful
            assert bench.provider.hung_up == 1

    async def test_a_turn_whose_answer_fails(self, bench: Bench, failure: Failure) -> None:
        """A provider delivers again what was not acknowledged; then the answer goes out, and nothing changed twice."""
        if not failure.turn:
            return
        saying = bench.case.sayings[0]
        bench.script.replies = saying.replies
        self._failing(bench, saying.answered, failure)
        assert (await bench.call(bench.case.poke)).status == failure.turn
        bench.provider.expect(*(saying.answered if bench.case.again or failure.turn >= 500 else ()))
        assert good(await bench.call(bench.case.poke))
        assert len(bench.script.heard) == 1

    def _failing(self, bench: Bench, sent: Sequence[Sent], failure: Failure) -> None:
        bench.provider.expect(*[replace(sent[0], gives=failure.given)] * failure.tries)
