"""One turn: what was heard, what it means in the place where the citizen stands, and what follows."""

from __future__ import annotations

from datetime import timedelta

from bot.core.messages import Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from bot.core.ports import Match
from bot.core.sessions import Frame
from bot.core.text import fold
from bot.core.values import replace
from bot.dialogs import matching
from bot.dialogs.base import Done, Goto, Invalid, Move, Pass, Push
from bot.dialogs.link import drafts_of
from bot.dialogs.matching import Command
from bot.dialogs.presence import Presence
from bot.dialogs.stage import TRIES
from bot.dialogs.track import code_in

EXPIRY = timedelta(hours=12)  # after this a draft is offered, not simply gone on with
MOVES = 12  # of one turn; a dialog that goes round is stopped
KEEP = Choice("/keep", Phrase("nav.keep"))

_WORDS_OF_ENGINE = frozenset({"back", "cancel", "repeat", "menu", "help", "human", "language", "continue", "notify"})
_FREE = (Kind.TEXT, Kind.LONG_TEXT)
_NEVER_A_QUESTION = 3  # characters; shorter is no question to the knowledge base


class Turning(Presence):
    moves = 0

    # --- what was heard -----------------------------------------------------------------------

    async def run(self) -> None:
        heard = self.heard
        if heard.event is Event.HANGUP:
            await self.hang_up()
            return
        self.admit()
        self.refit()
        asked = self.top is not None
        if heard.phone and await self.vouched_for() and not asked:
            await self.ask_or_menu()  # what came along was not seen here, so the number does not answer it
            return
        if heard.event is Event.NOTICE:
            await self.notice()
        elif heard.event is Event.START:
            await self.begin()
        elif heard.problem:
            self.say(Phrase(heard.problem))
            self.ask()
        elif heard.event is Event.SILENCE:
            self.say(Phrase("engine.silence"))
            self.ask()
        elif command := self.command():
            await self.obey(command)
        elif self.arrived_elsewhere():
            self.say(Phrase("engine.other_channel", {"title": self.title()}))
            self.ask()
        elif self.expired():
            self.aside = heard.text
            await self.open(Push("resume"))
        elif self.top:
            await self.answer(self.top)
        else:
            await self.route()

    def command(self) -> Command | None:
        heard = self.heard
        if heard.event is Event.CHOICE:
            return matching.command_in(heard.value)
        if heard.event is not Event.MESSAGE:
            return None
        if heard.text.startswith("/"):
            return matching.command_in(heard.text)
        word = self.dialogs.words.get(matching.plain(heard.text))
        return Command(word) if word in _WORDS_OF_ENGINE else None

    def arrived_elsewhere(self) -> bool:
        """First words on another channel, or from another telephone: they answer nothing, the citizen has not seen the
        question there."""
        if self.before.address in ("", str(self.heard.address)):
            return False
        if (top := self.top) and self.soft(top) and (not top.answers or top.step in self.dialog(top).offers):
            self.frames.pop()
        return self.top is not None

    def expired(self) -> bool:
        touched = self.before.touched_at
        if touched is None or self.context.now - touched < EXPIRY:
            return False
        self.leave_soft()
        return self.top is not None

    async def begin(self) -> None:
        self.leave_soft()
        self.say(*self.dialogs.router.greeting(self.context))
        if self.top:
            self.say(Phrase("engine.welcome_back", {"title": self.title()}))
            self.ask()
        elif self.shelf and self.dialogs.router.can_prove(self.context):
            await self.open(Push("identify"))
        else:
            await self.open(Push("menu"))

    async def notice(self) -> None:
        """The desk's news: told at once, but an open question is not pushed aside for it."""
        command = matching.command_in(self.heard.value)
        if command is None:
            return
        if command.name in ("kept", "continue"):
            draft = self.draft()
            self.say(self.dialogs.router.handoff(self.context, self.title(draft) if draft else ""))
            return
        busy = bool(self.draft() or self.shelf or self.visit)
        move = await self.dialogs.router.notice(command, self.context, busy=busy)
        if isinstance(move, Push):
            self.leave_soft()
            await self.open(move)
        elif isinstance(move, Done):
            self.say(*move.say)

    # --- commands -----------------------------------------------------------------------------

    async def obey(self, command: Command) -> None:
        top = self.top
        match command.name:
            case "repeat":
                self.ask()
            case "resume":
                self.leave_soft()
                self.ask()
            case "back" if top:
                await self.back(top)
            case "cancel" if top:
                await self.cancel(top)
            case "help" if top and (more := self.dialog(top).help(top, self.context)):
                self.say(more)
                self.ask()
            case "keep" if top:
                await self.keep()
            case "more":
                self.more(command.arg)
            case "front":
                self.front(command.arg)
            case "start":
                await self.begin()
            case _:
                await self.elsewhere(command)

    def more(self, told: str) -> None:
        """What a channel cut off: the last replies again, without the characters that were told."""
        turns = self.before.turns
        if turns and turns[-1].replies and told.isascii() and told.isdigit():
            self.said += (replace(Reply.from_json(data), skip=int(told)) for data in turns[-1].replies)
        else:
            self.ask()

    def front(self, id: str) -> None:
        """One of several drafts goes on; the others wait below it."""
        self.leave_soft()
        if chosen := next((f for f in self.frames if f.id == id), None):
            self.frames.remove(chosen)
            self.frames.append(chosen)
        self.go_on() if self.top else self.ask()

    async def elsewhere(self, command: Command) -> None:
        """A command of the router: what it opens stands on top of a draft, in place of anything soft."""
        move = await self.dialogs.router.command(command, self.context, self.heard)
        if isinstance(move, Push) and move.dialog == "menu" and self.draft():
            move = replace(move, answers={"draft": True})
        self.leave_soft()
        await self.follow(move)

    async def follow(self, move: Move) -> None:
        """A move of the router: what it is done with is not the dialog that is open."""
        if isinstance(move, Done):
            await self.finish(move)
        else:
            await self.apply(move)

    async def back(self, frame: Frame) -> None:
        if earlier := self.has_earlier(frame):
            self.top = replace(frame, step=earlier, tries=0)
            self.ask()
        elif self.soft(frame):
            self.frames.pop()
            await self.ask_or_menu()
        else:
            self.say(Phrase("engine.nothing_before"))
            self.ask()

    async def cancel(self, frame: Frame) -> None:
        if frame.answers and not self.soft(frame):
            await self.open(Push("leave"))
            return
        self.frames.pop()
        self.say(Phrase("engine.cancelled"))
        await self.ask_or_menu()

    async def keep(self) -> None:
        """The words that were taken for a question were the answer after all."""
        words, self.aside = self.aside, ""
        if words:
            await self.accept(self.words(words))
        else:
            self.ask()

    # --- answers ------------------------------------------------------------------------------

    async def answer(self, frame: Frame) -> None:
        heard = self.heard
        question = self.question(frame)
        if heard.event is Event.CHOICE:
            value = matching.bare(frame, heard.value)
            if value is None or value not in {c.value for c in question.choices}:
                self.say(Phrase("engine.stale"))
                self.ask()
                return
            heard = replace(heard, value=value)
        elif heard.event is Event.MESSAGE:
            if not (fold(heard.text) or heard.location or heard.phone):
                self.say(Phrase("engine.empty"))
                self.ask()
                return
            value = matching.chosen(question, heard, self.dialogs.words, self.wording, self.context.language)
            if value and (command := matching.command_in(value)):
                await self.obey(command)
                return
            if value:
                heard = replace(heard, event=Event.CHOICE, value=value)
            elif (
                matching.is_question(heard.text)
                and not self.soft(frame)
                and (match := await self.sure(heard.text, frame))
            ):
                self.digress(match, keep=question.expect.kind in _FREE)
                return
        await self.accept(heard)

    async def accept(self, heard: Inbound) -> None:
        frame = self.top
        assert frame is not None
        try:
            move = await self.dialog(frame).accept(frame, heard, self.context)
        except Invalid as invalid:
            await self.refuse(frame, heard, invalid)
        else:
            await self.apply(move)

    async def refuse(self, frame: Frame, heard: Inbound, invalid: Invalid) -> None:
        """Not an answer: perhaps a tracking code, a question or a call for a person; else one more try."""
        if heard.event is Event.MESSAGE and heard.text:
            code = code_in(heard.text, self.dialogs.nlu, self.context)
            if code and frame.dialog != "track":
                await self.open(Push("track", heard=code))
                return
            if match := await self.sure(heard.text, frame):
                self.digress(match, keep=False)
                return
            if command := await self.dialogs.router.wish(heard.text, self.context):
                await self.obey(command)
                return
        tries = frame.tries + 1
        self.top = replace(frame, tries=tries)
        self.say(invalid.say)
        if tries >= TRIES:
            self.say(Phrase("engine.stuck"))
        self.ask()

    async def sure(self, text: str, frame: Frame) -> Match | None:
        if len(fold(text)) <= _NEVER_A_QUESTION:
            return None
        about = self.dialog(frame).about(frame)
        best = await self.dialogs.nlu.answers(text, self.context.language, service=about, limit=1)
        return best[0] if best and best[0].sure else None

    def digress(self, match: Match, *, keep: bool) -> None:
        """Answer a question asked in the middle, and go on with the open one."""
        self.aside = self.heard.text if keep else ""
        self.say(self.dialogs.router.aside(match, self.context))
        self.ask(*((KEEP,) if keep else ()))

    def words(self, text: str) -> Inbound:
        """The inbound of this turn, as if it had said this."""
        return replace(self.heard, event=Event.MESSAGE, value="", text=text, files=())

    def offered(self) -> Command | None:
        """Typed words that pick a command under the last reply: «۲», «بله» or its label."""
        turns = self.before.turns
        if not turns or not turns[-1].replies:
            return None
        last = Reply.from_json(turns[-1].replies[-1])
        numbered = matching.is_number(self.heard.text)
        last = Reply(last.say, last.choices, Expect(Kind.CHOICE if numbered else Kind.NOTHING))
        value = matching.chosen(last, self.heard, self.dialogs.words, self.wording, self.context.language)
        return matching.command_in(value) if value else None

    async def route(self, about: str = "") -> None:
        """`about`: the service that was being talked about."""
        heard = self.heard
        if heard.event is Event.CHOICE:
            self.say(Phrase("engine.stale"))
            await self.ask_or_menu()
        elif heard.event is Event.FILE:
            self.say(Phrase("engine.file_for_what"))
            await self.ask_or_menu()
        elif not fold(heard.text):
            self.say(Phrase("engine.empty"))
            await self.ask_or_menu()
        elif command := self.offered():
            await self.elsewhere(command)
        else:
            self.in_their_language()
            await self.follow(await self.dialogs.router.hear(heard, self.context, about))

    # --- moves --------------------------------------------------------------------------------

    async def apply(self, move: Move) -> None:
        self.moves += 1
        if self.moves > MOVES:
            raise RuntimeError("a dialog goes round in circles")
        match move:
            case Goto(step, answers, say):
                top = self.top
                assert top is not None
                self.say(*say)
                self.top = Frame(top.id, top.dialog, top.version, step, answers)
                self.ask()
            case Push():
                await self.open(move)
            case Done():
                await self.close(move)
            case Pass():
                left = self.frames.pop()
                await self.route(self.dialog(left).about(left))

    async def open(self, push: Push) -> None:
        self.say(*push.say)
        dialog = self.dialogs.get(push.dialog)
        if dialog is None:
            self.say(Phrase("engine.gone"))
            await self.ask_or_menu()
            return
        self.enter(dialog, push.answers)
        if push.heard:
            await self.accept(self.words(push.heard))
        else:
            self.ask()

    async def close(self, done: Done) -> None:
        """The open dialog is over."""
        del self.frames[-1 - done.drops :]
        await self.finish(done)

    async def finish(self, done: Done) -> None:
        """What follows is the dialog's own wish, the dialog below, or the menu."""
        self.say(*done.say)
        self.learn(done)
        if done.asked:
            self.context = replace(self.context, asked=done.asked)
        if done.proven:
            self.prove()
        if done.left:
            self.say(self.dialogs.router.invitation(self.context))
        elif done.adopt and self.adopt(done.adopt):
            drafts = [f for f in self.frames if not self.soft(f)]
            await self.open(Push("drafts", drafts_of(drafts)))
        elif done.obey and (command := matching.command_in(done.obey)):
            await self.obey(command)
        elif done.reroute and self.aside:
            self.heard, self.aside = self.words(self.aside), ""
            await self.route()
        elif done.then:
            await self.open(done.then)
        elif done.drops or not self.said or "language" in done.learn:
            await self.ask_or_menu()
        else:
            self.go_on()

    def learn(self, done: Done) -> None:
        if done.learn:
            learnt = dict(done.learn)
            language = learnt.pop("language", self.context.language)
            self.learnt |= learnt
            self.context = replace(self.context, language=language, profile={**self.context.profile, **learnt})

    def go_on(self) -> None:
        """Back to the dialog below, if there is one."""
        if self.top:
            self.say(Phrase("engine.resuming", {"title": self.title()}))
            self.ask()

    async def ask_or_menu(self) -> None:
        if self.top:
            self.go_on()
        else:
            await self.open(Push("menu"))
