"""Replies of the desk → one e-mail: the same words as text and as a small page, read from right to left in Persian."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Final

from bot.channels.render import FSI, LRI, PDI, Renderer, Style
from bot.core.messages import Arg, Phrase, Reply, Term

RIGHT_TO_LEFT: Final = frozenset({"fa"})
_MAILBOX = re.compile(r"""[^\s@<>,;:"\\]+@[^\s@<>,;:"\\]+""")
_NO_ISOLATES = dict.fromkeys(map(ord, (LRI, FSI, PDI)))  # a subject stands alone, and old programs show them as boxes
_PAGE = """\
<!DOCTYPE html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="margin:0;padding:24px 12px;background:#f4f6f8;color:#1c2733;font:16px/1.9 Vazirmatn,Tahoma,sans-serif">
<div dir="{direction}" style="max-width:560px;margin:0 auto;padding:20px 24px;background:#fff;border-radius:12px">
{body}
</div>
</body>
</html>
"""
_FOOTER = "margin:20px 0 0;padding-top:12px;border-top:1px solid #d8dee4;color:#5a6672;font-size:14px"


def whole_page(language: str, title: str, body: str) -> str:
    """`title` and `body` are markup."""
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    return _PAGE.format(language=language, direction=direction, title=title, body=body)


def escape(text: str) -> str:
    return html.escape(text, quote=False)


def _copied(text: str) -> str:
    return f"<b>{escape(text)}</b>"


def _link(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        return escape(url)
    return f'<a href="{html.escape(url)}" style="color:#0b5cad">{escape(url)}</a>'


def _ltr(markup: str) -> str:
    return f'<bdi dir="ltr">{markup}</bdi>'


def _own(markup: str) -> str:
    return f"<bdi>{markup}</bdi>"


PAGE = Style(plain=escape, copy=_copied, link=_link, quote=escape, ltr=_ltr, own=_own)


class Composer:
    """`renderer` writes plain text. `sender` is the mailbox that our mail comes from, perhaps with a name."""

    def __init__(self, renderer: Renderer, sender: str, organization: Callable[[str], str], url: str) -> None:
        """`organization` gives its name in a language; `url` is where citizens can answer, if there is such a place.
        Raises ValueError for a sender that is no address."""
        self._text = renderer
        self._page = renderer.styled(PAGE)
        self._name, self.sender = parseaddr(sender)
        self._domain = self.sender.rpartition("@")[2]
        if not self._domain:
            raise ValueError("MAIL_FROM has to be an address such as desk@example.org")
        self._organization = organization
        self._url = url

    def message(
        self, to: str, replies: Sequence[Reply], language: str, *, key: str, now: datetime, unsubscribe: str = ""
    ) -> Message[str, str]:
        """`key` makes the id that mailboxes know a message again by; `unsubscribe` is the URL of one click. Raises
        ValueError for what is no address."""
        if not _MAILBOX.fullmatch(to) or not to.isascii():
            raise ValueError("no address")
        # Not EmailMessage: of Python 3.11 it loses the space between two words where it folds a header.
        message = MIMEMultipart("alternative")
        subject = self._subject(replies, language)
        message["From"] = f"{_encoded(self._name or self._organization(language))} <{self.sender}>"
        message["To"] = to
        message["Subject"] = _encoded(subject)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = self._id(key)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine is to answer
        message["Content-Language"] = language
        if unsubscribe:
            message["List-Unsubscribe"] = f"<{unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        say = [reply.say for reply in replies]
        footer = self._footer(language)
        parts = [self._text.text(arg, language) for arg in (*say, footer)]
        message.attach(MIMEText("\n\n".join(parts) + "\n", "plain", "utf-8"))
        body = "\n".join(paragraph(self._page.text(arg, language)) for arg in say)
        foot = self._page.text(footer, language).replace("\n", "<br>")
        page = whole_page(language, escape(subject), f'{body}\n<p style="{_FOOTER}">{foot}</p>')
        message.attach(MIMEText(page, "html", "utf-8"))
        return message

    def _subject(self, replies: Sequence[Reply], language: str) -> str:
        """What it is about, with the tracking code when there is one."""
        code = next((found for reply in replies if (found := _code_in(reply.say))), "")
        name = self._organization(language)
        phrase = Phrase("mail.about", {"code": code, "name": name}) if code else Phrase("mail.subject", {"name": name})
        return " ".join(self._text.text(phrase, language).translate(_NO_ISOLATES).split())

    def _footer(self, language: str) -> Phrase:
        name = self._organization(language)
        if self._url:
            return Phrase("mail.footer", {"name": name, "url": Term("url", self._url)})
        return Phrase("mail.footer_alone", {"name": name})

    def _id(self, key: str) -> str:
        if not key:
            return make_msgid(domain=self._domain)
        return f"<{hashlib.blake2s(key.encode(), digest_size=16).hexdigest()}@{self._domain}>"


def _encoded(text: str) -> str:
    """For a header, in lines of their own where it is long (RFC 2047)."""
    return Header(" ".join(text.split()), "utf-8", header_name="Subject").encode()


def paragraph(markup: str) -> str:
    return f'<p style="margin:0 0 12px">{markup.replace(chr(10), "<br>")}</p>'


def _code_in(arg: Arg) -> str:
    """The digits of the first tracking code that is said."""
    match arg:
        case Term("code", value):
            return value
        case Phrase():
            return next((found for inner in arg.args.values() if (found := _code_in(inner))), "")
        case tuple():
            return next((found for inner in arg if (found := _code_in(inner))), "")
    return ""
