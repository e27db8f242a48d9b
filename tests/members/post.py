"""What tests of messages share: a co-operative with members, a mail server, and a look at what arrived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from coop.communities.model import Profile
from coop.demo.cooperative import PROFILE
from coop.events import Envelope, Event
from coop.kit.database import Database
from coop.kit.outbound import Queue, send_due
from coop.kit.outbound.mail import Mail
from coop.kit.rows import select_as
from coop.members.consents.commands import answer_purpose
from coop.members.consents.rules import MAIL_NOTICES
from coop.members.messages.formats.mail import NAME, Post
from coop.members.messages.model import Message
from coop.members.messages.settling import settle
from coop.members.register.store import list_members
from coop.members.tables import message
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.members.sample import bring
from tests.servers.mail import MailServer, Received

SENDER = "coop <bounces@coop.example>"
URL = "https://coop.example"
WARM = replace(
    PROFILE,
    hosts=("warm.example",),
    name="Coöperatie Warm U.A.",
    site_name="Warm",
    email="bestuur@warm.example",
    phone="020 123 45 67",
    mail_sender="Coöperatie Warm <post@warm.example>",
    is_demonstration=True,
)


def furnish(database: Database, profile: Profile = WARM) -> None:
    """Found the co-operative and bring its members."""
    found_in(database, profile=profile)
    bring(database, "members")


def queue_to(server: MailServer, timeout_s: float = 5.0) -> Queue:
    """The queue of mail on its way to a server."""
    mail = Mail(f"smtp://localhost:{server.port}?starttls=never", SENDER, timeout_s=timeout_s)
    return Queue(NAME, Post(mail, URL), settle=settle, in_order=False)


def post_all(database: Database, server: MailServer) -> list[Received]:
    """Hand over everything that is due; returns what arrived since the server was made."""
    while send_due(database, queue_to(server)):
        pass
    return server.received


@contextmanager
def listening() -> Iterator[MailServer]:
    """A mail server that listens."""
    with MailServer().up() as server:
        yield server


def envelope_of(event: Event, told_at: datetime) -> Envelope:
    """A fact on its way, as another service told it."""
    return Envelope(
        id=event.fact_id(COMMUNITY),
        type=event.TYPE,
        source=f"/coop/{event.service()}",
        subject=event.key(),
        time=told_at,
        community=COMMUNITY,
        actor="job:x",
        channel="job",
        position=1,
        hash="0" * 64,
        data=event.canonical(),
    )


def list_kept(database: Database) -> list[Message]:
    """Every message that was made, by kind, cause and name."""
    with database.read(COMMUNITY) as tx:
        return select_as(tx, Message, message, order_by=[message.c.kind, message.c.about, message.c.name])


def agree_to_mail(database: Database) -> None:
    """Let everybody in the register agree to notices by mail."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        for member in list_members(tx):
            answer_purpose(tx, member.member_id, MAIL_NOTICES, "nl", is_given=True)
