"""Planted mistakes: each is found in its file and line, with words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content import ContentErrors, Problem, load

ORG, FORM, FAQ, PAGE = "organization.yaml", "forms/light_report.yaml", "faq/care.yaml", "services/lights.md"
SURVEY, PHRASES, INTENTS = "surveys/satisfaction.yaml", "phrases/all.yaml", "nlu/intents.yaml"

# what · file · what stands there · what is planted instead · line of the problem · words of its message
# fmt: off
PLANTED = [
    # YAML itself
    ("yaml syntax", ORG, "front_desk: desk", "front_desk: desk: x", 13, "not valid YAML"),
    ("tab", ORG, "  desk: {title", "\tdesk: {title", 15, "indent with spaces"),
    ("quote left open", PHRASES, "en: Hello}", 'en: "Hello}', 1, "not valid YAML"),
    ("line separator", PHRASES, "Hello", "Hel\u2028lo", 1, "U+2028"),
    ("control character", PHRASES, "Hello", "Hel\x07lo", 1, "U+0007"),
    ("duplicate key", ORG, 'front_desk: desk', 'phone: "1"\nfront_desk: desk', 13, "`phone` stands in line 4 already"),
    ("duplicate nested key", FORM, "    max: 20", "    max: 20\n    max: 30", 14, "`max` stands in line 13 already"),
    ("duplicate unit", ORG, "categories:", "  desk: {title: {fa: ا, en: A}}\ncategories:", 17, "`desk` stands in line"),
    ("alias of itself", ORG, "categories:", "categories: &me\n  loop: *me", 17, "&, * and ! in front"),
    ("tag", FORM, "days: 3", "days: !!int 3", 6, "&, * and ! in front"),
    ("star in front", PHRASES, "en: Your", "en: *Your", 4, "&, * and ! in front"),
    ("two documents", PHRASES, "filed.code:", "---\nfiled.code:", 3, "second document"),
    ("too deep", FAQ, "[light_time]", "[" * 30 + "]" * 30, 12, "more than 20 levels"),
    # keys, types, languages
    ("unknown key", FORM, "    max: 20", "    maximum: 20", 13, "did you mean `max`?"),
    ("missing key", FORM, "kind: request\n", "", 1, "`kind` is missing"),
    ("missing language", FORM, "help: {fa: یکی, en: Pick one}", "help: {fa: یکی}", 18, "language `en` is missing"),
    ("empty language", ORG, "care: {fa: خدمات شهری, en: City care}", "care:\n    fa: شهر\n    en:", 20, "not nothing"),
    ("no languages", FORM, "title: {fa: گزارش چراغ, en: Report a lamp}", "title: A", 2, "write {fa: …, en: …} here"),
    ("unknown language", FORM, "en: Pick one}", "en: Pick one, de: Eins}", 18, "`de` is not known"),
    ("list for a text", ORG, "email: desk@city.example", "email: [desk@city.example]", 6, "not a list"),
    ("text for a list", PAGE, "audiences: [citizen]", "audiences: citizen", 4, "write a list here"),
    ("words for a number", FORM, "max: 20", "max: twenty", 13, "not a whole number"),
    ("negative days", PAGE, "days: 3", "days: -3", 7, "write 0 or more"),
    ("yes for true", FORM, "optional: true", "optional: yes", 27, "neither true nor false"),
    # ids
    ("bad field id", FORM, "- id: lamps", "- id: Lamps-1", 8, "`Lamps-1` is no id"),
    ("long option id", FORM, "{id: out,", "{id: " + "o" * 41 + ",", 20, "2 to 40"),
    ("persian option id", FORM, "{id: out,", "{id: خاموش,", 20, "is no id"),
    ("duplicate field", FORM, "- id: state", "- id: lamps", 14, "stands at forms/light_report.yaml:8 already"),
    ("duplicate option", FORM, "{id: yes,", "{id: out,", 21, "the option id `out` stands at"),
    ("duplicate entry", FAQ, "- id: light_time", "- id: light_out", 13, "stands at faq/care.yaml:1 already"),
    # fields and questions
    ("unknown type", FORM, "type: mobile", "type: telephone", 29, "not a field type"),
    ("choice without options", FORM, "type: date", "type: choice", 22, "a choice needs `options:`"),
    ("options elsewhere", FORM, "type: choice", "type: text", 19, "only a choice has options"),
    ("min above max", FORM, "min: 1\n", "min: 21\n", 12, "min 21 is greater than max 20"),
    ("bounds elsewhere", FORM, "    remember: mobile", "    max: 4", 32, "a mobile field has no min and max"),
    ("future elsewhere", FORM, "    remember: mobile", "    future: true", 32, "only a date"),
    ("no date at all", FORM, "    future: false", "    future: false\n    past: false", 22, "neither past nor future"),
    ("remember what", FORM, "remember: mobile", "remember: shoe_size", 32, "something to remember"),
    ("unknown kind", FORM, "kind: request", "kind: demand", 1, "not a kind of request"),
    ("survey without scale", SURVEY, "type: scale", "type: yes_no", 3, "make it a `scale`"),
    ("score optional", SURVEY, "{id: score,", "{id: score, optional: true,", 3, "cannot be optional"),
    ("score out of scale", SURVEY, "at_most: 3", "at_most: 6", 9, "write 5 or less"),
    # references
    ("front desk", ORG, "front_desk: desk", "front_desk: disk", 13, "no unit `disk`; did you mean `desk`?"),
    ("unit of a service", PAGE, "unit: streets", "unit: roads", 5, "no unit `roads`"),
    ("category of a service", PAGE, "category: care", "category: cars", 3, "no category `cars`"),
    ("audience of a service", PAGE, "[citizen]", "[citizen, robots]", 4, "no audience `robots`"),
    ("form of a service", PAGE, "[light_report]", "[light_report, lost]", 9, "no form `lost`"),
    ("unit of a form", FORM, "unit: streets", "unit: street", 5, "did you mean `streets`?"),
    ("service of a form", FORM, "service: lights", "service: light", 4, "no service `light`"),
    ("service of an entry", FAQ, "service: lights", "service: heat", 2, "no service `heat`"),
    ("related entry", FAQ, "[light_time]", "[light_tame]", 12, "did you mean `light_time`?"),
    # questions
    ("few variants", FAQ, "چراغ خیابون خاموشه, برق کوچه رفته]", "لامپ  كوچه سوخته, برق]", 5, "write at least 3"),
    ("variant of two", FAQ, "زمان تعمیر چراغ]", "بـرق كوچه رفته]", 15, "another entry at faq/care.yaml:5"),
    ("variant is another's question", FAQ, "[how many days]", '["is the LAMP out?"]', 15, "another entry at"),
    # dates and hours
    ("no such day", "announcements.yaml", "1405-08-30", "1405-08-31", 5, "Aban 1405 has the days 01 to 30"),
    ("mehr", "holidays.yaml", "1405-01-01", "1404-07-31", 1, "Mehr 1404 has the days 01 to 30"),
    ("no leap year", "holidays.yaml", "1403-12-30", "1404-12-30", 2, "Esfand 1404 has the days 01 to 29"),
    ("no such month", "holidays.yaml", "1405-01-01", "1405-13-01", 1, "months are 01 to 12"),
    ("gregorian", "holidays.yaml", "1405-01-01", "2026-03-21", 1, "not a Jalali date"),
    ("holiday twice", "holidays.yaml", "1403-12-30", "1405-01-01", 2, "stands at holidays.yaml:1 already"),
    ("ends before", "announcements.yaml", "until: 1405-08-30", "until: 1405-07-30", 5, "before `since`"),
    ("closes before", ORG, "closes: 14:30", "closes: 07:30", 9, "opens at 07:30 but closes at 07:30"),
    ("bad time", ORG, "opens: 07:30\n    closes", "opens: 7.30\n    closes", 11, "not a time of day"),
    ("bad weekday", ORG, "[thu]", "[thursday]", 10, "not a day of the week"),
    ("overlap", ORG, "[thu]", "[thu, sun]", 10, "open at that time already"),
    ("no day", ORG, "front_desk:", "quiet_hours: {from: 09:00, until: 09:00}\nfront_desk:", 13, "when they begin"),
    ("half quiet", ORG, "front_desk:", "quiet_hours: {from: 22:00}\nfront_desk:", 13, "the key `until` is missing"),
    ("quiet in words", ORG, "front_desk:", "quiet_hours: at night\nfront_desk:", 13, "write {from: …, until: …} here"),
    ("bad delay", ORG, "front_desk:", "remind_after: 3 days\nfront_desk:", 13, "such as 30m, 12h or 3d"),
    ("bad delay of a survey", SURVEY, "questions:", "after: soon\nquestions:", 2, "is not a delay"),
    ("time zone", ORG, "Asia/Tehran", "Asia/Teheran", 7, "not a time zone"),
    # phrases and examples
    ("gap lost", PHRASES, "Your code is {code}, at", "Your code, at", 4, "`en` lacks {code}"),
    ("gap open", PHRASES, "{code}, at", "{code, at", 4, "not closed or named wrongly"),
    ("gap named wrongly", PHRASES, "{code}, at", "{Code}, at", 4, "small letters"),
    ("words without language", "phrases/words.yaml", ", en: [back, no]", "", 1, "language `en` is missing"),
    ("example without dash", INTENTS, "    - hello", "    hello", 6, "`- sentence`"),
    ("example of two", INTENTS, "- کد پیگیری دارم", "- سلام", 11, "another intent than `track_request`"),
    ("examples as a list", INTENTS, "examples: |\n    - کد", "examples:\n    - کد", 10, "a block"),
    ("other Rasa", INTENTS, '"3.1"', '"2.0"', 1, "another format"),
    ("synonym", "nlu/synonyms.yaml", "[لامپ, lamp]", "لامپ", 1, "write a list"),
    # service pages
    ("no front matter", PAGE, "---\ntitle", "title", 1, "front matter"),
    ("front matter syntax", PAGE, "fee: 0", "fee: [0", 8, "not valid YAML"),
    ("part missing", PAGE, "## Laws\n- Municipal law\n", "", 27, "no heading `## Laws`"),
    ("language missing", PAGE, "# en\n", "# english\n", 27, "`# english` is no language"),
    ("wrong heading", PAGE, "## مراحل", "## گام‌ها", 16, "`## گام‌ها` is not known"),
    ("heading in another language", PAGE, "## Steps", "## مراحل", 30, "is not known here"),
    ("heading twice", PAGE, "## Laws", "## Steps", 35, "stands in line 30 already"),
    ("deep heading", PAGE, "- Report", "### Report\n- Report", 31, "not known here"),
    ("text under no heading", PAGE, "# fa\n", "# fa\nسلام\n", 13, "under no `## …` heading"),
    ("list without sign", PAGE, "- Report", "Report", 31, "begin the line with"),
    ("two paragraphs", PAGE, "در همهٔ معابر.", "\nدر همهٔ معابر.", 16, "one paragraph"),
    ("list for a paragraph", PAGE, "Repair of lamps.", "- Repair of lamps.", 29, "not a list"),
    ("empty part", PAGE, "## Laws\n- Municipal law", "## Laws", 35, "nothing stands under"),
]
# fmt: on


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(ContentErrors) as caught:
        load(folder)
    return caught.value.problems


def plant(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "words"), [row[1:] for row in PLANTED], ids=[r[0] for r in PLANTED]
)
def test_a_planted_mistake_is_found_at_its_line(
    folder: Path, file: str, old: str, new: str, line: int, words: str
) -> None:
    plant(folder, file, old, new)
    found = [str(problem) for problem in problems_of(folder)]
    assert any(p.startswith(f"{file}:{line}: ") and words in p for p in found), found


def test_services_and_forms_agree(folder: Path) -> None:
    plant(folder, PAGE, "forms: [light_report]\n", "")
    missing = "services/lights.md does not list this form; add `light_report` to its `forms:`"
    assert problems_of(folder) == (Problem(FORM, 4, missing),)
    plant(folder, FORM, "service: lights\n", "")
    load(folder)
    plant(folder, PAGE, "keywords:", "forms: [light_report]\nkeywords:")
    assert load(folder).services["lights"].forms == ("light_report",)  # as a letter would be
    page = (folder / PAGE).read_text(encoding="utf-8")
    (folder / "services/lamps.md").write_text(page, encoding="utf-8")
    plant(folder, FORM, "unit:", "service: lights\nunit:")
    wrong = "the form `light_report` says `service: lights`; remove it here or change it there"
    assert problems_of(folder) == (Problem("services/lamps.md", 9, wrong),)


def test_all_problems_of_all_files_come_at_once_and_in_order(folder: Path) -> None:
    for file, old, new in [
        (ORG, "closes: 14:30", "closes: 25:00"),
        (ORG, "front_desk: desk", "front_desk: disk"),
        (FORM, "type: mobile", "type: telephone"),
        (FORM, "kind: request", "kind: demand"),
        (FAQ, "[light_time]", "[lamp]"),
        (PAGE, "## Laws", "## Rules"),
        (PHRASES, "at {unit}", "there"),
    ]:
        plant(folder, file, old, new)
    with pytest.raises(ContentErrors) as caught:
        load(folder)
    found = caught.value.problems
    assert [(p.file, p.line) for p in found] == [
        (FAQ, 12), (FORM, 1), (FORM, 29), (ORG, 9), (ORG, 13), (PHRASES, 4), (PAGE, 27), (PAGE, 35)
    ]  # fmt: skip
    assert str(caught.value).split("\n") == [f"{p.file}:{p.line}: {p.message}" for p in found]


def test_ids_and_phrases_are_unique_across_files(folder: Path) -> None:
    entry = (folder / FAQ).read_text(encoding="utf-8").split("- id: light_time")[0]
    (folder / "faq/more.yaml").write_text("\n" + entry, encoding="utf-8")
    (folder / "phrases/more.yaml").write_text("\nmenu.greeting: {fa: درود, en: Hi}\n", encoding="utf-8")
    found = [str(p) for p in problems_of(folder)]
    assert (
        "faq/more.yaml:2: the FAQ entry id `light_out` stands at faq/care.yaml:1 already; give this one another id"
        in found
    )
    assert any(
        p.startswith("faq/more.yaml:4: the same question stands in another entry at faq/care.yaml:3") for p in found
    )
    assert any(
        p.startswith("phrases/more.yaml:2: the phrase `menu.greeting` stands at phrases/all.yaml:1") for p in found
    )


def test_one_survey_follows_each_kind(folder: Path) -> None:
    survey = (folder / SURVEY).read_text(encoding="utf-8")
    (folder / "surveys/zz.yaml").write_text(survey, encoding="utf-8")
    [problem] = problems_of(folder)
    assert str(problem).startswith("surveys/zz.yaml:1: the survey at surveys/satisfaction.yaml:1 follows all other")
    (folder / "surveys/zz.yaml").write_text("kinds: [complaint, support]\n" + survey, encoding="utf-8")
    assert load(folder).surveys["zz"].kinds == ("complaint", "support")


@pytest.mark.parametrize("file", [ORG, "holidays.yaml", "phrases/words.yaml", INTENTS])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    [problem] = problems_of(folder)
    assert (problem.file, problem.line) == (file, 1)
    assert "missing" in problem.message


def test_no_folder_is_a_problem_too(tmp_path: Path) -> None:
    assert {p.file for p in problems_of(tmp_path / "nowhere")} == {ORG, "holidays.yaml", "phrases/words.yaml", INTENTS}


def test_a_file_of_a_wrong_name_is_not_ignored(folder: Path) -> None:
    (folder / "forms/Light-Report.yaml").write_text((folder / FORM).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "faq/extra.yml").write_text("[]", encoding="utf-8")
    (folder / "README.md").write_text("for editors", encoding="utf-8")
    (folder / "faq/.care.yaml.swp").write_text("{", encoding="utf-8")
    (folder / "faq/.#care.yaml").write_text("{", encoding="utf-8")
    found = [str(p) for p in problems_of(folder)]
    assert any(p.startswith("faq/extra.yml:1: nothing reads") for p in found)
    assert any(p.startswith("forms/Light-Report.yaml:1: the file's name is the form's id; rename it") for p in found)
    assert all(p.startswith(("faq/extra.yml", "forms/Light-Report.yaml")) for p in found)


def test_other_encodings_and_empty_files_are_told(folder: Path) -> None:
    (folder / PHRASES).write_bytes(b"a: {fa: b, en: c}\nb: {fa: \xe7\xe8, en: d}\n")
    (folder / "holidays.yaml").write_bytes(b"")
    (folder / "nlu/unrelated.txt").write_bytes(b"one\ntwo \xff\n")
    found = {(p.file, p.line): p.message for p in problems_of(folder)}
    assert "not UTF-8" in found[PHRASES, 2]
    assert "not UTF-8" in found["nlu/unrelated.txt", 2]
    assert "empty" in found["holidays.yaml", 1]
    assert len(found) == 3


def test_one_broken_file_does_not_make_others_look_wrong(folder: Path) -> None:
    plant(folder, ORG, "name: {fa", "name: [fa")
    plant(folder, FAQ, "- id: light_time", "- id: [light_time")
    plant(folder, FORM, "kind: request", "kind: {request")
    assert {p.file for p in problems_of(folder)} == {ORG, FAQ, FORM}
    assert len(problems_of(folder)) == 3


def test_windows_line_ends_and_a_byte_order_mark_are_fine(folder: Path) -> None:
    good = load(folder)
    for path in folder.rglob("*.*"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder) == good
    plant(folder, FORM, "type: mobile", "type: telephone")
    assert problems_of(folder)[0].line == 29
