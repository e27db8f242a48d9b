"""Queries on seats of the steering group, and on what was said from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import func, select

from coop.governance.tables.programmes import steering_decision, steering_seat, steering_seat_end
from coop.governance.tables.stamps import stamp
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import civil_date


@dataclass(frozen=True)
class Seat:
    """Somebody in the steering group, for an organisation, from a day on until a day on which it ends (None: none).
    ``organisation`` is empty for the co-operative itself."""

    seat_id: str
    account_id: str
    party: str
    organisation: str
    from_on: date
    until_on: date | None

    def holds_on(self, day: date) -> bool:
        """True on each day of it."""
        return self.from_on <= day and (self.until_on is None or day < self.until_on)

    def overlaps(self, other: Seat) -> bool:
        """True where both hold on a day."""
        return self.holds_on(max(self.from_on, other.from_on)) and other.holds_on(max(self.from_on, other.from_on))


@dataclass(frozen=True)
class SeatEnd:
    """That a seat ended before its day, by an entry that two people signed."""

    seat_id: str
    ended_on: date
    entry_id: str


@dataclass(frozen=True)
class SteeringDecision:
    """The word of one organisation of the steering group on a referred tranche, release or keep, from a seat, and why.
    ``number`` counts all such decisions of a year."""

    tranche_id: str
    decided_on: date
    party: str
    organisation: str
    decision: str
    reason: str
    seat_id: str
    year: int
    number: int
    actor: str
    recorded_at: datetime = field(compare=False)

    @property
    def recorded_on(self) -> date:
        """The day on which it was put on file, by the server's clock; its number is of that year."""
        return civil_date(self.recorded_at)

    @property
    def voice(self) -> tuple[str, str]:
        """Whose word it is: of the co-operative, or of one organisation."""
        return self.party, self.organisation

    @property
    def name(self) -> str:
        """By what people call it, such as 2027-3."""
        return f"{self.year}-{self.number}"


def list_seats(tx: Tx) -> Sequence[Seat]:
    """Every seat as it lasts, in the order in which they begin."""
    ends = {each.seat_id: each.ended_on for each in select_as(tx, SeatEnd, steering_seat_end)}
    seats = select_as(
        tx,
        Seat,
        steering_seat,
        order_by=[steering_seat.c.from_on, steering_seat.c.recorded_at, steering_seat.c.seat_id],
    )
    return [replace(each, until_on=ends.get(each.seat_id, each.until_on)) for each in seats]


def find_seat(tx: Tx, account_id: str, day: date) -> Seat | None:
    """The seat of somebody on a day, or None."""
    return next((each for each in list_seats(tx) if each.account_id == account_id and each.holds_on(day)), None)


def add_seat(tx: Tx, seat: Seat) -> None:
    """Keep a seat."""
    insert_nouns(tx, steering_seat, [seat], **stamp(tx))


def add_end(tx: Tx, ended: SeatEnd) -> None:
    """Keep that a seat ended."""
    insert_nouns(tx, steering_seat_end, [ended], **stamp(tx))


def list_words(tx: Tx, seat_id: str | None = None) -> Sequence[SteeringDecision]:
    """Decisions of the steering group, in the order of its numbers: all of them, or from one seat."""
    columns = steering_decision.c
    where = [columns.seat_id == seat_id] if seat_id is not None else []
    return select_as(tx, SteeringDecision, steering_decision, *where, order_by=[columns.year, columns.number])


def next_number(tx: Tx, year: int) -> int:
    """The number of the next decision of a year; whoever asks it keeps others waiting until it is given."""
    tx.lock("steering numbers")
    columns = steering_decision.c
    last = tx.scalar(select(func.max(columns.number)).where(columns.community == tx.community, columns.year == year))
    return (last or 0) + 1


def add_steering_decision(tx: Tx, decision: SteeringDecision) -> None:
    """Keep a decision of the steering group."""
    insert_nouns(tx, steering_decision, [decision])
