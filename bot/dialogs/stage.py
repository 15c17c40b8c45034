"""Where one turn takes place: the frames as they come and go, and the replies as they gather."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.core.messages import NOTHING, Choice, Inbound, Phrase, Reply
from bot.core.ports import Wording
from bot.core.sessions import Frame, Session
from bot.core.values import replace
from bot.dialogs import matching
from bot.dialogs.base import Context, Dialog
from bot.dialogs.registry import Dialogs
from bot.dialogs.track import read

TRIES = 3
DEPTH = 6  # frames; more would only be a citizen lost

BACK = Choice("/back", Phrase("nav.back"), nav=True)
CANCEL = Choice("/cancel", Phrase("nav.cancel"), nav=True)
HUMAN = Choice("/human", Phrase("nav.human"), nav=True)
MENU = Choice("/menu", Phrase("nav.menu"), nav=True)


class Stage:
    """Holds the session's parts unpacked; `session` packs them again."""

    def __init__(
        self,
        dialogs: Dialogs,
        wording: Wording,
        new_id: Callable[[], str],
        session: Session,
        heard: Inbound,
        context: Context,
    ) -> None:
        self.dialogs = dialogs
        self.wording = wording
        self.new_id = new_id
        self.before = session
        self.heard = heard
        self.context = context
        self.frames = list(session.frames)
        self.shelf = list(session.shelf)
        self.visit, self.proven = session.visit, session.proven
        self.aside = session.aside
        self.learnt: dict[str, str] = {}
        self.said: list[Reply] = []

    @property
    def session(self) -> Session:
        return replace(
            self.before,
            frames=tuple(self.frames),
            shelf=tuple(self.shelf),
            visit=self.visit,
            proven=self.proven,
            aside=self.aside,
            language=self.context.language,
            asked=self.context.asked,
            profile={**self.before.profile, **self.learnt} if self.learnt else self.before.profile,
        )

    @property
    def replies(self) -> tuple[Reply, ...]:
        """What was said, with choices only where an answer is awaited: at the end."""
        if not any(r.choices for r in self.said[:-1]):
            return tuple(self.said)
        return (*(replace(r, choices=(), expect=NOTHING) for r in self.said[:-1]), self.said[-1])

    # --- frames -------------------------------------------------------------------------------

    @property
    def top(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    @top.setter
    def top(self, frame: Frame) -> None:
        self.frames[-1] = frame

    def dialog(self, frame: Frame) -> Dialog:
        found = self.dialogs.get(frame.dialog)
        assert found is not None, "refit leaves no frame without its dialog"
        return found

    def soft(self, frame: Frame | None) -> bool:
        return frame is not None and self.dialog(frame).soft

    def draft(self) -> Frame | None:
        """The nearest dialog whose answers would be missed."""
        return next((f for f in reversed(self.frames) if not self.soft(f)), None)

    def title(self, frame: Frame | None = None) -> str:
        frame = frame or self.top
        return self.dialogs.title(frame.dialog, self.context.language) if frame else ""

    def leave_soft(self) -> None:
        while self.soft(self.top):
            self.frames.pop()

    def enter(self, dialog: Dialog, answers: Mapping[str, Any]) -> None:
        """Put a dialog on top: a draft of the same that was left below comes up again instead of a second one."""
        parked = next((f for f in self.frames if f.dialog == dialog.name and not dialog.soft), None)
        if parked:
            self.frames.remove(parked)
            self.frames.append(parked)
            self.say(Phrase("engine.resuming", {"title": self.title(parked)}))
            return
        step = dialog.start(self.context, answers)
        self.frames.append(Frame(self.new_id(), dialog.name, dialog.version, step, answers))
        soft = [f for f in self.frames[:-1] if self.soft(f)]
        if len(self.frames) > DEPTH and soft:  # drafts are never thrown away; there is one of each form at most
            self.frames.remove(soft[0])

    def refit(self) -> None:
        """Make frames fit the dialogs of today; one whose dialog is gone is closed with an apology."""
        kept = []
        for frame in self.frames:
            dialog = self.dialogs.get(frame.dialog)
            if dialog and dialog.version == frame.version:
                kept.append(frame)
            elif dialog and (fitting := dialog.refit(frame)):
                self.say(Phrase("engine.edited"))
                kept.append(fitting)
            elif not (dialog and dialog.soft):
                self.say(Phrase("engine.gone"))
        self.frames = kept

    def has_earlier(self, frame: Frame) -> str | None:
        """The nearest earlier step that has an answer: where back leads."""
        steps = self.dialog(frame).steps
        at = steps.index(frame.step) if frame.step in steps else len(steps)
        return next((s for s in reversed(steps[:at]) if s in frame.answers), None)

    def in_their_language(self) -> None:
        """Who asks in another language is answered in it from now on; in a form any language may be an answer."""
        spoken = read("language", self.heard.text, self.dialogs.nlu, self.context)
        if spoken in self.dialogs.catalogue.languages and not self.draft():
            self.context = replace(self.context, language=spoken)

    # --- words --------------------------------------------------------------------------------

    def say(self, *words: Phrase | Reply) -> None:
        self.said.extend(w if isinstance(w, Reply) else Reply(w) for w in words)

    def question(self, frame: Frame) -> Reply:
        """The open question as the dialog puts it, with bare choices."""
        return self.dialog(frame).ask(frame, self.context)

    def ask(self, *more: Choice) -> None:
        """Put the open question, or the menu's invitation when none is open."""
        frame = self.top
        if frame is None:
            self.said.append(self.dialogs.router.invitation(self.context))
            return
        nav: tuple[Choice, ...] = ()
        if self.soft(frame):
            nav = (MENU,) if frame.dialog != "menu" else ()
        else:
            nav = (BACK, CANCEL) if self.has_earlier(frame) else (CANCEL,)
        if frame.tries >= TRIES:
            more = (*more, HUMAN)
        self.said.append(matching.stamped(frame, self.question(frame), *more, *nav))
