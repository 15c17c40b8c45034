"""What the gateway saw, told to the page whose citizen it was."""

from __future__ import annotations

import time

from bot.core.messages import Choice, Event, Inbound, Reply
from bot.core.ports import Wording
from bot.gateway import Outcome, Seen
from bot.web.sandbox.visits import Visit, Visits

LONGEST = 1200  # characters of what was said that the page gets


class Timeline:
    """Put `watch` among the gateway's watchers. Keeps nothing of addresses that belong to no page."""

    def __init__(self, visits: Visits, wording: Wording) -> None:
        self._visits = visits
        self._wording = wording

    def watch(self, seen: Seen) -> None:
        heard, outcome = seen.heard, seen.outcome
        visit = self._visits.at(heard.address)
        if visit is None or outcome is None:
            return
        handed = visit.handed.pop(heard.address.channel, None)
        visit.tell(
            "seen",
            channel=heard.address.channel,
            event=heard.event.value,
            heard=_heard(heard, visit),
            said=[self._said(reply, outcome.language) for reply in outcome.replies],
            language=outcome.language,
            repeated=outcome.repeated,
            ms=None if handed is None else round((time.monotonic() - handed) * 1000),
        )
        self._remember(outcome, visit)

    def _said(self, reply: Reply, language: str) -> dict[str, object]:
        return {
            "text": self._wording.text(reply.say, language)[:LONGEST],
            "choices": [self._label(choice, language) for choice in reply.choices if not choice.nav],
        }

    def _remember(self, outcome: Outcome, visit: Visit) -> None:
        choices = [choice for reply in outcome.replies for choice in reply.choices]
        if choices:
            visit.labels = {choice.value: self._label(choice, outcome.language) for choice in choices}

    def _label(self, choice: Choice, language: str) -> str:
        return self._wording.text(choice.label, language)


def _heard(heard: Inbound, visit: Visit) -> str:
    """In short: the words, the label of what was chosen, the names of files, a place."""
    if heard.event is Event.CHOICE:
        return visit.labels.get(heard.value, heard.value)
    parts = [heard.text, *(file.name for file in heard.files)]
    if heard.location:
        parts.append(f"{heard.location.latitude:.5f}, {heard.location.longitude:.5f}")
    if heard.phone and heard.phone not in parts:
        parts.append(heard.phone)
    if heard.event is Event.NOTICE or heard.problem:
        parts.append(heard.value or heard.problem)
    return " · ".join(part for part in parts if part)[:LONGEST]
