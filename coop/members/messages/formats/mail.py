"""A message as mail: plain text and the same in HTML, from the co-operative, with an answer to its own address.

What stands in the queue is the content; the mail is made of it when it is handed over, under the address that the
installation's pages have then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.headerregistry import Address
from functools import partial
from typing import Final

from coop.communities.model import ANY_HOST
from coop.kit import outbound
from coop.kit.addresses import read_address, read_sender
from coop.kit.outbound import Outgoing, Refused
from coop.kit.outbound.mail import Mail, compose
from coop.kit.outbound.message import Send
from coop.kit.sites import url_under
from coop.members.messages.model import Content
from coop.values import BadInput
from coop.web.shell import environment

NAME: Final = "mail"
"""Name of the queue."""

MEDIA_TYPE: Final = "application/vnd.coop.message+json"
"""Media type of a content in the queue."""

_TEMPLATE = "members/mail.html"


@dataclass(frozen=True)
class Post:
    """The way out of contents, through a mail server; ``public_url`` is the address of the installation's pages."""

    mail: Mail
    public_url: str

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Connect to the mail server.

        Raises:
            Away: it cannot be reached, or does not let the installation in.
        """
        with self.mail.open() as hand_over:
            yield partial(self._send, hand_over)

    def _send(self, hand_over: Send, outgoing: Outgoing) -> str:
        try:
            made = render_mail(Content.load(outgoing.body), outgoing.recipient, self.mail.sender, self.public_url)
        except (ValueError, BadInput) as fault:  # a header that would end the header, or no address to answer to
            raise Refused(str(fault)) from fault
        return hand_over(replace(outgoing, media_type=made.media_type, body=made.body))


def pack(content: Content, recipient: str) -> outbound.Message:
    """Put a content into an entry of the queue.

    Raises:
        BadInput: the recipient or the subject cannot stand in a mail.
    """
    return outbound.Message(recipient, content.subject, MEDIA_TYPE, content.dump().encode())


def render_mail(content: Content, recipient: str, fallback: Address, public_url: str) -> outbound.Message:
    """Make the mail of a content; ``fallback`` is the sender where the co-operative has no address of its own.

    Raises:
        ValueError: a text would end its header.
        BadInput: an address is none.
    """
    site = find_site_url(content.host, public_url)
    headers: dict[str, str | Address] = {
        "From": find_sender(content.sender, content.sender_name, fallback),
        "List-Id": f"<{content.kind}.{content.community}.{fallback.domain}>",
        "Content-Language": content.language,
    }
    if content.reply_to:
        headers["Reply-To"] = read_address(content.reply_to)
    return compose(recipient, content.subject, write_text(content, site), write_html(content, site), headers=headers)


def find_sender(sender: str, name: str, fallback: Address) -> Address:
    """The sender that is given as ``Name <address>``; without one a name with the installation's address.

    >>> str(find_sender("", "Ketelhuis WG", Address("coop", "post", "coop.example")))
    'Ketelhuis WG <post@coop.example>'

    Raises:
        BadInput: the sender that is given is none.
    """
    return read_sender(sender) if sender else Address(name, fallback.username, fallback.domain)


def find_site_url(host: str, public_url: str) -> str:
    """The address of a co-operative's pages."""
    return url_under(public_url, host) if host and host != ANY_HOST else public_url


def find_link(content: Content, site: str) -> str:
    """The whole address that a content leads to, or nothing."""
    return f"{site}{content.link}" if content.link.startswith("/") else content.link


def write_text(content: Content, site: str) -> str:
    """A content as plain text; its link stands before the greeting at the end."""
    link = find_link(content, site)
    parts = [*content.paragraphs[:-1], *([f"{content.link_text}:\n{link}"] if link else []), content.paragraphs[-1]]
    parts += [f"-- \n{content.footer}"] if content.footer else []
    return "\n\n".join(parts) + "\n"


def write_html(content: Content, site: str) -> str:
    """A content as HTML, without pictures or style sheets from anywhere."""
    return environment(content.language).get_template(_TEMPLATE).render(content=content, link=find_link(content, site))
