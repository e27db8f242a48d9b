"""Energy of a period over parts of it: as a meter was read at midnight, and between two readings by a profile.

Of the midnights that were read a bill keeps those beside which it cuts, so that a reading elsewhere changes no bill.

Source: docs/domain/heat-tariffs-and-guarantee.md#worked-examples (E6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm

from coop.billing.guarantee.profile import share_of_years
from coop.billing.model import BY_DAYS, HeatReading, Midnight, Profile, TariffSpan
from coop.values import Period, split_by_largest_remainder


def days_of_cuts(days: Period, spans: Iterable[TariffSpan], cuts: Iterable[date]) -> frozenset[date]:
    """The days on which energy is cut: where a contract begins or ends, a tariff changes or a guarantee year begins."""
    return frozenset((days.start, days.end, *(span.period.start for span in spans), *cuts))


def narrow(reading: HeatReading, period: Period, cuts: Iterable[date]) -> HeatReading:
    """A reading as it stands for some days, with the midnights next to each cut within these."""
    if period == reading.period and not reading.midnights:
        return reading
    inside = [each for each in reading.midnights if period.start < each.day < period.end]
    near = set()
    for cut in cuts:
        if period.start < cut < period.end:
            near.update([each for each in inside if each.day <= cut][-1:])
            near.update([each for each in inside if each.day >= cut][:1])
    return replace(reading, period=period, midnights=tuple(each for each in inside if each in near))


def split_energy(
    amount: Decimal, of: Period, parts: Sequence[Period], profile: Profile = BY_DAYS, midnights: Sequence[Midnight] = ()
) -> list[Decimal]:
    """Energy of a period over parts of it, exactly: as it was read at the midnights, and between these by a profile;
    days of no part take their share with them.

    >>> week = [Period(date(2025, 1, 1), date(2025, 1, 4)), Period(date(2025, 1, 4), date(2025, 1, 8))]
    >>> split_energy(Decimal(70), Period(week[0].start, week[1].end), week)
    [Decimal('30'), Decimal('40')]
    >>> split_energy(
    ...     Decimal(70), Period(week[0].start, week[1].end), week, BY_DAYS, [Midnight(date(2025, 1, 4), Decimal(50))]
    ... )
    [Decimal('50'), Decimal('20')]
    """
    if not midnights and len(parts) == 1 and parts[0] == of:
        return [Decimal(0) + amount]
    known = [Midnight(of.start, Decimal(0)), *midnights, Midnight(of.end, amount)]
    shares = [Decimal(0)] * len(parts)
    for since, until in pairwise(known):
        stretch = Period(since.day, until.day)
        within = [(nth, days) for nth, part in enumerate(parts) if (days := part.overlap(stretch)) is not None]
        energies = _split(until.energy_j - since.energy_j, stretch, [days for _, days in within], profile)
        for (nth, _), energy in zip(within, energies, strict=True):
            shares[nth] += energy
    return shares


def note_of_split(of: Period, parts: Sequence[Period], profile: Profile, midnights: Sequence[Midnight]) -> str:
    """Way in which energy was cut, as a stable code; empty where it was not."""
    if list(parts) == [of]:
        return ""
    cut = {day for part in parts for day in (part.start, part.end)} - {of.start, of.end}
    if cut <= {each.day for each in midnights}:
        return "split-by-stands"
    if midnights:
        return "split-between-stands"
    return "split-by-degree-days" if profile.degree_days_by_month else "split-by-days"


def _split(amount: Decimal, of: Period, parts: Sequence[Period], profile: Profile) -> list[Decimal]:
    if sum(part.days for part in parts) == of.days and len(parts) == 1:
        return [amount]
    _, _, exponent = amount.as_tuple()
    scale = min(0, int(exponent))
    units = split_by_largest_remainder(int(amount.scaleb(-scale)), _weights(of, parts, profile))
    return [Decimal(share).scaleb(scale) for share in units[: len(parts)]]


def _weights(of: Period, parts: Sequence[Period], profile: Profile) -> list[int]:
    """Whole numbers as the shares of a year that lie in parts of a period, and in the rest of it; by days where the
    profile has nothing there."""
    shares = [share_of_years(part, profile) for part in parts]
    whole = share_of_years(of, profile)
    if not whole:
        return [*(part.days for part in parts), of.days - sum(part.days for part in parts)]
    shares.append(whole - sum(shares, Fraction(0)))
    unit = lcm(*(share.denominator for share in shares))
    return [int(share * unit) for share in shares]
