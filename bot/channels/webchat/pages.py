"""The page, and what the widget is made of: read once, served with an ETag, for any site to embed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

import orjson
from aiohttp import web

from bot.channels.persian import persian_digits
from bot.channels.webchat.frames import MAX_TEXT
from bot.channels.webchat.uploads import MAX_FILE
from bot.core.catalogue import Organization, pick
from bot.core.messages import Phrase
from bot.core.ports import Wording
from bot.dialogs.desk_news import alike

_STATIC = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_SETTINGS = "/*settings*/ {}"  # in widget.js
_RTL = frozenset({"fa", "ar", "ckb", "ur"})

_LABELS = (
    "open", "close", "log", "online", "connecting", "offline", "online_again", "placeholder", "placeholder_choice",
    "send", "attach", "camera", "drop", "more", "help", "dark", "light",
    "new", "new_confirm", "new_yes", "new_no", "you", "waiting", "choices", "latest", "today", "yesterday",
    "uploading", "upload_failed", "cancel", "retry", "remove", "hint_date", "hint_file", "hint_location",
    "my_location", "send_location", "locating", "location_failed", "copy", "copied", "unread", "too_long", "qr",
    "bad_session",
)  # fmt: skip
_ELSEWHERE = {"menu": "nav.menu", "human": "nav.human", "file_too_large": "file.too_large", "join": "nav.join"}

_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched with CORS, from whatever page embeds them
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # kept, and asked for by its ETag
}
_PAGE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Pages:
    """`organization` and the wording are asked at each request: content that was edited shows at the next one."""

    def __init__(self, wording: Wording, organization: Callable[[], Organization]) -> None:
        self._wording = wording
        self._organization = organization
        self._assets = {p.name: p.read_bytes() for p in sorted(_STATIC.iterdir()) if p.suffix in _TYPES}
        self._widget = self._assets.pop("widget.js").decode()
        self._page = Template((_STATIC / "page.html").read_text("utf-8"))
        if _SETTINGS not in self._widget:
            raise RuntimeError(f"widget.js has no {_SETTINGS}")

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/", self._serve_page),
            web.get("/widget.js", self._serve_widget),
            web.get("/widget/{name}", self._serve_asset),
        ]

    async def _serve_page(self, request: web.Request) -> web.Response:
        organization = self._organization()
        languages = tuple(organization.name)
        asked = request.query.get("language", "")
        language = asked if asked in languages else languages[0]
        html = self._page.substitute(
            language=language,
            direction=direction(language),
            title=escape(self._title(organization, language)),
            abouts="\n".join(self._about(organization, lang, shown=lang == language) for lang in languages),
        )
        return _answer(request, html.encode(), "text/html", _PAGE)

    async def _serve_widget(self, request: web.Request) -> web.Response:
        settings = orjson.dumps(self._settings()).decode()
        return _answer(request, self._widget.replace(_SETTINGS, settings).encode(), _TYPES[".js"], _ANYWHERE)

    async def _serve_asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        asset = self._assets.get(name)
        if asset is None:
            raise web.HTTPNotFound
        return _answer(request, asset, _TYPES[Path(name).suffix], _ANYWHERE)

    def _settings(self) -> dict[str, object]:
        name = self._organization().name
        return {
            "languages": {
                language: {
                    "title": self._wording.text(Phrase(f"language.{language}"), language),
                    "name": pick(name, language),
                    "direction": direction(language),
                    "labels": self._labels(language),
                }
                for language in name
            },
            "maxText": MAX_TEXT,
            "maxFile": MAX_FILE,
        }

    def _labels(self, language: str) -> dict[str, str]:
        labels = {label: self._say(label, language) for label in _LABELS}
        return labels | {label: self._wording.text(Phrase(key), language) for label, key in _ELSEWHERE.items()}

    def _title(self, organization: Organization, language: str) -> str:
        return self._say("page_title", language, name=pick(organization.name, language))

    def _about(self, organization: Organization, language: str, *, shown: bool) -> str:
        """The organisation in a few lines, for those who come with no script too."""
        phone, website, email = (escape(v) for v in (organization.phone, organization.website, organization.email))
        rows = [
            ("hours", "<br>".join(self._hours(organization, language))),
            ("phone", f'<a href="tel:{phone}"><bdi dir="ltr">{phone}</bdi></a>' if phone else ""),
            ("address", escape(pick(organization.address, language))),
            (
                "website",
                f'<a href="{website}" rel="noopener"><bdi dir="ltr">{_bare(website)}</bdi></a>' if website else "",
            ),
            ("email", f'<a href="mailto:{email}"><bdi dir="ltr">{email}</bdi></a>' if email else ""),
        ]
        facts = "".join(
            f"<div><dt>{escape(self._say(label, language))}</dt><dd>{value}</dd></div>"
            for label, value in rows
            if value
        )
        title = escape(self._title(organization, language))
        return (
            f'<div class="about" lang="{language}" dir="{direction(language)}" data-title="{title}"'
            f"{'' if shown else ' hidden'}>"
            f'<p class="kind">{escape(self._say("desk", language))}</p>'
            f"<h1>{escape(pick(organization.name, language))}</h1>"
            f"<p>{escape(pick(organization.about, language))}</p><dl>{facts}</dl>"
            f"<noscript><p>{escape(self._say('no_script', language))}</p></noscript></div>"
        )

    def _hours(self, organization: Organization, language: str) -> list[str]:
        """One line for neighbouring days with the same hours."""
        lines = []
        for same in alike(organization.hours):
            first, last = (self._say(f"weekday_{h.weekday}", language) for h in (same[0], same[-1]))
            when = first if len(same) == 1 else self._say("from_to", language, first=first, last=last)
            opens, closes = (_clock(t, language) for t in (same[0].opens, same[0].closes))
            lines.append(escape(self._say("opening", language, days=when, opens=opens, closes=closes)))
        return lines

    def _say(self, label: str, language: str, **gaps: str) -> str:
        return self._wording.text(Phrase(f"web.{label}", gaps), language)


def direction(language: str) -> str:
    return "rtl" if language in _RTL else "ltr"


def _bare(url: str) -> str:
    return url.partition("://")[2].rstrip("/") or url


def _clock(time: str, language: str) -> str:
    """07:30 → ۷:۳۰"""
    time = time.removeprefix("0")
    return persian_digits(time) if language == "fa" else time


def _answer(request: web.Request, body: bytes, media_type: str, headers: dict[str, str]) -> web.Response:
    etag = f'"{sha256(body).hexdigest()[:20]}"'
    headers = {**headers, "ETag": etag}
    if etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    response = web.Response(body=body, content_type=media_type, charset="utf-8", headers=headers)
    response.enable_compression()
    return response
