"""The record of one meter: what each register said in a period, why each value stands, what is missing and why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from coop.kit.answers import Answer, ExactDecimal
from coop.kit.http import reading, refuses, session_of
from coop.kit.paging import Paged
from coop.metering.amounts import read_known, read_period, require_year
from coop.metering.fields import KnownAt, Name, Serial, WantedPeriod, make_router, may
from coop.metering.heat.verdicts import BreakKind
from coop.metering.looks import READINGS, note_look
from coop.metering.model import Quantity, Shape
from coop.metering.provenance.record_views import MeterRecord, Wanted, view_record
from coop.metering.provenance.records import Statement, list_statements
from coop.metering.readings.standing import Standing
from coop.metering.readings.store import instant
from coop.values import Period

routes = make_router()

RegisterId = Annotated[str | None, Query(max_length=36, description="Id of the register; else the meter's main one.")]


class RegisterOut(Answer):
    """One quantity of one meter, in one shape."""

    id: str
    """Id of the register."""
    quantity: Quantity
    shape: Shape
    exponent: int
    """Power of ten of the base unit in which it is kept."""


class RecordedDayOut(Answer):
    """A civil day of a register [base unit]."""

    day: date
    """Civil day."""
    count: int
    """Values that stand."""
    first: ExactDecimal | None
    """First cumulative reading; null for intervals."""
    last: ExactDecimal | None
    """Last cumulative reading; null for intervals."""
    energy: ExactDecimal | None
    """Sum of the intervals; null for cumulative readings."""
    estimated: int
    """Values that are estimates."""
    corrected: int
    """Values that two people corrected."""
    customer: int
    """Values that a member read."""
    late: int
    """Values that came after their period was closed."""
    aside: int
    """Values that do not count, as they do not fit their neighbours."""
    missing_s: int
    """Time of which nothing is known [s]."""


class GapOut(Answer):
    """A time of which nothing is known."""

    start: datetime
    """Instant from which."""
    end: datetime
    """Instant up to which."""
    why: str
    """A sentence that says why."""
    letter: str | None
    """Parked message that may fill it."""


class BreakOut(Answer):
    """A break of a cumulative register."""

    at: datetime
    """Instant of the first reading after it."""
    kind: BreakKind
    """Meaning; `unknown` where nobody has decided yet, and nothing closes over it."""


class RecordOut(Answer):
    """A register's record of a period."""

    meter: Serial
    of_register: RegisterOut | None
    """Register that it is of; null where the meter never said anything."""
    registers: list[RegisterOut]
    """All registers of the meter."""
    period: str
    """Period, as far as whoever asks may see it."""
    known_at: datetime | None
    """Instant as of which it was asked; null for now."""
    unit: str
    """Base unit of its values."""
    days: list[RecordedDayOut]
    gaps: list[GapOut]
    breaks: list[BreakOut]


class StatementOut(Answer):
    """A value that a delivery said."""

    at: datetime
    """Instant at which, or from which on."""
    step_s: int
    """Length of the interval [s]; 0 for a cumulative reading."""
    value: ExactDecimal
    """Value [base unit]."""
    quality: Annotated[str, Field(examples=["measured"])]
    """How it came to be: missing, measured, customer, estimated or corrected."""
    standing: Standing
    """Whether it is the value that stands, and if not, why."""
    why_aside: Annotated[str, Field(examples=["", "dip"])]
    """Why a value that stands does not count; empty where it does."""
    is_late: bool
    """Whether it came after its period was closed."""
    delivery_id: str
    """Id of the delivery that said it."""
    sender: str
    """Gateway that sent it, or who did; empty where a member asks and a person said it."""
    format: str
    """Format of the delivery."""
    channel: str
    """Way in which it came."""
    received_at: datetime
    """Instant at which it was received."""
    recorded_at: datetime
    """Instant at which the server kept it."""


@routes.get("/meters/{serial}/record")
@may("see-meter")
@refuses("bad-input", "old-use", "readings-detached")
def get_record(
    request: Request,
    serial: Name,
    period: Annotated[WantedPeriod, Query()],
    register: RegisterId = None,
    known_at: KnownAt = None,
) -> RecordOut:
    """A register's record of a period, day by day, with its gaps and why they are there: as it is known now, or was. A
    member asks it of their own meter, for the days on which they held its connection."""
    with reading(request) as tx:
        known = read_known(known_at, tx.now)
        own = view_record(tx, session_of(request), serial, Wanted(register, read_period(period), None, known))
    _note(request, own)
    record = own.record
    broken = [] if record is None else list(record.judged.breaks)
    broken += [] if record is None else [(one.at_s, BreakKind.UNKNOWN) for one in record.judged.doubts]
    return RecordOut(
        meter=serial,
        of_register=RegisterOut.model_validate(record.register) if record else None,
        registers=[RegisterOut.model_validate(one) for one in own.registers],
        period=str(own.period),
        known_at=known,
        unit=record.unit if record else "",
        days=[RecordedDayOut.model_validate(one) for one in record.days] if record else [],
        gaps=[GapOut.model_validate(gap) for gap in own.gaps],
        breaks=[BreakOut(at=instant(at_s), kind=kind) for at_s, kind in sorted(broken)],
    )


@routes.get("/meters/{serial}/statements")
@may("see-meter")
@refuses("bad-input", "old-use", "readings-detached")
def list_meter_statements(
    request: Request, serial: Name, day: date, page: Paged, register: RegisterId = None, known_at: KnownAt = None
) -> list[StatementOut]:
    """Everything that was said of a register on a civil day: which value stands and why, who said it, and when it was
    received."""
    within = Period(require_year(day, "day"), day + timedelta(days=1))
    with reading(request) as tx:
        known = read_known(known_at, tx.now)
        own = view_record(tx, session_of(request), serial, Wanted(register, within, None, known))
        told = list_statements(tx, own.record, own.period, known) if own.record else []
    _note(request, own)
    rows = page.cut(list(enumerate(told)), lambda row: (row[0],))
    return [_statement_out(one, names_people=own.names_people) for _, one in rows]


def _note(request: Request, own: MeterRecord) -> None:
    for member_id in sorted(own.members):
        note_look(request, READINGS, member_id)


def _statement_out(one: Statement, *, names_people: bool) -> StatementOut:
    return StatementOut(
        at=one.at,
        step_s=one.step_s,
        value=one.value,
        quality=one.quality.name.lower(),
        standing=one.standing,
        why_aside=one.why_aside,
        is_late=one.is_late,
        delivery_id=one.delivery.id,
        sender=one.name_sender(names_people=names_people),
        format=one.delivery.format,
        channel=one.delivery.channel,
        received_at=one.delivery.received_at,
        recorded_at=one.delivery.recorded_at,
    )
