"""What is remembered between two turns: plain data, so that any process on any day can go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from hashlib import blake2s
from typing import Any

from bot.core.values import replace, value

KEPT_REPLIES = 6  # turns whose replies are kept for a redelivered inbound
KEPT_IDS = 48  # turns whose ids are kept: an older repeat changes nothing and hears the open question


@value
class Frame:
    """One dialog under way. `id` is also the idempotency key of what the dialog finally does."""

    id: str
    dialog: str
    version: int
    step: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    tries: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "dialog": self.dialog,
            "version": self.version,
            "step": self.step,
            "answers": dict(self.answers),
            "tries": self.tries,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Frame:
        return cls(data["id"], data["dialog"], data["version"], data["step"], data["answers"], data["tries"])


@value
class Turn:
    """What was answered to one inbound; `replies` stays JSON until somebody asks again."""

    inbound: str  # Inbound.key
    seq: int  # of the first reply
    replies: tuple[Mapping[str, Any], ...]


@value
class Asked:
    """A question in the citizen's own words, and what came to mind: "faq/ID", "service/ID", "intent/NAME"."""

    text: str
    offered: tuple[str, ...]


@value
class Pace:
    """How fast a contact wrote, and whether it went round in circles; `bot.dialogs.pace` says what follows from it."""

    at: float = 0.0  # when all of this held, seconds since the epoch
    used: float = 0.0  # turns that the bucket has not got back yet
    told: bool = False  # that it was too fast
    rounds: float = 0.0  # what brought nothing new
    silence: float = 0.0  # seconds for which nothing is answered
    silences: int = 0  # that there were
    words: str = ""  # a mark of the last ones

    def to_json(self) -> list[Any]:
        return [round(self.at, 3), self.used, self.told, self.rounds, round(self.silence), self.silences, self.words]


def _mark(inbound: str) -> str:
    """An id made short: of 48 marks two are alike once in 10¹¹ contacts."""
    return blake2s(inbound.encode(), digest_size=6).hexdigest()


@value
class Session:
    """The state of one contact's conversation."""

    contact: str
    language: str = ""
    address: str = ""  # where the open question was put: of the last inbound
    frames: tuple[Frame, ...] = ()  # the last one is open
    shelf: tuple[Frame, ...] = ()  # drafts laid aside while the contact is not proven; they lie below the frames
    turns: tuple[Turn, ...] = ()
    seen: tuple[str, ...] = ()  # marks of earlier inbounds
    seq: int = 0  # of the last transcript line
    touched_at: datetime | None = None
    profile: Mapping[str, str] = field(default_factory=dict)  # answers not to be asked twice: name, mobile…
    aside: str = ""  # words that an interruption took; "/keep" gives them to the open question after all
    asked: Asked | None = None  # the last question that was answered or guessed at
    visit: str = ""  # the call that is under way on an address that proves nothing
    proven: bool = False  # whether a proof was given in that call
    pace: Pace = Pace()
    absorbed: tuple[str, ...] = ()  # contacts that were taken over, whose belongings are still to be moved
    merged_into: str = ""  # the contact that took this one over: nothing is said here any more
    version: int = 0  # counted by the store at each save

    @property
    def top(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    def with_top(self, frame: Frame) -> Session:
        return replace(self, frames=(*self.frames[:-1], frame))

    def replay(self, inbound: str) -> Turn | None:
        """The stored turn of a repeated inbound; one whose replies are no longer kept has none."""
        for turn in reversed(self.turns):
            if turn.inbound == inbound:
                return turn
        return Turn(inbound, self.seq + 1, ()) if _mark(inbound) in self.seen else None

    def remember(self, turn: Turn, seq: int = 0, now: datetime | None = None, pace: Pace | None = None) -> Session:
        """The session after a turn that was answered at `now`, brought the transcript to `seq` and the contact to this
        pace."""
        return replace(
            self,
            turns=(*self.turns[1 - KEPT_REPLIES :], turn),
            seen=(*self.seen[1 - KEPT_IDS :], _mark(turn.inbound)),
            seq=seq or self.seq,
            touched_at=now or self.touched_at,
            pace=pace or self.pace,
        )

    def knows(self, other: Session) -> bool:
        """Whether it has the memory of one that was taken over, as far as that was anything."""
        return not other.turns or self.replay(other.turns[-1].inbound) is not None

    def with_memory_of(self, other: Session) -> Session:
        """Absorbed: what was said to the other is replayed here from now on, and lines are numbered on from whichever
        has more, so that those to come are news to whoever has read either."""
        return replace(
            self,
            seq=max(self.seq, other.seq),
            turns=(*other.turns[-KEPT_REPLIES // 2 :], *self.turns[-KEPT_REPLIES // 2 :]),
            seen=(*other.seen[-KEPT_IDS // 2 :], *self.seen[-KEPT_IDS // 2 :]),
            absorbed=(*self.absorbed, other.contact),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "contact": self.contact,
            "language": self.language,
            "address": self.address,
            "frames": [f.to_json() for f in self.frames],
            "shelf": [f.to_json() for f in self.shelf],
            "turns": [[t.inbound, t.seq, list(t.replies)] for t in self.turns],
            "seen": list(self.seen),
            "seq": self.seq,
            "touched_at": self.touched_at.isoformat() if self.touched_at else None,
            "profile": dict(self.profile),
            "aside": self.aside,
            "asked": [self.asked.text, list(self.asked.offered)] if self.asked else None,
            "visit": self.visit,
            "proven": self.proven,
            "pace": self.pace.to_json(),
            "absorbed": list(self.absorbed),
            "merged_into": self.merged_into,
            "version": self.version,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Session:
        touched = data["touched_at"]
        return cls(
            contact=data["contact"],
            language=data["language"],
            frames=tuple(Frame.from_json(f) for f in data["frames"]),
            turns=tuple(Turn(i, s, tuple(r)) for i, s, r in data["turns"]),
            seen=tuple(data["seen"]),
            seq=data["seq"],
            touched_at=datetime.fromisoformat(touched) if touched else None,
            profile=data["profile"],
            aside=data["aside"],
            version=data["version"],
            # Not in sessions of before 0.2.
            address=data.get("address", ""),
            shelf=tuple(Frame.from_json(f) for f in data.get("shelf", ())),
            visit=data.get("visit", ""),
            proven=data.get("proven", False),
            absorbed=tuple(data.get("absorbed", ())),
            merged_into=data.get("merged_into", ""),
            pace=Pace(*data.get("pace", ())),
            asked=Asked(asked[0], tuple(asked[1])) if (asked := data.get("asked")) else None,
        )
