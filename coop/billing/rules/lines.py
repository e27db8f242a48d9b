"""Lines of a bill: energy times price, and fixed parts by the day.

Invariant: nothing is lost where a line is cut. Energy that is split by days is split in whole units of its own
resolution by largest remainder, so the parts are together the measured energy. A fixed part of S per year costs
``round(S * days to the end / Y) - round(S * days to the start / Y)``, days counted from 1 January of a year of Y days,
so any cuts of a calendar year cost together exactly S.

Source: docs/domain/vat-and-bills.md#rounding; docs/domain/heat-tariffs-and-guarantee.md#worked-examples (E3, E6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from coop.billing.model import FIXED, Consumption, HeatReading, Line, LineKind, SharedEnergy, Tariff
from coop.values import Period, round_cents, split_by_largest_remainder

_ORDER = {kind: rank for rank, kind in enumerate(LineKind)}


def lines_of(consumption: Consumption) -> list[Line]:
    """Every line of what was consumed, without the guarantee, in the order of the bill."""
    pieces = _pieces(consumption)
    lines = [line for reading in consumption.readings for line in _heat_lines(reading, pieces)]
    lines += [line for kind in FIXED for period, tariff in pieces for line in _fixed_lines(kind, period, tariff)]
    lines += [line for share in consumption.shares for line in _electricity_lines(share, pieces)]
    lines.sort(key=lambda line: (_ORDER[line.kind], line.group_id, line.period.start))
    return lines


def fixed_cents(amount_eur_per_year: Decimal, period: Period) -> int:
    """Cost of a yearly amount over days of one calendar year, so that any cuts of the year sum to the amount.

    >>> fixed_cents(Decimal("618.82"), Period(date(2024, 1, 1), date(2024, 5, 1)))
    20458

    Raises:
        ValueError: the period reaches into another calendar year.
    """
    new_year = date(period.start.year, 1, 1)
    days_of_year = (date(period.start.year + 1, 1, 1) - new_year).days
    until, since = (period.end - new_year).days, (period.start - new_year).days
    if until > days_of_year:
        raise ValueError(f"{period} reaches into another calendar year")
    return _share_cents(amount_eur_per_year, until, days_of_year) - _share_cents(
        amount_eur_per_year, since, days_of_year
    )


def split_energy(amount: Decimal, of: Period, parts: Sequence[Period]) -> list[Decimal]:
    """Energy of a period over parts of it by days, exactly; days of no part take their share with them.

    >>> half = [Period(date(2025, 1, 1), date(2025, 1, 2)), Period(date(2025, 1, 2), date(2025, 1, 3))]
    >>> split_energy(Decimal(11), Period(date(2025, 1, 1), date(2025, 1, 3)), half)
    [Decimal('6'), Decimal('5')]
    """
    days = [part.days for part in parts]
    if sum(days) == of.days and len(days) == 1:
        return [amount]
    _, _, exponent = amount.as_tuple()
    scale = min(0, int(exponent))
    units = split_by_largest_remainder(int(amount.scaleb(-scale)), [*days, of.days - sum(days)])
    return [Decimal(share).scaleb(scale) for share in units[: len(parts)]]


def _share_cents(amount_eur: Decimal, days: int, days_of_year: int) -> int:
    over, under = amount_eur.as_integer_ratio()
    return (200 * over * days + under * days_of_year) // (2 * under * days_of_year)


def _pieces(consumption: Consumption) -> list[tuple[Period, Tariff]]:
    """The tariff spans as the law lets them be billed, cut where a guarantee year begins."""
    return [(part, span.as_billed) for span in consumption.spans for part in _cut(span.period, consumption.cuts)]


def _cut(period: Period, days: Iterable[date]) -> list[Period]:
    bounds = [period.start, *sorted(day for day in days if period.start < day < period.end), period.end]
    if len(bounds) == 2:
        return [period]
    return [Period(start, end) for start, end in pairwise(bounds)]


def _within(pieces: Sequence[tuple[Period, Tariff]], period: Period) -> list[tuple[Period, Tariff]]:
    parts = ((piece.overlap(period), tariff) for piece, tariff in pieces)
    return [(part, tariff) for part, tariff in parts if part is not None]


def _heat_lines(reading: HeatReading, pieces: Sequence[tuple[Period, Tariff]]) -> list[Line]:
    parts = _within(pieces, reading.period)
    notes = _notes(reading.period, parts) + (("estimated",) if reading.estimated else ())
    energies_j = split_energy(reading.energy_j, reading.period, [part for part, _ in parts])
    lines = []
    for (part, tariff), energy_j in zip(parts, energies_j, strict=True):
        energy_gj = energy_j.scaleb(-9)
        lines.append(
            Line(
                kind=LineKind.HEAT,
                period=part,
                quantity=energy_gj,
                unit="GJ",
                price_eur=tariff.heat_price_eur_per_gj,
                amount_cents=round_cents(energy_gj * tariff.heat_price_eur_per_gj),
                vat_rate=tariff.vat_rate,
                tariff_id=tariff.tariff_id,
                resolution_id=tariff.resolution_id,
                source_id=reading.measurement_id,
                source_revision=reading.revision,
                notes=notes,
            )
        )
    return lines


def _electricity_lines(share: SharedEnergy, pieces: Sequence[tuple[Period, Tariff]]) -> list[Line]:
    parts = _within(pieces, share.period)
    notes = _notes(share.period, parts)
    energies_wh = split_energy(Decimal(share.allocated_wh), share.period, [part for part, _ in parts])
    lines = []
    for (part, tariff), energy_wh in zip(parts, energies_wh, strict=True):
        energy_kwh = energy_wh.scaleb(-3)
        lines.append(
            Line(
                kind=LineKind.ELECTRICITY,
                period=part,
                quantity=energy_kwh,
                unit="kWh",
                price_eur=tariff.shared_electricity_price_eur_per_kwh,
                amount_cents=round_cents(energy_kwh * tariff.shared_electricity_price_eur_per_kwh),
                vat_rate=tariff.vat_rate,
                tariff_id=tariff.tariff_id,
                resolution_id=tariff.resolution_id,
                source_id=share.run_id,
                source_revision=share.revision,
                group_id=share.group_id,
                notes=notes,
            )
        )
    return lines


def _fixed_lines(kind: LineKind, period: Period, tariff: Tariff) -> list[Line]:
    price_eur = tariff.fixed_eur_per_year(kind)
    new_years = [date(year, 1, 1) for year in range(period.start.year + 1, period.end.year + 1)]
    return [
        Line(
            kind=kind,
            period=part,
            quantity=Decimal(part.days),
            unit="d",
            price_eur=price_eur,
            amount_cents=fixed_cents(price_eur, part),
            vat_rate=tariff.vat_rate,
            tariff_id=tariff.tariff_id,
            resolution_id=tariff.resolution_id,
        )
        for part in _cut(period, new_years)
        if price_eur
    ]


def _notes(period: Period, parts: Sequence[tuple[Period, Tariff]]) -> tuple[str, ...]:
    """A choice that the reader must see: degree days are not known to billing, so energy is cut by days."""
    return () if len(parts) == 1 and parts[0][0] == period else ("split-by-days",)
