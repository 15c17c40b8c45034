"""The engine: one turn of one contact, from what was heard to what is said.

The dialogs know their own questions; the engine owns everything that must be the same in all of them: back, cancel,
repeat, menu, help, a person, language, the count of tries, questions asked in the middle, expiry, another channel,
old buttons, and forms that were edited or removed while somebody was in them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.core.messages import Event, Inbound, Phrase, Reply
from bot.core.ports import Wording
from bot.core.sessions import Frame, Pace, Session
from bot.core.values import replace
from bot.dialogs.base import Context
from bot.dialogs.pace import REPEAT, Pacing
from bot.dialogs.registry import Dialogs
from bot.dialogs.stage import HUMAN, MENU
from bot.dialogs.turn import Turning


def _new_id() -> str:
    return secrets.token_hex(6)


class Engine:
    """`dialogs` may be replaced between turns (content was edited); a turn under way keeps the one it began with.
    Without `pacing` everybody may be as fast as they like."""

    def __init__(
        self,
        dialogs: Dialogs,
        wording: Wording,
        *,
        new_id: Callable[[], str] = _new_id,
        pacing: Pacing | None = None,
    ) -> None:
        self.dialogs = dialogs
        self.wording = wording
        self.new_id = new_id
        self.pacing = pacing

    def admit(self, session: Session, heard: Inbound, now: datetime) -> tuple[Session, tuple[Reply, ...] | None]:
        """See `Pacing.admit`."""
        return self.pacing.admit(session, heard, now, self.dialogs.words) if self.pacing else (session, None)

    def watch(self, before: Session, after: Session, heard: Inbound, said: Sequence[Mapping[str, Any]]) -> Pace:
        """See `Pacing.watch`."""
        if self.pacing is None:
            return after.pace
        had = {frame.id: len(frame.answers) for frame in before.frames}
        went_on = any(len(f.answers) > had.get(f.id, 0) for f in after.frames if self._is_hard(f))
        return self.pacing.watch(after.pace, before.turns, heard, said, self.dialogs.words, went_on=went_on)

    async def advance(self, session: Session, heard: Inbound, now: datetime) -> tuple[Session, tuple[Reply, ...]]:
        """The session after this inbound, and what to say. The given session is never changed."""
        turning = self._turning(session, heard, now)
        await turning.run()
        after = turning.session
        asked_here = heard.event is not Event.NOTICE or after.frames != session.frames
        if asked_here and after.address != str(heard.address):
            after = replace(after, address=str(heard.address))
        return after, turning.replies

    def open_question(self, session: Session, heard: Inbound, now: datetime) -> tuple[Reply, ...]:
        """What a very old repeat hears: the question that is open now."""
        turning = self._turning(session, heard, now)
        turning.admit()
        turning.refit()
        turning.ask()
        return tuple(turning.said[-1:])

    def language(self, session: Session, heard: Inbound) -> str:
        """The citizen's language: chosen, else the channel's hint, else the first of the content's."""
        if session.language:
            return session.language
        languages = self.dialogs.catalogue.languages
        hint = heard.language[:2].lower()
        return hint if hint in languages else languages[0]

    def drafting(self, session: Session) -> bool:
        """Whether answers are under way that would be missed."""
        return any(map(self._is_hard, (*session.shelf, *session.frames)))

    def _is_hard(self, frame: Frame) -> bool:
        dialog = self.dialogs.get(frame.dialog)
        return dialog is not None and not dialog.soft

    def apology(self, reference: str) -> Reply:
        return Reply(Phrase("engine.apology", {"reference": reference}), (REPEAT, HUMAN, MENU))

    def _turning(self, session: Session, heard: Inbound, now: datetime) -> Turning:
        dialogs = self.dialogs
        known = heard.proven or heard.event is Event.NOTICE or (session.proven and session.visit == heard.visit)
        context = Context(
            contact=session.contact,
            address=heard.address,
            language=self.language(session, heard),
            now=now.astimezone(dialogs.zone),
            profile=session.profile if known else {},
            proven=known,
            asked=session.asked,
        )
        return Turning(dialogs, self.wording, self.new_id, session, heard, context)
