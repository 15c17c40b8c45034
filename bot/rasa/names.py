"""What things are called on Rasa's side, where its domain and our actions have to agree.

A dialog with steps is a form of Rasa: `form/letter` is `letter_form` with the slots `letter_subject`… (one for each
step, `letter_review` being the last), `survey/satisfaction` is `survey_satisfaction_form`, and `track` and `guide` are
`track_form` and `guide_form`.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.catalogue import Form
from bot.dialogs.base import Dialog
from bot.dialogs.form import FormDialog
from bot.dialogs.registry import Dialogs

CHANNEL = "rasa"

COMMAND = "command"
"""The intent of our buttons, and its one entity: `/command{"command": "/track/1234567890"}`."""
FAQ = "ask_faq"
FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
SURVEY = "survey"

LANGUAGE = "language"  # slot: "fa", "en"; empty: the message's metadata, else the content's first language
DRAFTS = "drafts"  # slot: dialog → its frame as JSON; the truth, which the slots of the forms only mirror
NEXT = "next_command"  # slot: what to do when the form is left: a command, or HEAR
LAST_CODE = "last_code"  # slot: the request that was spoken of last
HEAR = "hear"

HEAR_ACTION = "action_hear"
FAQ_ACTION = "action_faq"
COMMAND_ACTION = "action_command"
SURVEY_ACTION = "action_survey"
COMMANDS = ("menu", "help", "hours", "news", "human", "services", "forms", "track", "mine", "opinions", "appointment")
"""Commands that have an action of their own, `action_hours`…, for who writes rules of their own."""


def prefix(dialog: str) -> str:
    """Of a dialog's name: "form/letter" → "letter", "survey/satisfaction" → "survey_satisfaction"."""
    return dialog.removeprefix("form/").replace("/", "_")


def slot(dialog: str, step: str) -> str:
    return f"{prefix(dialog)}_{step}"


def form(dialog: str) -> str:
    return f"{prefix(dialog)}_form"


def validate(dialog: str) -> str:
    return f"validate_{form(dialog)}"


def ask(dialog: str, step: str) -> str:
    return f"action_ask_{slot(dialog, step)}"


def submit(dialog: str) -> str:
    return f"action_submit_{prefix(dialog)}"


def needs_files(form: Form) -> bool:
    """Whether it cannot be filed by words alone, so not through Rasa."""
    return any(f.type == "files" and not f.optional for f in form.fields)


def with_forms(dialogs: Dialogs) -> Iterator[Dialog]:
    """The dialogs that are forms of Rasa. Raises ValueError when two slots would have one name."""
    owners: dict[str, str] = {}
    for name, dialog in dialogs.by_name.items():
        if not name.startswith(("form/", "survey/")) and name not in ("track", "guide"):
            continue
        if isinstance(dialog, FormDialog) and needs_files(dialog.form):
            continue
        for step in dialog.steps:
            if (owner := owners.setdefault(slot(name, step), name)) != name:
                raise ValueError(f"{owner} and {name} would both have the slot {slot(name, step)} in Rasa; rename one")
        yield dialog
