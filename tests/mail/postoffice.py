"""A real SMTP server in this process, that takes mail or fails on demand."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "desk", "pass/word"


@dataclass
class PostOffice:
    """`says`: its answers by command ("MAIL", "RCPT", "DATA") where they are not the usual ones; "" hangs up."""

    says: dict[str, str] = field(default_factory=dict)
    mail: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    sender: str = ""
    port: int = 0
    wrapped: bool = False  # the last message came over TLS
    logged_in: bool = False

    async def _answer(self, command: str, server: SMTP, usual: str) -> str:
        said = self.says.get(command, usual)
        if not said:
            server.transport.abort()
            await asyncio.sleep(0)
        return said

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = await self._answer("DATA", server, "250 2.0.0 taken")
        if said.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.mail.append(message)
            self.to += envelope.rcpt_tos
            self.sender = envelope.mail_from or ""
            self.wrapped = session.ssl is not None
            self.logged_in = bool(session.authenticated)
        return said


def _knows(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)  # the server tells it


@asynccontextmanager
async def open_office(
    *, tls: ssl.SSLContext | None = None, wrapped: bool = False, login: bool = False
) -> AsyncIterator[PostOffice]:
    """`tls`: for STARTTLS, or from the start when it is `wrapped`."""
    office = PostOffice()
    loop = asyncio.get_running_loop()
    servers: list[SMTP] = []

    def serve() -> SMTP:
        starttls = None if wrapped else tls
        server = SMTP(
            office,
            hostname="post.example.org",
            tls_context=starttls,
            authenticator=_knows if login else None,
            auth_require_tls=False,
            loop=loop,
        )
        servers.append(server)
        return server

    listening = await loop.create_server(serve, "127.0.0.1", 0, ssl=tls if wrapped else None)
    office.port = listening.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        listening.close()
        for server in servers:
            if server.transport:
                server.transport.abort()


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for 127.0.0.1 that signs itself, and a client that trusts it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command.split(), *names, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))
