"""Versions of the statutes as their rows and documents stand now: for whoever holds them against what was told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from coop.governance.tables.meetings import statutes
from coop.kit.documents import Document, UnreadableDocument, find_stored
from coop.kit.tx import Tx
from coop.values import say


class KeptStatutes(NamedTuple):
    """A version as its row tells it: its first day, the entry of it, its articles by their hash, and its deed."""

    valid_from: date
    entry_id: str | None
    articles_hash: str
    deed_on: date | None
    notary: str
    deed_file: str | None


def find_articles(tx: Tx, held_on: date) -> tuple[KeptStatutes, Document]:
    """The version that counts on a day, and the document of its articles."""
    columns = [statutes.c[name] for name in KeptStatutes._fields]
    query = (
        select(*columns)
        .where(statutes.c.community == tx.community, statutes.c.valid_from <= held_on)
        .order_by(statutes.c.valid_from.desc())
        .limit(1)
    )
    version = KeptStatutes(*tx.execute(query).one())
    return version, take(find_stored(tx, [version.articles_hash]), version.articles_hash)


def take(kept: Mapping[str, Document], articles_hash: str) -> Document:
    """The document of articles among those that are kept.

    Raises:
        UnreadableDocument: it is gone.
    """
    if articles_hash not in kept:
        raise UnreadableDocument("lost-document", say("articles of the statutes are gone"))
    return kept[articles_hash]
