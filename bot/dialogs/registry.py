"""All dialogs that today's content makes, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from zoneinfo import ZoneInfo

from bot.core.catalogue import Catalogue, pick
from bot.core.identity import Identity
from bot.core.messages import Choice, Phrase
from bot.core.ports import Desk, Nlu
from bot.core.values import value
from bot.dialogs.base import Context, Dialog
from bot.dialogs.form import FormDialog
from bot.dialogs.guide import GuideDialog
from bot.dialogs.link import DraftsDialog, IdentifyDialog, JoinDialog, LinkDialog
from bot.dialogs.matching import Words, plain
from bot.dialogs.menu import Leave, ListDialog, Resume
from bot.dialogs.news_way import NewsWayDialog
from bot.dialogs.router import FORMS, HUMAN_FORM, Router
from bot.dialogs.survey import SurveyDialog
from bot.dialogs.track import TrackDialog

_MENU = ("services", "forms", "track", "mine", "opinions", "news", "hours", "human")
_OPINIONS = ("complain", "suggest", "criticise")


@value
class Dialogs:
    catalogue: Catalogue
    nlu: Nlu
    router: Router
    words: Words
    by_name: Mapping[str, Dialog]
    zone: ZoneInfo
    identity: Identity | None = None

    def get(self, name: str) -> Dialog | None:
        return self.by_name.get(name)

    def title(self, name: str, language: str) -> str:
        return title_of(self.catalogue, name, language)


def build(catalogue: Catalogue, nlu: Nlu, desk: Desk, identity: Identity | None = None) -> Dialogs:
    """Cheap enough to be done at each edit of the content. Without `identity` each address is a person of its own."""
    menu = (*_MENU, "continue") if identity else _MENU
    dialogs: list[Dialog] = [
        *(FormDialog(form, catalogue, nlu, desk) for form in catalogue.forms.values()),
        *(SurveyDialog(survey, nlu, desk) for survey in catalogue.surveys.values()),
        TrackDialog(catalogue, desk, nlu),
        GuideDialog(catalogue),
        ListDialog("menu", lambda context: (*commands(menu), *languages(catalogue, but=context.language))),
        ListDialog("opinions", lambda context: commands(_OPINIONS)),
        ListDialog("forms", lambda context: form_choices(catalogue, context)),
        ListDialog("language", lambda context: languages(catalogue)),
        Leave(),
        Resume(),
        DraftsDialog(partial(title_of, catalogue)),
    ]
    if identity:
        dialogs += (
            LinkDialog(identity, nlu),
            JoinDialog(identity),
            IdentifyDialog(identity),
            NewsWayDialog(identity, nlu),
        )
    return Dialogs(
        catalogue,
        nlu,
        Router(catalogue, nlu, desk, identity),
        folded_words(catalogue),
        {d.name: d for d in dialogs},
        ZoneInfo(catalogue.organization.timezone),
        identity,
    )


def title_of(catalogue: Catalogue, name: str, language: str) -> str:
    """What a citizen calls this dialog; of a form and a survey its title."""
    kind, _, id = name.partition("/")
    if kind == "form" and id in catalogue.forms:
        return pick(catalogue.forms[id].title, language)
    if kind == "survey" and id in catalogue.surveys:
        return pick(catalogue.surveys[id].title, language)
    return pick(catalogue.phrases.get(f"nav.{name}", {}), language)


def commands(names: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(f"/{name}", Phrase(f"nav.{name}")) for name in names)


def languages(catalogue: Catalogue, but: str = "") -> tuple[Choice, ...]:
    """Each language under its own name."""
    return tuple(Choice(f"/language/{id}", Phrase(f"language.{id}")) for id in catalogue.languages if id != but)


def form_choices(catalogue: Catalogue, context: Context) -> tuple[Choice, ...]:
    """Every form but those with an entrance of their own."""
    elsewhere = {*FORMS.values(), HUMAN_FORM}
    return tuple(
        Choice(f"/form/{f.id}", pick(f.title, context.language))
        for f in catalogue.forms.values()
        if f.id not in elsewhere
    )


def folded_words(catalogue: Catalogue) -> Words:
    return {
        plain(word): command
        for command, by_language in catalogue.words.items()
        for words in by_language.values()
        for word in words
    }
