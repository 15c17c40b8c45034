"""The sandbox's page and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import orjson
from aiohttp import web

from bot.core.messages import Phrase
from bot.core.ports import Wording

_STATIC = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_RTL = frozenset({"fa", "ar", "ckb", "ur"})
_LABELS = (
    "title", "lead", "phone", "sms", "messenger", "web", "timeline", "officer", "tabs", "tab_voice", "tab_sms",
    "tab_telegram", "tab_web", "tab_timeline", "tab_officer", "theme", "other_language", "your_number",
    "change_number", "number_ok", "number_taken", "number_refused", "save", "cancel", "new_visitor", "real",
    "lost", "back_online", "full", "failed", "you", "desk", "call", "hang_up", "keypad", "key", "idle",
    "ringing", "talking", "ended", "failed_call", "captions", "recording", "no_microphone", "finish_recording",
    "dialing", "officer_answers", "officer_busy", "hidden_number", "mute", "skip", "sms_placeholder",
    "sms_send", "sms_attach", "sms_counter", "sms_log", "sms_empty", "sms_sent", "sms_delivered", "sms_failed",
    "part", "tries", "try_light", "try_code", "try_stop", "tg_placeholder", "tg_send", "tg_attach", "tg_start",
    "tg_log", "tg_menu", "tg_contact", "tg_location", "tg_file", "tg_empty", "tg_too_large", "web_frame",
    "timeline_empty", "timeline_clear", "answered", "ms", "repeated", "event_message", "event_choice",
    "event_file", "event_start", "event_silence", "event_hangup", "event_notice", "officer_lead",
    "officer_empty", "officer_note", "officer_set",
)  # fmt: skip
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "Permissions-Policy": "microphone=(self), geolocation=(self), camera=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Page:
    """`settings` are told to the page's scripts; `languages` are those of the content, the preferred one first."""

    def __init__(self, wording: Wording, languages: Callable[[], Sequence[str]]) -> None:
        self._wording = wording
        self._languages = languages
        self._assets = {p.name: p.read_bytes() for p in sorted(_STATIC.iterdir()) if p.suffix in _TYPES}
        self._etags = {name: f'"{sha256(data).hexdigest()[:20]}"' for name, data in self._assets.items()}
        self._html = Template((_STATIC / "sandbox.html").read_text("utf-8"))

    def language(self, request: web.Request) -> str:
        languages = self._languages()
        asked = request.query.get("language", "")
        return asked if asked in languages else languages[0]

    def serve(self, language: str, settings: Mapping[str, Any]) -> web.Response:
        """The page. It holds its visitor's key, so nothing keeps a copy."""
        languages = self._languages()
        other = next((one for one in languages if one != language), "")
        labels = {label: self._wording.text(Phrase(f"sandbox.{label}"), language) for label in _LABELS}
        data = {"language": language, "other": other, "labels": labels, **settings}
        html = self._html.substitute(
            {name: escape(label) for name, label in labels.items()},
            language=language,
            direction="rtl" if language in _RTL else "ltr",
            other=other,
            settings=orjson.dumps(data).decode().replace("<", "\\u003c"),
        )
        headers = {**_HEADERS, "Cache-Control": "no-store"}
        return web.Response(text=html, content_type="text/html", charset="utf-8", headers=headers)

    async def asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        data = self._assets.get(name)
        if data is None:
            raise web.HTTPNotFound
        headers = {"ETag": self._etags[name], "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if self._etags[name] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=data, content_type=_TYPES[Path(name).suffix], charset="utf-8", headers=headers)
