"""A good folder becomes the catalogue; no text at all makes the loader raise anything but ContentErrors."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import ContentErrors, load, yaml_source
from bot.core.catalogue import (
    Announcement,
    Example,
    FaqEntry,
    Field,
    Hours,
    Option,
    Organization,
    Question,
    QuietHours,
    Service,
    Survey,
    Unit,
)
from tests.content.conftest import SURVEY

OWN = Path(__file__).parents[2] / "knowledge_base"


def test_the_organisation(folder: Path) -> None:
    assert load(folder).organization == Organization(
        name={"fa": "شهر نمونه", "en": "Sample City"},
        about={"fa": "شهرداری", "en": "A city"},
        address={"fa": "میدان", "en": "The square"},
        phone="0210000",
        website="https://city.example",
        email="desk@city.example",
        hours=(Hours(0, "07:30", "14:30"), Hours(1, "07:30", "14:30"), Hours(5, "07:30", "12:00")),
        units={
            "desk": Unit("desk", {"fa": "میز خدمت", "en": "Service desk"}),
            "streets": Unit("streets", {"fa": "معابر", "en": "Streets"}, "0712", {"fa": "طبقهٔ ۲", "en": "Floor 2"}),
        },
        front_desk="desk",
        categories={"care": {"fa": "خدمات شهری", "en": "City care"}},
        audiences={"citizen": {"fa": "شهروند", "en": "Citizens"}},
        holidays=frozenset({date(2026, 3, 21), date(2025, 3, 20)}),
    )


def test_when_news_are_not_told_and_when_they_are_told_again(folder: Path) -> None:
    organization, survey = folder / "organization.yaml", folder / "surveys" / "satisfaction.yaml"
    known = load(folder)
    assert (known.organization.quiet_hours, known.organization.remind_after) == (None, timedelta(days=3))
    assert known.surveys["satisfaction"].after == timedelta(days=1)
    said = organization.read_text("utf-8")
    organization.write_text(f"quiet_hours: {{from: 22:00, until: 07:00}}\nremind_after: 0\n{said}", "utf-8")
    for after, delay in (("0", timedelta()), ("90m", timedelta(minutes=90)), ("12h", timedelta(hours=12))):
        survey.write_text(f"after: {after}\n{SURVEY}", "utf-8")
        assert load(folder).surveys["satisfaction"].after == delay
    known = load(folder)
    assert (known.organization.quiet_hours, known.organization.remind_after) == (
        QuietHours("22:00", "07:00"),
        timedelta(),
    )


def test_announcements_have_gregorian_days(folder: Path) -> None:
    assert load(folder).announcements == (
        Announcement(
            id="works",
            title={"fa": "عملیات", "en": "Works"},
            body={"fa": "خیابان بسته است", "en": "The street is closed"},
            since=date(2026, 10, 23),
            until=date(2026, 11, 21),
            urgent=True,
        ),
    )


def test_a_service_page(folder: Path) -> None:
    assert load(folder).services == {
        "lights": Service(
            id="lights",
            title={"fa": "چراغ معابر", "en": "Street lights"},
            category="care",
            audiences=("citizen",),
            unit="streets",
            officer={"fa": "کارشناس روشنایی", "en": "Lighting officer"},
            days=3,
            fee=0,
            fee_note={},
            about={"fa": "تعمیر چراغ در همهٔ معابر.", "en": "Repair of lamps."},
            steps={"fa": ("ثبت گزارش", "تعمیر در محل"), "en": ("Report", "Repair")},
            documents={"fa": ("ندارد",), "en": ("None",)},
            laws={"fa": ("قانون شهرداری‌ها",), "en": ("Municipal law",)},
            complaint={"fa": "با دفتر بازرسی تماس بگیرید.", "en": "Call the inspectors."},
            forms=("light_report",),
            keywords=("چراغ", "lamp"),
        )
    }


def test_a_service_without_a_fee_has_none(folder: Path) -> None:
    page = folder / "services/lights.md"
    text = page.read_text(encoding="utf-8").replace("fee: 0", "fee_note: {fa: طبق تعرفه, en: By tariff}")
    page.write_text(text, encoding="utf-8")
    service = load(folder).services["lights"]
    assert (service.fee, service.fee_note) == (None, {"fa": "طبق تعرفه", "en": "By tariff"})


def test_faq_entries(folder: Path) -> None:
    entries = load(folder).faq
    assert list(entries) == ["light_out", "light_time"]
    assert entries["light_out"] == FaqEntry(
        id="light_out",
        question={"fa": "چراغ کوچه خاموش است؟", "en": "Is the lamp out?"},
        variants={
            "fa": ("لامپ کوچه سوخته", "چراغ خیابون خاموشه", "برق کوچه رفته"),
            "en": ("the street is dark",),
        },
        answer={"fa": "گزارش دهید.", "en": "Report it."},
        service="lights",
        related=("light_time",),
    )


def test_forms_keep_their_fields_and_their_defaults(folder: Path) -> None:
    form = load(folder).forms["light_report"]
    assert (form.kind, form.service, form.unit, form.days) == ("request", "lights", "streets", 3)
    lamps, state, since, caller = form.fields
    assert lamps == Field(
        "lamps", "number", {"fa": "شمار", "en": "Count"}, {"fa": "چند چراغ؟", "en": "How many lamps?"}, min=1, max=20
    )
    assert state.help == {"fa": "یکی", "en": "Pick one"}
    assert state.options == (
        Option("out", {"fa": "خاموش", "en": "Out"}),
        Option("yes", {"fa": "چشمک", "en": "Flickers"}),
    )
    assert (since.past, since.future, since.optional) == (True, False, True)
    assert (caller.remember, caller.optional, caller.example, caller.min) == ("mobile", False, {}, None)


def test_surveys(folder: Path) -> None:
    survey = load(folder).surveys["satisfaction"]
    assert survey == Survey(
        id="satisfaction",
        title={"fa": "رضایت", "en": "Satisfaction"},
        questions=(
            Question("score", "scale", {"fa": "راضی بودید؟", "en": "Satisfied?"}, {"fa": "امتیاز", "en": "Score"}),
            Question(
                "why", "long_text", {"fa": "چرا؟", "en": "Why?"}, {"fa": "علت", "en": "Reason"}, (), True, at_most=3
            ),
        ),
        kinds=(),
        version=survey.version,
    )
    assert survey.version > 0


def test_language(folder: Path) -> None:
    catalogue = load(folder)
    assert catalogue.languages == ("fa", "en")
    assert catalogue.phrases == {
        "menu.greeting": {"fa": "سلام", "en": "Hello"},
        "filed.code": {"fa": "کد شما {code} در واحد {unit} است.", "en": "Your code is {code}, at {unit}."},
    }
    assert catalogue.words == {"back": {"fa": ("برگشت", "قبلی"), "en": ("back", "no")}}
    assert catalogue.examples == (
        Example("greet", "سلام"),
        Example("greet", "hello there"),
        Example("greet", "hi you"),
        Example("track_request", "کد پیگیری دارم"),
    )
    assert catalogue.synonyms == {"چراغ": ("لامپ", "lamp")}
    assert catalogue.unrelated == ("هوا چطور است؟", "who won the match")


def test_optional_files_may_be_absent(folder: Path) -> None:
    before = load(folder)
    for name in ("announcements.yaml", "nlu/synonyms.yaml", "nlu/unrelated.txt"):
        (folder / name).unlink()
    assert load(folder) == replace(before, announcements=(), synonyms={}, unrelated=())


def test_a_form_s_version_changes_with_its_fields_alone(folder: Path) -> None:
    path = folder / "forms/light_report.yaml"
    text = path.read_text(encoding="utf-8")

    def version(old: str, new: str) -> int:
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return load(folder).forms["light_report"].version

    first = version("kind: request", "kind: request")
    assert first > 0
    assert version("How many lamps?", "How many?") == first
    assert version("max: 20", "max: 30") == first
    assert version("days: 3", "days: 4") == first
    others = {
        version("- id: lamps", "- id: lights"),
        version("type: mobile", "type: landline"),
        version("{id: yes,", "{id: flicker,"),
        version("    optional: true", "    optional: false"),
    }
    assert len(others | {first}) == 5


_WORDS = st.sampled_from(
    ["id", "title", "fa", "en", "kind", "fields", "type", "choice", "options", "min", "question", "variants", "answer",
     "hours", "days", "sat", "opens", "nlu", "intent", "examples", "- a\n- [b](c)\n", "1405-01-01", "12:30", "-1", "",
     "true", " ", "{x}", "{", "۱۲", "<<", "\x85", "\ud7ff"]
)  # fmt: skip
_TREES = st.recursive(
    _WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=20,
)
_PIECES = st.sampled_from(
    ["---\n", "# fa\n", "## معرفی\n", "## Steps\n", "- ", "a: ", "[", "]", "{", "}", "&a ", "*a", "!!int ", "? ", "|\n",
     ">", "\n", "\n  ", "\t", '"', "'", "%YAML 9.9\n", "\x00", "\u2028", "#", "fa", ": ", "\\U00110000", "\ufeff"]
)  # fmt: skip


def _survives(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    good = path.read_bytes()
    try:
        path.write_bytes(data)
        load(folder)
    except ContentErrors as errors:
        last = data.count(b"\n") + 1
        assert errors.problems
        assert all(1 <= p.line <= last for p in errors.problems if p.file == name)
    finally:
        path.write_bytes(good)


FILES = st.sampled_from(
    ["organization.yaml", "holidays.yaml", "announcements.yaml", "services/lights.md", "faq/care.yaml",
     "forms/light_report.yaml", "surveys/satisfaction.yaml", "phrases/all.yaml", "phrases/words.yaml",
     "nlu/intents.yaml", "nlu/synonyms.yaml", "nlu/unrelated.txt"]
)  # fmt: skip


@settings(deadline=None)
@given(name=FILES, tree=_TREES)
def test_any_yaml_is_content_or_problems(lasting_folder: Path, name: str, tree: object) -> None:
    _survives(lasting_folder, name, yaml.safe_dump(tree, allow_unicode=True).encode())


@settings(deadline=None)
@given(name=FILES, data=st.binary(max_size=60) | st.lists(_PIECES, max_size=30).map(lambda p: "".join(p).encode()))
def test_any_bytes_are_content_or_problems(lasting_folder: Path, name: str, data: bytes) -> None:
    _survives(lasting_folder, name, data)


@settings(deadline=None)
@given(
    name=FILES, where=st.floats(0, 1), cut=st.integers(0, 30), new=st.lists(_PIECES | _WORDS, max_size=3).map("".join)
)
def test_any_slip_of_the_hand_is_content_or_problems(
    lasting_folder: Path, name: str, where: float, cut: int, new: str
) -> None:
    good = (lasting_folder / name).read_text(encoding="utf-8")
    at = int(where * len(good))
    _survives(lasting_folder, name, (good[:at] + new + good[at + cut :]).encode())


def test_brackets_without_end_are_a_problem(folder: Path) -> None:
    for text in ("[" * 100_000, "- " * 20_000, "{a: " * 20_000, "? " * 20_000):
        _survives(folder, "faq/care.yaml", text.encode())


def test_without_libyaml_the_same_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = load(folder)
    monkeypatch.setattr(yaml_source, "LOADER", yaml.BaseLoader)
    assert load(folder) == good
    for escaped in ("\\U00110000", "\\UFFFFFFFF"):
        _survives(folder, "nlu/synonyms.yaml", f'a: ["{escaped}"]'.encode())


def test_the_project_s_own_content_is_good(tmp_path: Path) -> None:
    catalogue = load(OWN)
    assert len(catalogue.services) >= 14
    assert len(catalogue.faq) >= 70
    assert len(catalogue.forms) >= 10
    assert load(Path(shutil.copytree(OWN, tmp_path / "copy"))) == catalogue
