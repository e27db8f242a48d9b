"""Periods: how complete their readings are, what they come to, and what their closing told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Body as BodyParam
from fastapi import Path, Query, Request
from pydantic import Field

from coop.kit.answers import Answer, Body, ExactDecimal, PeriodName
from coop.kit.http import reading, refuses, writing
from coop.kit.paging import Paged
from coop.metering.amounts import read_known, read_period
from coop.metering.fields import (
    Cause,
    DateOrInstant,
    DayAfter,
    FirstDay,
    Joules,
    KnownAt,
    Name,
    Revision,
    RunId,
    Serial,
    WantedPeriod,
    WattHours,
    make_router,
    may,
)
from coop.metering.heat.sayings import Blocked
from coop.metering.periods import acceptance
from coop.metering.periods import store as periods
from coop.metering.periods.acceptance import Acceptance
from coop.metering.periods.close import close_period as close
from coop.metering.periods.close import correct_period as correct
from coop.metering.periods.grounds import Other, list_others
from coop.metering.periods.results import Results, compute_period
from coop.metering.periods.store import Closed
from coop.metering.readings.completeness import measure_completeness
from coop.metering.readings.store import instant

routes = make_router()

Factor = Annotated[ExactDecimal, Field(examples=["3.91"])]


class AcceptIn(Body):
    """Acceptance of estimates; with nothing said, only what is complete goes on."""

    accept: Annotated[list[Name], Field(default_factory=list, examples=[["H1"]])]
    """Meters, connections and groups whose estimates are accepted, as `lacking` names them."""
    reason: Annotated[str, Field(max_length=500)] = ""
    """Why they are accepted."""


class CloseIn(AcceptIn):
    """A closing."""

    dry_run: bool = False
    """Whether only to look at what it would come to."""
    known_at: DateOrInstant | None = None
    """With `dry_run`: by what was known then."""


class CorrectIn(AcceptIn):
    """A correction."""


class HeatSystemOut(Answer):
    """Performance of the heat system in a period."""

    period_start: FirstDay
    period_end: DayAfter
    heat_produced_j: Joules
    heat_delivered_j: Joules
    electricity_wh: WattHours
    source_temperature_min_cdegc: Annotated[int | None, Field(examples=[812])]
    """Lowest temperature of the source [0.01 degC]; null where none was measured."""
    spf: Factor | None
    """Seasonal performance: heat over electricity, of the time of which both are known; null where none is."""
    loss_share: Factor | None
    """Part of the heat that was lost on the way; null where nothing was produced, or some of it is not known."""
    heat_vacant_j: Joules
    """Part of the delivered heat that homes used while nobody held them."""
    covered_permille: Annotated[int, Field(examples=[1000])]
    """Share of the period of which heat and electricity of every heat pump are both known: ``spf`` is of that."""


class RevisionOut(Answer):
    """A revision of a closed period, and how much was told for it."""

    period: PeriodName
    period_start: FirstDay
    period_end: DayAfter
    revision: Revision
    measured_count: Annotated[int, Field(examples=[100])]
    """Measurements of heat that were told."""
    allocated_count: Annotated[int, Field(examples=[80])]
    """Allocations of shared electricity that were told."""
    run_id: RunId
    cause: Cause
    heat_system: HeatSystemOut | None
    """Report of the heat system; null where none is measured."""


class PeriodOut(RevisionOut):
    """A revision of a closed period, and when it was closed."""

    closed_at: datetime
    """Instant of the closing."""


class ListedPeriodOut(PeriodOut):
    """A closed period in its newest revision."""

    late_values: int
    """Values that came in since, and touch it."""


class PlantOut(Answer):
    """Performance of the heat system in a period that is not closed."""

    heat_produced_j: Joules
    heat_delivered_j: Joules
    spf: Factor | None
    """Seasonal performance: heat over electricity, of the time of which both are known."""
    loss_share: Factor | None
    """Part of the heat that was lost on the way."""
    heat_vacant_j: Joules
    """Part of the delivered heat that homes used while nobody held them."""
    covered_permille: Annotated[int, Field(examples=[1000])]
    """Share of the period of which heat and electricity of every heat pump are both known."""


class LackOut(Answer):
    """Something that is missing."""

    subject: Annotated[str, Field(examples=["H1"])]
    """Meter, connection or group of which it is missing: what `accept` names."""
    said: str
    """A sentence that says what."""
    accepted: bool
    """Whether somebody accepted to go on without it."""


class BlockOut(Answer):
    """A break that blocks a period until two people have said what happened."""

    meter: Serial
    register_id: str
    """Register that fell, jumped, or tells two things."""
    before: datetime
    """Instant of the last reading before it."""
    at: datetime
    """Instant of the first reading after it: by these three it is decided."""
    said: str
    """A sentence that says what."""


class OtherOut(Answer):
    """Something that is known otherwise than when a closed period was computed."""

    kind: Literal["holds", "contracts", "meters", "figures"]
    """Who held a connection, the contract on it, where a meter hung, or a figure that the co-operative chose."""
    subject: Annotated[str, Field(examples=["H1"])]
    """Id of the connection, serial of the meter, or name of the figure."""


class PeriodPreviewOut(Answer):
    """Result of a period if it were closed now."""

    lacking: list[LackOut]
    """What is missing."""
    blocking: list[BlockOut]
    """Breaks of registers that nothing explains and nobody decided."""
    known_otherwise: list[OtherOut]
    """Where it is closed: what is known otherwise by now, so that it waits for a correction."""
    measured_count: int
    """Measurements of heat."""
    estimated_count: int
    """Those among them that rest on an estimate."""
    energy_j: Joules
    allocated_count: int
    """Allocations of shared electricity."""
    allocated_wh: WattHours
    missing_quarters: int
    """Quarter-hours of sharing without a reading."""
    heat_system: PlantOut | None


class MeterCompletenessOut(Answer):
    """A meter's days."""

    serial: Serial
    percent: Annotated[list[int], Field(examples=[[100, 96, -1]])]
    """By day, the share of its readings that is there [percent]; -1 where it did not hang."""
    estimated: list[bool]
    """By day, whether some of it is an estimate."""


class CompletenessOut(Answer):
    """Completeness of each meter's days."""

    days: list[date]
    """UTC days of the period."""
    meters: list[MeterCompletenessOut]


PeriodPath = Annotated[WantedPeriod, Path()]


@routes.post("/periods/{period:path}/close")
@may("close-period")
@refuses(
    "bad-input",
    "bad-acceptance",
    "period-incomplete",
    "period-not-over",
    "period-overlaps",
    "two-occupants",
    "readings-detached",
)
def close_period(
    request: Request, period: PeriodPath, closing: Annotated[CloseIn, BodyParam()]
) -> PeriodOut | PeriodPreviewOut:
    """Close a period, or with `dry_run` say what it would come to. One that is closed stays as it is."""
    wanted = read_period(period)
    if closing.dry_run:
        with reading(request) as tx:
            known = read_known(closing.known_at, tx.now)
            others = list_others(tx, [wanted]).get(wanted, [])
            return _preview_out(compute_period(tx, wanted, known), acceptance.list_acceptances(tx, wanted), others)
    with writing(request) as tx:
        return period_out(close(tx, wanted, accept=closing.accept, reason=closing.reason))


@routes.post("/periods/{period:path}/correct")
@may("close-period")
@refuses("bad-input", "bad-acceptance", "period-not-closed", "period-incomplete", "two-occupants", "readings-detached")
def correct_period(request: Request, period: PeriodPath, correction: Annotated[CorrectIn, BodyParam()]) -> PeriodOut:
    """Compute a closed period again; what changed becomes a new revision and is told."""
    wanted = read_period(period)
    with writing(request) as tx:
        return period_out(correct(tx, wanted, accept=correction.accept, reason=correction.reason))


@routes.get("/periods")
@may("see-data")
def list_periods(request: Request, page: Paged, known_at: KnownAt = None) -> list[ListedPeriodOut]:
    """Closed periods in their newest revision (of those made by then), oldest first, with how many late values touched
    it since."""
    with reading(request) as tx:
        found = periods.list_closed(tx, window=page.window, known_at=read_known(known_at, tx.now))
        listed = page.close(found, lambda closed: (closed.period.start,))
        late_counts = periods.count_late(tx)
    return [
        ListedPeriodOut(
            **_fields(closed),
            closed_at=closed.closed_at,
            late_values=late_counts.get((closed.period.start, closed.revision), 0),
        )
        for closed in listed
    ]


@routes.get("/completeness")
@may("see-data")
@refuses("bad-input", "readings-detached")
def get_completeness(
    request: Request, period: Annotated[WantedPeriod, Query()], known_at: KnownAt = None
) -> CompletenessOut:
    """Readings per meter and UTC day of a period, as they are known now or were."""
    wanted = read_period(period)
    with reading(request) as tx:
        measured = measure_completeness(tx, wanted, read_known(known_at, tx.now))
    rows = zip(measured.serials, measured.share_percent, measured.estimated, strict=True)
    meters = [
        MeterCompletenessOut(serial=serial, percent=list(shares), estimated=list(flags))
        for serial, shares, flags in rows
    ]
    return CompletenessOut(days=list(measured.days), meters=meters)


def period_out(closed: Closed) -> PeriodOut:
    """A revision of a closed period."""
    return PeriodOut(**_fields(closed), closed_at=closed.closed_at)


def revision_out(closed: Closed) -> RevisionOut:
    """A revision of a closed period, without the clock."""
    return RevisionOut(**_fields(closed))


def _fields(closed: Closed) -> dict[str, Any]:
    return {
        "period": str(closed.period),
        "period_start": closed.period.start,
        "period_end": closed.period.end,
        "revision": closed.revision,
        "measured_count": closed.measured_count,
        "allocated_count": closed.allocated_count,
        "run_id": closed.run_id,
        "cause": closed.cause,
        "heat_system": HeatSystemOut.model_validate(closed.heat_system) if closed.heat_system else None,
    }


def block_out(one: Blocked) -> BlockOut:
    """A break that blocks a period."""
    return BlockOut(
        meter=one.serial,
        register_id=one.register_id,
        before=instant(one.before_s),
        at=instant(one.at_s),
        said=one.said,
    )


def _preview_out(results: Results, accepted: list[Acceptance], others: list[Other]) -> PeriodPreviewOut:
    open_ones = acceptance.find_open(results.lacking, accepted)
    return PeriodPreviewOut(
        lacking=[
            LackOut(subject=acceptance.subject_of(said), said=said, accepted=said not in open_ones)
            for said in results.lacking
        ],
        blocking=[block_out(one) for one in results.blocking],
        known_otherwise=[OtherOut.model_validate(one) for one in others],
        measured_count=len(results.measured),
        estimated_count=sum(measured.estimated for measured in results.measured),
        energy_j=results.energy_j,
        allocated_count=sum(len(run.outcome.shares) for run in results.runs),
        allocated_wh=results.allocated_wh,
        missing_quarters=sum(run.outcome.missing for run in results.runs),
        heat_system=PlantOut.model_validate(results.plant) if results.plant else None,
    )
