"""Documents: the bytes that were stored keep their hash and their meaning, whatever becomes of the schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from coop.kit.database import Database
from coop.kit.documents import Document, Schema, UnreadableDocument, find_stored, keep, load
from coop.values import NotFound
from tests.kit.town import COMMUNITY, SECRETARY, open_database

Pair = tuple[Database, Database]


@dataclass(frozen=True)
class Offer:
    """What a first version wrote."""

    price: str


@dataclass(frozen=True)
class LaterOffer(Offer):
    """The same, with a field that was added."""

    unit: str = "GJ"


FIRST: Schema[Offer] = Schema(
    "offer", 1, lambda offer: json.dumps(vars(offer)).encode(), {1: lambda body: Offer(**json.loads(body))}
)
LATER: Schema[LaterOffer] = Schema(
    "offer", 1, lambda offer: json.dumps(vars(offer)).encode(), {1: lambda body: LaterOffer(**json.loads(body))}
)


def test_a_field_added_with_a_default_leaves_an_older_document_valid(pair: Pair) -> None:
    with pair[0].write(COMMUNITY, SECRETARY) as tx:
        sha256 = keep(tx, FIRST.seal(Offer("34.50")))
    with pair[0].read(COMMUNITY) as tx:
        kept = load(tx, sha256)
    assert kept.sha256 == sha256
    assert LATER.open(kept) == LaterOffer("34.50", "GJ")
    assert LATER.seal(LaterOffer("34.50")).sha256 != sha256


def test_the_same_bytes_are_kept_once_and_for_one_community(pair: Pair) -> None:
    document = FIRST.seal(Offer("34.50"))
    with pair[0].write(COMMUNITY, SECRETARY) as tx:
        assert keep(tx, document) == keep(tx, document) == document.sha256
    with pair[0].read("elsewhere") as tx:
        assert find_stored(tx, [document.sha256]) == {}
        with pytest.raises(NotFound):
            load(tx, document.sha256)


def test_bytes_that_were_changed_after_all_are_not_loaded(pair: Pair) -> None:
    with pair[0].write(COMMUNITY, SECRETARY) as tx:
        sha256 = keep(tx, FIRST.seal(Offer("34.50")))
    with pair[0].system_write() as sql:
        sqlite = pair[0].is_sqlite
        sql.execute(text("DROP TRIGGER document_stays" + ("" if sqlite else " ON document")))
        sql.execute(text("UPDATE document SET body = :body"), {"body": b'{"price": "40.00"}'})
    with pair[0].read(COMMUNITY) as tx:
        assert find_stored(tx, [sha256])[sha256].sha256 != sha256
        with pytest.raises(UnreadableDocument) as refused:
            load(tx, sha256)
    assert refused.value.code == "changed-document"


def test_bytes_that_sqlite_was_made_to_keep_as_text_are_shown_and_differ(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    with database.write(COMMUNITY, SECRETARY) as tx:
        sha256 = keep(tx, FIRST.seal(Offer("34.50")))
    with database.system_write() as sql:
        sql.execute(text("DROP TRIGGER document_stays"))
        sql.execute(text("UPDATE document SET body = replace(body, '34.50', '40.00')"))
    with database.read(COMMUNITY) as tx:
        stored = find_stored(tx, [sha256])[sha256]
    database.close()
    assert (stored.body, stored.sha256 == sha256) == (b'{"price": "40.00"}', False)


@pytest.mark.parametrize(
    "document",
    [Document("offer", 2, b"{}"), Document("bill", 1, b"{}"), Document("offer", 1, b"{"), Document("offer", 1, b"{}")],
    ids=["of a later version", "of another schema", "cut off", "lacking a field"],
)
def test_what_cannot_be_read_is_refused(document: Document) -> None:
    with pytest.raises(UnreadableDocument):
        FIRST.open(document)
