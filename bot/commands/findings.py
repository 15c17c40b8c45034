"""Why a citizen got no reply or no notice: pure, from what is known of them to sentences, the most telling last.

A finding is a key of `explanations` with the values of its gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from bot.commands.case import Case
from bot.commands.explanations import REASONS, SENTENCES
from bot.commands.webhooks import Webhook
from bot.core.messages import Address, Arg, Line, Phrase, Term
from bot.core.notices import Notice, NoticeRecord
from bot.core.ports import Consent, Way
from bot.courier.times import end_of_quiet
from bot.courier.ways import SEEN_AT_A_VISIT
from bot.dialogs.pace import COSTLY
from bot.logs import masked

TURNS = 5  # that are told
OVERDUE = timedelta(minutes=1)  # after which a courier should have taken a notice


@dataclass(frozen=True, slots=True)
class Finding:
    key: str
    values: dict[str, Arg] = field(default_factory=dict)
    next: str = ""  # what the operator may do about it, a key too

    def to_json(self) -> dict[str, Any]:
        """Moments are ISO 8601."""
        plain = {name: _plain(value) for name, value in self.values.items()}
        return {"finding": self.key, **plain}


def _plain(value: Arg) -> Any:
    match value:
        case Term(value=plain) | Phrase(key=plain):
            return plain
    return value


@dataclass(frozen=True, slots=True)
class Shown:
    """How addresses are written: whole for who may see them, else without their middle."""

    personal: bool

    def address(self, address: Address) -> dict[str, Arg]:
        return {"channel": _name(address.channel), "id": Term("digits", self.id(address.id))}

    def id(self, id: str) -> str:
        if self.personal:
            return id
        head = id[:6] if id.startswith("+") else ""
        return f"{head}…{id[-2:]}"


MOST_TELLING = (
    "do_store",
    "do_wait_turn",
    "do_courier",
    "do_channel",
    "do_webhook",
    "do_resend",
    "do_reference",
    "do_slower",
    "do_consent",
    "do_other_way",
    "do_wait",
    "do_first_words",
)
"""What an operator may do, the first of what applies."""


def findings(case: Case, shown: Shown) -> list[Finding]:
    return [
        *_who(case, shown),
        *_ways(case, shown),
        *map(_webhook, (hook for hook in case.webhooks if hook.silent or hook.error or not hook.ours)),
        *_turns(case),
        *_now(case),
        *(_notice(record, case, shown) for record in reversed(case.notices)),
    ]


def advice(found: Sequence[Finding]) -> Finding:
    """The one thing that may be done, with the values of what it is about."""
    wanted = {finding.next: finding.values for finding in found if finding.next}
    return next((Finding(key, wanted[key]) for key in MOST_TELLING if key in wanted), Finding("do_nothing"))


# --- who ------------------------------------------------------------------------------------------


def _who(case: Case, shown: Shown) -> Iterator[Finding]:
    if request := case.request:
        values = shown.address(request.draft.address)
        values |= {"code": Term("code", request.code), "status": Phrase(f"status.{request.status}")}
        yield Finding("request", values | {"at": _moment(request.filed_at, case)})
    if case.merged_from:
        yield Finding("merged", {"from": case.merged_from, "contact": case.contact})
    yield Finding("contact", {"contact": case.contact})


def _ways(case: Case, shown: Shown) -> Iterator[Finding]:
    if not case.ways:
        yield Finding("no_way", next="do_first_words")
    preferred = max((w for w in case.ways if w.preferred_at), key=lambda w: w.preferred_at or case.now, default=None)
    for way in case.ways:
        yield _way(way, case, shown)
    if preferred:
        yield Finding("preferred", shown.address(preferred.address))


def _is_open(way: Way, case: Case) -> bool:
    """Whether news can be brought there."""
    channel = way.address.channel
    return way.reachable and way.consent is Consent.EVERYTHING and case.served.get(channel, False)


def _way(way: Way, case: Case, shown: Shown) -> Finding:
    values = shown.address(way.address)
    channel = way.address.channel
    if channel in case.served and not case.served[channel]:
        return Finding("way_not_served", values, "do_channel")
    if not way.reachable:
        return Finding("way_unreachable", values, "do_other_way")
    if way.consent is Consent.NOTHING:
        return Finding("way_nothing", values, "do_consent")
    if way.consent is Consent.REPLIES:
        return Finding("way_replies", values, "do_consent")
    return Finding("way_visit" if channel == SEEN_AT_A_VISIT else "way_open", values)


def _webhook(hook: Webhook) -> Finding:
    values: dict[str, Arg] = {"channel": _name(hook.channel)}
    if hook.silent:
        return Finding("webhook_unknown", values | {"why": hook.silent})
    if not hook.ours:
        return Finding("webhook_other", values, "do_webhook")
    values |= {"count": hook.waiting, "why": Term("quote", masked(hook.error))}
    return Finding("webhook_fails", values, "do_webhook" if hook.waiting else "")


# --- what they said -------------------------------------------------------------------------------


def _turns(case: Case) -> Iterator[Finding]:
    turns = [list(lines) for _, lines in groupby(case.lines, key=lambda line: line.inbound)]
    heard = [turn for turn in turns if turn[0].direction == "in" and turn[0].content["event"] != "notice"]
    if not heard:
        yield Finding("never_heard", next="do_first_words")
    for turn in heard[-TURNS:]:
        yield _turn(turn, case, last=turn is heard[-1])
    session = case.session
    if session and case.lines and session.seq > case.lines[-1].seq:
        yield Finding("lines_missing", {"count": session.seq - case.lines[-1].seq})


def _turn(turn: list[Line], case: Case, *, last: bool) -> Finding:
    first, *_ = turn
    values: dict[str, Arg] = {"at": _moment(first.said_at, case), "channel": _name(first.address.channel)}
    said = {str(line.content["s"].get("p")): line.content["s"] for line in turn if line.direction == "out"}
    if apology := said.get("engine.apology"):
        reference = str(apology["a"]["reference"])
        return Finding("turn_apology", values | {"reference": reference}, "do_reference" if last else "")
    if "engine.too_fast" in said:
        return Finding("turn_too_fast", values, "do_slower" if last else "")
    if "engine.going_round" in said:
        return Finding("turn_circles", values, "do_slower" if last else "")
    if not said:
        return Finding("turn_silent", values)
    return Finding("turn_answered", values | {"count": sum(line.direction == "out" for line in turn)})


# --- at this moment -------------------------------------------------------------------------------


def _now(case: Case) -> Iterator[Finding]:
    if case.away:
        yield Finding("store_away", next="do_store")
    if case.held:
        yield Finding("turn_under_way", next="do_wait_turn")
    if case.session is None:
        return
    pace = case.session.pace
    silent_until = datetime.fromtimestamp(pace.at + pace.silence, UTC)
    if pace.silence and silent_until > case.now:
        yield Finding("silenced", {"until": _moment(silent_until, case)}, "do_slower")
    elif pace.told and case.now.timestamp() < pace.at + COSTLY.burst * COSTLY.fills_in:
        yield Finding("too_fast", {}, "do_slower")


# --- what we have to tell -------------------------------------------------------------------------


def _notice(record: NoticeRecord, case: Case, shown: Shown) -> Finding:
    notice = record.notice
    way = notice.way or notice.address
    values: dict[str, Arg] = {"notice": notice.id, "made": _moment(record.made_at, case), **shown.address(way)}
    tried = record.attempts[-1] if record.attempts else None
    match record.state:
        case "delivered" | "sent":
            at = tried.at if tried else record.next_at
            return Finding(f"notice_{record.state}", values | {"at": _moment(at, case)})
        case "dropped":
            return Finding("notice_dropped", values | {"why": _why(record.why)})
        case "dead":
            may = "do_resend" if any(_is_open(way, case) for way in case.ways) else "do_other_way"
            return Finding("notice_dead", values | {"why": _why(record.why), "tries": notice.tries}, may)
    values["until"] = _moment(record.next_at, case)
    if notice.due_at > case.now:
        return Finding("notice_later", values | {"until": _moment(notice.due_at, case)}, "do_wait")
    if record.next_at <= case.now - OVERDUE and not _earlier(record, case):
        return Finding("notice_overdue", values, "do_courier")
    if tried and tried.outcome == "begun":
        return Finding("notice_begun", values, "do_wait")
    if tried and record.next_at > case.now:
        again = {"why": _why(tried.why), "tries": notice.tries}
        return Finding("notice_again", values | again, "do_wait")
    if earlier := _earlier(record, case):
        return Finding("notice_behind", values | {"earlier": earlier.id}, "do_wait")
    if _is_quiet(record.next_at, case):
        return Finding("notice_quiet", values, "do_wait")
    return Finding("notice_soon", values, "do_wait")


def _earlier(record: NoticeRecord, case: Case) -> Notice | None:
    """The one that has to be told first at the same address."""
    mine = record.notice
    if mine.urgent:
        return None
    waiting = [r.notice for r in case.notices if r.state == "pending" and r.notice.address == mine.address]
    before = [n for n in waiting if int(n.id) < int(mine.id) and not n.urgent and n.due_at <= case.now]
    return before[-1] if before else None


def _is_quiet(until: datetime, case: Case) -> bool:
    end = end_of_quiet(case.quiet, case.now)
    return end is not None and abs(until - end) < OVERDUE


def _name(channel: str) -> Arg:
    """In words, where the channel has them."""
    return Phrase(channel) if channel in SENTENCES else channel


def _why(why: str) -> Arg:
    """Our own reasons have words; what a provider wrote is shown without what may be a value."""
    return Phrase(REASONS[why]) if why in REASONS else Term("quote", masked(why))


def _moment(at: datetime, case: Case) -> Term:
    return Term("moment", at.astimezone(case.now.tzinfo).isoformat(timespec="seconds"))
