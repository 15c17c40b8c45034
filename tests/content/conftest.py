"""A small good knowledge base, written to disk for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

ORGANIZATION = """\
name: {fa: شهر نمونه, en: Sample City}
about: {fa: شهرداری, en: A city}
address: {fa: میدان, en: The square}
phone: "0210000"
website: https://city.example
email: desk@city.example
timezone: Asia/Tehran
hours:
  - {days: [sat, sun], opens: 07:30, closes: 14:30}
  - days: [thu]
    opens: 07:30
    closes: 12:00
front_desk: desk
units:
  desk: {title: {fa: میز خدمت, en: Service desk}}
  streets: {title: {fa: معابر, en: Streets}, phone: 0712, place: {fa: طبقهٔ ۲, en: Floor 2}}
categories:
  care: {fa: خدمات شهری, en: City care}
audiences:
  citizen: {fa: شهروند, en: Citizens}
"""

HOLIDAYS = """\
- {date: 1405-01-01, title: {fa: نوروز, en: Nowruz}}
- {date: 1403-12-30, title: {fa: روز آخر سال کبیسه, en: Last day of a leap year}}
"""

ANNOUNCEMENTS = """\
- id: works
  title: {fa: عملیات, en: Works}
  body: {fa: خیابان بسته است, en: The street is closed}
  since: 1405-08-01
  until: 1405-08-30
  urgent: true
"""

SERVICE = """\
---
title: {fa: چراغ معابر, en: Street lights}
category: care
audiences: [citizen]
unit: streets
officer: {fa: کارشناس روشنایی, en: Lighting officer}
days: 3
fee: 0
forms: [light_report]
keywords: [چراغ, lamp]
---
# fa
## معرفی
تعمیر چراغ
در همهٔ معابر.
## مراحل
1. ثبت گزارش
2. تعمیر
   در محل
## مدارک
- ندارد
## قوانین
- قانون شهرداری‌ها
## شکایت
با دفتر بازرسی تماس بگیرید.

# en
## About
Repair of lamps.
## Steps
- Report
- Repair
## Documents
- None
## Laws
- Municipal law
## Complaints
Call the inspectors.
"""

FAQ = """\
- id: light_out
  service: lights
  question: {fa: چراغ کوچه خاموش است؟, en: "Is the lamp out?"}
  variants:
    fa: [لامپ کوچه سوخته, چراغ خیابون خاموشه, برق کوچه رفته]
    en:
      - the street is dark
  answer:
    fa: |
      گزارش دهید.
    en: Report it.
  related: [light_time]
- id: light_time
  question: {fa: تعمیر چراغ چقدر طول می‌کشد؟, en: "How long does it take?"}
  variants: {fa: [چند روزه درست می‌شه, کی درست می‌کنید, زمان تعمیر چراغ], en: [how many days]}
  answer: {fa: سه روز, en: Three days}
"""

FORM = """\
kind: request
title: {fa: گزارش چراغ, en: Report a lamp}
intro: {fa: بفرمایید, en: Please tell}
service: lights
unit: streets
days: 3
fields:
  - id: lamps
    type: number
    label: {fa: شمار, en: Count}
    ask: {fa: چند چراغ؟, en: "How many lamps?"}
    min: 1
    max: 20
  - id: state
    type: choice
    label: {fa: وضعیت, en: State}
    ask: {fa: چه شده؟, en: "What happened?"}
    help: {fa: یکی, en: Pick one}
    options:
      - {id: out, label: {fa: خاموش, en: Out}}
      - {id: yes, label: {fa: چشمک, en: Flickers}}
  - id: since
    type: date
    label: {fa: از, en: Since}
    ask: {fa: از کی؟, en: "Since when?"}
    future: false
    optional: true
  - id: caller
    type: mobile
    label: {fa: موبایل, en: Mobile}
    ask: {fa: شماره؟, en: "Your number?"}
    remember: mobile
"""

SURVEY = """\
title: {fa: رضایت, en: Satisfaction}
questions:
  - {id: score, type: scale, label: {fa: امتیاز, en: Score}, ask: {fa: راضی بودید؟, en: "Satisfied?"}}
  - id: why
    type: long_text
    label: {fa: علت, en: Reason}
    ask: {fa: چرا؟, en: "Why?"}
    optional: true
    at_most: 3
"""

PHRASES = """\
menu.greeting: {fa: سلام, en: Hello}
filed.code:
  fa: کد شما {code} در واحد {unit} است.
  en: Your code is {code}, at {unit}.
"""

WORDS = """\
back: {fa: [برگشت, قبلی], en: [back, no]}
"""

INTENTS = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - سلام
    - hello [there](place)

    - [hi]{"entity": "word"} you
- intent: track_request
  examples: |
    - کد پیگیری دارم
"""

GOOD = {
    "organization.yaml": ORGANIZATION,
    "holidays.yaml": HOLIDAYS,
    "announcements.yaml": ANNOUNCEMENTS,
    "services/lights.md": SERVICE,
    "faq/care.yaml": FAQ,
    "forms/light_report.yaml": FORM,
    "surveys/satisfaction.yaml": SURVEY,
    "phrases/all.yaml": PHRASES,
    "phrases/words.yaml": WORDS,
    "nlu/intents.yaml": INTENTS,
    "nlu/synonyms.yaml": "چراغ: [لامپ, lamp]\n",
    "nlu/unrelated.txt": "# about other things\nهوا چطور است؟\n\nwho won the match\n",
}


def write(folder: Path) -> None:
    for name, text in GOOD.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The good knowledge base in a folder of its own."""
    write(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def lasting_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, for tests that put back what they change."""
    path = tmp_path_factory.mktemp("knowledge_base")
    write(path)
    return path
