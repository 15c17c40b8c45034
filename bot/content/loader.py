"""The whole folder at once."""

from __future__ import annotations

from pathlib import Path

from bot.content import faq, forms, language, organization, services
from bot.content.files import Folder
from bot.content.findings import ContentErrors, Findings
from bot.content.links import check_links
from bot.content.values import LANGUAGES, root
from bot.core.catalogue import Catalogue, Text


def load(folder: Path) -> Catalogue:
    """Read knowledge_base/. Raises ContentErrors with every problem of every file."""
    findings = Findings()
    files = Folder(folder, findings)
    days = organization.holidays(root(files.file("holidays.yaml")))
    words = files.file("phrases/words.yaml")
    phrases: dict[str, Text] = {}
    for source in files.each("phrases", ".yaml"):
        if source.name != words.name:
            phrases.update(language.phrases(root(source)))
    catalogue = Catalogue(
        organization=organization.organization(root(files.file("organization.yaml")), days),
        services={s.id: s for s in map(services.service, files.each("services", ".md"))},
        faq={e.id: e for source in files.each("faq", ".yaml") for e in faq.entries(root(source))},
        forms={f.id: f for f in map(forms.form, files.each("forms", ".yaml"))},
        surveys={s.id: s for s in map(forms.survey, files.each("surveys", ".yaml"))},
        announcements=organization.announcements(root(files.file("announcements.yaml"), required=False)),
        phrases=phrases,
        words=language.words(root(words)),
        examples=language.examples(root(files.file("nlu/intents.yaml"))),
        languages=LANGUAGES,
        synonyms=language.synonyms(root(files.file("nlu/synonyms.yaml"), required=False)),
        unrelated=language.sentences(files.file("nlu/unrelated.txt")),
    )
    check_links(findings)
    for stray in files.strays():
        stray.problem(1, "nothing reads a file of this name here; correct its name or folder, or remove it")
    if findings.problems:
        raise ContentErrors(tuple(sorted(set(findings.problems))))
    return catalogue
