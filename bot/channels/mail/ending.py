"""The link in each of our mails that ends them: one click for mailboxes (RFC 8058), a page with a button for people."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from hashlib import sha256

from aiohttp import web

from bot.channels.mail.composing import PAGE, paragraph, whole_page
from bot.channels.render import Renderer
from bot.core.messages import Address, Phrase, Term
from bot.core.ports import Consent, Contacts

PATH = "/channels/mail/unsubscribe"
_SEAL = 16  # bytes
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


class Ending:
    """Answers 403 to what we have not signed. Looking at the page ends nothing: scanners of mail look at every link."""

    def __init__(self, contacts: Contacts, renderer: Renderer, secret: str, public_url: str) -> None:
        """Without a `public_url` there are no links."""
        self._contacts = contacts
        self._words = renderer.styled(PAGE)
        self._secret = secret.encode()
        self._url = public_url.rstrip("/")

    def url(self, address: str) -> str:
        return f"{self._url}{PATH}/{self._token(address)}" if self._url else ""

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get(PATH + "/{token}", self._ask, allow_head=False),
            web.post(PATH + "/{token}", self._end),
        ]

    async def _ask(self, request: web.Request) -> web.Response:
        address, language = self._address(request), _language(request)
        ask = self._words.text(Phrase("mail.end_ask", {"mail": Term("digits", address)}), language)
        button = self._words.text(Phrase("mail.end"), language)
        form = f'<form method="post"><button style="font:inherit;padding:6px 18px">{button}</button></form>'
        return self._page(paragraph(ask) + form, language)

    async def _end(self, request: web.Request) -> web.Response:
        await self._contacts.allow(Address("mail", self._address(request)), Consent.REPLIES)
        language = _language(request)
        return self._page(paragraph(self._words.text(Phrase("mail.ended"), language)), language)

    def _page(self, body: str, language: str) -> web.Response:
        title = self._words.text(Phrase("mail.end"), language)
        return web.Response(text=whole_page(language, title, body), content_type="text/html", headers=_HEADERS)

    def _token(self, address: str) -> str:
        body = address.encode()
        return base64.urlsafe_b64encode(self._seal(body) + body).rstrip(b"=").decode()

    def _address(self, request: web.Request) -> str:
        """Whose link it is. Raises web.HTTPForbidden."""
        try:
            token = request.match_info["token"].encode("ascii")
            raw = base64.b64decode(token + b"=" * (-len(token) % 4), b"-_", validate=True)
            address = raw[_SEAL:].decode()
        except ValueError:
            raw, address = b"", ""
        if not address or not hmac.compare_digest(raw[:_SEAL], self._seal(raw[_SEAL:])):
            raise web.HTTPForbidden(text="This link is not one of ours.")
        return address

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"unsubscribe\0" + body, sha256)[:_SEAL]


def _language(request: web.Request) -> str:
    return "en" if request.headers.get("Accept-Language", "").lower().startswith("en") else "fa"
