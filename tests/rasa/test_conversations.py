"""The desk in Rasa's conversation, on rasa-sdk's own executor: the same rules as on any channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.catalogue import Form
from bot.core.messages import Address
from bot.core.requests import Status
from bot.dialogs.registry import build
from bot.rasa import names
from tests.conversation import content
from tests.rasa.assistant import Assistant, OurSide, code_in

POTHOLE = '/command{"command": "/form/pothole_report"}'
ANSWERS = ("۱", "خیابان بهار، نرسیده به کوچهٔ سوم", "بله", "رد شدن", "رد شدن", "۰۹۱۲ ۱۲۳ ۴۵ ۶۷")


@pytest.fixture
def side() -> OurSide:
    return OurSide()


@pytest.fixture
def ann(side: OurSide) -> Assistant:
    return Assistant(side)


async def fill(citizen: Assistant) -> str:
    """To the review of a pothole report."""
    await citizen.says(POTHOLE)
    for answer in ANSWERS:
        await citizen.says(answer)
    assert citizen.slots["requested_slot"] == "pothole_report_review"
    return citizen.text


async def file(citizen: Assistant) -> str:
    await fill(citizen)
    return code_in(await citizen.presses("تأیید"))


class TestWords:
    async def test_a_question_is_answered_from_the_knowledge_base(self, ann: Assistant) -> None:
        said = await ann.says("هزینهٔ پروانهٔ ساختمانی چقدر است؟", "ask_faq")
        assert "متراژ" in said and "آیا کمک کرد" in said

    async def test_what_is_not_known_is_said_so_and_kept_for_the_editors(self, ann: Assistant) -> None:
        await ann.says("قیمت طلا امروز چند است؟", "out_of_scope")
        await ann.repeat()
        assert [m.text for m in ann.side.desk.missed.values()] == ["قیمت طلا امروز چند است؟"]

    async def test_rasa_says_what_is_wished(self, ann: Assistant) -> None:
        assert "۷:۳۰" in await ann.says("کی باز هستید", "working_hours")
        assert "سلام" in await ann.says("یکی دوتا سه تا", "greet")

    async def test_where_rasa_is_unsure_the_embedded_model_is_asked(self, ann: Assistant) -> None:
        assert "سلام" in await ann.says("سلام وقت بخیر", names.FALLBACK)

    async def test_a_button_is_a_command(self, ann: Assistant) -> None:
        await ann.says("هزینهٔ پروانهٔ ساختمانی چقدر است؟", "ask_faq")
        await ann.presses("خیر")
        assert [m.reason for m in ann.side.desk.missed.values()] == ["unhelpful"]
        await ann.says('/command{"command": "/nonsense"}')
        assert "منوی اصلی" in ann.offered

    async def test_a_human_gets_the_message(self, ann: Assistant) -> None:
        await ann.says("می‌خواهم با یک نفر حرف بزنم", "human")
        assert ann.loop == "officer_message_form"

    async def test_the_guide_is_a_form_too(self, ann: Assistant) -> None:
        await ann.says('/command{"command": "/service/pothole"}')
        assert ann.loop == "guide_form"
        assert "مدارک" in await ann.presses("مدارک")
        assert "۷:۳۰" in await ann.says("ساعت کاری شما", "working_hours")
        assert ann.loop is None

    @pytest.mark.parametrize("command", names.COMMANDS)
    async def test_each_command_has_an_action(self, ann: Assistant, command: str) -> None:
        assert await ann.acts(f"action_{command}")


class TestForms:
    async def test_a_form_is_filed(self, ann: Assistant) -> None:
        code = await file(ann)
        [request] = await ann.side.filed()
        assert request.code == code and ann.loop is None
        assert request.draft.address == Address("rasa", "ann")
        assert {a.field: a.value for a in request.draft.answers} == {
            "damage": "pothole",
            "place": {"text": "خیابان بهار، نرسیده به کوچهٔ سوم"},
            "dangerous": True,
            "mobile": "+989121234567",
        }
        assert not [slot for slot, value in ann.slots.items() if value and slot != names.LAST_CODE]

    async def test_slots_show_the_answers(self, ann: Assistant) -> None:
        await fill(ann)
        assert ann.slots["pothole_report_mobile"] == "+989121234567"
        assert ann.slots["pothole_report_damage"] == "pothole"

    async def test_a_wrong_answer_is_told_and_asked_again(self, ann: Assistant) -> None:
        await ann.says(POTHOLE)
        for answer in ANSWERS[:-1]:
            await ann.says(answer)
        said = await ann.says("۰۹۱۲")
        assert "درست نیست" in said and "شماره همراه‌تان را بنویسید" in said
        assert ann.slots["pothole_report_mobile"] is None
        for _ in range(2):
            await ann.says("۱۲۳")
        assert "صحبت با کارشناس" in ann.offered

    async def test_a_repeated_call_files_once_and_tells_the_same_code(self, ann: Assistant) -> None:
        code = await file(ann)
        assert any(code_in(text) == code for text in await ann.repeat() if "کد رهگیری" in text)
        assert len(await ann.side.filed()) == 1

    async def test_an_answer_that_was_lost_files_once(self, ann: Assistant) -> None:
        """Rasa never saw that it was filed: the form is there to be confirmed again, and the desk knows it."""
        await fill(ann)
        before = (dict(ann.slots), list(ann.events), ann.loop)
        code = code_in(await ann.presses("تأیید"))
        ann.slots, ann.events, ann.loop = before
        assert code_in(await ann.says("confirm")) == code
        assert len(await ann.side.filed()) == 1

    async def test_the_same_form_again_is_another_request(self, ann: Assistant) -> None:
        assert await file(ann) != await file(ann)

    async def test_another_sender_never_gets_at_it_by_the_slots(self, ann: Assistant) -> None:
        await fill(ann)
        bob = Assistant(ann.side, "bob")
        bob.slots, bob.events, bob.loop = dict(ann.slots), list(ann.events), ann.loop
        assert code_in(await ann.presses("تأیید")) != code_in(await bob.says("confirm"))

    async def test_any_answer_can_be_corrected(self, ann: Assistant) -> None:
        await fill(ann)
        await ann.presses("اصلاح: جای")
        await ann.says("؟؟؟")
        assert ann.slots["requested_slot"] == "pothole_report_place"
        assert "کوچهٔ چهارم" in await ann.says("خیابان بهار، کوچهٔ چهارم")
        assert "بازگشت" in ann.offered
        await ann.presses("بازگشت")
        assert ann.slots["requested_slot"] == "pothole_report_mobile"

    async def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(self, ann: Assistant) -> None:
        await ann.says(POTHOLE)
        said = await ann.says("ساعت کاری شهرداری چیست؟", "working_hours")
        assert "۷:۳۰" in said and "چه چیزی خراب است" in said

    async def test_cancelled_is_forgotten(self, ann: Assistant) -> None:
        await fill(ann)
        await ann.says("لغو")
        assert ann.loop is None and not any(ann.slots.values()) and not await ann.side.filed()

    async def test_a_command_may_be_typed(self, ann: Assistant) -> None:
        await ann.says(POTHOLE)
        await ann.says("۱")
        await ann.says("/back", "back")
        assert ann.slots["requested_slot"] == "pothole_report_damage"
        await ann.says("/cancel", "cancel")
        assert ann.loop is None

    async def test_a_form_that_is_left_is_taken_up_again(self, ann: Assistant) -> None:
        await ann.says(POTHOLE)
        await ann.says("۱")
        await ann.says('/command{"command": "/track"}')
        assert ann.loop == "track_form"
        await ann.says(POTHOLE)
        assert ann.slots["requested_slot"] == "pothole_report_place"

    async def test_what_a_failed_call_left_in_a_slot_is_no_answer(self, ann: Assistant) -> None:
        """Rasa writes the words into the slot before it asks us; when we are away they stay there."""
        await ann.says(POTHOLE)
        ann.slots["pothole_report_mobile"] = "whatever"
        for answer in ANSWERS[:-1]:
            await ann.says(answer)
        assert ann.slots["requested_slot"] == "pothole_report_mobile"
        assert "شماره همراه" in ann.text

    async def test_a_desk_that_fails_is_apologised_for_and_nothing_is_lost(
        self, ann: Assistant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(ann)

        async def broken(*args: object, **kwargs: object) -> None:
            raise OSError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(ann.side.desk, "file", broken)
            assert "disk" not in await ann.presses("تأیید") and ann.said
        assert not await ann.side.filed()
        await ann.says(POTHOLE)
        assert ann.slots["requested_slot"] == "pothole_report_review"
        code_in(await ann.says("confirm"))
        assert len(await ann.side.filed()) == 1

    async def test_an_edited_form_keeps_what_fits(self, ann: Assistant) -> None:
        await fill(ann)
        side, form = ann.side, ann.side.catalogue.forms["pothole_report"]
        edited = replace(form, version=form.version + 1, fields=form.fields[:1] + form.fields[2:])
        side.catalogue = replace(side.catalogue, forms={**side.catalogue.forms, form.id: edited})
        side.dialogs = build(side.catalogue, side.nlu, side.desk)
        fresh = Assistant(side)
        fresh.slots |= {k: v for k, v in ann.slots.items() if k in fresh.slots}
        fresh.loop, fresh.events = ann.loop, ann.events
        code_in(await fresh.says("confirm"))
        [request] = await side.filed()
        assert [a.field for a in request.draft.answers] == ["damage", "dangerous", "mobile"]

    async def test_what_needs_documents_is_filed_elsewhere(self, ann: Assistant) -> None:
        assert "مدرک" in await ann.says('/command{"command": "/form/building_permit_request"}')
        assert ann.loop is None

    async def test_the_language_is_the_trackers(self, ann: Assistant) -> None:
        ann.metadata = {"language": "en"}
        assert "What is damaged?" in await ann.says(POTHOLE)
        await ann.says("cancel")
        ann.metadata = {}
        assert "چه چیزی خراب است" in await ann.says(POTHOLE)
        await ann.says("لغو")
        await ann.says('/command{"command": "/language/en"}')
        assert ann.slots[names.LANGUAGE] == "en"
        assert "What is damaged?" in await ann.says(POTHOLE)

    async def test_who_asks_in_another_language_is_answered_in_it(self, ann: Assistant) -> None:
        await ann.says("What are the working hours of the municipality?", "ask_faq")
        assert ann.slots[names.LANGUAGE] == "en" and "Saturday" in ann.text
        assert "What is damaged?" in await ann.says(POTHOLE)
        await ann.says("این را نمی‌دانم", "out_of_scope")
        assert ann.slots[names.LANGUAGE] == "en"  # in a form any language may be an answer


class TestTracking:
    async def test_the_code_tells_the_status_and_the_second_factor_the_rest(self, ann: Assistant) -> None:
        code = await file(ann)
        said = await ann.says(f"پیگیری {code} لطفاً", "track_request")
        assert "ثبت‌شده" in said and "بهار" not in said
        assert "چهار رقم" in await ann.presses("متن")
        assert "بهار" not in await ann.says("۱۱۱۱")
        assert "بهار" in await ann.says("۴۵۶۷")
        await ann.presses("افزودن")
        await ann.says("چاله بزرگ‌تر شده")
        await ann.repeat()
        [request] = await ann.side.filed()
        assert [c.note for c in request.history if c.note] == ["چاله بزرگ‌تر شده"]

    async def test_a_sender_id_proves_nothing(self, ann: Assistant) -> None:
        await file(ann)
        said = await ann.says("درخواست‌های من", "my_requests")
        assert "چاله" not in said

    async def test_what_a_slot_claims_opens_nothing(self, ann: Assistant) -> None:
        code = await file(ann)
        await ann.says(code, "track_request")
        draft = ann.slots[names.DRAFTS]["track"]
        for claimed in ({"unlocked": code}, {"digits": "0000"}, {"unlocked": code, "digits": "9999"}):
            answers = {**draft["answers"], **claimed}
            ann.slots[names.DRAFTS] = {"track": {**draft, "answers": answers}}
            assert "بهار" not in await ann.says("details")
            assert ann.slots["requested_slot"] == "track_digits"
            ann.slots["requested_slot"] = "track_shown"

    async def test_guessing_is_limited(self, ann: Assistant) -> None:
        code = await file(ann)
        await ann.says(code, "track_request")
        await ann.says("details")
        for _ in range(7):
            await ann.says("۰۰۰۰")
        assert ann.loop is None

    async def test_other_words_leave_it(self, ann: Assistant) -> None:
        await ann.says(await file(ann), "track_request")
        assert "۷:۳۰" in await ann.says("ساعت کاری شما چیست", "working_hours")
        assert ann.loop is None and ann.slots[names.DRAFTS] is None


class TestSurvey:
    async def closed(self, citizen: Assistant) -> str:
        code = await file(citizen)
        [request] = await citizen.side.filed()
        for status in (Status.RESOLVED, Status.CLOSED):
            await citizen.side.desk.change(request.code, by="officer", status=status)
        return code

    async def test_a_request_is_rated_once(self, ann: Assistant) -> None:
        await self.closed(ann)
        await ann.says("نظرسنجی", "survey")
        await ann.says("۵")
        await ann.repeat()
        for _ in range(2):
            await ann.says("skip")
        assert ann.loop is None
        summary = await ann.side.desk.summary()
        assert (summary["count"], summary["mean"]) == (1, 5)
        await ann.says("نظرسنجی", "survey")
        assert ann.loop is None

    async def test_only_who_filed_it_rates_it(self, ann: Assistant) -> None:
        code = await self.closed(ann)
        bob = Assistant(ann.side, "bob")
        await bob.says(f"نظرسنجی {code}", "survey")
        assert bob.loop is None

    async def test_it_may_be_wished_while_the_request_is_looked_at(self, ann: Assistant) -> None:
        await ann.says(await self.closed(ann), "track_request")
        await ann.says("می‌خواهم نظر بدهم", "survey")
        assert ann.loop == "survey_satisfaction_form"

    async def test_what_is_no_score_is_asked_again(self, ann: Assistant) -> None:
        await self.closed(ann)
        await ann.says("نظرسنجی", "survey")
        await ann.says("۹")
        assert ann.slots["requested_slot"] == "survey_satisfaction_score"


SAMPLES = {
    "text": "نمونهٔ یک پاسخ کوتاه",
    "long_text": "نمونهٔ یک پاسخ که کمی بلندتر نوشته شده و چیزی را توضیح می‌دهد.",
    "choice": "۱",
    "service": "۱",
    "yes_no": "بله",
    "number": "۳",
    "amount": "دویست هزار تومان",
    "date": "امروز",
    "time": "۱۰:۳۰",
    "mobile": "۰۹۱۲۱۲۳۴۵۶۷",
    "landline": "۰۲۱۸۸۷۷۶۶۵۵",
    "national_id": "۰۰۸۴۵۷۵۹۴۸",
    "postal_code": "۱۹۳۹۵۳۴۵۱۹",
    "legal_id": "۱۰۳۸۰۲۸۴۷۹۰",
    "email": "ann@example.org",
    "location": "خیابان بهار، نرسیده به کوچهٔ سوم",
    "files": "رد شدن",
}
FORMS = [form for form in content()[0].forms.values() if not names.needs_files(form)]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
async def test_every_form_can_be_filed(ann: Assistant, form: Form) -> None:
    await ann.says(f'/command{{"command": "/form/{form.id}"}}')
    for field in form.fields:
        assert ann.slots["requested_slot"] == f"{form.id}_{field.id}", ann.text
        await ann.says(str(field.min) if field.type == "number" and field.min else SAMPLES[field.type])
    code = code_in(await ann.presses("تأیید"))
    [request] = await ann.side.filed()
    assert request.code == code and request.draft.form == form.id
