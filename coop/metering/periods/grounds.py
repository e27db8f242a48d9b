"""Grounds of a period: all that it is computed with besides readings, as far as others say it or people put it right.

Invariant: a closed period keeps the grounds on which it was computed last. Where they are known otherwise by now it
waits for a correction, whatever became known, however late it was heard and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import delete, insert, select

from coop.communities.choices import CompletenessChoice, LimitsChoice, StepsChoice, TapWaterChoice
from coop.kit import documents
from coop.kit.documents import Schema
from coop.kit.tx import Tx
from coop.metering.model import Meter
from coop.metering.periods.tables import computed_with
from coop.metering.readings.documents import plain_schema
from coop.metering.readings.holdings import Store
from coop.metering.register.closed import FIGURES_PUT_RIGHT, PUT_RIGHT, SEEN_LATER
from coop.values import Period

FIGURES = (LimitsChoice, StepsChoice, TapWaterChoice, CompletenessChoice)
"""Choices of the co-operative by which a period is computed and judged."""

Moment = TypeVar("Moment", date, datetime)
Said = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Grounds:
    """Grounds that a period is computed with: by connection who held it and under which contracts, by serial where a
    meter hung, by name the figures that the co-operative chose. A bound beyond the period is left empty, so that months
    in which nothing changes have the same grounds."""

    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contracts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    figures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Other:
    """A ground that is known otherwise: of which ``kind`` (the name of a field of ``Grounds``), and whose."""

    kind: str
    subject: str


GROUNDS: Schema[Grounds] = plain_schema("metering.grounds", Grounds)


def find_grounds(store: Store, period: Period) -> Grounds:
    """Find what a period is computed with."""
    holds: Said = {}
    for hold in store.occupancies:
        _note(holds, hold.connection_id, hold.member_id, _within(period.start, period.end, hold.start, hold.end))
    contracts: Said = {}
    for supply in store.supplies:
        _note(contracts, supply.connection_id, "", _within(period.start, period.end, supply.starts_on, supply.ends_on))
    meters: Said = {}
    start, end = period.start_at, period.end_at
    for meter in store.meters:
        _note(meters, meter.serial, _describe(meter), _within(start, end, meter.installed_at, meter.removed_at))
    figures = {kind.NAME: (store.choices.on(kind, period.start).model_dump_json(),) for kind in FIGURES}
    return Grounds(_in_order(holds), _in_order(contracts), _in_order(meters), figures)


def compare(before: Grounds, now: Grounds) -> list[Other]:
    """List what is known otherwise, in order."""
    found = []
    for kind, was in vars(before).items():
        known: Mapping[str, tuple[str, ...]] = getattr(now, kind)
        subjects = was.keys() | known.keys()
        found += [Other(kind, subject) for subject in subjects if was.get(subject) != known.get(subject)]
    return sorted(found)


def keep(tx: Tx, period: Period, grounds: Grounds) -> None:
    """Keep what a closed period was just computed with."""
    sha256 = documents.keep(tx, GROUNDS.seal(grounds))
    columns = computed_with.c
    tx.execute(delete(computed_with).where(columns.community == tx.community, columns.period_start == period.start))
    tx.execute(insert(computed_with).values(community=tx.community, period_start=period.start, sha256=sha256))


def load(tx: Tx, period: Period) -> Grounds:
    """Load what a closed period was computed with last."""
    columns = computed_with.c
    where = columns.community == tx.community, columns.period_start == period.start
    sha256: str = tx.scalar(select(columns.sha256).where(*where)) or ""
    return GROUNDS.open(documents.load(tx, sha256))


def list_others(tx: Tx, closed: Iterable[Period]) -> dict[Period, list[Other]]:
    """List what is known otherwise than when periods were computed; one that is not closed is left out."""
    columns = computed_with.c
    query = select(columns.period_start, columns.sha256).where(columns.community == tx.community)
    kept: dict[date, str] = dict(iter(tx.execute(query)))
    store = Store(tx)
    found: dict[Period, list[Other]] = {}
    for period in closed:
        if period.start not in kept:
            continue
        now = find_grounds(store, period)
        is_same = GROUNDS.seal(now).sha256 == kept[period.start]
        found[period] = [] if is_same else compare(load(tx, period), now)
    return found


def say_cause(others: Sequence[Other]) -> str:
    """Say why a period comes out differently for whom no late reading and no decision is the reason."""
    if not others:
        return SEEN_LATER
    return FIGURES_PUT_RIGHT if all(one.kind == "figures" for one in others) else PUT_RIGHT


def _within(first: Moment, after: Moment, start: Moment, end: Moment | None) -> str | None:
    """The part of a time that lies between two bounds; None where nothing does."""
    if start >= after or (end is not None and end <= max(start, first)):
        return None
    from_text = start.isoformat() if start > first else ""
    return f"{from_text}/{end.isoformat() if end is not None and end < after else ''}"


def _describe(meter: Meter) -> str:
    maxima = [f"{quantity.value}<{most.normalize():f}" for quantity, most in sorted(meter.maxima.items())]
    return " ".join((meter.kind, meter.connection_id or "-", *maxima))


def _note(found: Said, subject: str, what: str, when: str | None) -> None:
    if when is not None:
        found[subject] = (*found.get(subject, ()), f"{what} {when}".strip())


def _in_order(found: Said) -> Said:
    return {subject: tuple(sorted(said)) for subject, said in sorted(found.items())}
