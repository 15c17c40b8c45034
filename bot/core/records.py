"""The port under the desk: where it keeps requests, ratings, guesses, and what it has to tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.messages import Address
from bot.core.notices import News
from bot.core.requests import Miss, Missed, ServiceRequest, Status, SurveyResponse
from bot.core.values import value


@value
class Step:
    """What one step of a request writes: the request after it, whose history ends with the new entry, and what the
    filer is told."""

    request: ServiceRequest
    tell: tuple[News, ...] = ()


@value
class Failure:
    """One wrong guess of a code or of a second factor."""

    at: datetime
    address: Address
    code: str


class Records(Protocol):
    """Where the desk keeps things. Each call is one transaction. A `key` that was used before writes nothing and
    gets what it got then. A `rule` is pure: a store may run it again. Moments come back in any time zone."""

    async def add(self, request: ServiceRequest, *, key: str) -> ServiceRequest | None:
        """The request that this key filed, now or earlier; None: its code is taken, choose another."""
        ...

    async def update(self, code: str, rule: Callable[[ServiceRequest], Step], *, key: str = "") -> ServiceRequest:
        """Write what the rule makes of the request and put its notices into the outbox. Raises KeyError, and what
        the rule raises, which writes nothing."""
        ...

    async def find(self, code: str) -> ServiceRequest | None: ...

    async def of(self, contact: str, limit: int) -> tuple[ServiceRequest, ...]:
        """Newest first; so in `search`, which see in `Desk`."""
        ...

    async def search(self, status: Status | None, unit: str, after: str, limit: int) -> tuple[ServiceRequest, ...]: ...

    async def owner(self, address: Address) -> str:
        """The contact that this address belongs to; empty when it was never seen."""
        ...

    async def guess(
        self,
        kind: str,
        by: Address,
        code: str,
        *,
        at: datetime,
        since: datetime,
        rule: Callable[[Sequence[Failure]], bool],
    ) -> bool:
        """Let the rule judge a guess by the failures of this kind since then, by this address or at this code,
        oldest first. False is written down as one more; True forgets those of this address at this code."""
        ...

    async def rate(self, response: SurveyResponse, *, key: str, at: datetime) -> bool:
        """The same key again: score and answers become these. False: another key rated this request already. Raises
        KeyError for a code that there is not."""
        ...

    async def scores(self) -> Mapping[str, Mapping[int, int]]:
        """Survey → score → how many."""
        ...

    async def miss(self, miss: Miss, *, key: str, at: datetime) -> None: ...

    async def misses(self, state: str, limit: int) -> tuple[Missed, ...]:
        """Those in this state, newest first."""
        ...

    async def decide(self, misses: Collection[str], state: str) -> None:
        """The editors' decision on the misses with these ids. In one transaction; again: nothing."""
        ...

    async def tell(self, to: Address, news: News, *, at: datetime) -> None:
        """Put a notice into the outbox."""
        ...

    async def spend(self, what: str, *, key: str, at: datetime) -> bool:
        """Use up something that holds once; False: another key did."""
        ...
