"""Metering as plain data for the API and for the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from coop.kit.parking import Letter
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.metering.access import ACCESS
from coop.metering.handlers.parking import UNROUTED
from coop.metering.handlers.results import Results
from coop.metering.handlers.verify import Quarter, inputs_of
from coop.metering.model import DAY_S, Meter, MeterKind, Quality
from coop.metering.storage import periods, readings, register
from coop.metering.storage.periods import Closed
from coop.metering.storage.readings import DAY, day_number
from coop.values import NotFound, Period


@dataclass(frozen=True)
class Completeness:
    """Share of each meter's day that is there. ``share_percent`` has shape (meters, days); 100 is all of it.

    A register of intervals is complete with every interval; one of stands with a stand a day. ``estimated`` says where
    some of it is an estimate.
    """

    days: tuple[date, ...]
    serials: tuple[str, ...]
    kinds: tuple[str, ...]
    share_percent: tuple[tuple[int, ...], ...]
    estimated: tuple[tuple[bool, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "days": [day.isoformat() for day in self.days],
            "meters": [
                {"serial": serial, "percent": list(row), "estimated": list(flags)}
                for serial, row, flags in zip(self.serials, self.share_percent, self.estimated, strict=True)
            ],
        }

    @property
    def percent(self) -> int:
        """Of everything, rounded down."""
        return _mean_percent(self.share_percent)

    def hung(self, place: int) -> bool:
        """True when a meter hung there on any of the days."""
        return any(share >= 0 for share in self.share_percent[place])

    def lacks(self, place: int) -> bool:
        """True when a meter should have said more."""
        return any(0 <= share < 100 for share in self.share_percent[place])

    def by_kind(self) -> list[KindCompleteness]:
        """Meters that hung there, by what they are for."""
        found = []
        for kind in MeterKind:
            places = [i for i, own in enumerate(self.kinds) if own == kind.value and self.hung(i)]
            if places:
                lacking = sum(self.lacks(i) for i in places)
                found.append(
                    KindCompleteness(
                        kind.value,
                        len(places),
                        len(places) - lacking,
                        sum(any(self.estimated[i]) for i in places),
                        lacking,
                        _mean_percent([self.share_percent[i] for i in places]),
                    )
                )
        return found


@dataclass(frozen=True)
class KindCompleteness:
    """Meters of a kind: how many are complete, estimated in part or lack something, and the mean share [percent]."""

    kind: str
    meters: int
    complete: int
    estimated: int
    lacking: int
    percent: int


def _mean_percent(rows: Sequence[Sequence[int]]) -> int:
    cells = [share for row in rows for share in row if share >= 0]
    return sum(cells) // len(cells) if cells else 0


def completeness(tx: Tx, period: Period) -> Completeness:
    """Readings per meter and UTC day; -1 where a meter did not hang there."""
    meters = register.list_meters(tx)
    registers: dict[str, list[str]] = {}
    for one in register.list_registers(tx):
        registers.setdefault(one.serial, []).append(one.id)
    days = [period.start + timedelta(days=i) for i in range(period.days)]
    first = day_number(period.start_at + timedelta(hours=2))
    ids = [identity for some in registers.values() for identity in some]
    stored = readings.latest(tx, ids, range(first, first + len(days)))
    shares, flags = [], []
    for meter in meters:
        shares.append(
            tuple(
                _percent(meter, first + i, [stored.get((one, first + i)) for one in registers.get(meter.serial, ())])
                for i in range(len(days))
            )
        )
        flags.append(
            tuple(
                any(
                    bool((found.content.quality == Quality.ESTIMATED).any())
                    for one in registers.get(meter.serial, ())
                    if (found := stored.get((one, first + i))) is not None
                )
                for i in range(len(days))
            )
        )
    return Completeness(
        tuple(days),
        tuple(meter.serial for meter in meters),
        tuple(meter.kind.value for meter in meters),
        tuple(shares),
        tuple(flags),
    )


def _percent(meter: Meter, day: int, stored: Sequence[readings.Stored | None]) -> int:
    start = readings.instant(day * DAY_S)
    if start + DAY <= meter.installed_at or (meter.removed_at is not None and meter.removed_at <= start):
        return -1
    if not stored:
        return 0
    whole = [
        0 if one is None else 100 if not one.step_s else 100 * len(one.content) * one.step_s // DAY_S for one in stored
    ]
    return sum(whole) // len(whole)


def list_meters(tx: Tx) -> list[dict[str, Any]]:
    """All meters, by serial."""
    return [
        {
            "serial": one.serial,
            "kind": one.kind.value,
            "connection_id": one.connection_id,
            "installed_at": one.installed_at.isoformat(),
            "removed_at": one.removed_at.isoformat() if one.removed_at else None,
            "maxima": {quantity.value: str(most) for quantity, most in one.maxima.items()},
        }
        for one in register.list_meters(tx)
    ]


def letter_json(letter: Letter) -> dict[str, Any]:
    """A parked telegram, with the first of its bytes."""
    return {
        "id": letter.id,
        "kind": letter.kind,
        "code": letter.code,
        "reason": letter.reason,
        "parked_at": letter.parked_at.isoformat(),
        "attempts": letter.attempts,
        "source": letter.source,
        "delivery_id": None if letter.kind == UNROUTED else letter.source,
        "body": letter.body[:2000].decode("utf-8", "replace"),
    }


def closed_json(one: Closed) -> dict[str, Any]:
    """A revision of a closed period."""
    return {
        "period": str(one.period),
        "period_start": one.period.start.isoformat(),
        "period_end": one.period.end.isoformat(),
        "revision": one.revision,
        "closed_at": one.closed_at.isoformat(),
        "measured_count": one.measured_count,
        "allocated_count": one.allocated_count,
        "run_id": one.run_id,
        "cause": one.cause,
        "heat_system": one.heat_system.model_dump(mode="json", exclude={"revision"}) if one.heat_system else None,
    }


def periods_json(tx: Tx) -> list[dict[str, Any]]:
    """Closed periods in their newest revision, with how many late values touched them since."""
    marks: dict[tuple[date, int], int] = {}
    for late in periods.list_late(tx):
        marks[late.period_start, late.revision] = marks.get((late.period_start, late.revision), 0) + 1
    return [
        closed_json(one) | {"late_values": marks.get((one.period.start, one.revision), 0)}
        for one in periods.list_closed(tx)
    ]


def results_json(results: Results) -> dict[str, Any]:
    """Results of a period that is not closed."""
    return {
        "lacking": list(results.lacking),
        "measured_count": len(results.measured),
        "estimated_count": sum(one.estimated for one in results.measured),
        "energy_j": str(results.energy_j),
        "allocated_count": sum(len(run.outcome.shares) for run in results.runs),
        "allocated_wh": results.allocated_wh,
        "missing_quarters": sum(run.outcome.missing for run in results.runs),
        "heat_system": {
            "heat_produced_j": str(results.plant.heat_produced_j),
            "heat_delivered_j": str(results.plant.heat_delivered_j),
            "spf": str(results.plant.spf),
            "loss_share": str(results.plant.loss_share),
        }
        if results.plant
        else None,
    }


def measurements_json(tx: Tx, member_id: str | None) -> list[dict[str, Any]]:
    """Measurements (of one member) in every revision."""
    return [
        {
            "measurement_id": one.id,
            "revision": one.revision,
            "period_start": one.period.start.isoformat(),
            "period_end": one.period.end.isoformat(),
            "connection_id": one.connection_id,
            "member_id": one.member_id,
            "quantity": one.quantity.value,
            "energy_j": str(one.energy_j),
            "estimated": one.estimated,
            "cause": one.cause,
            "parts": [part.model_dump(mode="json") for part in one.parts],
        }
        for one in periods.list_measurements(tx, member_id=member_id)
    ]


def allocations_json(tx: Tx, member_id: str | None) -> list[dict[str, Any]]:
    """Allocations as told (to one member) in every revision."""
    return [
        {
            "run_id": run.id,
            "revision": run.revision,
            "period_start": run.period.start.isoformat(),
            "period_end": run.period.end.isoformat(),
            "group_id": run.group_id,
            "connection_id": share.connection_id,
            "member_id": share.member_id,
            "consumed_wh": share.consumed_wh,
            "allocated_wh": share.allocated_wh,
            "key_id": run.key_id,
            "resolution_id": run.resolution_id,
            "inputs_hash": run.inputs_hash,
            "cause": run.cause,
        }
        for share, run in periods.list_told_allocations(tx, member_id)
    ]


def state(tx: Tx) -> dict[str, Any]:
    """Everything that was told, in one order and without a clock."""
    return {
        "periods": [
            {key: value for key, value in closed_json(one).items() if key != "closed_at"}
            for newest in periods.list_closed(tx)
            for one in periods.list_revisions(tx, newest.period)
        ],
        "measurements": measurements_json(tx, None),
        "allocations": allocations_json(tx, None),
    }


def quarter_json(found: Quarter) -> dict[str, Any]:
    """Explanation of what somebody got in one quarter-hour."""
    why = found.explanation
    return {
        "at": found.at.isoformat(),
        "run_id": found.run_id,
        "group_id": found.group_id,
        "key_id": found.key_id,
        "resolution_id": found.resolution_id,
        "kind": why.kind.value,
        "participant": why.participant,
        "production_wh": why.production_wh,
        "total_consumption_wh": why.total_consumption_wh,
        "consumption_wh": why.consumption_wh,
        "allocated_wh": why.allocated_wh,
        "divisions": [
            {
                "amount_wh": part.amount_wh,
                "weight": part.weight,
                "total_weight": part.total_weight,
                "quotient": str(part.quotient),
                "floor_wh": part.floor_wh,
                "leftover_units": part.leftover_units,
                "remainder_rank": part.remainder_rank,
                "granted_wh": part.granted_wh,
                "cap_wh": part.cap_wh,
            }
            for part in why.divisions
        ],
    }


def whose(session: Session) -> str | None:
    """The member whose energy somebody may see: themselves, or everybody (None).

    Raises:
        NotAllowed: they are no member, and keep no books.
    """
    if ACCESS.allows(session, "see-data"):
        return None
    if session.member_id is None:
        raise NotAllowed
    return session.member_id


def require_own(tx: Tx, session: Session, run_id: str, connection_id: str, at: datetime | None = None) -> None:
    """Refuse a member who asks for the allocation of somebody else's connection, or of theirs before they held it.

    Raises:
        NotFound: there is no such allocation.
        NotAllowed: it is not theirs.
    """
    run = periods.find_run(tx, run_id)
    members = {one.member_id for one in periods.list_allocations(tx, run_id) if one.connection_id == connection_id}
    if run is None or not members:
        raise NotFound
    member_id = whose(session)
    if member_id is None:
        return
    if member_id not in members:
        raise NotAllowed
    if at is not None:
        at_s = readings.seconds(at)
        held = [one for one in inputs_of(tx, run).holdings if one.member_id == member_id]
        if not any(one.connection_id == connection_id and one.from_s <= at_s < one.to_s for one in held):
            raise NotAllowed
