"""The mails that wait to go out, as their recipients would read them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from coop.kit.database import Database
from coop.kit.tables import outbound_message
from coop.members.messages.model import Content
from tests.desk import COMMUNITY


@dataclass(frozen=True)
class Letter:
    """A mail that waits."""

    recipient: str
    kind: str
    text: str
    key: str


def read_mails(database: Database, community: str = COMMUNITY) -> list[Letter]:
    """Every mail that waits, oldest first."""
    rows = outbound_message.c
    query = select(rows.recipient, rows.body).where(rows.community == community).order_by(rows.number)
    with database.read(community) as tx:
        waiting = [(recipient, Content.load(body)) for recipient, body in tx.execute(query)]
    return [
        Letter(recipient, content.kind, "\n".join(content.paragraphs), _find_key(content.link))
        for recipient, content in waiting
    ]


def read_key(database: Database, recipient: str) -> str:
    """The key of the newest one-time address that somebody got by mail."""
    keys = [mail.key for mail in read_mails(database) if mail.recipient == recipient and mail.key]
    assert keys, f"no key went to {recipient}"
    return keys[-1]


def _find_key(link: str) -> str:
    key = re.search(r"/members/welcome\?key=([a-z2-9-]+)$", link)
    return key[1] if key else ""
