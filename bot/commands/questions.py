"""`pishkhan questions …`: what citizens asked and the counter did not know, and what the editors make of it.

Texts are shown and written without anybody's data. The running server takes new content by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import app
from bot.commands.errors import Ended
from bot.commands.officer import as_json, at_the_desk
from bot.content import ContentErrors
from bot.content.editing import Edit, Editor, NotWritten
from bot.core.catalogue import Catalogue, FaqEntry, pick
from bot.core.ports import Contacts
from bot.core.requests import Missed
from bot.desk.service_desk import ServiceDesk
from bot.nlu.clusters import Cluster, Wording, clusters
from bot.nlu.masking import HIDDEN, masked
from bot.nlu.model import EmbeddedNlu
from bot.nlu.normalise import is_persian, normalise
from bot.settings import Settings

MOST = 10_000  # misses that are looked at, the newest
WORDINGS = 5  # of a cluster that are shown, and written when none is picked
SHOWN = 160  # letters of a wording
LONGEST = 120  # characters of a question that is worth a variant


@dataclass(frozen=True, slots=True)
class Answer:
    """Where accepted wordings go: into an FAQ entry, into an intent's examples, or into a new entry. Each text is in
    the language of its letters."""

    entry: str = ""
    intent: str = ""
    new: str = ""
    service: str = ""
    file: str = ""
    questions: Sequence[str] = field(default_factory=tuple)
    answers: Sequence[str] = field(default_factory=tuple)


# --- listing ------------------------------------------------------------------------------------


def listed(settings: Settings, *, limit: int, json: bool) -> str:
    """The clusters, the most asked first."""
    catalogue = app.load_content(settings)
    found = _open(settings, catalogue, EmbeddedNlu.train(catalogue))
    if json:
        return as_json([_as_json(cluster, WORDINGS) for cluster in found[:limit]])
    if not found:
        return "no open questions"
    shown = [_told(cluster, catalogue, WORDINGS) for cluster in found[:limit]]
    questions = sum(cluster.times for cluster in found)
    total = f"{_count(questions, 'question')} in {_count(len(found), 'cluster')}"
    return "\n\n".join([*shown, total if len(found) <= limit else f"{total}, {limit} of them shown"])


def shown(settings: Settings, cluster: str, *, json: bool) -> str:
    """One cluster with all its wordings."""
    catalogue = app.load_content(settings)
    found = _named(cluster, _open(settings, catalogue, EmbeddedNlu.train(catalogue)))
    most = len(found.wordings)
    return as_json(_as_json(found, most)) if json else _told(found, catalogue, most)


def _told(cluster: Cluster, catalogue: Catalogue, most: int) -> str:
    misses = cluster.misses
    first, last = (f"{misses[n].at:%Y-%m-%d}" for n in (0, -1))
    channels = ", ".join(sorted({missed.miss.channel for missed in misses}))
    days = first if first == last else f"{first} to {last}"
    lines = [f"{cluster.id}  asked {_count(cluster.times, 'time')}, {days}, {channels}"]
    if cluster.unhelpful:
        lines.append(f"  told and did not help: {_named_entry(f'faq/{cluster.unhelpful}', catalogue)}")
    lines += [f"  {n}. {_shown(w.text)}  ({w.times})" for n, w in enumerate(cluster.wordings[:most], 1)]
    if (more := len(cluster.wordings) - most) > 0:
        lines.append(f"  and {_count(more, 'more wording')}: pishkhan questions show {cluster.id}")
    return "\n".join([*lines, f"  → {_advice(cluster, catalogue)}"])


def _shown(text: str) -> str:
    """One line without anybody's data, and without what a terminal would obey."""
    text = "".join(c for c in " ".join(masked(text).split()) if c.isprintable() or c == "\u200c")
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _advice(cluster: Cluster, catalogue: Catalogue) -> str:
    """What to do, as a command."""
    accept = f"pishkhan questions accept {cluster.id}"
    kind, _, id = cluster.proposal.partition("/")
    why = f"chance {cluster.score:.2f}"
    if cluster.chosen:
        why += f", chosen by {_count(cluster.chosen, 'citizen')}"
    if kind == "faq" and id in catalogue.faq:
        return f"{accept} --as {id}  ({_named_entry(cluster.proposal, catalogue)}; {why})"
    if kind == "intent":
        return f"{accept} --intent {id}  ({why})"
    if kind == "service" and id in catalogue.services:
        return f"{accept} --new ID --service {id}  ({_named_entry(cluster.proposal, catalogue)}; {why})"
    near = ", ".join(f"{match.id}, chance {match.score:.2f}" for match in cluster.wordings[0].matches[:1])
    return "better words for that answer" if cluster.unhelpful else f"{accept} --new ID  (nearest: {near or 'nothing'})"


def _named_entry(id: str, catalogue: Catalogue) -> str:
    kind, _, name = id.partition("/")
    language = catalogue.languages[0]
    if kind == "faq":
        return f"{name}: {pick(catalogue.faq[name].question, language)}" if name in catalogue.faq else name
    return pick(catalogue.services[name].title, language)


def _as_json(cluster: Cluster, most: int) -> dict[str, Any]:
    misses = cluster.misses
    return {
        "id": cluster.id,
        "times": cluster.times,
        "first": misses[0].at,
        "last": misses[-1].at,
        "channels": sorted({missed.miss.channel for missed in misses}),
        "wordings": [{"text": masked(w.text), "times": w.times} for w in cluster.wordings[:most]],
        "more_wordings": max(len(cluster.wordings) - most, 0),
        "proposal": cluster.proposal or None,
        "score": round(cluster.score, 4),
        "chosen": cluster.chosen,
        "nearest": [{"id": match.id, "chance": match.score} for match in cluster.wordings[0].matches],
        "unhelpful": f"faq/{cluster.unhelpful}" if cluster.unhelpful else None,
    }


# --- deciding -----------------------------------------------------------------------------------


def accepted(
    settings: Settings, cluster: str, answer: Answer, *, picked: Sequence[int], texts: Sequence[str], dry_run: bool
) -> str:
    """Write wordings into the content, or `texts` in their place, and remember that they are dealt with."""
    if sum(map(bool, (answer.entry, answer.intent, answer.new))) != 1:
        raise Ended("say one of --as ENTRY, --intent NAME and --new ID")
    editor = Editor(settings.content_dir, normalise)
    nlu = EmbeddedNlu.train(editor.catalogue)
    found = _named(cluster, _open(settings, editor.catalogue, nlu))
    chosen = _picked(found, picked, len(found.wordings) if texts else WORDINGS)
    said = list(texts) or _worth_writing(chosen)
    try:
        edit = _edit(editor, answer, said, nlu)
        after = editor.check(edit) if dry_run else editor.save(edit)
    except NotWritten as error:
        raise Ended(str(error)) from None
    except ContentErrors as errors:
        raise Ended(*map(str, errors.problems), "nothing is written: the content would not be sound") from None
    if dry_run:
        return edit.diff() or "nothing new to write"
    answered = EmbeddedNlu.train(after)
    target = f"faq/{answer.entry or answer.new}"
    done = [wording for wording in chosen if texts or wording.text in said]
    others = [wording for wording in found.wordings if wording not in done]
    like = [wording for wording in others if _finds(wording, target, answered)]
    if not picked:
        done += like
    _decide(settings, editor.catalogue, done, "accepted")
    told = [
        f"{edit.file} is written" if edit else f"{edit.file} says it already",
        f"{_count(len(done), 'wording')} accepted",
    ]
    if left := len(found.wordings) - len(done):
        told.append(f"{left} left open")
    if like and picked:
        told.append(f"{len(like)} of them would be told the same now")
    return ", ".join(told)


def dismissed(settings: Settings, cluster: str, *, picked: Sequence[int]) -> str:
    """Remember that these are no questions for the content; the same words are not listed again."""
    catalogue = app.load_content(settings)
    found = _named(cluster, _open(settings, catalogue, EmbeddedNlu.train(catalogue)))
    done = _picked(found, picked, len(found.wordings))
    _decide(settings, catalogue, done, "dismissed")
    return f"{_count(len(done), 'wording')} dismissed"


def _worth_writing(wordings: Sequence[Wording]) -> list[str]:
    """Neither anybody's data nor a treatise."""
    plain = (w.text for w in wordings if masked(w.text) == w.text and HIDDEN not in w.text)
    worth = [text for text in plain if len(text) <= LONGEST and normalise(text)]
    if not worth:
        raise Ended(f"these wordings hold personal data or are longer than {LONGEST} letters; write one with --text")
    return worth


def _finds(wording: Wording, target: str, nlu: EmbeddedNlu) -> bool:
    matches = nlu.retriever.ask(nlu.vocabulary.read(wording.text), limit=1)
    return bool(matches) and matches[0].sure and matches[0].id == target


def _edit(editor: Editor, answer: Answer, said: Sequence[str], nlu: EmbeddedNlu) -> Edit:
    if answer.intent:
        return editor.examples(answer.intent, said)
    variants = _by_language(said, nlu)
    if answer.entry:
        return editor.variants(answer.entry.removeprefix("faq/"), variants)
    question = _by_letters(answer.questions)
    for language, texts in variants.items():
        if texts and language not in question:
            question[language] = texts.pop(0)
    entry = FaqEntry(answer.new, question, variants, _by_letters(answer.answers), answer.service)  # type: ignore[arg-type]
    for option, written in (("--question", entry.question), ("--answer", entry.answer)):
        if lacking := variants.keys() - written.keys():
            raise Ended(f"a new entry needs {option} in {' and '.join(sorted(lacking))} too; repeat it for each")
    return editor.entry(entry, answer.file or _file_for(answer.service, editor))


def _file_for(service: str, editor: Editor) -> str:
    """Where the service's entries are."""
    for entry in reversed([*editor.catalogue.faq.values()]):
        if service and entry.service == service:
            return editor.file_of(entry.id)
    raise Ended("say with --file in which file the entry is to stand, such as faq/desk.yaml")


def _by_letters(texts: Sequence[str]) -> dict[str, str]:
    """One text a language, which its letters tell."""
    return {"fa" if any(map(is_persian, normalise(text).split())) else "en": text for text in texts}


def _by_language(texts: Sequence[str], nlu: EmbeddedNlu) -> dict[str, list[str]]:
    """Finglish is Persian."""
    found: dict[str, list[str]] = {"fa": [], "en": []}
    for text in texts:
        found["fa" if any(map(is_persian, nlu.vocabulary.read(text))) else "en"].append(text)
    return found


# --- the desk's misses --------------------------------------------------------------------------


def _open(settings: Settings, catalogue: Catalogue, nlu: EmbeddedNlu) -> list[Cluster]:
    """What nobody has dealt with, also not when it was asked in the same words before."""

    async def work(desk: ServiceDesk, contacts: Contacts) -> tuple[Sequence[Missed], Sequence[Missed]]:
        return await desk.misses("open", MOST), await desk.misses("dismissed", MOST)

    waiting, unwanted = at_the_desk(settings, work, catalogue)
    known = {normalise(missed.miss.text) for missed in unwanted}
    return clusters([missed for missed in waiting if normalise(missed.miss.text) not in known], nlu)


def _decide(settings: Settings, catalogue: Catalogue, wordings: Sequence[Wording], state: str) -> None:
    ids = [missed.id for wording in wordings for missed in wording.misses]

    async def work(desk: ServiceDesk, contacts: Contacts) -> None:
        await desk.decide(ids, state)

    at_the_desk(settings, work, catalogue)


def _named(cluster: str, found: Sequence[Cluster]) -> Cluster:
    """The one of this name, or the one that its oldest question is in by now."""
    number = cluster.strip().lower().removeprefix("q")
    for each in found:
        if any(missed.id == number for missed in each.misses):
            return each
    raise Ended(f"no open cluster is called {cluster}; pishkhan questions lists them")


def _picked(cluster: Cluster, numbers: Sequence[int], most: int) -> list[Wording]:
    """The wordings with these numbers; without any, the first ones."""
    if wrong := [number for number in numbers if not 0 < number <= len(cluster.wordings)]:
        raise Ended(f"{cluster.id} has no wording {wrong[0]}; it has {_count(len(cluster.wordings), 'wording')}")
    return [cluster.wordings[number - 1] for number in sorted(set(numbers))] or [*cluster.wordings[:most]]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
