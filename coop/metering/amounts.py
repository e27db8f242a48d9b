"""Small texts that people and programs hand in: amounts with a unit, dates and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from coop.metering.model import Quantity, to_units
from coop.values import BadInput, Problem, midnight


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
            raise BadInput([Problem(f"{text!r} is no amount", field)])
        exact = Decimal(to_units(value, unit.strip(), quantity, -12)).scaleb(-12)
    except (InvalidOperation, ValueError) as error:
        reason = f"{text!r} is no amount of {quantity.value} with a unit, such as '12.34 GJ'"
        raise BadInput([Problem(reason, field)]) from error
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def instant_of(text: str, field: str) -> datetime:
    """An instant: given as one, with its time zone, or as a civil date, which starts at midnight in Amsterdam.

    >>> instant_of("2026-07-01", "installed_on").isoformat()
    '2026-06-30T22:00:00+00:00'

    Raises:
        BadInput: it is neither.
    """
    try:
        if len(text) == len("2026-07-01"):
            return midnight(date.fromisoformat(text))
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no time zone")
    except ValueError as error:
        raise BadInput([Problem(f"{text!r} is no date, and no instant with its time zone", field)]) from error
    return at.astimezone(UTC)
