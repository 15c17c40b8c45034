"""The service guide (شناسنامهٔ خدمت): by audience to a service, and from it to any part of its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.catalogue import Catalogue, Service, pick
from bot.core.messages import Arg, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from bot.core.sessions import Frame
from bot.dialogs.base import Context, Goto, Move, Pass, Soft

PARTS = ("steps", "documents", "laws", "unit", "complaint", "questions")
_OPINIONS = ("complain", "suggest", "criticise")
_CHOICE = Expect(Kind.CHOICE)


class GuideDialog(Soft):
    name = "guide"
    steps = ("audience", "service", "page")
    offers = frozenset(steps)

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def start(self, context: Context, answers: Mapping[str, Any]) -> str:
        return "page" if "service" in answers else "service" if "audience" in answers else "audience"

    def ask(self, frame: Frame, context: Context) -> Reply:
        language = context.language
        if frame.step == "audience":
            audiences = self.catalogue.organization.audiences.items()
            return Reply(
                Phrase("guide.ask_audience"), tuple(Choice(id, pick(t, language)) for id, t in audiences), _CHOICE
            )
        if frame.step == "service" or frame.answers.get("service") not in self.catalogue.services:
            choices = (Choice(s.id, pick(s.title, language)) for s in self._services(frame))
            return Reply(Phrase("guide.ask_service"), tuple(choices), _CHOICE)
        service = self.catalogue.services[frame.answers["service"]]
        seen = frame.answers.get("part")
        title = pick(service.title, language)
        say = Phrase("guide.ask_part", {"title": title}) if seen else self.summary(service, language)
        opinions = _OPINIONS if seen == "complaint" else ()
        choices = (Choice(f"/{o}/{service.id}", Phrase(f"nav.{o}")) for o in opinions)
        return Reply(say, (*choices, *self._parts(service, language)), _CHOICE)

    def _services(self, frame: Frame) -> list[Service]:
        audience = frame.answers.get("audience", "")
        return [s for s in self.catalogue.services.values() if audience in s.audiences or not audience]

    def _parts(self, service: Service, language: str) -> list[Choice]:
        forms = (self.catalogue.forms[f] for f in service.forms)
        choices = [Choice(f"/form/{f.id}", Phrase("guide.file", {"title": pick(f.title, language)})) for f in forms]
        return [*choices, *(Choice(p, Phrase(f"guide.{p}")) for p in PARTS)]

    def summary(self, service: Service, language: str) -> Phrase:
        """The head of the page: what it is, how long it takes, what it costs."""
        lines: list[Arg] = [
            Phrase("guide.title", {"title": pick(service.title, language)}),
            pick(service.about, language),
            Phrase("guide.days", {"days": service.days}) if service.days else Phrase("guide.at_once"),
            self._fee(service, language),
        ]
        return Phrase("form.lines", {"lines": tuple(lines)})

    def _fee(self, service: Service, language: str) -> Phrase:
        note = pick(service.fee_note, language)
        if service.fee is None:
            return Phrase("guide.fee_note", {"note": note}) if note else Phrase("guide.fee_by_tariff")
        fee = Phrase("guide.fee", {"fee": Term("rial", str(service.fee))}) if service.fee else Phrase("guide.free")
        return Phrase("form.lines", {"lines": (fee, note)}) if note else fee

    def about(self, frame: Frame) -> str:
        return str(frame.answers.get("service", ""))

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            return Pass()
        if frame.step == "audience":
            return Goto("service", {"audience": heard.value})
        if frame.step == "service" or frame.answers.get("service") not in self.catalogue.services:
            return Goto("page", {**frame.answers, "service": heard.value})
        service = self.catalogue.services[frame.answers["service"]]
        answers = {**frame.answers, "part": heard.value}
        return Goto("page", answers, (Reply(self.part(service, heard.value, context.language)),))

    def part(self, service: Service, part: str, language: str) -> Phrase:
        lines: tuple[Arg, ...]
        match part:
            case "steps" | "documents" | "laws":
                texts: tuple[str, ...] = getattr(service, part).get(language, ())
                key = "guide.numbered" if part == "steps" else "guide.item"
                lines = tuple(Phrase(key, {"n": n, "text": t}) for n, t in enumerate(texts, 1))
            case "unit":
                lines = self._unit(service, language)
            case "complaint":
                lines = (pick(service.complaint, language),)
            case _:
                entries = [e for e in self.catalogue.faq.values() if e.service == service.id]
                lines = tuple(
                    Phrase(
                        "guide.question", {"question": pick(e.question, language), "answer": pick(e.answer, language)}
                    )
                    for e in entries
                ) or (Phrase("guide.no_questions"),)
        return Phrase("guide.part", {"part": Phrase(f"guide.{part}"), "lines": lines})

    def _unit(self, service: Service, language: str) -> tuple[Arg, ...]:
        unit = self.catalogue.organization.units[service.unit]
        lines: list[Arg] = [
            Phrase("guide.unit_name", {"unit": pick(unit.title, language)}),
            Phrase("guide.officer", {"officer": pick(service.officer, language)}),
        ]
        if unit.phone:
            lines.append(Phrase("guide.phone", {"phone": Term("digits", unit.phone)}))
        if unit.place:
            lines.append(Phrase("guide.place", {"place": pick(unit.place, language)}))
        return tuple(lines)
