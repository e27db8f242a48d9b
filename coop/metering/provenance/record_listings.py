"""Lists of one meter's page, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from coop.metering import texts
from coop.metering.heat.decisions import Answer, Proposal
from coop.metering.intake.silence import Heard
from coop.metering.intake.withdrawals import Withdrawal, WithdrawalAnswer
from coop.metering.model import BASE_UNIT, Register
from coop.metering.provenance.contradictions import Contradiction
from coop.metering.provenance.gaps import Gap
from coop.metering.provenance.records import Record, Statement
from coop.metering.readings.store import instant
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

STATEMENTS = (
    Column("at", N_("At"), Kind.INSTANT),
    Column("step_s", N_("Interval"), Kind.WHOLE, "s"),
    Column("value", N_("Value"), Kind.DECIMAL),
    Column("unit", N_("Unit")),
    Column("quality", N_("Quality")),
    Column("standing", N_("Why it stands, or not"), Kind.WORD, of=lambda row: row.word),
    Column("is_late", N_("Came late"), Kind.FLAG),
    Column("sender", N_("Said by")),
    Column("format", N_("Format")),
    Column("channel", N_("Channel")),
    Column("received_at", N_("Received"), Kind.INSTANT),
    Column("delivery_id", N_("Delivery")),
)
DAYS = (
    Column("day", N_("Day"), Kind.DAY),
    Column("count", N_("Values"), Kind.WHOLE),
    Column("first", N_("First reading"), Kind.DECIMAL),
    Column("last", N_("Last reading"), Kind.DECIMAL),
    Column("energy", N_("Used"), Kind.DECIMAL),
    Column("estimated", N_("Estimated"), Kind.WHOLE),
    Column("corrected", N_("Corrected"), Kind.WHOLE),
    Column("customer", N_("Read by hand"), Kind.WHOLE),
    Column("late", N_("Came late"), Kind.WHOLE),
    Column("aside", N_("Set aside"), Kind.WHOLE),
    Column("missing_s", N_("Missing"), Kind.WHOLE, "s"),
)
GAPS = (
    Column("start", N_("From"), Kind.INSTANT),
    Column("end", N_("Up to"), Kind.INSTANT),
    Column("why", N_("Why")),
)
BREAKS = (
    Column("id", N_("Number")),
    Column("meter", N_("Meter")),
    Column("quantity", N_("Quantity")),
    Column("before_at", N_("Before"), Kind.INSTANT),
    Column("at", N_("When it broke"), Kind.INSTANT),
    Column("kind", N_("What happened"), Kind.WORD, of=lambda row: texts.BREAKS[row.kind]),
    Column("reason", N_("Why")),
    Column("proposed_at", N_("Proposed"), Kind.INSTANT),
    Column("proposed_by", N_("Proposed by")),
    Column("confirmed", N_("Confirmed"), Kind.FLAG),
    Column("answered_by", N_("Answered by")),
)


WITHDRAWALS = (
    Column("id", N_("Number")),
    Column("meter", N_("Meter")),
    Column("quantity", N_("Quantity")),
    Column("at", N_("At"), Kind.INSTANT),
    Column("value", N_("Value"), Kind.DECIMAL),
    Column("unit", N_("Unit")),
    Column("undoes", N_("Takes back")),
    Column("reason", N_("Why")),
    Column("proposed_at", N_("Proposed"), Kind.INSTANT),
    Column("proposed_by", N_("Proposed by")),
    Column("confirmed", N_("Confirmed"), Kind.FLAG),
    Column("answered_by", N_("Answered by")),
)


HEARD = (
    Column("gateway", N_("Gateway"), of=lambda row: row[0].gateway),
    Column("last_at", N_("Last heard"), Kind.INSTANT, of=lambda row: row[0].last_at),
    Column("interval_s", N_("Usually each"), Kind.WHOLE, "s", lambda row: _seconds(row[0].interval)),
    Column("is_silent", N_("Silent"), Kind.FLAG, of=lambda row: row[1]),
)
CONTRADICTIONS = (
    Column("meter", N_("Meter"), of="register.serial"),
    Column("quantity", N_("Quantity"), of="register.quantity.value"),
    Column("at", N_("At"), Kind.INSTANT),
    Column("step_s", N_("Interval"), Kind.WHOLE, "s"),
    Column("said", N_("The account said"), Kind.DECIMAL),
    Column("measured", N_("The meter measured"), Kind.DECIMAL),
    Column("unit", N_("Unit")),
    Column("said_by", N_("Said by"), of="claim.gateway"),
    Column("received_at", N_("Received"), Kind.INSTANT, of="claim.recorded_at"),
    Column("delivery", N_("Delivery"), of="claim.id"),
)
MISSING = (
    Column("meter", N_("Meter"), of=lambda row: row[0]),
    Column("quantity", N_("Quantity"), of=lambda row: row[1]),
    Column("start", N_("From"), Kind.INSTANT, of=lambda row: row[2].start),
    Column("end", N_("Up to"), Kind.INSTANT, of=lambda row: row[2].end),
    Column("why", N_("Why"), of=lambda row: row[2].why),
)


@dataclass(frozen=True)
class WithdrawalRow:
    """A proposal to withdraw a reading, or to take the withdrawal ``undoes`` back."""

    id: str
    meter: str
    quantity: str
    at: datetime
    value: Decimal
    unit: str
    undoes: str | None
    reason: str
    proposed_at: datetime
    proposed_by: str
    confirmed: bool | None
    answered_by: str | None


@dataclass(frozen=True)
class BreakRow:
    """A proposal of what a break means, with the second person's answer."""

    id: str
    meter: str
    quantity: str
    before_at: datetime
    at: datetime
    kind: str
    reason: str
    proposed_at: datetime
    proposed_by: str
    confirmed: bool | None
    answered_by: str | None


@dataclass(frozen=True)
class StatementRow:
    """A value that was said, and who said it when."""

    at: datetime
    step_s: int
    value: Decimal
    unit: str
    quality: str
    word: str
    is_late: bool
    sender: str
    format: str
    channel: str
    received_at: datetime
    delivery_id: str


def statements_listing(record: Record, statements: Iterable[Statement], *, names_people: bool) -> Listing:
    """Everything that was said of a register; a member is not told which person said it."""
    return Listing("statements", STATEMENTS, (_row(record, one, names_people) for one in statements))


def days_listing(record: Record) -> Listing:
    """A register day by day."""
    return Listing("recorded-days", DAYS, (one for one in record.days if one.count or one.missing_s))


def gaps_listing(gaps: Iterable[Gap]) -> Listing:
    """Times of which nothing is known, and why."""
    return Listing("gaps", GAPS, gaps)


def breaks_listing(proposals: Iterable[tuple[Proposal, Answer | None]], registers: Mapping[str, Register]) -> Listing:
    """Proposals about breaks of registers, each with the second person's answer."""
    rows = (
        BreakRow(
            one.id, registers[one.register_id].serial, registers[one.register_id].quantity.value,
            instant(one.before_s), instant(one.at_s), one.kind.value, one.reason, one.proposed_at, one.proposed_by,
            answer.confirmed if answer else None, answer.answered_by if answer else None,
        )
        for one, answer in proposals
    )  # fmt: skip
    return Listing("breaks", BREAKS, rows)


def withdrawals_listing(
    proposals: Iterable[tuple[Withdrawal, WithdrawalAnswer | None]], registers: Mapping[str, Register]
) -> Listing:
    """Proposals to withdraw a reading, or to take that back, each with the second person's answer."""
    rows = (
        WithdrawalRow(
            one.id, registers[one.register_id].serial, registers[one.register_id].quantity.value,
            instant(one.at_s), Decimal(one.value).scaleb(one.exponent), BASE_UNIT[registers[one.register_id].quantity],
            one.undoes, one.reason, one.proposed_at, one.proposed_by,
            answer.confirmed if answer else None, answer.answered_by if answer else None,
        )
        for one, answer in proposals
    )  # fmt: skip
    return Listing("withdrawals", WITHDRAWALS, rows)


def heard_listing(heard: Iterable[tuple[Heard, bool]]) -> Listing:
    """Time at which each gateway was heard, and whether it should have been heard since."""
    return Listing("heard", HEARD, heard)


def missing_times_listing(gaps: Iterable[tuple[str, str, Gap]]) -> Listing:
    """Times of which nothing is known of a meter's register, and why."""
    return Listing("missing-times", MISSING, gaps)


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else round(time.total_seconds())


def _row(record: Record, one: Statement, names_people: bool) -> StatementRow:
    return StatementRow(
        one.at,
        one.step_s,
        one.value,
        record.unit,
        one.quality.name.lower(),
        texts.ASIDES.get(one.why_aside) or texts.STANDINGS[one.standing.value],
        one.is_late,
        one.name_sender(names_people=names_people),
        one.delivery.format,
        one.delivery.channel,
        one.delivery.received_at,
        one.delivery.id,
    )


def contradictions_listing(found: Iterable[Contradiction]) -> Listing:
    """Readings of one account beside which a device measured another value."""
    return Listing("contradictions", CONTRADICTIONS, found)
