"""What the heart needs from outside: Protocols only. One contract test class per port runs over all implementations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.core.messages import Address, Arg, Attachment, Line, Reply
from bot.core.requests import Draft, Miss, ServiceRequest, Status, SurveyResponse
from bot.core.sessions import Session
from bot.core.tracking import TrackingCode
from bot.core.values import value

# --- sessions -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Opened:
    """A session held by one turn. Put the new session into `session` and the turn's lines into `lines`."""

    session: Session
    lines: list[Line] = field(default_factory=list)


class StoreUnavailable(Exception):
    """A store does not answer, or takes nothing any more. Whether a save has happened is not known: the same inbound
    again is answered rightly either way. `retry_in` seconds."""

    def __init__(self, why: str, retry_in: float = 2.0) -> None:
        super().__init__(why)
        self.retry_in = retry_in


class StaleSession(Exception):
    """Another process saved this session since it was opened; nothing was written. Retry the turn."""


class SessionStore(Protocol):
    def open(self, contact: str) -> AbstractAsyncContextManager[Opened]:
        """Exclusive access in order of asking. On a clean exit, if `session` was replaced, it and the lines are
        written durably and at once, before the exit returns (StaleSession if the stored version moved on);
        on an exception nothing is. A contact never seen has an empty session with version 0."""
        ...

    async def absorb(self, contact: str, into: str) -> Session:
        """The last session of a contact that another one takes over, which from now on points there
        (`Session.merged_into`). A turn of it that is under way finds its session stale. Again: the same session.
        Raises StaleSession when one of the two was merged in another way meanwhile."""
        ...


class Transcripts(Protocol):
    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        """The contact's lines with seq greater than `after`, oldest first; of more than `limit`, the last ones."""
        ...


class Consent(StrEnum):
    """What the citizen lets us send to an address."""

    EVERYTHING = "everything"
    REPLIES = "replies"  # answers to what they say, no notices
    NOTHING = "nothing"


@value
class Way:
    """How somebody can be told something."""

    address: Address
    reachable: bool = True
    consent: Consent = Consent.EVERYTHING
    preferred_at: datetime | None = None  # when the citizen chose it for news; the last choice holds


class Contacts(Protocol):
    async def resolve(self, address: Address, *, fresh: bool = False) -> str:
        """The contact's id; an address never seen becomes a new contact, but a telephone number is one contact on
        all channels of `messages.TELEPHONE`. It may be one that was taken over a moment ago, unless it is `fresh`."""
        ...

    async def addresses(self, contact: str) -> tuple[Address, ...]:
        """All addresses of a contact, oldest first."""
        ...

    async def link(self, contact: str, into: str) -> None:
        """What belongs to `contact` belongs to `into` from now on: addresses, verified numbers, requests, transcript
        (before the first line of `into`). In one transaction; again: nothing."""
        ...

    async def unlink(self, address: Address) -> str:
        """The address, and the requests that were filed from it, become a contact of their own; a telephone number
        goes with all its channels. The new contact's id."""
        ...

    async def consent(self, address: Address) -> Consent:
        """EVERYTHING unless the citizen said otherwise."""
        ...

    async def allow(self, address: Address, consent: Consent) -> bool:
        """Remember it; False if it was so already."""
        ...

    async def verify(self, contact: str, phone: str) -> None:
        """The channel vouches that this number (E.164) is the contact's own. Idempotent."""
        ...

    async def ways(self, address: Address) -> tuple[Way, ...]:
        """All ways to whoever this address belongs to, newest first; none to one never seen."""
        ...

    async def prefer(self, address: Address) -> None:
        """News go to this address from now on, wherever they are from."""
        ...

    async def reach(self, address: Address, reachable: bool) -> None:
        """Remember that the provider refuses to deliver to this address (blocked, gone), or does again."""
        ...


# --- the desk -----------------------------------------------------------------------------------


class Desk(Protocol):
    """The service desk's own words. Each call is one transaction; the same `key` takes effect once."""

    async def file(self, draft: Draft, *, key: str) -> ServiceRequest: ...

    async def find(self, code: TrackingCode) -> ServiceRequest | None:
        """For officers and for the filer; the citizen's look-ups go through `look_up`."""
        ...

    async def look_up(self, code: str, by: Address) -> ServiceRequest | None:
        """A citizen's look-up. Failures are counted per address: raises TooManyAttempts."""
        ...

    async def unlock(self, code: TrackingCode, digits: str, by: Address) -> bool:
        """Whether these are the last four digits of the filer's number. Constant-time; failures are counted per
        address and per code: raises TooManyAttempts."""
        ...

    async def list_of(self, contact: str, limit: int = 20) -> tuple[ServiceRequest, ...]:
        """The contact's own requests, newest first."""
        ...

    async def search(
        self, *, status: Status | None = None, unit: str = "", after: str = "", limit: int = 50
    ) -> tuple[ServiceRequest, ...]:
        """Newest first, beginning behind the request with code `after`."""
        ...

    async def change(
        self,
        code: TrackingCode,
        *,
        by: str,
        status: Status | None = None,
        note: str = "",
        unit: str = "",
        officer: str = "",
        attachments: Sequence[Attachment] = (),
        key: str = "",
    ) -> ServiceRequest:
        """Move or annotate a request. Raises KeyError (no such code), NotAllowed (status course). When an officer
        does it the filer's notice is in the outbox in the same transaction; closing adds the survey's, once ever, and
        asking for information reminders.
        A citizen's note or file on a request that NEEDS_INFORMATION moves it to IN_REVIEW."""
        ...

    async def rate(self, response: SurveyResponse, *, key: str) -> bool:
        """Record a survey, or more answers to the one with this key; False if this request was rated by another."""
        ...

    async def summary(self) -> Mapping[str, Any]:
        """Of surveys: {"count", "mean", "satisfied" (share of 4 and 5), "scores": {"1": n…}, "by_survey": {…}}."""
        ...

    async def miss(self, miss: Miss, *, key: str) -> None:
        """Record a question for the editors."""
        ...


# --- understanding ------------------------------------------------------------------------------


@value
class Entity:
    kind: str  # tracking_code, date, number, mobile, …
    value: Any  # JSON
    start: int
    end: int  # offsets in the raw text
    confidence: float = 1.0  # 0 to 1; of those that overlap at most one is right, the likelier comes first


@value
class Reading:
    intent: str  # "none": out of scope
    confidence: float  # 0 to 1
    entities: tuple[Entity, ...] = ()
    guesses: tuple[tuple[str, float], ...] = ()  # best first


@value
class Match:
    """A FAQ entry or service page that may answer. id: "faq/ID" or "service/ID"."""

    id: str
    score: float  # 0 to 1
    sure: bool  # good enough to be told as the answer


class Unreadable(ValueError):
    """Text that is not a value of the wanted kind. `reason` is a phrase key under "invalid.": "date.no_such_day"…"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Nlu(Protocol):
    async def read(self, text: str, language: str) -> Reading: ...

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        """Best first; empty when nothing is near."""
        ...

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        """What people write for a value → its one form. Raises Unreadable.

        number → int · date → ISO date · time → "HH:MM" · amount → rials · mobile, landline → E.164 · national_id,
        legal_id, postal_code → digits · iban → "IR" and 24 digits · plate → "12ب345-67" · email → lower-cased domain ·
        tracking_code → ten digits · digits → all that are written or said · language → that of the words, "" when
        they could be of any
        """
        ...


class Wording(Protocol):
    """Phrases as plain text, for the engine to recognise what it offered."""

    def text(self, arg: Arg, language: str) -> str: ...


# --- out ----------------------------------------------------------------------------------------


class SendFailed(Exception):
    """A provider did not take a message. `retry_in` seconds, or None: never. `unreachable`: blocked us, or gone.
    `doubtful`: it may have taken it all the same, its answer never came."""

    def __init__(
        self, why: str, *, retry_in: float | None = None, unreachable: bool = False, doubtful: bool = False
    ) -> None:
        super().__init__(why)
        self.why = why
        self.retry_in = retry_in
        self.unreachable = unreachable
        self.doubtful = doubtful


@value
class Rate:
    """Messages that a provider takes: in a second altogether, and to one address."""

    per_second: float
    per_address: float


class Sender(Protocol):
    """The sending half of a channel."""

    @property
    def rate(self) -> Rate | None:
        """What the provider takes; None: as many as there are."""
        ...

    @property
    def disturbs(self) -> bool:
        """Whether a message makes somebody's telephone ring: not for the quiet hours."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether what is sent twice with the same key is seen once."""
        ...

    async def send(
        self,
        to: Address,
        replies: Sequence[Reply],
        language: str,
        *,
        seq: int,
        key: str = "",
        since: datetime | None = None,
    ) -> str:
        """Bring replies to the citizen; `seq` numbers the first of them, `key` names what is told. `since`: an attempt
        with this key was begun then, whose end is not known. The provider's id of the message, by which a receipt may
        come; "" where there is none. Raises SendFailed."""
        ...


class Relay(Protocol):
    """Tells the other processes of the counter that there is news. At most once, and nobody waits for it."""

    def tell(self, topic: str, message: str = "") -> None: ...

    def listen(self, topic: str, hear: Callable[[str], Awaitable[None]]) -> None:
        """`hear` is given what other processes tell about it, one after the other. Before the stores are opened."""
        ...


class Limits(Protocol):
    """How often somebody may do something: token buckets, each with a key of its own."""

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        """Take `cost` tokens: 0. Or take none: the seconds after which there are enough, if nobody is faster. `rate` in
        tokens a second, `burst` in tokens; raises ValueError when there can never be enough. A `key` is always used
        with the same rate and burst."""
        ...


class Files(Protocol):
    async def put(self, data: bytes, name: str, contact: str) -> Attachment:
        """Store a file after looking into it. Raises FileRefused."""
        ...

    async def get(self, id: str) -> tuple[Attachment, bytes] | None: ...


class FileRefused(Exception):
    """`reason` is a phrase key: "file.too_large", "file.empty", "file.type_not_allowed", "file.not_what_it_says"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
