"""VAT: one rounding per rate on the whole document, never per line.

Consumer prices include VAT, so a bill takes VAT out of its total.

Source: docs/domain/vat-and-bills.md#rounding (E16); docs/domain/heat-tariffs-and-guarantee.md#e1.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from coop.billing.model import Line, VatAmount


def excluding(incl_cents: int, rate: Decimal) -> int:
    """The part of ``incl_cents`` without VAT, half away from zero.

    >>> excluding(198689, Decimal("0.21"))
    164206
    """
    over, under = (1 + rate).as_integer_ratio()
    return _divide(incl_cents * under, over)


def vat_by_rate(lines: Iterable[Line]) -> tuple[VatAmount, ...]:
    """Totals of a document by rate, highest rate first."""
    totals: dict[Decimal, int] = {}
    for line in lines:
        totals[line.vat_rate] = totals.get(line.vat_rate, 0) + line.amount_cents
    amounts = []
    for rate, incl_cents in sorted(totals.items(), reverse=True):
        excl_cents = excluding(incl_cents, rate)
        amounts.append(VatAmount(rate, excl_cents, incl_cents - excl_cents, incl_cents))
    return tuple(amounts)


def _divide(over: int, under: int) -> int:
    quotient = (2 * abs(over) + under) // (2 * under)
    return -quotient if over < 0 else quotient
