"""Where words go when no question is open, and what each command opens."""

from __future__ import annotations

from bot.core.catalogue import Catalogue, pick
from bot.core.identity import Identity
from bot.core.messages import Arg, Choice, Inbound, Phrase, Reply, Term
from bot.core.ports import Desk, Match, Nlu, Reading
from bot.core.requests import Miss, ServiceRequest, TooManyAttempts
from bot.core.sessions import Asked
from bot.core.tracking import TrackingCode, looks_like_code
from bot.dialogs import desk_news, faq
from bot.dialogs.base import Context, Done, Move, Push
from bot.dialogs.link import known
from bot.dialogs.matching import Command, is_question
from bot.dialogs.news_way import offered
from bot.dialogs.track import asked_for_more, code_in

CERTAIN = 0.6  # confidence from which an intent alone decides
NEAR = 0.2  # score below which a match is not worth a guess
AGREED = 0.8  # score that two matches about one service must have together
GUESSES = 3  # that are offered when nothing is sure
BRIEF = 3  # words; so few are a wish such as «ثبت درخواست» rather than a question
MENU = (Choice("/menu", Phrase("nav.menu")),)
HUMAN_FORM = "officer_message"
OF_INTENT = {
    "help": "help",
    "menu": "menu",
    "file_request": "forms",
    "track_request": "track",
    "my_requests": "mine",
    "ask_service": "services",
    "human": "human",
    "announcements": "news",
    "working_hours": "hours",
    "language": "language",
    "notify": "notify",
    "appointment": "appointment",
    "complain": "complain",
    "suggest": "suggest",
    "criticise": "criticise",
    "survey": "mine",
}
"""Intent → command."""
FORMS = {"complain": "complaint", "suggest": "suggestion", "criticise": "criticism"}
SMALL_TALK = ("greet", "goodbye", "thanks", "abuse")
INTENTS = frozenset((*OF_INTENT, *SMALL_TALK))
"""What is understood as a wish; any other intent is none."""


class Router:
    def __init__(self, catalogue: Catalogue, nlu: Nlu, desk: Desk, identity: Identity | None = None) -> None:
        self.catalogue = catalogue
        self.nlu = nlu
        self.desk = desk
        self.identity = identity

    # --- first words --------------------------------------------------------------------------

    def greeting(self, context: Context) -> tuple[Reply, ...]:
        name = pick(self.catalogue.organization.name, context.language)
        urgent = desk_news.current(self.catalogue, context.now, urgent_only=True)
        return (
            Reply(Phrase("menu.greeting", {"organization": name})),
            *(Reply(desk_news.announcement(a, context.language)) for a in urgent),
        )

    def invitation(self, context: Context) -> Reply:
        return Reply(Phrase("menu.anything_else"), MENU)

    # --- free words ---------------------------------------------------------------------------

    async def hear(self, heard: Inbound, context: Context, about: str = "") -> Move:
        """Words with no open question: a code, a wish, a question (first of all `about` this service), or honestly not
        understood."""
        text = heard.text
        if code := code_in(text, self.nlu, context):
            return Push("track", heard=code)
        reading = await self.nlu.read(text, context.language)
        matches = await self.nlu.answers(text, context.language, service=about or self._told_last(context))
        best = self._agreed(matches)
        wish = reading.intent if reading.confidence >= CERTAIN else "none"
        if best and not (wish in OF_INTENT and self._wished(text, reading, best)):
            return self.tell(best, context, text)
        if wish in OF_INTENT:
            return await self.command(Command(OF_INTENT[wish], self._service_in(wish, matches)), context, heard)
        if wish in SMALL_TALK:
            return Done((Reply(Phrase(f"talk.{wish}"), MENU),))
        if looks_like_code(text):
            return Done((Reply(Phrase("track.bad_code"), (Choice("/track", Phrase("track.another")), *MENU)),))
        return await self._guessed(heard, context, reading, matches)

    async def _guessed(self, heard: Inbound, context: Context, reading: Reading, matches: tuple[Match, ...]) -> Move:
        """«منظورتان …؟», with the likeliest answers and wishes; or honestly nothing. The editors hear of it."""
        near = [(match.score, match.id) for match in matches]
        near += [(chance, f"intent/{name}") for name, chance in reading.guesses if self._is_news(name)]
        likely = sorted((each for each in near if each[0] >= NEAR), key=lambda each: -each[0])
        ids = tuple(id for _, id in likely[:GUESSES])
        nearest = tuple(m.id for m in matches if m.score >= NEAR)
        miss = Miss(heard.text, context.language, context.address.channel, "unknown", nearest=nearest)
        await self.desk.miss(miss, key=heard.key)
        if not ids:
            return Done((faq.unknown(),))
        choices = tuple(Choice(f"/meant/{id}", self._label(id, context.language)) for id in ids)
        return Done((faq.guesses(choices),), asked=Asked(heard.text, ids))

    @staticmethod
    def _is_news(intent: str) -> bool:
        """Whether a guess at this wish offers more than stands below every guess."""
        return intent in OF_INTENT and f"/{OF_INTENT[intent]}" not in faq.ALWAYS

    def _label(self, id: str, language: str) -> Arg:
        """How a guess is put to the citizen."""
        kind, _, name = id.partition("/")
        match kind:
            case "faq":
                return pick(self.catalogue.faq[name].question, language)
            case "service":
                return pick(self.catalogue.services[name].title, language)
            case _:
                return Phrase(f"nav.{OF_INTENT[name]}")

    async def _meant(self, id: str, context: Context, heard: Inbound) -> Move:
        """One of the guesses was right: it is done, and the editors learn of it."""
        asked = context.asked
        if asked and id in asked.offered:
            miss = Miss(
                asked.text, context.language, context.address.channel, "meant", nearest=asked.offered, chosen=id
            )
            await self.desk.miss(miss, key=heard.key)
        kind, _, name = id.partition("/")
        meant = Command(OF_INTENT.get(name, "menu")) if kind == "intent" else Command(kind, name)
        return await self.command(meant, context, heard)

    def _told_last(self, context: Context) -> str:
        """The service of the last answer: «هزینه‌اش چقدر است؟» asks on about it."""
        told = context.asked.offered if context.asked else ()
        entry = self.catalogue.faq.get(told[0].removeprefix("faq/")) if len(told) == 1 else None
        return entry.service if entry else ""

    def _agreed(self, matches: tuple[Match, ...]) -> Match | None:
        """The match that is sure; or, when the two best are about one service and share the belief, its question."""
        if not matches or matches[0].sure:
            return matches[0] if matches else None
        first, *others = matches[:2]
        if not others or first.score + others[0].score < AGREED or others[0].score < NEAR:
            return None
        if self._service_of(first) != self._service_of(others[0]) or not self._service_of(first):
            return None
        return others[0] if first.id.startswith("service/") else first

    def _service_of(self, match: Match) -> str:
        kind, _, id = match.id.partition("/")
        return id if kind == "service" else self.catalogue.faq[id].service

    @staticmethod
    def _wished(text: str, reading: Reading, best: Match) -> bool:
        """Whether words that are both a wish and near an answer are rather the wish; a question mark says no."""
        if is_question(text):
            return False
        return len(text.split()) <= BRIEF or reading.confidence > best.score

    def _service_in(self, wish: str, matches: tuple[Match, ...]) -> str:
        """The service that a wish is about, when the words name one: «می‌خوام پروانه بگیرم»."""
        if wish not in ("file_request", "ask_service"):
            return ""
        for match in matches[:2]:
            if service := self._service_of(match):
                return service
        return ""

    async def wish(self, text: str, context: Context) -> Command | None:
        """A wish so clear that it is heard even where an answer was expected."""
        reading = await self.nlu.read(text, context.language)
        if reading.intent in ("human", "help", "menu") and reading.confidence >= CERTAIN:
            return Command(OF_INTENT[reading.intent])
        return None

    def tell(self, match: Match, context: Context, text: str) -> Move:
        kind, _, id = match.id.partition("/")
        if kind == "service":
            return Push("guide", {"service": id})
        answer = faq.answer(self.catalogue.faq[id], context.language, self.catalogue)
        return Done((answer,), asked=Asked(text, (match.id,)))

    def aside(self, match: Match, context: Context) -> Phrase:
        """The answer to a question asked in the middle of something else: no buttons, that go on belongs there."""
        kind, _, id = match.id.partition("/")
        if kind == "faq":
            return faq.told(self.catalogue.faq[id], context.language, self.catalogue)
        guide = self.catalogue.services[id]
        return Phrase(
            "faq.aside", {"title": pick(guide.title, context.language), "about": pick(guide.about, context.language)}
        )

    # --- commands -----------------------------------------------------------------------------

    async def command(self, command: Command, context: Context, heard: Inbound) -> Move:
        name, arg = command
        match name:
            case "language" if arg in self.catalogue.languages:
                now = Reply(Phrase(f"language.now_{arg}"))
                return Done((now,), learn={"language": arg})
            case "menu" | "opinions" | "language":
                return Push(name)
            case "forms" | "services":
                return self._browse(name, arg)
            case "service" if arg in self.catalogue.services:
                return Push("guide", {"service": arg})
            case "form" if arg in self.catalogue.forms:
                return Push(f"form/{arg}")
            case "complain" | "suggest" | "criticise":
                return Push(f"form/{FORMS[name]}", {"service": arg} if arg in self.catalogue.services else {})
            case "track":
                return self._track(arg)
            case "faq" if arg in self.catalogue.faq:
                return Done((faq.answer(self.catalogue.faq[arg], context.language, self.catalogue),))
            case "meant":
                return await self._meant(arg, context, heard)
            case "human":
                return self._human(context)
            case "mine" | "requests":
                return await self._mine(context) if context.proven else self._prove("/mine", context)
            case "notify":
                return await self._notify(context)
            case "continue" | "link":
                return await self._continue(context, heard)
            case "join" if arg and self.identity:
                return Push("join", {"ticket": arg})
            case "survey":
                return await self._survey(arg, context)
            case "helped":
                return Done((Reply(Phrase("faq.glad"), MENU),))
            case "unhelped":
                return await self._unhelped(arg, context, heard)
            case _:
                return Done((self._simple(name, context),))

    def _simple(self, name: str, context: Context) -> Reply:
        """Commands that only tell something."""
        match name:
            case "news":
                return desk_news.news(self.catalogue, context.language, context.now)
            case "hours":
                return desk_news.hours(self.catalogue, context.language, context.now)
            case "help":
                return Reply(Phrase("help.text"), MENU)
            case "appointment":
                phone = Term("digits", self.catalogue.organization.phone)
                return Reply(Phrase("appointment.by_phone", {"phone": phone}), MENU)
            case "back" | "cancel" | "keep":
                return Reply(Phrase("engine.nothing_open"), MENU)
            case _:
                return Reply(Phrase("engine.unknown_command"), MENU)

    def _browse(self, name: str, service: str) -> Move:
        if service:
            return Push("guide", {"service": service})
        return Push("forms" if name == "forms" else "guide")

    def _track(self, arg: str) -> Move:
        return Push("track", heard=arg) if arg else Push("track")

    def _human(self, context: Context) -> Move:
        """Live hand-over is for later; now the message is filed, with a code, for an officer to answer."""
        phone = Term("digits", self.catalogue.organization.phone)
        key = "human.open" if desk_news.is_open(self.catalogue, context.now) else "human.closed"
        say = Reply(Phrase(key, {"phone": phone}))
        if HUMAN_FORM in self.catalogue.forms:
            return Push(f"form/{HUMAN_FORM}", say=(say,))
        return Done((say,))

    # --- one person, several channels ---------------------------------------------------------

    def can_prove(self, context: Context) -> bool:
        """Whether a caller can show that the number is theirs."""
        return bool(self.identity and context.number and self.identity.can_text(context.number))

    def _prove(self, then: str, context: Context) -> Move:
        if self.can_prove(context):
            return Push("identify", {"then": then})
        return Done((Reply(Phrase("identify.impossible"), (Choice("/track", Phrase("nav.track")), *MENU)),))

    async def _continue(self, context: Context, heard: Inbound) -> Move:
        """Links to other channels: shown where they can be pressed, else sent by text."""
        if self.identity is None:
            return Done((Reply(Phrase("link.no_way"), MENU),))
        if not heard.proven:
            sent = self.can_prove(context) and await self.identity.text(context.number, "/continue", key=heard.key)
            return Done((Reply(Phrase("link.texted" if sent else "link.not_texted")),))
        return Push("link", {"known": known(await self.identity.addresses(context.contact), context.address)})

    async def _notify(self, context: Context) -> Move:
        if self.identity is None:
            return Done((self._simple("", context),))
        if not context.proven:
            return self._prove("/notify", context)
        return Push("notify", offered(await self.identity.ways(context.address), context.address, self.identity))

    async def text_how_to_go_on(self, context: Context, heard: Inbound) -> None:
        """After a call that ended in the middle of a form."""
        if self.identity and self.can_prove(context):
            await self.identity.text(context.number, "/kept", key=heard.key)

    def handoff(self, context: Context, title: str) -> Reply:
        """The text after a call: what is kept, and where to go on with it."""
        doors = self.identity.doors(context.contact, texted=True) if self.identity else {}
        others = [channel for channel in doors if channel != context.address.channel]
        name = pick(self.catalogue.organization.name, context.language)
        lines: list[Arg] = [Phrase("link.kept", {"title": title}) if title else name]
        lines += [Phrase(f"link.go_on_{channel}", {"url": Term("door", doors[channel])}) for channel in others[:1]]
        return Reply(Phrase("form.lines", {"lines": tuple(lines)}))

    async def _mine(self, context: Context) -> Move:
        requests = await self.desk.list_of(context.contact)
        settings = (Choice("/notify", Phrase("nav.notify")), *MENU) if self.identity else MENU
        if not requests:
            return Done((Reply(Phrase("mine.none"), (Choice("/track", Phrase("nav.track")), *settings)),))
        lines = tuple(
            Phrase(
                "mine.line",
                {
                    "title": r.draft.title,
                    "code": Term("code", r.code),
                    "status": Phrase(f"status.{r.status}"),
                    "date": Term("date", r.filed_at.astimezone(context.now.tzinfo).date().isoformat()),
                },
            )
            for r in requests
        )
        choices = tuple(
            Choice(f"/track/{r.code}", Phrase("mine.choice", {"title": r.draft.title, "code": Term("code", r.code)}))
            for r in requests
        )
        return Done((Reply(Phrase("mine.list", {"lines": lines}), (*choices, *settings)),))

    async def _unhelped(self, entry: str, context: Context, heard: Inbound) -> Move:
        if entry in self.catalogue.faq:
            own = context.asked if context.asked and f"faq/{entry}" in context.asked.offered else None
            question = own.text if own else pick(self.catalogue.faq[entry].question, context.language)
            miss = Miss(question, context.language, context.address.channel, "unhelpful", entry=entry)
            await self.desk.miss(miss, key=heard.key)
        return Done((faq.sorry(),))

    async def _survey(self, arg: str, context: Context) -> Move:
        """The survey of one's own closed request."""
        code = TrackingCode.found_in(arg)
        try:
            request = await self.desk.look_up(code, context.address) if code else None
        except TooManyAttempts as limited:
            return Done((Reply(Phrase("track.limited", {"minutes": limited.minutes}), MENU),))
        if request is None or request.draft.contact != context.contact:
            return Done((Reply(Phrase("survey.not_yours"), MENU),))
        if request.rated:
            return Done((Reply(Phrase("survey.already"), MENU),))
        survey = self.catalogue.survey_of(request.draft.kind)
        if survey is None:
            return Done((Reply(Phrase("survey.not_yours"), MENU),))
        intro = Phrase("survey.intro", {"title": request.draft.title, "code": Term("code", request.code)})
        return Push(f"survey/{survey.id}", {"code": str(request.code)}, say=(Reply(intro),))

    # --- the desk's news ----------------------------------------------------------------------

    async def notice(self, command: Command, context: Context, *, busy: bool) -> Move | None:
        """The outbox's "/told CODE ENTRY", "/remind CODE ENTRY" and "/survey CODE". A busy citizen is offered the
        survey, not put into it."""
        digits, _, entry = command.arg.partition(" ")
        code = TrackingCode.found_in(digits)
        request = await self.desk.find(code) if code else None
        if request is None:
            return None
        if command.name in ("told", "remind"):
            return self._told(request, int(entry or -1), context, busy=busy, again=command.name == "remind")
        if command.name != "survey" or request.rated:
            return None
        if busy:
            offer = Choice(f"/survey/{request.code}", Phrase("track.survey"))
            say = Phrase("survey.offer", {"title": request.draft.title})
            return Done((Reply(say, (offer,)),))
        return await self._survey(str(request.code), context)

    def _told(self, request: ServiceRequest, entry: int, context: Context, *, busy: bool, again: bool) -> Move:
        """Whoever is asked for information may simply answer."""
        say = desk_news.told(request, entry, context.language, self.catalogue, busy=busy, again=again)
        if busy or not desk_news.wants_information(request, request.history[min(entry, len(request.history) - 1)]):
            return Done((say,))
        return Push("track", asked_for_more(request), say=(say,))
