"""Where messengers with Telegram's Bot API differ, and how Telegram itself has it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.channels.render import Style
from bot.core.ports import Rate

LONGEST_LINK = 50  # characters of a link's text


@dataclass(frozen=True, slots=True)
class Dialect:
    """One messenger's accent."""

    name: str
    style: Style
    parse_mode: str  # "": the server knows one markup only
    signed: bool  # updates carry the secret in a header; else it is the last part of the webhook's path
    menu: bool  # the server has a command menu
    door: str  # the link that opens a chat with the bot: "{name}" is its username, "{token}" comes with /start
    rate: Rate  # what the server takes, less a margin for answers
    whole: re.Pattern[str]  # what must not be torn apart when a long text is cut
    wanted: tuple[str, ...] = ()  # kinds of updates to ask for; (): the server sends all that it has
    ports: tuple[int, ...] = ()  # that a webhook may have; (): any


def shown_link(url: str) -> str:
    """What a link's text says. Of a long address only where it leads: the rest is for machines."""
    return url if len(url) <= LONGEST_LINK else f"{urlsplit(url).netloc}/…"


def is_link(url: str) -> bool:
    """Whether a messenger makes it pressable."""
    return url.startswith(("https://", "http://")) and bool(urlsplit(url).netloc)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _copied(text: str) -> str:
    """A tap copies what stands in <code>."""
    return f"<code>{_escape(text)}</code>"


def _link(url: str) -> str:
    """Of plain text Telegram would take the isolate's end for a part of the address; and where the text is the address,
    it does not ask whether to open it."""
    return f'<a href="{html.escape(url)}">{_escape(shown_link(url))}</a>' if is_link(url) else _escape(url)


HTML = Style(plain=_escape, copy=_copied, link=_link, quote=_escape)

TELEGRAM = Dialect(
    "telegram",
    HTML,
    "HTML",
    signed=True,
    menu=True,
    door="https://t.me/{name}?start={token}",
    rate=Rate(25, 1),  # of 30 and 1 (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)
    whole=re.compile(r"<code>[^<]*</code>|<a [^>]*>[^<]*</a>|&[a-z0-9#]+;|.", re.DOTALL),
    wanted=("message", "callback_query", "my_chat_member"),
)
