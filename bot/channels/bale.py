"""Bale: Telegram's Bot API with an accent (docs.bale.ai).

The webhook is authentic by a secret in its path, `setWebhook` takes the URL alone and only on two ports, there is no
command menu, and every text is Markdown: ` *bold* ` and ` _italic_ ` between spaces, `[text](address)`, and three
backquotes around a folded note. How to escape these signs is documented nowhere, and neither is a backquoted code;
so signs that are not ours are written as their look-alikes, which no reader of Markdown knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote, urlsplit

from bot.channels.render import Renderer, Style
from bot.channels.telegram import Dialect, Telegram
from bot.channels.telegram.dialects import is_link, shown_link
from bot.core.ports import Contacts, Files, Rate
from bot.gateway import Gateway

_LOOK_ALIKES = str.maketrans(
    {
        "*": "\u2217",  # asterisk operator
        "_": "\u02cd",  # modifier letter low macron
        "`": "\u02cb",  # modifier letter grave accent
        "[": "\uff3b",  # fullwidth brackets
        "]": "\uff3d",
    }
)
_UNSAFE = re.compile(r"[*_`\[\]()<>\s]")  # in the address of a link


def _escape(text: str) -> str:
    return text.translate(_LOOK_ALIKES)


def _bold(text: str) -> str:
    """Bale asks for a space before the first star and after the last."""
    return f" *{_escape(text)}* "


def _link(url: str) -> str:
    """Pressable, whatever its characters: a percent sign and two digits say the same to every server."""
    if not is_link(url) or _UNSAFE.search(urlsplit(url).netloc):
        return _escape(url)
    address = _UNSAFE.sub(lambda sign: "%5F" if sign[0] == "_" else quote(sign[0], safe=""), url)
    shown = shown_link(url).partition("://")[2].rstrip("/") or shown_link(url)
    return f"[{_escape(shown)}]({address})"


MARKDOWN = Style(plain=_escape, copy=_bold, link=_link, quote=_escape)

BALE = Dialect(
    "bale",
    MARKDOWN,
    "",
    signed=False,
    menu=False,
    door="https://ble.ir/{name}?start={token}",
    rate=Rate(10, 1 / 3),  # documented is 20 a minute in one chat, of a group
    whole=re.compile(r" \*[^*]*\* |\[[^\]]*\]\([^)]*\)|.", re.DOTALL),
    ports=(443, 88),
)


def bale(
    gateway: Gateway,
    files: Files,
    contacts: Contacts,
    renderer: Renderer,
    *,
    token: str,
    webhook_secret: str = "",
    public_url: str = "",
    api_url: str = "https://tapi.bale.ai",
    commands: Callable[[str], Sequence[tuple[str, str]]],
) -> Telegram:
    """The Bale channel; see `Telegram`. Raises ValueError for a webhook without a secret or on another port."""
    return Telegram(
        gateway,
        files,
        contacts,
        renderer,
        token=token,
        webhook_secret=webhook_secret,
        public_url=public_url,
        api_url=api_url,
        commands=commands,
        dialect=BALE,
    )
