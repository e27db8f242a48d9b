"""Nouns come back from their rows as they went in, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import Column, Date, Integer, String, Table, text
from sqlalchemy.exc import IntegrityError

from coop.kit.columns import Choice, Exact, Json, Words
from coop.kit.database import Database
from coop.kit.metadata import new_metadata
from coop.kit.rows import find_as, find_by, group_among, group_as, insert_nouns, list_by, row_of, select_as
from coop.kit.wall import ForgotCommunity
from coop.values import Period
from tests.kit.town import COMMUNITY, SECRETARY, make_schema


class Unit(StrEnum):
    GJ = "GJ"
    KWH = "kWh"


@dataclass(frozen=True)
class Step:
    """A part of what is kept as JSON."""

    above: Decimal
    price: Decimal


@dataclass(frozen=True)
class Offer:
    """A noun with a field of every kind."""

    offer_id: str
    period: Period
    until: Period | None
    price: Decimal
    unit: Unit
    notes: tuple[str, ...]
    steps: tuple[Step, ...]


metadata = new_metadata()
offer = Table(
    "offer",
    metadata,
    Column("community", String(20), primary_key=True),
    Column("offer_id", String(20), primary_key=True),
    Column("maker", String(20), nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("until_start", Date),
    Column("until_end", Date),
    Column("price", Exact, nullable=False),
    Column("unit", Choice(Unit), nullable=False),
    Column("notes", Words, nullable=False),
    Column("steps", Json(tuple[Step, ...]), nullable=False),
    Column("rank", Integer),
)

YEAR = Period.year(2025)
PLAIN = Offer("a", YEAR, None, Decimal("1E+3"), Unit.GJ, (), ())
RICH = Offer(
    "b", YEAR, Period.month(2026, 1), Decimal("0.210"), Unit.KWH, ("new", "late"), (Step(Decimal(1), Decimal("2.50")),)
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with one table."""
    sqlite = request.param == "sqlite"
    made = Database(f"sqlite:///{tmp_path}/m.db" if sqlite else request.getfixturevalue("postgres_url"), "members")
    make_schema(made)
    with made.system_write() as sql:
        metadata.create_all(sql)
    yield made
    made.close()


def test_rows_with_different_columns_are_refused_before_any_is_inserted(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        rows = [row_of(tx, PLAIN, maker="m1"), row_of(tx, RICH, maker="m1", rank=1)]
        with pytest.raises(ValueError, match="different columns"):
            tx.insert(offer, rows)
        assert select_as(tx, Offer, offer) == []


def test_a_row_whose_key_is_there_stays_as_it_is(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        insert_nouns(tx, offer, [PLAIN], maker="m1")
        changed = replace(PLAIN, unit=Unit.KWH)
        tx.insert_new(
            offer, [row_of(tx, noun, maker="m1") for noun in (changed, RICH, RICH)], ["community", "offer_id"]
        )
        assert select_as(tx, Offer, offer, order_by=[offer.c.offer_id]) == [PLAIN, RICH]


def test_a_noun_comes_back_as_it_was(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        insert_nouns(tx, offer, [RICH, PLAIN], maker="m1")
    with database.read(COMMUNITY) as tx:
        assert select_as(tx, Offer, offer, order_by=[offer.c.offer_id]) == [PLAIN, RICH]
        assert find_as(tx, Offer, offer, offer.c.period_start == date(2025, 1, 1), offer.c.offer_id == "b") == RICH
        assert find_as(tx, Offer, offer, offer.c.offer_id == "c") is None
        assert find_by(tx, Offer, offer, offer_id="b", period_start=date(2025, 1, 1)) == RICH
        assert find_by(tx, Offer, offer, offer_id="a", price=PLAIN.price) == PLAIN
        assert find_by(tx, Offer, offer, offer_id="c") is None
        assert find_by(tx, Offer, offer, offer_id=None) is None
        assert list_by(tx, Offer, offer, "offer_id", maker="m1") == [PLAIN, RICH]
        assert list_by(tx, Offer, offer, "price", maker="m1", period_start=date(2025, 1, 1)) == [RICH, PLAIN]
    with database.read("elsewhere") as tx:
        assert select_as(tx, Offer, offer) == []
        assert find_by(tx, Offer, offer, offer_id="b") is None
        assert list_by(tx, Offer, offer, maker="m1") == []
        assert group_among(tx, Offer, offer, "maker", ["m1"]) == {}


def test_a_row_without_what_it_must_have_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write(COMMUNITY, SECRETARY) as tx:
        insert_nouns(tx, offer, [PLAIN])


def test_a_row_of_another_community_is_not_inserted(database: Database) -> None:
    with pytest.raises(ForgotCommunity), database.write(COMMUNITY, SECRETARY) as tx:
        tx.insert(offer, [{**row_of(tx, PLAIN, maker="m1"), "community": "elsewhere"}])


def test_decimals_are_kept_without_exponent_and_with_their_last_noughts(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        insert_nouns(tx, offer, [RICH, PLAIN], maker="m1")
    with database.system_read() as sql:
        assert list(sql.scalars(text("SELECT price FROM offer ORDER BY offer_id"))) == ["1000", "0.210"]


def test_nouns_are_grouped_by_columns_that_they_do_not_have(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        insert_nouns(tx, offer, [RICH], maker="m2", rank=1)
        insert_nouns(tx, offer, [PLAIN], maker="m1", rank=1)
        groups = group_as(tx, Offer, offer, [offer.c.maker, offer.c.rank])
        among = group_among(tx, Offer, offer, "maker", ["m1", "m3"], "offer_id", rank=1)
        others = group_among(tx, Offer, offer, "maker", {"m2"}, rank=2)
    assert groups == {("m1", 1): [PLAIN], ("m2", 1): [RICH]}
    assert (among, others) == ({"m1": [PLAIN]}, {})
