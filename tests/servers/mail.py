"""A real mail server that keeps what it was sent, and that a test can make refuse, wait or be away."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.process import free_port


@dataclass(frozen=True)
class Received:
    """A mail that the server took: the envelope, and the mail itself."""

    sender: str
    recipient: str
    mail: EmailMessage


@dataclass
class MailServer:
    """``answers`` has what the server says to a recipient, or after the mail to it (under ``data``).

    It has taken a mail before it waits for ``pause_s`` and says so.
    """

    port: int = field(default_factory=free_port)
    tls: ssl.SSLContext | None = None
    encrypted_from_start: bool = False
    password: str = ""
    received: list[Received] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    sender_answer: str = ""
    pause_s: float = 0.0
    connections: set[object] = field(default_factory=set)

    @contextmanager
    def up(self) -> Iterator[MailServer]:
        """Listen while the block runs; it may be entered again."""
        controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=self.tls if self.encrypted_from_start else None,
            tls_context=None if self.encrypted_from_start else self.tls,
            authenticator=self._authenticate if self.password else None,
            auth_require_tls=False,
        )
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.connections.add(session.peer)
        if self.password and not session.authenticated:
            return "530 5.7.0 sign in first"
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if "data" in self.answers:
            return self.answers["data"]
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, EmailMessage, policy=SMTP_POLICY)
        for recipient in envelope.rcpt_tos:
            self.received.append(Received(envelope.mail_from or "", recipient, mail))
        await asyncio.sleep(self.pause_s)
        return f"250 Ok: queued as {len(self.received)}"
