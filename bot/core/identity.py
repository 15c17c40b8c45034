"""The port through which dialogs learn who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.core.messages import Address
from bot.core.ports import Way
from bot.core.sessions import Session


class Identity(Protocol):
    """How somebody shows that another address is theirs too, and what then becomes of the two."""

    @property
    def mailing(self) -> bool:
        """Whether e-mail can be sent."""
        ...

    def can_text(self, number: str = "") -> bool:
        """Whether a text message can go to this number (E.164); without one, whether to any."""
        ...

    async def text(self, number: str, command: str, *, key: str) -> bool:
        """Put a notice for this telephone number into the outbox, told by text message: `command` is what the dialogs
        understand. False: too many within the hour, or the citizen wants none."""
        ...

    async def send_code(self, to: Address, by: Address, language: str, *, key: str, turn: str) -> bool:
        """A one-time code by text message or e-mail, valid for some minutes, for the one who asks and the question that
        `key` names; one for the same `turn`. False: nothing can be sent there, or nothing at all is wanted there.
        Raises TooManyAttempts."""
        ...

    async def check_code(self, of: Address, digits: str, by: Address, *, key: str) -> bool:
        """Whether this is the code that was sent there, in constant time. It holds once, since the question that asked
        for it is over with it. Failures are counted per asker and per number: raises TooManyAttempts."""
        ...

    def ticket(self, contact: str, *, texted: bool = False) -> str:
        """What proves once that its holder is this contact: at most 48 of A-Z a-z 0-9 _ - It holds for some minutes,
        or for a day when it is `texted` to a number of the contact."""
        ...

    async def redeem(self, ticket: str, *, key: str) -> str | None:
        """The contact that a ticket was given to; None for a forged, old or used one. Only the same `key` may use it
        again."""
        ...

    def doors(self, contact: str, *, texted: bool = False) -> Mapping[str, str]:
        """Where a conversation can be gone on with: channel → URL that carries a ticket, see there."""
        ...

    async def contact_of(self, address: Address) -> str:
        """Who is behind an address; one never seen becomes a contact."""
        ...

    async def addresses(self, contact: str) -> Sequence[Address]: ...

    async def ways(self, address: Address) -> Sequence[Way]:
        """See `Contacts.ways`."""
        ...

    async def choose(self, address: Address) -> None:
        """News go here from now on."""
        ...

    async def no_news(self, contact: str) -> None:
        """Answers alone go to the contact's addresses, until one is chosen for news."""
        ...

    async def absorb(self, contact: str, into: str) -> Session:
        """See `SessionStore.absorb`: whose drafts go on with `into`. The rest follows when that is saved."""
        ...

    async def unlink(self, address: Address) -> None:
        """See `Contacts.unlink`."""
        ...
