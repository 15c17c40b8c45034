"""«چقدر راضی بودید؟» after a request is closed: a score, its reason, what the survey's YAML adds; once a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.catalogue import Question, Survey, pick
from bot.core.messages import Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from bot.core.ports import Desk, Nlu, Unreadable
from bot.core.requests import SurveyResponse
from bot.core.sessions import Frame
from bot.core.tracking import TrackingCode
from bot.dialogs import fields
from bot.dialogs.base import Context, Done, Goto, Invalid, Move, Soft
from bot.dialogs.menu import NO, YES

SCALE = range(1, 6)  # in this order, so that the place in a numbered list is the score
COMMENT_MAX = 2000
SKIP = Choice("skip", Phrase("nav.skip"))


class SurveyDialog(Soft):
    def __init__(self, survey: Survey, nlu: Nlu, desk: Desk) -> None:
        self.survey = survey
        self.nlu = nlu
        self.desk = desk
        self.name = f"survey/{survey.id}"
        self.version = survey.version
        self.questions = {q.id: q for q in survey.questions}
        self.steps = tuple(self.questions)
        self.score = self.steps[0]

    def ask(self, frame: Frame, context: Context) -> Reply:
        question = self.questions[frame.step]
        say = Phrase("survey.ask", {"ask": pick(question.ask, context.language)})
        kind = Kind.LONG_TEXT if question.type == "long_text" else Kind.CHOICE
        choices = self._choices(question, context.language)
        return Reply(say, (*choices, SKIP) if question.optional else choices, Expect(kind))

    def _choices(self, question: Question, language: str) -> tuple[Choice, ...]:
        match question.type:
            case "scale":
                return tuple(Choice(str(n), Phrase(f"survey.score_{n}")) for n in SCALE)
            case "yes_no":
                return (YES, NO)
            case "choice":
                return tuple(Choice(o.id, pick(o.label, language)) for o in question.options)
            case _:
                return ()

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        question = self.questions[frame.step]
        value = self._read(question, heard, context)
        answers = {**frame.answers, question.id: value}
        fresh = await self._rate(frame, answers, context)
        following = self._next(answers)
        if fresh and following:
            return Goto(following, answers)
        return self._close(answers, fresh=fresh)

    def _read(self, question: Question, heard: Inbound, context: Context) -> Any:
        if heard.event is Event.CHOICE:
            return None if heard.value == "skip" else int(heard.value) if question.type == "scale" else heard.value
        if question.type == "scale":
            return self._scale(heard.text, context)
        if question.type == "long_text" and (recording := fields.spoken(heard)):
            return recording
        if question.type != "long_text" or heard.event is not Event.MESSAGE:
            raise Invalid(Phrase("invalid.choice"))
        if len(heard.text) > COMMENT_MAX:
            raise Invalid(Phrase("invalid.text_long", {"max": COMMENT_MAX, "length": len(heard.text)}))
        return heard.text.strip()

    def _scale(self, text: str, context: Context) -> int:
        """A figure inside a sentence: «من ۴ می‌دهم»."""
        try:
            score = self.nlu.parse("number", text, today=context.now.date())
        except Unreadable:
            raise Invalid(Phrase("invalid.score")) from None
        if score not in SCALE:
            raise Invalid(Phrase("invalid.score"))
        return int(score)

    def _next(self, answers: Mapping[str, Any]) -> str | None:
        score = answers[self.score]
        for id, question in self.questions.items():
            if id not in answers and (question.at_most is None or score <= question.at_most):
                return id
        return None

    async def _rate(self, frame: Frame, answers: Mapping[str, Any], context: Context) -> bool:
        """At each answer: a score counts, even if its giver leaves before the last question."""
        code = answers.get("code")
        response = SurveyResponse(
            survey=self.survey.id,
            code=TrackingCode(code) if code else None,
            contact=context.contact,
            channel=context.address.channel,
            score=answers[self.score],
            answers={id: answers[id] for id in self.questions if answers.get(id) is not None},
        )
        return await self.desk.rate(response, key=frame.id)

    def _close(self, answers: Mapping[str, Any], *, fresh: bool) -> Done:
        menu = Choice("/menu", Phrase("nav.menu"))
        low = answers[self.score] <= 2 and fresh
        human = (Choice("/human", Phrase("nav.human")),) if low else ()
        key = ("survey.thanks_low" if low else "survey.thanks") if fresh else "survey.already"
        return Done((Reply(Phrase(key), (*human, menu)),))
