"""A second way to reckon what each contract owes, once everything is known: from told facts alone, in exact fractions.

It shares no code with the program and knows no bills, runs or corrections: it asks day by day which tariff binds,
prices the energy and the fixed parts of each month, and holds each guarantee year under its ceiling. What any history
of bills and corrections adds up to has to be this, to the cent.

Source: docs/domain/heat-tariffs-and-guarantee.md, docs/domain/vat-and-bills.md#rounding,
docs/domain/law-and-co-operative.md#a-price-change-binds-a-member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)
FIXED = ("standing", "metering", "delivery_set")
PRICES = ("heat", *FIXED, "electricity")

TAP_WATER = Fraction(21, 100)
COLD_OF_MONTH = dict(enumerate((491, 438, 357, 197, 114, 55, 20, 22, 82, 220, 363, 471), 1))


@dataclass(frozen=True)
class ToldTariff:
    """A tariff as adopted: prices by name as text, heat's above its ``edge`` [GJ a year] where it has one."""

    name: str
    valid_from: date
    decided_on: date
    prices: Mapping[str, str]


@dataclass(frozen=True)
class ToldContract:
    """A contract as the last word on it says; ``gas`` is year and cents; ``ends_on`` the first day without it."""

    name: str
    member: str
    starts_on: date
    ends_on: date | None
    has_clause: bool
    gas: tuple[tuple[int, int], ...]

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True)
class ToldStop:
    """A telling by a court or the members that a tariff does not act from a day on, or acts again for all they say."""

    name: str
    voice: str
    from_on: date
    told_on: date
    acts: bool


@dataclass(frozen=True)
class Told:
    """Everything that was told in the end. ``notices`` are tariff, member (None: all) and day; ``promises`` first day,
    mode and years of what is promised to contracts that begin from then on, as they were made; ``memberships`` first
    day and first day without, by member; ``heat_j`` and ``shared_wh`` are by member and month's first day."""

    tariffs: tuple[ToldTariff, ...]
    contracts: tuple[ToldContract, ...]
    notices: tuple[tuple[str, str | None, date], ...]
    promises: tuple[tuple[date, str, int], ...]
    memberships: Mapping[str, tuple[date, date]]
    months: tuple[tuple[date, date], ...]
    heat_j: Mapping[tuple[str, date], int]
    shared_wh: Mapping[tuple[str, date], int]
    index: Mapping[int, Fraction]
    maxima: tuple[tuple[date, str], ...] = ()
    stops: tuple[ToldStop, ...] = ()

    def acts(self, name: str, day: date, until: date = date.max) -> bool:
        """Whether a tariff acts on a day, by what was told until another; the last word of each who spoke holds."""
        words = {}
        for stop in self.stops:
            if stop.name == name and stop.from_on <= day and stop.told_on <= until:
                words[stop.voice] = stop.acts
        return all(words.values())


@dataclass(frozen=True)
class Owed:
    """Cents by contract and month before the guarantee, and credit by contract and first day of the guarantee year."""

    cost_cents: Mapping[tuple[str, date], int]
    credit_cents: Mapping[tuple[str, date], int]


def reckon(told: Told) -> Owed:
    """What every contract owes for every month, and what the guarantee takes off in every guarantee year."""
    cost: dict[tuple[str, date], int] = {}
    heat: dict[tuple[str, date], int] = {}
    for contract in told.contracts:
        for month in told.months:
            pieces = _pieces(told, contract, month)
            if not pieces:
                continue
            total, by_year = _month_cost(told, contract, month, pieces)
            cost[contract.name, month[0]] = total
            for year, cents in by_year.items():
                heat[contract.name, year] = heat.get((contract.name, year), 0) + cents
    credit: dict[tuple[str, date], int] = {}
    by_name = {contract.name: contract for contract in told.contracts}
    for (name, year), cents in heat.items():
        ceiling = _ceiling_cents(told, by_name[name], year)
        credit[name, year] = 0 if ceiling is None else max(0, cents - ceiling)
    return Owed(cost, credit)


def binding(told: Told, contract: ToldContract, day: date) -> ToldTariff | None:
    """The tariff that binds a contract on a day, with all notices and all falls known (BW 2:59, 2:16): what fell is
    gone from the day on which that was told, earlier or in the place of the contract's own where it takes nothing."""
    in_order = sorted(told.tariffs, key=lambda tariff: (tariff.valid_from, tariff.decided_on, tariff.name))
    start = contract.starts_on
    own = _own([each for each in in_order if told.acts(each.name, start, start)], contract)
    if own is None or own.valid_from > start:
        own = _own(in_order, contract)
    if own is None or day < own.valid_from:
        return None
    kept = _replaced(
        told, contract, day, own, [each for each in in_order if each is own or told.acts(each.name, day, day)]
    )
    standing = [each for each in in_order if told.acts(each.name, day)]
    begun = own if own in standing else _own(standing, contract)
    if begun is None or begun.valid_from > day:
        return kept
    left = _replaced(told, contract, day, begun, standing)
    return left if _takes_nothing(left, kept) else kept


def _replaced(told: Told, contract: ToldContract, day: date, own: ToldTariff, in_order: list[ToldTariff]) -> ToldTariff:
    bound = own
    for tariff in in_order[in_order.index(own) + 1 :]:
        told_on = _told_on(told, contract, tariff)
        if not contract.has_clause or told_on is None or tariff.valid_from > day:
            continue
        if day >= told_on or _takes_nothing(tariff, bound):
            bound = tariff
    return bound


def _own(in_order: Sequence[ToldTariff], contract: ToldContract) -> ToldTariff | None:
    begun = [tariff for tariff in in_order if tariff.valid_from <= contract.starts_on]
    voted = [tariff for tariff in begun if tariff.decided_on <= contract.starts_on]
    if voted:
        return voted[-1]
    left = begun or list(in_order)
    return min(left, key=lambda tariff: (tariff.decided_on, tariff.name)) if left else None


def _told_on(told: Told, contract: ToldContract, tariff: ToldTariff) -> date | None:
    days = []
    since, until = told.memberships.get(contract.member, (date.max, date.max))
    for name, member, day in told.notices:
        if name == tariff.name and (member == contract.member or (member is None and since <= day < until)):
            days.append(day)
    return min(days, default=None)


def _takes_nothing(tariff: ToldTariff, bound: ToldTariff) -> bool:
    cheaper = all(Fraction(tariff.prices[name]) <= Fraction(bound.prices[name]) for name in PRICES)
    edges = [Fraction(each.prices.get("edge", "0")) for each in (tariff, bound)]
    return cheaper and all(_voted_heat(tariff, use) <= _voted_heat(bound, use) for use in edges)


def _voted_heat(tariff: ToldTariff, use_gj: Fraction) -> Fraction:
    """The price of the next GJ after so many in a year."""
    is_above = "edge" in tariff.prices and use_gj >= Fraction(tariff.prices["edge"])
    return Fraction(tariff.prices["heat_above" if is_above else "heat"])


def _year_of(contract: ToldContract, day: date) -> date:
    """First day of the guarantee year that a day lies in."""
    for back in (0, 1):
        start = _birthday(contract.starts_on, day.year - back)
        if start <= day:
            return start
    raise AssertionError("a guarantee year begins at least once in two calendar years")


def _birthday(day: date, year: int) -> date:
    return date(year, 3, 1) if (day.month, day.day) == (2, 29) and year % 4 else day.replace(year=year)


def _pieces(told: Told, contract: ToldContract, month: tuple[date, date]) -> list[tuple[date, date, ToldTariff]]:
    """The days of a contract in a month, cut where another tariff binds or a guarantee year begins."""
    pieces: list[tuple[date, date, ToldTariff]] = []
    day = month[0]
    while day < month[1]:
        if contract.covers(day):
            tariff = binding(told, contract, day)
            assert tariff is not None, f"no tariff binds {contract.name} on {day}"
            begins = day == _year_of(contract, day)
            begins |= bool(pieces) and _heat_prices(told, tariff, day) != _heat_prices(told, tariff, pieces[-1][0])
            if pieces and pieces[-1][1] == day and pieces[-1][2] == tariff and not begins:
                pieces[-1] = (pieces[-1][0], day + DAY, tariff)
            else:
                pieces.append((day, day + DAY, tariff))
        day += DAY
    return pieces


def _month_cost(
    told: Told, contract: ToldContract, month: tuple[date, date], pieces: list[tuple[date, date, ToldTariff]]
) -> tuple[int, dict[date, int]]:
    """Cents of a month, and those of them that are heat by guarantee year."""
    held = _held_days(told, contract.member, month)
    of_year = [_share_of_year(start, end) for start, end, _ in pieces]
    heat = _shares(told.heat_j.get((contract.member, month[0]), 0), of_year, _share_of_year(*held))
    days = [Fraction((end - start).days) for start, end, _ in pieces]
    shared = _shares(told.shared_wh.get((contract.member, month[0]), 0), days, Fraction((held[1] - held[0]).days))
    total, by_year = 0, dict[date, int]()
    for (start, end, tariff), energy_j, energy_wh in zip(pieces, heat, shared, strict=True):
        cents = _heat_cents(told, tariff, start, end, energy_j)
        cents += sum(_fixed(Fraction(tariff.prices[name]), start, end) for name in FIXED)
        year = _year_of(contract, start)
        by_year[year] = by_year.get(year, 0) + cents
        total += cents
        total += _cents(Fraction(energy_wh, 1000) * Fraction(tariff.prices["electricity"]))
    return total, by_year


def _heat_prices(told: Told, tariff: ToldTariff, day: date) -> list[Fraction]:
    """The prices that were voted, or ACM's maximum of the day where that is lower."""
    published = [(date(2024, 1, 1), "46.69"), (date(2025, 1, 1), "43.79"), (date(2026, 1, 1), "40.97"), *told.maxima]
    # Of two from one day the one that was published later holds.
    maximum = sorted((each for each in published if each[0] <= day), key=lambda each: each[0])[-1][1]
    names = [name for name in ("heat", "heat_above") if name in tariff.prices]
    return [min(Fraction(tariff.prices[name]), Fraction(maximum)) for name in names]


def _heat_cents(told: Told, tariff: ToldTariff, start: date, end: date, energy_j: int) -> int:
    """Cost of heat over some days; what of a year's edge lies in them, the cold and the number of days say."""
    prices = _heat_prices(told, tariff, start)
    if "edge" not in tariff.prices:
        return _cents(Fraction(energy_j, 10**9) * prices[0])
    edge_j = int(Fraction(tariff.prices["edge"]) * 10**9 * _share_of_year(start, end) + Fraction(1, 2))
    below_j = min(energy_j, edge_j)
    parts = zip((below_j, energy_j - below_j), prices, strict=True)
    return sum(_cents(Fraction(part_j, 10**9) * price) for part_j, price in parts)


def _share_of_year(start: date, end: date) -> Fraction:
    """What of a year's heat some days usually have: warm water evenly, heating by their cold."""
    share = Fraction(0)
    for day in (start + n * DAY for n in range((end - start).days)):
        of_year = (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
        share += TAP_WATER / of_year + (1 - TAP_WATER) * _cold(day) / sum(COLD_OF_MONTH.values())
    return share


def _held_days(told: Told, member: str, month: tuple[date, date]) -> tuple[date, date]:
    """From the first to the last day on which a contract of the member runs in the month."""
    contracts = [contract for contract in told.contracts if contract.member == member]
    days = [
        month[0] + n * DAY
        for n in range((month[1] - month[0]).days)
        if any(contract.covers(month[0] + n * DAY) for contract in contracts)
    ]
    return days[0], days[-1] + DAY


def _shares(total: int, pieces: Sequence[Fraction], held: Fraction) -> list[int]:
    """Whole units by weights: each its floor, then one unit more in order of the largest rest."""
    weights = [*pieces, held - sum(pieces, Fraction(0))]
    exact = [total * weight / held for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda n: (shares[n] - exact[n], n))
    for n in order[: total - sum(shares)]:
        shares[n] += 1
    return shares[:-1]


def _fixed(eur_per_year: Fraction, start: date, end: date) -> int:
    """Days of one calendar year of a yearly amount, so that any cuts of the year cost together the amount."""
    new_year = date(start.year, 1, 1)
    of_year = (date(start.year + 1, 1, 1) - new_year).days
    until, since = (_cents(eur_per_year * (day - new_year).days / of_year) for day in (end, start))
    return until - since


def _ceiling_cents(told: Told, contract: ToldContract, year: date) -> int | None:
    gas = sorted(contract.gas)[-4:]
    begun = [promise for promise in told.promises if promise[0] <= contract.starts_on]
    # Of two from one day the one that was made later holds, and all are told in the order of their making.
    _, mode, term_years = max(enumerate(begun), key=lambda made: (made[1][0], made[0]))[1]
    if mode == "off" or not gas or year >= _birthday(contract.starts_on, contract.starts_on.year + term_years):
        return None
    ceiling = Fraction(sum(cents for _, cents in gas), 100 * len(gas))
    for number in range(contract.starts_on.year + 1, year.year + 1):
        ceiling *= told.index[_published(_birthday(contract.starts_on, number))]
    return _cents(ceiling * _covered(told, contract, year))


def _covered(told: Told, contract: ToldContract, year: date) -> Fraction:
    """Share of a guarantee year that the contract covers: all of it, until bills have reached its end."""
    following = _birthday(contract.starts_on, year.year + 1)
    ends_on = contract.ends_on
    if ends_on is None or ends_on >= following or ends_on > max(end for _, end in told.months):
        return Fraction(1)
    covered = [year + n * DAY for n in range(max(0, (ends_on - year).days))]
    whole = [year + n * DAY for n in range((following - year).days)]
    warm_water = Fraction(len(covered), len(whole))
    heating = sum(map(_cold, covered), Fraction(0)) / sum(map(_cold, whole), Fraction(0))
    return TAP_WATER * warm_water + (1 - TAP_WATER) * heating


def _cold(day: date) -> Fraction:
    """Normal degree days of a day: those of its month, evenly."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return Fraction(COLD_OF_MONTH[day.month], (following - day.replace(day=1)).days)


def _published(day: date) -> int:
    """Year of the newest index factor on a day: that of October comes by the end of November."""
    return day.year if day.month == 12 else day.year - 1


def _cents(amount_eur: Fraction) -> int:
    """Half away from zero."""
    sign: Callable[[int], int] = (lambda n: -n) if amount_eur < 0 else (lambda n: n)
    return sign(int(abs(amount_eur) * 100 + Fraction(1, 2)))
