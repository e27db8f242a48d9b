"""Mail over SMTP: one connection for the messages of a round, one recipient a message, the server's answer as proof.

``COOP_SMTP_URL`` is ``smtp://user:password@host:587`` or ``smtps://user:password@host:465``. Over ``smtp`` the
connection is encrypted by STARTTLS where the server offers it; ``?starttls=always`` refuses a server that does not, and
``?starttls=never`` is for a server beside this one. Certificates are checked, and a password goes over an unencrypted
connection only with ``never``.

A body is text (``text/plain``, ``text/html``) or, from ``compose``, a MIME entity (``message/rfc822``) with
alternatives and attachments. The headers that place it are set when it is sent: To, Subject, Date (when it was made),
Message-ID (from the message's id, the same at every try), Auto-Submitted, and From unless the entity has one of its
own. The envelope always names the installation's sender: what bounces comes back to one address, whoever wrote.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from functools import partial

from coop.kit.addresses import read_address, read_sender, read_server
from coop.kit.outbound.message import Away, Message, Outgoing, Refused, Send, TryLater
from coop.kit.settings import Settings
from coop.values import BadInput, Said, say

POLICY = SMTP_POLICY.clone(cte_type="7bit")
"""Lines end as SMTP wants them, and no server has to take eight bits."""

ENTITY = "message/rfc822"
TIMEOUT_S = 30.0
_TOO_LARGE = 552


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    body: bytes


def compose(
    recipient: str,
    subject: str,
    text: str,
    html: str = "",
    attachments: Sequence[Attachment] = (),
    headers: Mapping[str, str | Address] | None = None,
) -> Message:
    """A mail of plain text, with the same in HTML for who reads that, files, and headers such as From and Reply-To.

    Raises:
        ValueError: a header holds a line break.
    """
    entity = EmailMessage(policy=POLICY)
    entity.set_content(text)
    if html:
        entity.add_alternative(html, subtype="html")
    for attachment in attachments:
        kind, _, subkind = attachment.media_type.partition("/")
        entity.add_attachment(attachment.body, maintype=kind, subtype=subkind, filename=attachment.name)
    for name, value in (headers or {}).items():
        entity[name] = value
    return Message(recipient, subject, ENTITY, entity.as_bytes())


def mail_of(settings: Settings) -> Mail | None:
    """The way out through the installation's mail server, or None where none is set."""
    url = settings.smtp_url.get_secret_value()
    return Mail(url, settings.mail_from) if url else None


class Mail:
    """The way out through a mail server."""

    def __init__(self, url: str, sender: str, tls: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._server = read_server(url)
        self._sender = read_sender(sender)
        self._tls = tls or ssl.create_default_context()
        self._timeout_s = timeout_s

    @property
    def sender(self) -> Address:
        """The installation's sender."""
        return self._sender

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Connect, encrypt and sign in.

        Raises:
            Away: one of these fails.
        """
        try:
            smtp = self._connect()
        except OSError as error:  # smtplib's own errors are among them
            raise Away(f"{self._server.host}:{self._server.port}: {_reason_of(error)}") from error
        try:
            yield partial(self._send, smtp)
        finally:
            with suppress(OSError):
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, self._sender.domain, timeout=self._timeout_s, context=self._tls
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, self._sender.domain, timeout=self._timeout_s)
        try:
            self._prepare(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        server, encrypted = self._server, self._server.tls
        smtp.ehlo_or_helo_if_needed()
        if not encrypted and server.starttls != "never" and smtp.has_extn("starttls"):
            smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
            encrypted = True
        if not encrypted and server.starttls == "always":
            raise smtplib.SMTPNotSupportedError("it does not encrypt, and ?starttls=always asks for it")
        if server.user:
            if not encrypted and server.starttls != "never":
                raise smtplib.SMTPNotSupportedError("it does not encrypt, and a password is not sent in the clear")
            smtp.login(server.user, server.password)

    def _send(self, smtp: smtplib.SMTP, outgoing: Outgoing) -> str:
        try:
            recipient = read_address(outgoing.recipient)
        except BadInput as problem:
            raise Refused(problem.message) from problem
        body = self._render(outgoing, recipient)
        try:
            smtp.rset()
            code, answer = smtp.mail(self._sender.addr_spec, [f"size={len(body)}"] if smtp.has_extn("size") else [])
            if code == _TOO_LARGE:
                raise Refused(_say_answer(code, answer))
            if code != 250:  # our own address, not the recipient's: whoever mends it has as long as there are tries
                raise TryLater(_say_answer(code, answer))
            _expect(*smtp.rcpt(recipient.addr_spec))
            code, answer = smtp.data(body)
            _expect(code, answer)
        except smtplib.SMTPDataError as error:
            _expect(error.smtp_code, error.smtp_error)
            raise TryLater(say("the mail server cannot be reached: %(error)s", error=_reason_of(error))) from error
        except OSError as error:
            raise TryLater(say("the mail server cannot be reached: %(error)s", error=_reason_of(error))) from error
        return _line(code, answer)

    def _render(self, outgoing: Outgoing, recipient: Address) -> bytes:
        """The mail with its headers.

        Raises:
            Refused: its body is no mail.
        """
        kind, _, subkind = outgoing.media_type.partition("/")
        if outgoing.media_type == ENTITY:
            mail = message_from_bytes(outgoing.body, EmailMessage, policy=POLICY)
        elif kind == "text":
            mail = EmailMessage(policy=POLICY)
            mail.set_content(outgoing.body.decode(errors="replace"), subtype=subkind)
        else:
            raise Refused(say("a body of %(media_type)s is no mail", media_type=outgoing.media_type))
        if "From" not in mail:
            mail["From"] = self._sender
        mail["To"] = recipient
        mail["Subject"] = outgoing.subject
        mail["Date"] = format_datetime(outgoing.made_at)
        mail["Message-ID"] = f"<{outgoing.id}@{self._sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        return mail.as_bytes()


def _expect(code: int, answer: bytes | str) -> None:
    """Go on when the server agrees.

    Raises:
        Refused: it says no for good (5xx).
        TryLater: it says no for now.
    """
    if code >= 500:
        raise Refused(_say_answer(code, answer))
    if code not in (250, 251):
        raise TryLater(_say_answer(code, answer))


def _say_answer(code: int, answer: bytes | str) -> Said:
    return say("the mail server answered: %(answer)s", answer=_line(code, answer))


def _line(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"


def _reason_of(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
