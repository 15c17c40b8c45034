"""Who is there: callers who may be anybody, drafts that wait for their owner, and conversations that become one."""

from __future__ import annotations

from bot.core.messages import Address, Event, Phrase, Term
from bot.core.sessions import Session
from bot.core.values import replace
from bot.dialogs.fields import local_number
from bot.dialogs.stage import Stage


class Presence(Stage):
    def admit(self) -> None:
        """Drafts of before lie on the shelf for a caller who may be anybody, and come back for who is proven."""
        heard = self.heard
        if heard.event is Event.NOTICE:
            return
        if heard.proven:
            self.visit, self.proven = "", False
        elif heard.visit != self.visit:
            self.visit, self.proven = heard.visit, False
            self.leave_soft()
            self.shelf += self.frames
            self.frames = []
        if self.context.proven and self.shelf:
            self.frames = self.shelf + self.frames
            self.shelf = []

    def prove(self) -> None:
        """It is certain now who calls; so it stays until they hang up."""
        self.proven = True
        self.context = replace(self.context, proven=True, profile=self.before.profile)
        self.admit()
        self.refit()

    def adopt(self, other: Session) -> bool:
        """The drafts of a contact that was taken over, below our own; whether both had some."""
        ours = [f for f in self.frames if not self.soft(f)]
        have = {f.id for f in self.frames}
        theirs = [f for f in (*other.shelf, *other.frames) if f.id not in have]
        self.before = self.before.with_memory_of(other)
        self.learnt = {**other.profile, **self.before.profile, **self.learnt}
        self.frames = [*theirs, *self.frames]
        self.refit()
        self.frames = [f for f in self.frames if f.id in have or not self.soft(f)]
        return bool(ours) and len([f for f in self.frames if not self.soft(f)]) > len(ours)

    async def hang_up(self) -> None:
        """The call is over; what was begun in it is kept, and the caller is told by text how to go on."""
        if self.heard.visit != self.visit:
            return  # an older one
        self.refit()
        draft = self.draft()
        if draft and draft.answers:
            await self.dialogs.router.text_how_to_go_on(self.context, self.heard)
        self.visit, self.proven = "", False

    async def vouched_for(self) -> bool:
        """The messenger itself says that this number is the sender's own: so are its calls and its text messages.
        Whether another conversation came along."""
        identity, number = self.dialogs.identity, self.heard.phone
        if identity is None or (other := await identity.contact_of(Address("sms", number))) == self.context.contact:
            return False
        self.adopt(await identity.absorb(other, self.context.contact))
        self.say(Phrase("link.number", {"number": Term("digits", local_number(number))}))
        return True
