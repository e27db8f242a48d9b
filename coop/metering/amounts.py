"""Small texts that people and programs hand in: amounts with a unit, dates and instants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeVar

from pydantic import Field

from coop.metering.model import QUANTITY_WORDS, Quantity, to_units
from coop.values import YEARS, BadInput, Period, Problem, midnight, say

Day = TypeVar("Day", date, datetime)

Second = Annotated[int, Field(ge=0, lt=int(midnight(date(YEARS[-1] + 1, 1, 1)).timestamp()))]
"""An instant as an address names it [s since 1970]."""


def amount(text: str, quantity: Quantity, field: str) -> Decimal:
    """An amount with its unit, in the quantity's base unit, exact.

    >>> amount("12.34 GJ", Quantity.HEAT, "end_stands")
    Decimal('12340000000')

    Raises:
        BadInput: it is no number with a unit of the quantity.
    """
    number, _, unit = text.strip().partition(" ")
    try:
        value = Decimal(number)
        if not value.is_finite() or value < 0:
            raise BadInput([Problem(say("'%(text)s' is no amount", text=text), field)])
        exact = Decimal(to_units(value, unit.strip(), quantity, -12)).scaleb(-12)
    except (InvalidOperation, ValueError) as error:
        reason = say(
            "'%(text)s' is no amount of %(quantity)s with a unit, such as '12.34 GJ'",
            text=text,
            quantity=QUANTITY_WORDS[quantity],
        )
        raise BadInput([Problem(reason, field)]) from error
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def read_amounts(texts: Mapping[Quantity, str], field: str) -> dict[Quantity, Decimal]:
    """Read amounts with their units, by quantity."""
    return {quantity: amount(text, quantity, field) for quantity, text in texts.items()}


def instant_of(text: str, field: str) -> datetime:
    """An instant: given as one, with its time zone, or as a civil date, which starts at midnight in Amsterdam.

    >>> instant_of("2026-07-01", "installed_on").isoformat()
    '2026-06-30T22:00:00+00:00'

    Raises:
        BadInput: it is neither, or lies outside ``YEARS``.
    """
    try:
        if len(text) == len("2026-07-01"):
            return midnight(require_year(date.fromisoformat(text), field))
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            [Problem(say("'%(text)s' is no date, and no instant with its time zone", text=text), field)]
        ) from error
    return utc(at, field)


def utc(at: datetime, field: str) -> datetime:
    """An instant as UTC.

    >>> utc(datetime.fromisoformat("0001-01-01T00:00:00+14:00"), "received_at")
    Traceback (most recent call last):
        ...
    coop.values.BadInput: received_at: lies in the year 1, outside 1900 to 2199

    Raises:
        BadInput: it has no time zone, or lies outside ``YEARS``.
    """
    if at.tzinfo is None:
        raise BadInput([Problem(say("an instant needs its time zone"), field)])
    return require_year(at, field).astimezone(UTC)


def receipt_of(claimed_at: datetime | None, now: datetime, field: str = "received_at") -> datetime:
    """Receipt of something that is imported: as claimed by whoever imports it, or now.

    Raises:
        BadInput: the claim is no instant, or lies in the future.
    """
    if claimed_at is None:
        return now
    received_at = utc(claimed_at, field)
    if received_at > now:
        raise BadInput([Problem(say("%(received_at)s lies in the future", received_at=received_at), field)])
    return received_at


def read_known(text: str | None, now: datetime, field: str = "known_at") -> datetime | None:
    """The instant as of which something is asked; a civil date stands for all of that day that is over. None where
    nothing is asked.

    >>> read_known("2026-07-01", datetime(2026, 7, 20, tzinfo=UTC)).isoformat()
    '2026-07-01T22:00:00+00:00'

    Raises:
        BadInput: it is no date and no instant, or lies in the future.
    """
    if not (text := (text or "").strip()):
        return None
    at = instant_of(text, field)
    if at > now:
        raise BadInput([Problem(say("lies in the future"), field)])
    if len(text) == len("2026-07-01"):
        return min(now, midnight(date.fromisoformat(text) + timedelta(days=1)))
    return at


def read_period(text: str) -> Period:
    """A period as a whole is looked at, closed and corrected: of at most a year.

    Raises:
        BadInput: it is none, or longer.
    """
    period = Period.parse(text)
    if period.days > 366:
        raise BadInput([Problem(say("%(period)s is longer than a year", period=period), "period")])
    return period


def require_year(at: Day, field: str) -> Day:
    """A day or an instant, refused where it lies in no year in which anything happens here.

    Raises:
        BadInput: it lies outside ``YEARS``.
    """
    if at.year not in YEARS:
        raise BadInput(
            [
                Problem(
                    say(
                        "lies in the year %(year)s, outside %(first)s to %(last)s",
                        year=at.year,
                        first=YEARS[0],
                        last=YEARS[-1],
                    ),
                    field,
                )
            ]
        )
    return at


def month_of(day: date) -> Period:
    """The month in which a day lies."""
    return Period.month(day.year, day.month)
