"""ivr/: the telephone's menu, its manner of speaking and what was recorded → `bot.core.voice_content`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

from bot.content.files import Folder
from bot.content.findings import ContentErrors, Findings
from bot.content.spoken_texts import texts_of
from bot.content.values import LANGUAGES, Table, Value, root, suggestion
from bot.core.catalogue import Catalogue, Text
from bot.core.voice_content import (
    ENGINES,
    Engine,
    Exchange,
    MenuEntry,
    Person,
    Recorded,
    Recording,
    VoiceContent,
    Waits,
)

COMMANDS = (
    "track", "mine", "forms", "opinions", "complain", "suggest", "criticise", "services", "hours", "news", "human",
    "help", "menu", "language", "continue", "appointment", "resume",
)  # fmt: skip
"""What a key of the menu may open by itself; `/form/ID`, `/service/ID`, `/faq/ID` and `/language/fa` too."""
_PRESENT = ("always", "office_hours", "never")
_GAP = re.compile(r"\{([a-z_][a-z0-9_]*)(?:\.(?:once|last))?\}")
_NUMBER = re.compile(r"\+?[0-9*#]{2,20}")
_SECONDS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")
_KEY = re.compile(r"[1-9]")
_OWN_FOLDERS = ("asterisk/",)  # samples for other programs


def voice_folder(content_dir: Path) -> Path:
    """ivr/ stands beside knowledge_base/."""
    return content_dir.absolute().parent / "ivr"


def load_voice(folder: Path, catalogue: Catalogue) -> VoiceContent:
    """Read ivr/. Without the folder the telephone speaks with its defaults. Raises ContentErrors with every problem of
    every file, named relative to the folder. Blocking."""
    if not folder.is_dir():
        return VoiceContent()
    findings = Findings()
    files = Folder(folder, findings)
    menu = _menu(root(files.file("menu.yaml")), catalogue)
    recorded = _recorded(root(files.file("prompts/recordings.yaml"), required=False))
    with root(files.file("voice.yaml")).table() as table:
        content = VoiceContent(
            menu=menu,
            engine=_engine(table.maybe("engine")),
            waits=_waits(table.maybe("waits")),
            recording=_recording(table.maybe("recording")),
            person=_person(table.maybe("person")),
            exchange=_exchange(table.maybe("exchange")),
            speech=table.maybe("speech").boolean(),
            opening=table.maybe("opening").text(),
            closing=table.maybe("closing").text(),
            phrases=_phrases(table, catalogue),
            texts=_texts(table.maybe("texts"), texts_of(catalogue)),
            words={name.casefold(): said.string() for name, (_, said) in table.maybe("words").pairs().items()},
            recordings=recorded,
            forms=tuple(_known(item, catalogue.forms, "form") for item in table.maybe("forms").items()),
        )
    for stray in files.strays():
        if not stray.name.startswith(_OWN_FOLDERS):
            stray.problem(1, "nothing reads a file of this name here; correct its name or folder, or remove it")
    if findings.problems:
        raise ContentErrors(tuple(sorted(set(findings.problems))))
    return content


def _known(value: Value, known: Mapping[str, object], what: str) -> str:
    text = value.string(f"a {what} id")
    if text and text not in known:
        value.problem(f"there is no {what} `{text}`; {suggestion(text, known)}")
    return text


def _seconds(value: Value, default: float) -> float:
    if not value or not (text := value.string("seconds")):
        return default
    if not _SECONDS.fullmatch(text):
        value.problem(f"`{text}` is no number of seconds; write it as 6 or 2.5")
        return default
    return float(text)


# --- menu.yaml


def _menu(value: Value, catalogue: Catalogue) -> tuple[MenuEntry, ...]:
    entries: list[MenuEntry] = []
    taken: dict[str, str] = {}
    for item in value.items(1):
        with item.table() as table:
            key, command = table.need("key"), table.need("command")
            entry = MenuEntry(key.string("a key"), command.string("a command"), table.need("label").text())
        if entry.key and not _KEY.fullmatch(entry.key):
            key.problem(f"`{entry.key}` is no key for a choice; 1 to 9 are, the others have their meaning everywhere")
        elif entry.key in taken:
            key.problem(f"the key {entry.key} is given at {taken[entry.key]} already; choose another one")
        taken[entry.key] = str(key.place)
        _command(command, entry.command, catalogue)
        entries.append(entry)
    return tuple(entries)


def _command(value: Value, command: str, catalogue: Catalogue) -> None:
    if not command:
        return
    name, _, arg = command.removeprefix("/").partition("/")
    owned: Mapping[str, Mapping[str, object]] = {
        "form": catalogue.forms,
        "service": catalogue.services,
        "faq": catalogue.faq,
        "language": dict.fromkeys(LANGUAGES),
    }
    if not command.startswith("/"):
        value.problem(f"`{command}` is no command; write it as /track")
    elif arg and name in owned:
        if arg not in owned[name]:
            value.problem(f"there is no {name} `{arg}`; {suggestion(arg, owned[name])}")
    elif arg or name not in COMMANDS:
        value.problem(f"`{command}` opens nothing; {suggestion(name, COMMANDS)}")


# --- voice.yaml


def _engine(value: Value) -> Engine:
    default = Engine()
    with value.table() as table:
        name = table.maybe("name")
        commands = table.maybe("command")
        voices = {**default.voices, **{k: v.string() for k, (_, v) in table.maybe("voices").pairs().items()}}
        engine = Engine(
            name=name.one_of(ENGINES, "an engine") or default.name,
            voices=voices,
            rate=table.maybe("rate").integer(default.rate, 80, 400),
            pitch=table.maybe("pitch").integer(default.pitch, 0, 99),
            volume=table.maybe("volume").integer(default.volume, 1, 100),
            command={language: said.strings(1) for language, (_, said) in commands.pairs().items()},
            timeout=_seconds(table.maybe("timeout"), default.timeout),
        )
    if engine.name == "command" and not engine.command:
        name.problem("the engine `command` needs `command:`, a program with its arguments for each language; add it")
    return engine


def _waits(value: Value) -> Waits:
    default = Waits()
    with value.table() as table:
        return Waits(
            first_digit=_seconds(table.maybe("first_digit"), default.first_digit),
            between_digits=_seconds(table.maybe("between_digits"), default.between_digits),
            tries=table.maybe("tries").integer(default.tries, 1, 9),
        )


def _recording(value: Value) -> Recording:
    default = Recording()
    with value.table() as table:
        return Recording(
            longest=table.maybe("longest").integer(default.longest, 5, 600),
            shortest=_seconds(table.maybe("shortest"), default.shortest),
            silence=table.maybe("silence").integer(default.silence, 1, 60),
        )


def _person(value: Value) -> Person:
    default = Person()
    with value.table() as table:
        number = table.maybe("number")
        person = Person(
            number=number.string("a telephone number"),
            when=table.maybe("when").one_of(_PRESENT, "a time when somebody answers") or default.when,
            ring=table.maybe("ring").integer(default.ring, 5, 120),
        )
    if person.number and not _NUMBER.fullmatch(person.number):
        number.problem(f"`{person.number}` cannot be dialled; write it as +982112345678, or as the exchange knows it")
    return person


def _exchange(value: Value) -> Exchange:
    default = Exchange()
    with value.table() as table:
        peers = table.maybe("peers").items()
        exchange = Exchange(
            peers=tuple(peer.string("an IP address or network") for peer in peers),
            folder=table.maybe("folder").string("a folder"),
            folder_there=table.maybe("folder_there").string("a folder"),
            context=table.maybe("context").string("a context of the dialplan") or default.context,
            calls=table.maybe("calls").integer(default.calls, 1, 10_000),
        )
    for peer, written in zip(peers, exchange.peers, strict=True):
        try:
            ipaddress.ip_network(written, strict=False)
        except ValueError:
            peer.problem(f"`{written}` is no IP address or network; write it as 192.0.2.10 or 192.0.2.0/24")
    return exchange


def _phrases(table: Table, catalogue: Catalogue) -> dict[str, Text]:
    """What is heard in place of a written phrase; nothing for the silent ones."""
    found: dict[str, Text] = {}
    for name, (key, said) in table.maybe("phrases").pairs("phrases by their keys").items():
        found[name] = said.text()
        if name not in catalogue.phrases:
            key.problem(f"there is no phrase `{name}`; {suggestion(name, catalogue.phrases)}")
            continue
        written = {gap for text in catalogue.phrases[name].values() for gap in _GAP.findall(text)}
        for text in found[name].values():
            if unknown := sorted(set(_GAP.findall(text)) - written):
                said.problem(f"`{name}` has no gap {{{unknown[0]}}}; {suggestion(unknown[0], written)}")
            if re.search(r"[{}]", _GAP.sub("", text)):
                said.problem("a gap is not closed or named wrongly; write gaps as {name}, {name.once} or {name.last}")
    for item in table.maybe("silent").items():
        name = _known(item, catalogue.phrases, "phrase")
        if name in found:
            item.problem(f"`{name}` is silent here and spoken above; remove one of the two")
        found[name] = dict.fromkeys(LANGUAGES, "")
    return found


def _texts(value: Value, written: Mapping[str, Text]) -> dict[tuple[str, str], str]:
    """By what is written: the same sentence is spoken alike wherever it stands."""
    found: dict[tuple[str, str], str] = {}
    places: dict[tuple[str, str], str] = {}
    for path, (key, said) in value.pairs("texts by their paths").items():
        spoken = said.text()
        if path not in written:
            key.problem(f"there is no text `{path}`; {suggestion(path, written)}")
            continue
        for language, text in written[path].items():
            if not text or language not in spoken:
                continue
            of = (language, text)
            if found.setdefault(of, spoken[language]) != spoken[language]:
                key.problem(f"the same sentence is spoken otherwise at {places[of]}; speak it alike")
            places.setdefault(of, str(key.place))
    return found


# --- prompts/recordings.yaml


def _recorded(value: Value) -> dict[tuple[str, str], Recorded]:
    found: dict[tuple[str, str], Recorded] = {}
    for language, (key, recordings) in value.pairs("languages with their recordings").items():
        if language not in LANGUAGES:
            key.problem(f"`{language}` is not a language here; {suggestion(language, LANGUAGES)}")
        for name, (_, recording) in recordings.pairs("recordings by their keys").items():
            with recording.table() as table:
                text, digest = table.need("text").string(), table.need("sha256").string()
                found[language, name] = Recorded(text, digest)
    return found
