"""What must hold after every turn, told from the stores and from what was said, never from how the house does it.

A draft is a form under way. Its answers are added one at a time, each by somebody who was just asked for it, and they
go away in two ways only: into a request, or by a citizen who was asked whether to drop them. Addresses become one
person's by a proof. Until a caller has proven a number, nothing is told on the telephone that was given elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from bot.core.messages import Address, Event, Inbound, Kind, replies_to_json
from bot.core.requests import ServiceRequest
from bot.core.sessions import Frame, Session
from bot.core.text import fold_digits
from bot.core.tracking import TrackingCode
from bot.dialogs.stage import DEPTH
from bot.gateway import Outcome
from bot.stores.documents import request_from_json

if TYPE_CHECKING:
    from tests.walks.counter import Counter

MOST_BYTES = 48 * 1024  # of one session's JSON
_REVIEW = "review"
_BRING_ALONG = {"service"}  # answers that a form may be opened with
_NEVER = ("engine.apology",)


class Broken(AssertionError):
    """Something that must hold does not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The question that was put last on an address, and the draft below it."""

    frame: str = ""
    dialog: str = ""
    step: str = ""
    below: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    contact: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Snapshot:
    where: Mapping[Address, str]  # address → contact
    sessions: Mapping[str, Session]  # contact → session
    drafts: Mapping[str, Draft]  # frame id → draft
    requests: Mapping[str, ServiceRequest]  # code → request


@dataclass
class Call:
    """What a call has shown to be known: `free` may be told in it."""

    proven: bool = False
    said: str = ""


@dataclass
class Oracle:
    counter: Counter
    addresses: dict[Address, str] = field(default_factory=dict)  # address → the human who holds it
    owner: dict[str, str] = field(default_factory=dict)  # draft → human
    together: dict[str, set[str]] = field(default_factory=dict)  # human → those who made theirs one
    secrets: dict[str, str] = field(default_factory=dict)  # words → the call that they were said in, if any
    calls: dict[str, Call] = field(default_factory=dict)
    seen: dict[Address, Seen] = field(default_factory=dict)
    answers_nothing: bool = False  # what is being done now is no answer to a form's question
    known: dict[str, tuple[bytes, Session]] = field(default_factory=dict)
    read: dict[bytes, ServiceRequest] = field(default_factory=dict)
    before: Snapshot = field(default_factory=lambda: Snapshot({}, {}, {}, {}))

    def judge(self, heard: Inbound, outcome: Outcome) -> None:
        """After a turn. Raises Broken."""
        before, after = self.before, self._snapshot()
        self.before = after
        if heard.visit:
            self._listen(heard)
        self._answered(heard, outcome)
        if outcome.repeated:
            self._unchanged(before, after)
            return
        self._drafts(heard, outcome, before, after)
        self._people(heard, before, after)
        self._requests(after)
        self._asked(heard, outcome, after)
        if heard.visit:
            self._private(heard, outcome, after)
        if heard.event is not Event.NOTICE or before.sessions.get(outcome.contact, _NOBODY).frames != self._frames(
            after, outcome.contact
        ):
            self.seen[heard.address] = _seen(self._frames(after, after.where.get(heard.address, "")))

    def judge_together(self, heard: Sequence[Inbound], outcomes: Sequence[Outcome]) -> None:
        """After turns that were taken at the same time, in whichever order. Raises Broken."""
        before, after = self.before, self._snapshot()
        self.before = after
        seen = [self.seen.get(one.address, Seen()) for one in heard]
        filed = [r for code, r in after.requests.items() if code not in before.requests]
        for id, was in before.drafts.items():
            now = after.drafts.get(id)
            if now:
                lost = was.frame.answers.keys() - now.frame.answers.keys()
                expect(not lost, f"answers of {was.frame.dialog} are lost: {lost}")
            elif was.frame.answers.keys() - _BRING_ALONG:
                dropped = any(s.below == id and s.dialog in ("leave", "resume") for s in seen)
                gone_well = dropped or any(_holds(r, was.frame) for r in filed)
                expect(gone_well, f"the draft {was.frame.dialog} is lost with its answers")
        for id in after.drafts.keys() - before.drafts.keys():
            here = [one.address for one in heard if after.where[one.address] == after.drafts[id].contact]
            self.owner[id] = self.addresses[here[0]]
        for one, outcome in zip(heard, outcomes, strict=True):
            self._answered(one, outcome)
        for one in heard:
            self._people(one, before, after)
            self.seen[one.address] = _seen(self._frames(after, after.where.get(one.address, "")))
        self._requests(after)

    def forget(self, address: Address) -> None:
        """A hidden caller has hung up: nobody will ever be at this address again."""
        contact = self.before.where.get(address, "")
        self.addresses.pop(address, None)
        drafts = {id: d for id, d in self.before.drafts.items() if d.contact != contact}
        where = {a: c for a, c in self.before.where.items() if a != address}
        sessions = {c: s for c, s in self.before.sessions.items() if c != contact}
        self.before = Snapshot(where, sessions, drafts, self.before.requests)

    # --- what is remembered -------------------------------------------------------------------

    def _snapshot(self) -> Snapshot:
        contacts = self.counter.contacts
        where = {address: contact for address in self.addresses if (contact := contacts.owner(address))}
        sessions = {contact: self._session(contact) for contact in dict.fromkeys(where.values())}
        drafts: dict[str, Draft] = {}
        for contact, session in sessions.items():
            expect(not session.merged_into, f"{contact} was merged into {session.merged_into}, addresses point to it")
            for frame in (*session.shelf, *session.frames):
                if frame.dialog.startswith("form/"):
                    expect(frame.id not in drafts, f"the draft {frame.id} is in two conversations")
                    drafts[frame.id] = Draft(contact, frame)
        requests = {code: self._request(data) for code, data in self.counter.records.stored().items()}
        return Snapshot(where, sessions, drafts, requests)

    def _session(self, contact: str) -> Session:
        data = self.counter.sessions.stored(contact)
        known = self.known.get(contact)
        if known is None or known[0] != data:
            expect(len(data) <= MOST_BYTES, f"the session of {contact} has {len(data)} bytes")
            session = Session.from_json(orjson.loads(data)) if data else Session(contact)
            soft = [f for f in (*session.frames, *session.shelf) if not f.dialog.startswith("form/")]
            expect(len(soft) <= DEPTH, f"{len(soft)} questions lie on each other")
            known = self.known[contact] = data, session
        return known[1]

    def _request(self, data: bytes) -> ServiceRequest:
        if data not in self.read:
            self.read[data] = request_from_json(orjson.loads(data))
        return self.read[data]

    @staticmethod
    def _frames(snapshot: Snapshot, contact: str) -> tuple[Frame, ...]:
        return snapshot.sessions.get(contact, _NOBODY).frames

    def _listen(self, heard: Inbound) -> None:
        call = self.calls.setdefault(heard.visit, Call())
        digits = fold_digits(heard.text)
        call.said += f" {digits} {heard.value}"
        if digits and digits == self.counter.air.codes.get(heard.address.number):
            call.proven = True
        if len(digits) == 4 and any(r.draft.mobile[-4:] == digits for r in self.before.requests.values()):
            call.proven = True  # the second factor of a request opens that one

    # --- what must hold -----------------------------------------------------------------------

    def _answered(self, heard: Inbound, outcome: Outcome) -> None:
        keys = {r.say.key for r in outcome.replies}
        expect(not keys.intersection(_NEVER), "a dialog failed")
        silent = heard.event in (Event.HANGUP, Event.NOTICE)
        expect(bool(keys) or silent or outcome.repeated, "nobody was answered")

    def _unchanged(self, before: Snapshot, after: Snapshot) -> None:
        expect(_answers(before) == _answers(after), "a repetition changed a draft")
        expect(before.requests.keys() == after.requests.keys(), "a repetition filed a request")
        expect(
            all(after.where[a] == c for a, c in before.where.items() if a in after.where), "a repetition moved somebody"
        )

    def _drafts(self, heard: Inbound, outcome: Outcome, before: Snapshot, after: Snapshot) -> None:
        seen = self.seen.get(heard.address, Seen())
        filed = [r for code, r in after.requests.items() if code not in before.requests]
        expect(len(filed) <= 1, "one turn filed several requests")
        for id, was in before.drafts.items():
            if now := after.drafts.get(id):
                self._grown(was.frame, now.frame, seen, heard)
            elif not filed or not self._filed(was.frame, filed[0], seen, outcome):
                self._dropped(was.frame, seen, heard)
            elif filed:
                filed = []
        expect(not filed, "a request came from no draft")
        for id in after.drafts.keys() - before.drafts.keys():
            self.owner[id] = self.addresses.get(heard.address, "")
            given = after.drafts[id].frame.answers
            expect(given.keys() <= _BRING_ALONG, f"a new draft had answers: {dict(given)}")
        for id, draft in after.drafts.items():
            theirs = self.together.get(self.owner[id], {self.owner[id]})
            places = {c for a, c in after.where.items() if self.addresses[a] in theirs}
            expect(draft.contact in places, f"the draft {id} went to a stranger")

    def _grown(self, was: Frame, now: Frame, seen: Seen, heard: Inbound) -> None:
        gone = was.answers.keys() - now.answers.keys()
        expect(not gone, f"answers of {was.dialog} are lost: {gone}")
        changed = {f for f in now.answers if f not in was.answers or was.answers[f] != now.answers[f]}
        if not changed:
            return
        expect(changed == {was.step}, f"{changed} of {was.dialog} was answered, {was.step} was asked")
        expect(
            (seen.frame, seen.step) == (was.id, was.step),
            f"{was.dialog}:{was.step} was answered by somebody who had last been asked {seen.dialog}:{seen.step}",
        )
        expect(not self.answers_nothing, f"{was.dialog}:{was.step} was answered by what was no answer")
        expect(heard.event in (Event.MESSAGE, Event.CHOICE, Event.FILE), f"a {heard.event} answered {was.step}")

    @staticmethod
    def _filed(was: Frame, request: ServiceRequest, seen: Seen, outcome: Outcome) -> bool:
        if not _holds(request, was):
            return False
        expect((seen.frame, seen.step) == (was.id, _REVIEW), "a request was filed that was not reviewed")
        files = {file["id"] for value in was.answers.values() for file in _files(value)}
        expect(files == {a.id for a in request.draft.attachments}, "files or recordings did not come along")
        codes = [str(code) for code in _codes(replies_to_json(outcome.replies))]
        expect(codes.count(str(request.code)) == 1, "the code of a filed request was not told once")
        TrackingCode(request.code)
        return True

    def _dropped(self, was: Frame, seen: Seen, heard: Inbound) -> None:
        if not was.answers.keys() - _BRING_ALONG:
            return
        asked = seen.dialog in ("leave", "resume") and seen.below == was.id
        answered = heard.event in (Event.MESSAGE, Event.CHOICE) and not self.answers_nothing
        if heard.event is Event.CHOICE:
            answered = answered and heard.value.endswith("~yes" if seen.dialog == "leave" else "~no")
        expect(asked and answered, f"the draft {was.dialog} is lost with its answers {sorted(was.answers)}")

    def _people(self, heard: Inbound, before: Snapshot, after: Snapshot) -> None:
        """Who was apart and is one now has shown a proof."""
        joined = [
            (a, b)
            for a, b in _pairs(after.where)
            if after.where[a] == after.where[b] and before.where.get(a, a) != before.where.get(b, b)
            and a in before.where and b in before.where
        ]  # fmt: skip
        if not joined:
            return
        seen = self.seen.get(heard.address, Seen())
        by_code = (
            seen.dialog == "link" and seen.step == "code" and fold_digits(heard.text) in self.counter.air.codes.values()
        )
        by_ticket = seen.dialog == "join" and heard.event in (Event.CHOICE, Event.MESSAGE)
        expect(bool(heard.phone) or by_code or by_ticket, f"{joined[0]} became one without a proof")
        for a, b in joined:
            both = self.together.get(self.addresses[a], {self.addresses[a]}) | self.together.get(
                self.addresses[b], {self.addresses[b]}
            )
            self.together |= dict.fromkeys(both, both)

    def _requests(self, after: Snapshot) -> None:
        """Each is found in the list of whoever filed it."""
        for request in after.requests.values():
            if request.draft.address in self.addresses:
                human = self.addresses[request.draft.address]
                theirs = self.together.get(human, {human})
                places = {c for a, c in after.where.items() if self.addresses[a] in theirs}
                expect(request.draft.contact in places, f"the request {request.code} went to a stranger")

    def _asked(self, heard: Inbound, outcome: Outcome, after: Snapshot) -> None:
        """A question is put only where its answer will be heard."""
        asks = bool(outcome.replies) and outcome.replies[-1].expect.kind is not Kind.NOTHING
        open_here = self._frames(after, after.where.get(heard.address, ""))
        expect(bool(open_here) or not asks, "a question was put whose answer nobody waits for")

    def _private(self, heard: Inbound, outcome: Outcome, after: Snapshot) -> None:
        call = self.calls[heard.visit]
        if call.proven:
            return
        said = json.dumps(replies_to_json(outcome.replies), ensure_ascii=False)
        for secret, origin in self.secrets.items():
            expect(origin == heard.visit or secret not in said, f"an unproven caller was told «{secret}»")
        entered = fold_digits(call.said).replace(" ", "")
        for code in _codes(replies_to_json(outcome.replies)):
            own = code not in self.before.requests or self.before.requests[code].draft.address == heard.address
            expect(own or code in entered, f"an unproven caller was told the code {code}")


_NOBODY = Session("")


def expect(holds: bool, why: str) -> None:
    if not holds:
        raise Broken(why)


def _holds(request: ServiceRequest, draft: Frame) -> bool:
    """Whether the request is what the draft says."""
    given = {f: v for f, v in draft.answers.items() if v is not None}
    return f"form/{request.draft.form}" == draft.dialog and given == {a.field: a.value for a in request.draft.answers}


def _files(answer: Any) -> Sequence[Mapping[str, Any]]:
    """Those of a field of files, or the recording of one who spoke."""
    if isinstance(answer, dict):
        return [answer["recording"]] if "recording" in answer else []
    return answer if isinstance(answer, list) else []


def _seen(frames: tuple[Frame, ...]) -> Seen:
    if not frames:
        return Seen()
    top, below = frames[-1], frames[-2].id if len(frames) > 1 else ""
    return Seen(top.id, top.dialog, top.step, below)


def _answers(snapshot: Snapshot) -> dict[str, Any]:
    return {id: dict(draft.frame.answers) for id, draft in snapshot.drafts.items()}


def _pairs(addresses: Mapping[Address, str]) -> Iterator[tuple[Address, Address]]:
    known = list(addresses)
    for n, a in enumerate(known):
        for b in known[n + 1 :]:
            yield a, b


def _codes(data: Any) -> Iterator[str]:
    """The tracking codes in replies, outside of choices."""
    if isinstance(data, dict):
        if data.get("t") == "code":
            yield data["v"]
        for key, value in data.items():
            if key not in ("c", "b"):
                yield from _codes(value)
    elif isinstance(data, list):
        for item in data:
            yield from _codes(item)
