"""Looks at the meters of a month for what is odd: made by night, kept, and only read by day.

A look reads two months of every register, which is work for the night. Kept is what it found, beside the newest
delivery that it knew and the choice by which it judged, so that a month is looked at again when either moved on. What
is kept follows from the readings alone: taken away, the next night makes the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from coop.communities.choices import OdditiesChoice
from coop.communities.store import load_choices
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.metering.provenance.oddities import Oddity, find_oddities
from coop.metering.provenance.tables import odd_look, oddity
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import last_number
from coop.metering.readings.detached import list_detached
from coop.metering.register import store as register
from coop.metering.register.peaks import list_peaks
from coop.metering.tables import delivery as delivered
from coop.values import Period

MONTHS_BACK = 13
"""Months up to the running one that are looked at by themselves: a year, and the one that runs. A choice."""


@dataclass(frozen=True)
class Look:
    """A look at a month, by its first day: made when, knowing deliveries up to number ``head``, by which choice."""

    month: date
    looked_at: datetime
    head: int
    basis: str


def list_due(tx: Tx) -> list[Period]:
    """Months that were not looked at yet, or of which something was told or chosen since; the oldest first.

    A month that is set aside, or follows on one that is, keeps what was found of it.
    """
    first = readings.find_first_day(tx)
    if first is None:
        return []
    aside = {one.month for one in list_detached(tx)}
    looks = {one.month: one for one in select_as(tx, Look, odd_look)}
    months = Period(first, tx.today + timedelta(days=1)).months()[-MONTHS_BACK:]
    whole = [Period.month(month.start.year, month.start.month) for month in months]
    return [
        month
        for month in whole
        if not {month.start, (month.start - timedelta(days=1)).replace(day=1)} & aside
        and _is_due(tx, month, looks.get(month.start))
    ]


def _is_due(tx: Tx, month: Period, look: Look | None) -> bool:
    if look is None or look.basis != _hash_basis(tx, month):
        return True
    last, days = readings.day_number(month.end_at), month.days
    told = select(delivered.c.number).where(
        delivered.c.community == tx.community,
        delivered.c.number > look.head,
        delivered.c.first_day < last,
        delivered.c.last_day >= last - 2 * days - 1,
    )
    return tx.execute(told.limit(1)).first() is not None


def look_at(tx: Tx, month: Period) -> tuple[Look, list[Oddity]]:
    """A look at a month, and what it found; reads, and keeps nothing.

    Raises:
        ReadingsDetached: the month, or the one before, is set aside.
    """
    look = Look(month.start, tx.now, last_number(tx), _hash_basis(tx, month))
    return look, find_oddities(tx, month)


def keep(tx: Tx, look: Look, found: list[Oddity]) -> None:
    """Put a look and its findings in the place of the one before."""
    for table in (oddity, odd_look):
        tx.execute(delete(table).where(table.c.community == tx.community, table.c.month == look.month))
    insert_nouns(tx, odd_look, [look])
    tx.insert(
        oddity,
        [
            {"community": tx.community, "month": look.month, "place": place, **vars(one)}
            for place, one in enumerate(found, 1)
        ],
    )


def find_look(tx: Tx, month: Period) -> Look | None:
    """The newest look at a month."""
    return find_by(tx, Look, odd_look, month=month.start)


def list_found(tx: Tx, month: Period) -> list[Oddity]:
    """Findings of the newest look at a month, but for meters that were taken out of the register since."""
    known = register.directory(tx).meters
    found = select_as(tx, Oddity, oddity, oddity.c.month == month.start, order_by=[oddity.c.place])
    return [one for one in found if one.meter in known]


def _hash_basis(tx: Tx, month: Period) -> str:
    choice = load_choices(tx).on(OdditiesChoice, month.start)
    peaks = [
        (one.serial, one.valid_from.isoformat(), one.peak_w) for one in list_peaks(tx) if one.valid_from < month.end
    ]
    return hashlib.sha256(json.dumps([choice.model_dump(mode="json"), peaks]).encode()).hexdigest()
