"""An invented decade of a co-operative, told day by day: weather, moves, late facts, corrections, tariffs that fall,
law that reaches back, and errors of the mass that are planted and mended.

What happens follows from the seed, homes and years alone, so that a process that was killed invents the same and goes
on. What is known in the end (``History.told``) is what the reference reckons with.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial

from coop.billing.figures.commands import record_figure
from coop.billing.law.commands import publish_law
from coop.billing.model import PublishedFigure
from coop.billing.terms.store import find_figure
from coop.communities.law import MAXIMUM, Publication
from coop.events import Event
from coop.events.members import ContractEnded, GasBillsCorrected, GasYear, MemberLeft
from coop.kit.tx import Tx
from coop.values import Period
from tests.billing.histories import Command, History, notify
from tests.billing.neighbourhood import SHARE_OF_YEAR, SUN
from tests.billing.reference import ToldContract, ToldStop, ToldTariff
from tests.billing.village import admitted, allocated, closed, measured, signed, tariff_adopted, tariff_stopped

FIRST_YEAR = 2025
TAP_SHARE = Decimal("0.0175")
"""Of a year's heat the tap water of a month."""


@dataclass(frozen=True)
class Run:
    """Bills of a month, or corrections for None. ``planted`` names brakes of which one has to hold it; else whatever
    holds it is released."""

    month: Period | None
    planted: tuple[str, ...] = ()


Act = tuple[Event, ...] | Command | Run


@dataclass
class Home:
    """Who lives behind a meter, from and until which month, and the heat of a year [GJ]."""

    member: str
    of_year_gj: Decimal
    first: date
    end: date = date.max


@dataclass
class Decade:
    """What happens on which day, in the order in which it is told, and the history that it comes to."""

    history: History
    rng: random.Random
    acts: list[tuple[date, Act]] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)
    revisions: dict[Period, int] = field(default_factory=dict)
    late: list[tuple[date, Period]] = field(default_factory=list)

    def tell(self, day: date, *events: Event) -> None:
        self.acts.append((day, events))

    def do(self, day: date, act: Command | Run) -> None:
        self.acts.append((day, act))


Changed = Callable[[int, Decimal], Decimal]
ERRORS: Sequence[tuple[tuple[str, ...], Changed]] = (
    (("unit-times-3.6", "heat-total-off"), lambda _, gj: gj * Decimal("3.6")),
    (("unit-thousandfold", "too-much-heat"), lambda _, gj: gj * 1000),
    (("unit-by-3.6", "heat-total-off"), lambda _, gj: round(gj / Decimal("3.6"), 3)),
    (("unit-thousandfold", "heat-total-off"), lambda _, gj: gj / 1000),
    (("many-without-heat",), lambda nth, gj: gj if nth % 2 else Decimal(0)),
    (("heat-total-off", "cost-total-off", "off-last-year"), lambda _, gj: round(gj * Decimal("3.1"), 3)),
)
"""Errors of the mass in what metering tells of a cold month, with the brakes of which one has to name it."""


def invent_decade(seed: int, homes: int, years: int) -> Decade:
    """Invent what happens to so many homes over so many years."""
    rng = random.Random(f"decade {seed}")
    end = date(FIRST_YEAR + years, 1, 1)
    decade = Decade(History(rng, Period(date(FIRST_YEAR, 1, 1), end).months()), rng)
    decade.history.promises.append((date.min, "plain", 15))
    for number in range(homes):
        _begin(decade, f"home-{number:03}", date(FIRST_YEAR, 1, 1), date(FIRST_YEAR - 1, 12, 1))
    for year in range(FIRST_YEAR, FIRST_YEAR + years):
        _invent_terms(decade, year)
        _invent_moves(decade, year, homes)
        _invent_gas(decade, year)
    planted = _plant(decade)
    for month in decade.history.months:
        _invent_month(decade, month, planted.get(month))
        _invent_late_readings(decade, month.end)
    _invent_late_readings(decade, date.max)
    last = max(day for day, _ in decade.acts) + timedelta(days=1)
    decade.do(last, Run(None))
    decade.acts.sort(key=lambda act: act[0])
    return decade


def _begin(decade: Decade, member: str, starts_on: date, told_on: date) -> None:
    """Somebody moves in; the register may tell of it late."""
    rng, history = decade.rng, decade.history
    count = rng.choice((4, 4, 4, 4, 3, 0))
    gas = _gas(rng, count, rng.randint(110_000, 190_000))
    clause = None if rng.random() < 0.08 else "clause-1"
    known = tuple((year.year, year.amount_cents) for year in gas)
    history.contracts.append(ToldContract(f"contract-{member}", member, starts_on, None, clause is not None, known))
    history.memberships[member] = (starts_on, date.max)
    decade.homes.append(Home(member, Decimal(rng.randint(16_000, 42_000)) / 1000, starts_on))
    decade.tell(told_on, admitted(member, starts_on), signed(member, starts_on, clause, gas))


def _gas(rng: random.Random, count: int, about_cents: int) -> list[GasYear]:
    return [
        GasYear(year=2020 + n, gas_m3=1_000 + n, amount_cents=about_cents + rng.randint(0, 20_000))
        for n in range(count)
    ]


def _invent_moves(decade: Decade, year: int, homes: int) -> None:
    """One home in ten gets others in a year. The end of a contract is told in time, late, or wrongly at first."""
    rng, history = decade.rng, decade.history
    settled = [home for home in decade.homes if home.first < date(year, 1, 1) and home.end == date.max]
    for home in rng.sample(settled, max(1, homes // 10)) if settled else ():
        ends_on = date(year, rng.randint(1, 11), rng.choice((1, 1, 1, rng.randint(2, 28))))
        home.end = ends_on
        told_on = ends_on + timedelta(days=rng.choice((-20, -5, 3, rng.randint(4, 250))))
        wrong = [
            rng.choice((None, ends_on + timedelta(days=rng.randint(-40, 90)))) for _ in range(rng.choice((0, 0, 1, 2)))
        ]
        for number, said in enumerate([*wrong, ends_on]):
            on = told_on + timedelta(days=number * rng.randint(1, 90))
            end = ContractEnded(contract_id=f"contract-{home.member}", ends_on=said, number=number)
            decade.tell(on, end, MemberLeft(member_id=home.member, left_on=said, number=number))
        _change(history, home.member, ends_on=ends_on)
        history.memberships[home.member] = (home.first, ends_on)
        begins = ends_on + timedelta(days=rng.choice((0, 0, rng.randint(1, 40))))
        if begins.month < 12 and begins.year == year:
            late = rng.choice((-15, -15, -15, rng.randint(1, 100)))
            _begin(decade, f"{home.member}-{year}", begins, begins + timedelta(days=late))


def _change(history: History, member: str, **changes: object) -> None:
    [nth] = [nth for nth, contract in enumerate(history.contracts) if contract.member == member]
    history.contracts[nth] = ToldContract(**{**vars(history.contracts[nth]), **changes})


def _invent_gas(decade: Decade, year: int) -> None:
    """A few gas bills are corrected; in one year of three those of all by mistake, a hundredfold."""
    rng, history = decade.rng, decade.history
    living = [home.member for home in decade.homes if home.first < date(year, 1, 1) and home.end > date(year, 12, 31)]
    known = {contract.member: contract.gas for contract in history.contracts if contract.gas}
    if (year - FIRST_YEAR) % 3 == 1:
        march = Period.month(year, 3)
        for factor, day in ((100, march.end), (1, march.end + timedelta(days=1))):
            for member in (member for member in living if member in known):
                _correct_gas(decade, member, day, [(of, cents * factor) for of, cents in known[member]])
            if factor > 1:
                decade.do(march.end + timedelta(days=1), Run(march, ("ceiling-moved",)))
    for member in rng.sample(living, len(living) // 20):
        told = tuple((each.year, each.amount_cents) for each in _gas(rng, 4, rng.randint(100_000, 180_000)))
        _correct_gas(decade, member, date(year, rng.randint(5, 12), 11), told)
        _change(history, member, gas=told)


def _correct_gas(decade: Decade, member: str, day: date, told: Iterable[tuple[int, int]]) -> None:
    """Corrections of one contract are numbered by their days."""
    gas = tuple(GasYear(year=year, gas_m3=1_100, amount_cents=cents) for year, cents in told)
    number = (day - date(FIRST_YEAR, 1, 1)).days
    decade.tell(
        day, GasBillsCorrected(contract_id=f"contract-{member}", number=number, corrected_on=day, reference=gas)
    )


def _invent_terms(decade: Decade, year: int) -> None:
    """The tariff of a year with its notice, the maximum of the law, and the index: each in time, late, or mended."""
    rng, history = decade.rng, decade.history
    heat = Decimal(rng.randint(3_300, 3_990)) / 100
    decided_on = date(year - 1, 12, 8)
    _adopt(decade, f"tariff-{year}", date(year, 1, 1), decided_on, heat, decided_on + timedelta(days=2))
    if year > FIRST_YEAR:
        sent_on = rng.choice((date(year - 1, 12, 15), date(year - 1, 12, 15), date(year, 2, rng.randint(2, 20))))
        _notify(decade, f"tariff-{year}", sent_on)
        _enter_index(decade, year - 1)
    if year > FIRST_YEAR + 1:
        _publish(decade, date(year, 1, 1), date(year - 1, 12, 5), str(Decimal(rng.randint(4_000, 4_400)) / 100))
    if rng.random() < 0.4:
        # The supervisor finds an error, and the maximum of the year was too high from its first day on.
        _publish(decade, date(year, 1, 1), date(year, 6, rng.randint(10, 28)), str(heat - Decimal("1.50")))
    if rng.random() < 0.3:
        lower, decided = heat - Decimal("2.25"), date(year, 5, rng.randint(2, 28))
        _adopt(decade, f"repair-{year}", date(year, 1, 1), decided, lower, decided + timedelta(days=1))
        _notify(decade, f"repair-{year}", decided + timedelta(days=9))
    if year > FIRST_YEAR and rng.random() < 0.25:
        told_on = date(year, rng.randint(4, 10), 15)
        history.stops.append(ToldStop(f"tariff-{year}", "court", date(year, 1, 1), told_on, False))
        decade.tell(told_on, tariff_stopped(f"tariff-{year}", 1, "annulled", date(year, 1, 1), told_on))


def _adopt(decade: Decade, name: str, valid_from: date, decided_on: date, heat: Decimal, told_on: date) -> None:
    rng = decade.rng
    prices = {
        "heat": str(heat),
        "standing": rng.choice(("380.00", "400.00", "400.00")),
        "metering": "30.00",
        "delivery_set": "90.00",
        "electricity": rng.choice(("0.21", "0.199")),
    }
    decade.history.tariffs.append(ToldTariff(name, valid_from, decided_on, prices))
    decade.tell(told_on, tariff_adopted(name, valid_from, decided_on, **prices))


def _notify(decade: Decade, tariff: str, sent_on: date) -> None:
    decade.history.notices.append((tariff, None, sent_on))
    decade.do(sent_on, partial(notify, history=decade.history, tariff_id=tariff, member=None, sent_on=sent_on))


def _publish(decade: Decade, valid_from: date, day: date, heat: str) -> None:
    decade.history.maxima.append((valid_from, heat))
    figures = {"full": {"heat per GJ": Decimal(heat), "fixed per year": Decimal("860.00")}}
    published = Publication(MAXIMUM, valid_from, day, day, figures, f"invented, {day}")
    decade.do(day, partial(publish_law, publications=[published], is_checked=True))


def _enter_index(decade: Decade, year: int) -> None:
    """The index of a year, once in a while with a slip that a run has to find."""
    rng = decade.rng
    factor = f"1.0{rng.randint(1_100, 4_999)}"
    decade.history.index[year] = Fraction(factor)
    typed = f"1.2{rng.randint(1_100, 4_999)}" if rng.random() < 0.3 else factor
    decade.do(date(year, 11, 30), partial(_keep_figure, year=year, factor=typed, replaces=None))
    if typed != factor:
        january = Period.month(year + 1, 1)
        decade.do(january.end + timedelta(days=3), Run(january, ("index-off",)))
        decade.do(january.end + timedelta(days=3), partial(_keep_figure, year=year, factor=factor, replaces=typed))


def _keep_figure(tx: Tx, year: int, factor: str, replaces: str | None) -> None:
    on_file = find_figure(tx, "cpi-households", year)
    if on_file is None or on_file.value != Decimal(factor):
        figure = PublishedFigure("cpi-households", year, Decimal(factor), "invented")
        record_figure(tx, figure, None if replaces is None else Decimal(replaces))


def _plant(decade: Decade) -> dict[Period, int]:
    """In each year three cold months in which metering errs, each error in its turn."""
    planted = {}
    years = [decade.history.months[n : n + 12] for n in range(0, len(decade.history.months), 12)]
    for number, months in enumerate(years):
        # Not January: its run may wait for an index.
        for nth, month in enumerate(sorted(decade.rng.sample([*months[1:4], *months[9:12]], 3))):
            planted[month] = (3 * number + nth) % len(ERRORS)
    return planted


def _invent_month(decade: Decade, month: Period, error: int | None) -> None:
    """What was measured of a month, with an error or without, and its run; an error is mended before it is issued."""
    rng, history = decade.rng, decade.history
    weather = Decimal(rng.randint(85, 118)) / 100
    living = [home for home in decade.homes if home.first < month.end and home.end > month.start]
    heat: dict[str, Decimal] = {}
    for home in living:
        heat[home.member] = _heat_gj(home, month, weather, rng)
        history.heat_j[home.member, month.start] = int(heat[home.member].scaleb(9))
        wh = round(SUN[month.start.month - 1] * 4_000 * rng.randint(50, 150) / 100)
        history.shared_wh[home.member, month.start] = wh
    told = heat
    day = month.end
    if error is not None:
        planted, change = ERRORS[error]
        told = {member: change(nth, gj) for nth, (member, gj) in enumerate(heat.items())}
        decade.do(day + timedelta(days=2), Run(month, planted))
        decade.tell(day + timedelta(days=3), *_measure(month, heat.items(), 2), closed(month, len(heat), 0, 2))
    shares = [allocated(member, month, history.shared_wh[member, month.start]) for member in heat]
    decade.tell(day, *_measure(month, told.items(), 1), *shares, closed(month, len(heat), len(shares)))
    decade.revisions[month] = 1 if error is None else 2
    decade.do(day + timedelta(days=5), Run(month))
    if month.start.month % 3 == 0:
        decade.do(day + timedelta(days=9), Run(None))
    if rng.random() < 0.3:
        decade.late.append((day + timedelta(days=rng.randint(10, 200)), month))


def _heat_gj(home: Home, month: Period, weather: Decimal, rng: random.Random) -> Decimal:
    lived = Period(max(home.first, month.start), min(home.end, month.end)).days
    share = Decimal(SHARE_OF_YEAR[month.start.month - 1])
    varied = (share - TAP_SHARE) * weather * rng.randint(80, 120) / 100 + TAP_SHARE * rng.randint(60, 140) / 100
    return round(home.of_year_gj * varied * lived / month.days, 3)


def _measure(month: Period, heat: Iterable[tuple[str, Decimal]], revision: int) -> list[Event]:
    return [measured(member, month, str(gj), revision, "read again" if revision > 1 else "") for member, gj in heat]


def _invent_late_readings(decade: Decade, until: date) -> None:
    """What is read anew of months before, of some homes each time."""
    rng, history = decade.rng, decade.history
    due = sorted(late for late in decade.late if late[0] < until)
    decade.late = [late for late in decade.late if late[0] >= until]
    for day, month in due:
        members = [member for member, start in history.heat_j if start == month.start]
        revision = decade.revisions[month] = decade.revisions[month] + 1
        facts = []
        for member in rng.sample(members, max(1, len(members) // 12)):
            heat_j = history.heat_j[member, month.start] * rng.randint(80, 125) // 100
            history.heat_j[member, month.start] = heat_j
            facts.append(measured(member, month, str(Decimal(heat_j).scaleb(-9)), revision, "read late"))
        decade.tell(day, *facts, closed(month, len(facts), 0, revision))
