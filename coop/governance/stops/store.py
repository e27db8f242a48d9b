"""Queries on decisions that fell, and the one way to stop a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from coop.communities.stops import Stop
from coop.events.governance import DecisionStopped
from coop.governance.model import Resolution
from coop.governance.stops.rules import Stopping
from coop.governance.tables.stamps import stamp
from coop.governance.tables.stops import decision_stop
from coop.kit.rows import group_as, insert_nouns, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class KeptStop:
    """A telling that a decision does not act from a day on, or acts again, with the paper that it stands on and the
    two people who signed it, or the resolution that repealed it, the one by which it is voted on again, or the
    decision on which a ``referendum`` is asked or that referendum."""

    resolution_id: str
    number: int
    stop_id: str
    manner: str
    from_on: date
    ruled_on: date
    told_on: date
    paper: str
    entry_id: str | None
    repealed_by: str | None
    voted_again: str | None
    referendum: str | None


def list_stops(tx: Tx, resolution_id: str) -> list[KeptStop]:
    """Everything that was told of a decision, in order."""
    columns = decision_stop.c
    return select_as(tx, KeptStop, decision_stop, columns.resolution_id == resolution_id, order_by=[columns.number])


def map_stops(tx: Tx) -> Mapping[str, list[Stop]]:
    """Tellings of every decision that ever fell, by resolution, in order."""
    columns = decision_stop.c
    grouped = group_as(tx, Stop, decision_stop, [columns.resolution_id], order_by=[columns.number])
    return {resolution_id: stops for (resolution_id,), stops in grouped.items()}


def list_repealed(tx: Tx, resolution_id: str) -> list[KeptStop]:
    """The stops that a resolution made, in order."""
    columns = decision_stop.c
    return select_as(tx, KeptStop, decision_stop, columns.repealed_by == resolution_id, order_by=[columns.number])


def add_stop(tx: Tx, resolution: Resolution, made: Stopping) -> DecisionStopped:
    """Keep that a decision does not act from a day on, or acts again; returns the fact of it."""
    number = len(list_stops(tx, resolution.resolution_id)) + 1
    stop_id = made.entry_id or made.repealed_by or made.voted_again or made.referendum or ""
    kept = KeptStop(
        resolution.resolution_id,
        number,
        stop_id,
        made.manner,
        made.from_on,
        made.ruled_on,
        tx.today,
        made.paper,
        made.entry_id,
        made.repealed_by,
        made.voted_again,
        made.referendum,
    )
    insert_nouns(tx, decision_stop, [kept], **stamp(tx))
    return DecisionStopped(
        stop_id=stop_id,
        resolution_id=resolution.resolution_id,
        number=number,
        kind=resolution.kind,
        subject_nl=resolution.subject_nl,
        subject_en=resolution.subject_en,
        manner=made.manner,
        from_on=made.from_on,
        ruled_on=made.ruled_on,
        stopped_on=tx.today,
        paper=made.paper,
    )
