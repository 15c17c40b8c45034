"""The sentences of `pishkhan explain`, for operators: key → language → words with gaps, as phrases have them."""

from __future__ import annotations

from collections.abc import Mapping

REASONS = {
    "stale": "why_stale",
    "not wanted": "why_not_wanted",
    "nothing to say": "why_nothing_to_say",
    "unreachable": "why_unreachable",
    "doubtful": "why_doubtful",
    "undelivered": "why_undelivered",
    "failed on our side": "why_our_side",
}
"""What the courier notes by itself; anything else is a provider's complaint."""

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "web": {"fa": "وب‌گاه", "en": "web chat"},
    "telegram": {"fa": "تلگرام", "en": "Telegram"},
    "bale": {"fa": "بله", "en": "Bale"},
    "sms": {"fa": "پیامک", "en": "SMS"},
    "voice": {"fa": "تلفن", "en": "telephone"},
    "mail": {"fa": "ایمیل", "en": "e-mail"},
    # --- who
    "request": {
        "fa": "درخواست {code} در {at} از {channel} {id} ثبت شده و در وضعیت {status} است.",
        "en": "Request {code} was filed on {at} from {channel} {id}; its status is {status}.",
    },
    "merged": {
        "fa": "شناسهٔ {from} با {contact} یکی شده است؛ آنچه در پی می‌آید از آنِ {contact} است.",
        "en": "Contact {from} was merged into {contact}; what follows is about {contact}.",
    },
    "contact": {"fa": "شناسهٔ شهروند: {contact}", "en": "Contact {contact}"},
    # --- ways
    "no_way": {
        "fa": "هیچ نشانی‌ای برای این شهروند نمی‌شناسیم.",
        "en": "We know no address of this citizen.",
    },
    "way_open": {"fa": "{channel} {id}: باز است.", "en": "{channel} {id}: open."},
    "way_visit": {
        "fa": "{channel} {id}: باز است؛ خبرها را وقتی می‌بیند که صفحه را باز کند.",
        "en": "{channel} {id}: open; news are seen when the page is opened.",
    },
    "way_not_served": {
        "fa": "{channel} {id}: این کارساز برای این کانال تنظیم نشده است.",
        "en": "{channel} {id}: this server is not set up for that channel.",
    },
    "way_unreachable": {
        "fa": "{channel} {id}: نمی‌رسد؛ شهروند ما را مسدود کرده یا این نشانی دیگر نیست.",
        "en": "{channel} {id}: cannot be reached; the citizen has blocked us, or the address is gone.",
    },
    "way_replies": {
        "fa": "{channel} {id}: شهروند «توقف» فرستاده است: پاسخ می‌گیرد، اما خبر نه.",
        "en": "{channel} {id}: the citizen has sent STOP: replies are sent, news are not.",
    },
    "way_nothing": {
        "fa": "{channel} {id}: شهروند «توقف همه» فرستاده است: هیچ پیامی نمی‌گیرد.",
        "en": "{channel} {id}: the citizen has sent STOP ALL: nothing is sent at all.",
    },
    "preferred": {
        "fa": "برای خبرها {channel} {id} را برگزیده است.",
        "en": "{channel} {id} is chosen for news.",
    },
    "webhook_other": {
        "fa": "{channel} پیام‌ها را به این کارساز نمی‌فرستد: نشانی دیگری نزد آن ثبت است، یا هیچ.",
        "en": "{channel} does not bring its messages here: another address is registered with it, or none.",
    },
    "webhook_fails": {
        "fa": "{channel} نتوانسته است پیام‌ها را به ما برساند؛ {count} پیام مانده است. آخرین خطا: {why}",
        "en": "{channel} could not bring us its messages; {count} wait there. Its last error: {why}",
    },
    "webhook_unknown": {
        "fa": "{channel} به پرسش ما دربارهٔ وب‌هوک پاسخ نداد: {why}",
        "en": "{channel} did not answer when asked about the webhook: {why}",
    },
    # --- what they said
    "never_heard": {
        "fa": "هیچ پیامی از این شهروند به ما نرسیده است.",
        "en": "Nothing that this citizen wrote has reached us.",
    },
    "turn_answered": {
        "fa": "{at}، {channel}: پاسخ داده شد ({count} پیام).",
        "en": "{at}, {channel}: answered (messages: {count}).",
    },
    "turn_silent": {
        "fa": "{at}، {channel}: رسید و پاسخی نداشت.",
        "en": "{at}, {channel}: received; there was nothing to answer.",
    },
    "turn_apology": {
        "fa": "{at}، {channel}: کار ما خطا داد؛ پوزش خواستیم و شمارهٔ خطای {reference} را گفتیم.",
        "en": "{at}, {channel}: we failed, and apologised with the reference {reference}.",
    },
    "turn_too_fast": {
        "fa": "{at}، {channel}: تندتر از اندازه می‌نوشت؛ همین را به او گفتیم.",
        "en": "{at}, {channel}: was writing too fast, and was told so.",
    },
    "turn_circles": {
        "fa": "{at}، {channel}: گفت‌وگو دور خود می‌چرخید؛ گفتیم که پاسخ نمی‌دهیم.",
        "en": "{at}, {channel}: the conversation went in circles; we said that we stop answering.",
    },
    "lines_missing": {
        "fa": "{count} سطر آخر گفت‌وگو هنوز در پایگاه داده نیست.",
        "en": "The last {count} lines of the transcript are not in the database yet.",
    },
    # --- at this moment
    "store_away": {
        "fa": "انبار نشست‌ها (Redis) پاسخ نمی‌دهد: تا چنین است هیچ‌کس پاسخ نمی‌گیرد.",
        "en": "The sessions' store (Redis) does not answer: while that is so nobody gets a reply.",
    },
    "turn_under_way": {
        "fa": "همین حالا نوبتی از این گفت‌وگو در جریان است و پایان نمی‌گیرد.",
        "en": "A turn of this conversation is under way at this moment, and does not end.",
    },
    "silenced": {
        "fa": "چون گفت‌وگو دور خود می‌چرخید، تا {until} پاسخ نمی‌گیرد، مگر با دکمه، کد یا «منو».",
        "en": "As the conversation went in circles, nothing is answered until {until} but buttons, codes and «menu».",
    },
    "too_fast": {
        "fa": "تند نوشته است و تا چند ثانیه آرام نگیرد پاسخی نمی‌گیرد.",
        "en": "Wrote too fast, and is not answered before some seconds of quiet.",
    },
    # --- what we have to tell
    "notice_delivered": {
        "fa": "خبر {notice} در {at} به {channel} {id} رسید.",
        "en": "Notice {notice} reached {channel} {id} on {at}.",
    },
    "notice_sent": {
        "fa": "خبر {notice} را {channel} در {at} برای {id} پذیرفت.",
        "en": "Notice {notice} was taken by {channel} for {id} on {at}.",
    },
    "notice_dropped": {"fa": "خبر {notice} گفته نشد: {why}", "en": "Notice {notice} was not told: {why}"},
    "notice_dead": {
        "fa": "از خبر {notice} پس از {tries} بار کوشش دست کشیده شد ({channel} {id}): {why}",
        "en": "Notice {notice} was given up after {tries} tries ({channel} {id}): {why}",
    },
    "notice_later": {
        "fa": "وقت خبر {notice} هنوز نرسیده است: {until}",
        "en": "It is not yet time for notice {notice}: {until}",
    },
    "notice_overdue": {
        "fa": "خبر {notice} از {until} در صف است و هیچ فرستنده‌ای آن را برنمی‌دارد.",
        "en": "Notice {notice} has been due since {until}, and no courier takes it.",
    },
    "notice_begun": {
        "fa": "خبر {notice} در حال فرستادن به {channel} {id} است؛ اگر کار ناتمام بماند، پس از {until} پی گرفته می‌شود.",
        "en": "Notice {notice} is being sent to {channel} {id}; if the sender has died it is taken up after {until}.",
    },
    "notice_again": {
        "fa": "{channel} خبر {notice} را برای {id} نپذیرفت ({why})؛ پس از {tries} بار، دوباره در {until}.",
        "en": "{channel} did not take notice {notice} for {id} ({why}); tried {tries} times, again on {until}.",
    },
    "notice_behind": {
        "fa": "خبر {notice} پشت خبر {earlier} مانده است: خبرهای هر نشانی به ترتیب گفته می‌شوند.",
        "en": "Notice {notice} waits behind notice {earlier}: an address is told its news in order.",
    },
    "notice_quiet": {
        "fa": "خبر {notice} تا پایان ساعت‌های سکوت می‌ماند: {until}",
        "en": "Notice {notice} waits for the end of the quiet hours: {until}",
    },
    "notice_soon": {
        "fa": "خبر {notice} در صف است و به‌زودی گفته می‌شود.",
        "en": "Notice {notice} is in the queue, and will be told in a moment.",
    },
    # --- why
    "why_stale": {"fa": "دیگر خبر تازه‌ای نبود.", "en": "it was no news any more."},
    "why_not_wanted": {
        "fa": "شهروند در هیچ‌یک از نشانی‌هایش خبر نمی‌خواهد.",
        "en": "the citizen wants no news at any address.",
    },
    "why_nothing_to_say": {"fa": "چیزی برای گفتن نماند.", "en": "nothing was left to say."},
    "why_unreachable": {"fa": "هیچ نشانی در دسترس نیست", "en": "no address can be reached"},
    "why_doubtful": {
        "fa": "شاید رسیده باشد؛ برای آنکه دو بار نرسد دوباره فرستاده نشد",
        "en": "it may have arrived, and was not sent again lest it be told twice",
    },
    "why_undelivered": {"fa": "فرستاده شد ولی به گوشی نرسید", "en": "it was sent and did not arrive"},
    "why_our_side": {"fa": "خطا از سوی ما بود", "en": "we failed ourselves"},
    # --- what may be done
    "do_store": {
        "fa": "راه چاره: Redis را راه بیندازید؛ ‎/readyz نشان می‌دهد چه چیزی پاسخ نمی‌دهد.",
        "en": "To do: bring Redis back; /readyz names what does not answer.",
    },
    "do_wait_turn": {
        "fa": "راه چاره: نیم دقیقهٔ دیگر دوباره بپرسید؛ اگر هنوز چنین است، کارساز را دوباره راه بیندازید.",
        "en": "To do: ask again in half a minute; if it is still so, restart the server.",
    },
    "do_courier": {
        "fa": "راه چاره: فرستندهٔ خبرها کار نمی‌کند؛ pishkhan serve یا pishkhan work را راه بیندازید.",
        "en": "To do: no courier is at work; start pishkhan serve, or pishkhan work.",
    },
    "do_channel": {
        "fa": "راه چاره: تنظیم‌های کانال {channel} را بدهید (README.md) و کارساز را دوباره راه بیندازید.",
        "en": "To do: give the settings of the channel {channel} (README.md) and restart the server.",
    },
    "do_webhook": {
        "fa": "راه چاره: PUBLIC_URL و پراکسی را بررسی کنید و کارساز را دوباره راه بیندازید؛ وب‌هوک در آغاز ثبت می‌شود.",
        "en": "To do: check PUBLIC_URL and the proxy, and restart the server; the webhook is registered at the start.",
    },
    "do_resend": {
        "fa": "راه چاره: علت را برطرف کنید، سپس: pishkhan notices resend {notice}",
        "en": "To do: mend the cause, then: pishkhan notices resend {notice}",
    },
    "do_reference": {
        "fa": "راه چاره: {reference} را در گزارش کارساز بجویید؛ پاسخی گم نشده، بخواهید آخری را دوباره بفرستد.",
        "en": "To do: look for {reference} in the log; no answer is lost, ask the citizen to send the last one again.",
    },
    "do_slower": {
        "fa": "راه چاره: کاری لازم نیست؛ بخواهید اندکی صبر کند و «منو» را بفرستد.",
        "en": "To do: nothing; ask the citizen to wait a moment and to send «menu».",
    },
    "do_consent": {
        "fa": "راه چاره: تنها خود شهروند می‌تواند با فرستادن «شروع» دوباره خبر بخواهد؛ تا آن زمان تلفن بزنید.",
        "en": "To do: only the citizen can ask for news again, by sending START; until then, telephone.",
    },
    "do_other_way": {
        "fa": "راه چاره: بخواهید ما را از مسدودی درآورد و یک پیام بفرستد، یا از راه دیگری خبرش کنید.",
        "en": "To do: ask the citizen to unblock us and send one message, or use another way.",
    },
    "do_wait": {
        "fa": "راه چاره: کاری لازم نیست؛ در زمان گفته‌شده فرستاده می‌شود.",
        "en": "To do: nothing; it will be sent at the time given.",
    },
    "do_first_words": {
        "fa": "راه چاره: اگر نوشته است، پیامش به ما نرسیده؛ نشانی را با او بررسی کنید، سپس وب‌هوک و پراکسی را.",
        "en": "To do: if they wrote, it did not arrive; check the address with them, then the webhook and the proxy.",
    },
    "do_nothing": {
        "fa": "راه چاره: از سوی ما همه‌چیز پاسخ گرفته است؛ بخواهید «تکرار» را بفرستد.",
        "en": "To do: all was answered on our side; ask the citizen to send «repeat».",
    },
}
