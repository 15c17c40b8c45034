"""The conversation that every system has: a form is opened, five messages fill it in, a code comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = "123456:bench"
WEBHOOK_SECRET = "bench-secret"
OPEN = "/form/bench"
NAME = "نام و نام خانوادگی شما چیست؟"
KIND = "درخواست شما دربارهٔ چیست؟"
COUNT = "چند نفر در این نشانی زندگی می‌کنند؟"
DETAILS = "موضوع را در چند جمله بنویسید."
KINDS = {"street": "خیابان و معبر", "park": "پارک و فضای سبز", "waste": "پسماند"}
CONFIRM = "تأیید"
CODE = re.compile(r"\d{5} ?\d{5}")

_WORDS = "چراغ کوچهٔ ما سه شب است که روشن نمی‌شود و رفت‌وآمد برای سالمندان سخت شده است."

_OPTIONS = "".join(f"      - {{id: {id}, label: {{fa: {label}, en: {id}}}}}\n" for id, label in KINDS.items())


def form_file(unit: str) -> str:
    """The form as our content writes it; `unit` gets the requests."""
    return f"""\
kind: request
unit: {unit}
days: 3
title: {{fa: درخواست سنجش, en: Bench request}}
intro: {{fa: چهار پرسش کوتاه دارد., en: Four short questions.}}
fields:
  - id: name
    type: text
    label: {{fa: نام, en: Name}}
    ask: {{fa: {NAME}, en: What is your name?}}
  - id: kind
    type: choice
    label: {{fa: موضوع, en: Subject}}
    ask: {{fa: {KIND}, en: What is it about?}}
    options:
{_OPTIONS}\
  - id: count
    type: number
    label: {{fa: تعداد, en: Count}}
    ask: {{fa: {COUNT}, en: How many people live there?}}
    min: 1
    max: 99
  - id: details
    type: long_text
    label: {{fa: شرح, en: Details}}
    ask: {{fa: {DETAILS}, en: Describe it.}}
"""


def keyed_form_file(unit: str) -> str:
    """The same for the telephone: as many questions, all of them answered by keys."""
    choice = (
        f"    type: choice\n    label: {{fa: موضوع, en: Subject}}\n    ask: {{fa: {KIND}, en: What is it about?}}\n"
    )
    number = (
        f"    type: number\n    label: {{fa: تعداد, en: Count}}\n    ask: {{fa: {COUNT}, en: How many people?}}\n"
        "    min: 1\n    max: 99\n"
    )
    return f"""\
kind: request
unit: {unit}
days: 3
title: {{fa: درخواست سنجش با تلفن, en: Bench request by telephone}}
intro: {{fa: چهار پرسش کوتاه دارد., en: Four short questions.}}
fields:
  - id: kind
{choice}\
    options:
{_OPTIONS}\
  - id: count
{number}\
  - id: other
{choice}\
    options:
{_OPTIONS}\
  - id: floors
{number}\
"""


CHOICE, NUMBER = 'finishOnKey=""', 'finishOnKey="#"'
KEYS = (("2", CHOICE), ("2", NUMBER), ("4", CHOICE), ("1", NUMBER), ("7", CHOICE), ("1", CHOICE))
"""After the call was answered: the menu's second key, four answers, yes; and how the next answer is listened for."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a citizen says, and what the right answer holds."""

    say: str
    answer: re.Pattern[str]


def _holding(words: str) -> re.Pattern[str]:
    return re.compile(re.escape(words))


def keyed() -> tuple[Turn, ...]:
    """The keyed form from the menu on; what the next question is can be told by its address and by what it waits for:
    its words are sound."""
    return tuple(
        Turn(key, re.compile(f"(?s)(?=.*{re.escape(listens)}).*turn={number}&amp;"))
        for number, (key, listens) in enumerate(KEYS, 1)
    )


def form(user: int) -> tuple[Turn, ...]:
    """Six turns. The name is the user's own and comes back in the review, so no two conversations can be mixed up."""
    name = f"شهروند شمارهٔ {user}"
    return (
        Turn(OPEN, _holding(NAME)),
        Turn(name, _holding(KIND)),
        Turn(KINDS["park"], _holding(COUNT)),
        Turn("۴", _holding(DETAILS)),
        Turn(_WORDS, _holding(name)),
        Turn(CONFIRM, CODE),
    )
