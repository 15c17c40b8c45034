"""What the filer of a request is told, when, and until when it is news."""

from __future__ import annotations

from bot.core.catalogue import Catalogue
from bot.core.notices import News
from bot.core.requests import ServiceRequest, Status
from bot.core.tracking import TrackingCode

UNTOLD = frozenset({"citizen", "system"})  # changes by these are no news for the filer
REMINDERS = 2  # of what the desk asked for


def of(request: ServiceRequest, catalogue: Catalogue) -> tuple[News, ...]:
    """What follows from the last entry of a request's history. A survey is asked for once ever."""
    code, entry, change = request.code, len(request.history) - 1, request.history[-1]
    news = [News(f"/told {code} {entry}")]
    moved = change.status is not request.history[-2].status
    survey = catalogue.survey_of(request.draft.kind)
    if moved and change.status is Status.CLOSED and survey and not request.rated:
        news.append(News(f"/survey {code}", key=f"/survey {code}", due_at=change.at + survey.after))
    after = catalogue.organization.remind_after
    if moved and change.status is Status.NEEDS_INFORMATION and after:
        news += (News(f"/remind {code} {entry}", due_at=change.at + n * after) for n in range(1, REMINDERS + 1))
    return tuple(news)


def about(command: str) -> TrackingCode | None:
    """The request that a notice is about, if it is about one."""
    name, _, rest = command.partition(" ")
    return TrackingCode.found_in(rest.partition(" ")[0]) if name in ("/told", "/survey", "/remind") else None


def holds(command: str, request: ServiceRequest) -> bool:
    """Whether a notice about this request is still news."""
    name, _, rest = command.partition(" ")
    entry = min(int(rest.partition(" ")[2] or -1), len(request.history) - 1)
    match name:
        case "/told":
            return _is_the_last_word(request, entry)
        case "/survey":
            return request.status is Status.CLOSED and not request.rated
        case _:  # it waits for what this entry asked for
            return entry == 1 + max(
                n for n, c in enumerate(request.history) if c.status is not Status.NEEDS_INFORMATION
            )


def _is_the_last_word(request: ServiceRequest, entry: int) -> bool:
    """An officer's words and files are told whatever came after them; a mere status is not when a later one is told."""
    change = request.history[entry]
    later = request.history[entry + 1 :] if entry >= 0 else ()
    return bool(change.note or change.attachments) or not any(
        other.by not in UNTOLD and other.status is not change.status for other in later
    )
