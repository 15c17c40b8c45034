"""ivr/ is read strictly: every mistake by file and line; and it has a good word for whatever a caller may hear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.channels.voice.speech import Speaker
from bot.commands.spoken import static_clips
from bot.content import ContentErrors
from bot.content.spoken_texts import texts_of
from bot.content.voice import load_voice
from bot.core.catalogue import Catalogue
from bot.core.messages import Phrase
from bot.core.voice_content import Recorded, VoiceContent
from tests.voice_sound.test_words import assert_speakable

MENU = """\
- key: "1"
  command: /track
  label: {fa: پیگیری, en: Track}
"""


@dataclass
class Ivr:
    folder: Path
    catalogue: Catalogue

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def load(self) -> VoiceContent:
        return load_voice(self.folder, self.catalogue)

    def problems(self) -> list[str]:
        with pytest.raises(ContentErrors) as errors:
            self.load()
        return [str(problem) for problem in errors.value.problems]


@pytest.fixture
def ivr(tmp_path: Path, catalogue: Catalogue) -> Ivr:
    ivr = Ivr(tmp_path / "ivr", catalogue)
    ivr.write("menu.yaml", MENU)
    ivr.write("voice.yaml", "speech: false\n")
    return ivr


def test_without_the_folder_there_are_defaults(tmp_path: Path, catalogue: Catalogue) -> None:
    assert load_voice(tmp_path / "none", catalogue) == VoiceContent()


def test_all_of_it_is_read(ivr: Ivr) -> None:
    ivr.write(
        "voice.yaml",
        """\
engine:
  {name: command, command: {fa: [piper, "-"]}, voices: {fa: fa+f2}, rate: 150, pitch: 50, volume: 70, timeout: 2.5}
waits: {first_digit: 4.5, between_digits: 2, tries: 2}
recording: {longest: 60, shortest: 0.5, silence: 3}
person: {number: "+982112345678", when: always, ring: 20}
exchange: {peers: [192.0.2.0/24], folder: /srv/sound, context: people, calls: 9}
speech: true
opening: {fa: درود, en: Welcome}
closing: {fa: بدرود, en: Bye}
forms: [complaint]
words: {PDF: پی‌دی‌اف}
silent: [form.example]
phrases:
  mine.choice: {fa: "{title} {code.last}", en: "{title}"}
texts:
  forms/complaint/text: {fa: چه شد؟, en: What happened then?}
""",
    )
    ivr.write("prompts/recordings.yaml", 'fa:\n  menu.ask:\n    text: "چه کاری؟"\n    sha256: "00ff"\n')
    voice = ivr.load()
    assert voice.menu[0].command == "/track"
    assert (voice.engine.name, voice.engine.command, voice.engine.timeout) == ("command", {"fa": ("piper", "-")}, 2.5)
    assert voice.engine.voices == {"fa": "fa+f2", "en": "en-us"}
    assert (voice.waits.first_digit, voice.waits.tries) == (4.5, 2)
    assert (voice.recording.longest, voice.recording.shortest) == (60, 0.5)
    assert (voice.person.number, voice.person.when) == ("+982112345678", "always")
    assert voice.exchange.peers == ("192.0.2.0/24",)
    assert voice.speech
    assert voice.words == {"pdf": "پی‌دی‌اف"}
    assert voice.phrases["form.example"] == {"fa": "", "en": ""}
    assert voice.texts["fa", "چه اتفاقی افتاده است؟"] == "چه شد؟"
    assert voice.recordings == {("fa", "menu.ask"): Recorded("چه کاری؟", "00ff")}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("engine: {name: festival}", "voice.yaml:1: `festival` is not an engine"),
        ("engine: {name: command}", "needs `command:`"),
        ("waits: {first_digit: soon}", "`soon` is no number of seconds"),
        ("waits: {tries: 0}", "0 is too small"),
        ("person: {number: ask for Ali}", "cannot be dialled"),
        ("exchange: {peers: [somewhere]}", "no IP address or network"),
        ("forms: [complain]", "there is no form `complain`; did you mean `complaint`?"),
        ("silent: [form.exampel]", "did you mean `form.example`?"),
        ("phrases: {menu.aks: {fa: الف, en: A}}", "there is no phrase `menu.aks`; did you mean `menu.ask`?"),
        ("phrases: {menu.ask: {fa: الف}}", "the language `en` is missing"),
        ('phrases: {mine.choice: {fa: "{name}", en: A}}', "`mine.choice` has no gap {name}"),
        ('phrases: {mine.choice: {fa: "{code.first}", en: A}}', "a gap is not closed or named wrongly"),
        ("silent: [menu.ask]\nphrases: {menu.ask: {fa: الف, en: A}}", "silent here and spoken above"),
        ("texts: {forms/complaint/txt: {fa: الف, en: A}}", "did you mean `forms/complaint/text`?"),
        ("voise: {}", "the key `voise` is not known here"),
        (
            "texts:\n"
            "  forms/street_light_report/mobile: {fa: یک, en: A}\n"
            "  forms/pothole_report/mobile: {fa: دو, en: A}",
            "voice.yaml:3: the same sentence is spoken otherwise at voice.yaml:2",
        ),
    ],
)
def test_mistakes_of_the_voice(ivr: Ivr, written: str, problem: str) -> None:
    ivr.write("voice.yaml", written + "\n")
    assert any(problem in line for line in ivr.problems()), ivr.problems()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"1"', '"0"'), "menu.yaml:1: `0` is no key for a choice"),
        (("/track", "/tracks"), "menu.yaml:2: `/tracks` opens nothing; did you mean `track`?"),
        (("/track", "track"), "write it as /track"),
        (("/track", "/form/nothing"), "there is no form `nothing`"),
        (("/track", "/language/de"), "there is no language `de`"),
        ((", en: Track", ""), "the language `en` is missing"),
        (("/track\n", "/track\n  colour: red\n"), "the key `colour` is not known"),
    ],
)
def test_mistakes_of_the_menu(ivr: Ivr, change: tuple[str, str], problem: str) -> None:
    ivr.write("menu.yaml", MENU.replace(*change))
    assert any(problem in line for line in ivr.problems()), ivr.problems()


def test_a_key_is_given_once(ivr: Ivr) -> None:
    ivr.write("menu.yaml", MENU + MENU.replace("/track", "/hours"))
    assert ivr.problems() == ["menu.yaml:4: the key 1 is given at menu.yaml:1 already; choose another one"]


def test_a_file_that_nothing_reads_is_named(ivr: Ivr) -> None:
    ivr.write("menus.yaml", MENU)
    ivr.write("asterisk/extensions.txt", "a sample")
    assert [line.split(":")[0] for line in ivr.problems()] == ["menus.yaml"]


# --- our own


def test_our_own_texts_are_speakable(catalogue: Catalogue, voice: VoiceContent) -> None:
    clips = tuple(static_clips(catalogue, voice).values())
    assert len(clips) > 1000
    assert_speakable(clips)


def test_every_key_says_one_thing(catalogue: Catalogue, voice: VoiceContent, speaker: Speaker) -> None:
    """A recording is found by its language and key."""
    said: dict[tuple[str, str], set[str]] = {}
    for language in ("fa", "en"):
        for key in catalogue.phrases:
            for clip in speaker.static(key, language):
                said.setdefault((clip.language, clip.key), set()).add(clip.text)
    assert {of: texts for of, texts in said.items() if len(texts) > 1} == {}


WRITING = re.compile("بنویس|نویسه|دکمه|تایپ|write|button", re.IGNORECASE)
SENDING = re.compile(r"(را|دارید|مکان) بفرستید|(?<!can )(?<!we )\bsend (a|the|it|photos|your)\b")  # later, one can


@pytest.mark.parametrize("language", ["fa", "en"])
def test_nobody_is_asked_to_write_on_the_telephone(
    catalogue: Catalogue, voice: VoiceContent, speaker: Speaker, language: str
) -> None:
    texts = {path: text for path, text in texts_of(catalogue).items() if path.startswith(("forms/", "surveys/"))}
    heard = {path: " ".join(c.text for c in speaker.say(t.get(language, ""), language)) for path, t in texts.items()}
    others = ("console.", "web.", "telegram.", "bale.", "sms.", "sandbox.", "file.", "message.", "mail.")
    for key in catalogue.phrases:
        if not key.startswith(others):
            heard[key] = " ".join(c.text for c in speaker.static(key, language))
    assert {k: t for k, t in heard.items() if WRITING.search(t) or SENDING.search(t)} == {}


def test_the_menu_and_the_forms_on_offer_exist(catalogue: Catalogue, voice: VoiceContent) -> None:
    assert [entry.key for entry in voice.menu] == list("123456789")
    assert set(voice.forms) <= set(catalogue.forms)
    assert all(
        field.optional for form in voice.forms for field in catalogue.forms[form].fields if field.type == "files"
    ), "a form that needs papers cannot be filed by telephone"


def test_the_whole_of_a_question_as_a_caller_hears_it(speaker: Speaker, catalogue: Catalogue) -> None:
    place = catalogue.forms["street_light_report"].fields[1]
    said = speaker.say(Phrase("form.ask", {"n": 2, "of": 5, "ask": place.ask["fa"]}), "fa")
    assert " ".join(c.text for c in said) == (
        "پرسشِ دو از پنج چراغ کجاست؟ نشانی را بگویید؛ نامِ خیابان و کوچه، و نزدیک‌ترین پلاک."
    )
