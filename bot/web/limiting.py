"""How much one address may ask for, and how much is taken on at once: what is more hears 429 or 503, and when to come
again.

Requests are counted in this process, since that costs nothing; new conversations and wrong credentials, which are rare
and cost more, where all processes see them. The headers are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bot.core.ports import Limits
from bot.web.callers import Callers
from bot.web.problems import Refused

NEWCOMERS, NEWCOMERS_RATE = 120.0, 1.0  # new conversations of one address: at once, and a second
GUESSES, GUESSES_RATE = 20.0, 1 / 30  # wrong credentials of one address
BUSY = 2.0  # seconds after which a caller may try again when too much is under way
_SHUT_OUT = 4096  # addresses that are remembered before those whose time is over are forgotten
_TYPE = "https://iana.org/assignments/http-problem-types#"
_REASONS = {
    "slow_down": "Too many requests came from this address. Please wait a little.",
    "unavailable": "Too much is under way here. Please try again in a moment.",
}

Say = Callable[[str, web.Request], str]
"""The words of "slow_down" and "unavailable" for the citizen who asks."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the routes bear whose path begins with `path`. 0 is no limit."""

    path: str
    name: str
    burst: float = 0  # requests of one address at once; they come back at `rate`
    rate: float = 0  # a second
    most: int = 0  # under way in this process
    each: int = 0  # of these, of one address
    citizens: bool = False  # pages of any origin ask, and show the refusal
    guarded: bool = False  # an address that is refused too often is not looked at for a while
    sized: bool = False  # a body tells its length beforehand


class Limiter:
    def __init__(
        self,
        rules: Sequence[Rule],
        callers: Callers,
        *,
        here: Limits,
        shared: Limits,
        say: Say,
        spared: Callable[[str], bool] = lambda caller: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The first rule that fits a path holds. `here` counts in this process, `shared` in all of them; an address
        that is `spared` has no limits of its own."""
        self._rules = tuple(rules)
        self._callers = callers
        self._here, self._shared = here, shared
        self._say, self._spared, self._clock = say, spared, clock
        self._under_way: dict[str, int] = {}
        self._shut_out: dict[str, float] = {}

    async def newcomer(self, request: web.Request) -> float:
        """Make room for a new conversation: 0, or the seconds until there is some."""
        caller = self._callers.of(request)
        if self._spared(caller):
            return 0.0
        return await self._shared.take(f"newcomer {caller}", rate=NEWCOMERS_RATE, burst=NEWCOMERS)

    def middleware(self) -> Middleware:
        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            for rule in self._rules:
                if request.path.startswith(rule.path):
                    return await self._take(rule, request, handler)
            return await handler(request)

        return middleware

    async def _take(self, rule: Rule, request: web.Request, handler: Handler) -> web.StreamResponse:
        if rule.sized and request.content_length is None and request.can_read_body:
            raise Refused(411, "Say the body's length in Content-Length.")
        if rule.most and self._under_way.get(rule.name, 0) >= rule.most:
            raise self._refusal(rule, request, "unavailable", BUSY)
        counted = [rule.name]
        if rule.each or rule.rate or self._shut_out:
            caller = self._callers.of(request)
            if not self._spared(caller):
                await self._check(rule, request, caller)
                if rule.each:
                    counted.append(f"{rule.name} {caller}")
        for key in counted:
            self._under_way[key] = self._under_way.get(key, 0) + 1
        try:
            response = await handler(request)
        except (Refused, web.HTTPException) as refused:
            await self._note(rule, request, refused.status)
            raise
        finally:
            for key in counted:
                self._under_way[key] -= 1
                if not self._under_way[key]:
                    del self._under_way[key]
        await self._note(rule, request, response.status)
        return response

    async def _check(self, rule: Rule, request: web.Request, caller: str) -> None:
        """Raises Refused."""
        key = f"{rule.name} {caller}"
        if rule.each and self._under_way.get(key, 0) >= rule.each:
            raise self._refusal(rule, request, "slow_down", BUSY)
        if rule.guarded and (wait := self._shut_out.get(caller, 0.0) - self._clock()) > 0:
            raise self._refusal(rule, request, "slow_down", wait, ("guesses", GUESSES, GUESSES_RATE))
        if rule.rate and (wait := await self._here.take(key, rate=rule.rate, burst=rule.burst)):
            raise self._refusal(rule, request, "slow_down", wait, (rule.name, rule.burst, rule.rate))

    async def _note(self, rule: Rule, request: web.Request, status: int) -> None:
        """Count what was not let in."""
        if status not in (401, 403) or not rule.guarded or self._spared(caller := self._callers.of(request)):
            return
        if wait := await self._shared.take(f"guess {caller}", rate=GUESSES_RATE, burst=GUESSES):
            now = self._clock()
            if len(self._shut_out) >= _SHUT_OUT:
                self._shut_out = {who: until for who, until in self._shut_out.items() if until > now}
            self._shut_out[caller] = now + wait

    def _refusal(
        self, rule: Rule, request: web.Request, code: str, wait: float, policy: tuple[str, float, float] | None = None
    ) -> Refused:
        """`policy`: name, burst and rate of the bucket that is empty."""
        seconds = max(1, ceil(wait))
        headers = {str(hdrs.RETRY_AFTER): str(seconds)}
        more: dict[str, object] = {"code": code, "retry_in": seconds}
        if code == "unavailable":
            more["type"] = f"{_TYPE}temporary-reduced-capacity"
        if policy:
            name, burst, rate = policy
            more |= {"type": f"{_TYPE}quota-exceeded", "violated-policies": [name]}
            headers["RateLimit-Policy"] = f'"{name}";q={burst:.0f};w={ceil(burst / rate)}'
            headers["RateLimit"] = f'"{name}";r=0;t={seconds}'
        if rule.citizens:
            headers[str(hdrs.ACCESS_CONTROL_ALLOW_ORIGIN)] = "*"
        detail = self._say(code, request) if rule.citizens else _REASONS[code]
        return Refused(503 if code == "unavailable" else 429, detail, headers=headers, **more)
