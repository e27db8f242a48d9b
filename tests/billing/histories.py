"""Invented histories of a small co-operative: what is told, in which order, and when bills are run in between.

A history follows from its seed. What is known in the end (``told``) does not depend on the order in which it came.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial

from coop.billing.amounts.store import add_amount, list_amounts
from coop.billing.bills.asking import MonthlyAmount, year_of
from coop.billing.bills.book import find_contract
from coop.billing.bills.store import list_heads
from coop.billing.figures.commands import record_figure
from coop.billing.law.commands import publish_law
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.terms.store import find_figure
from coop.communities.law import MAXIMUM, Publication
from coop.events import Event
from coop.events.members import ChoiceMade, ContractEnded, GasBillsCorrected, GasYear, MemberLeft
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, Period
from tests.billing.reference import Told, ToldContract, ToldStop, ToldTariff
from tests.billing.village import (
    admitted,
    allocated,
    closed,
    even_amounts,
    hear,
    measured,
    promised,
    release,
    signed,
    tariff_adopted,
    tariff_stopped,
    tell_in_writing,
)
from tests.desk import SECRETARY

Command = Callable[[Tx], object]
Step = Event | Command

MEMBERS = ("anna", "bram")
FIRST_TARIFF = date(2024, 6, 1)
ISSUED_ON = date(2026, 11, 1)
MANNERS = {"court": (("suspended", "annulled"), "resumed"), "members": (("repealed", "referendum"), "restored")}
"""By who speaks: how a decision falls, and how it acts again."""
RUN_SHARE = 0.4
"""How often a run is tried after something was told."""


@dataclass
class History:
    """What is told, and the same as the reference reckons with it. ``usual`` are the facts and commands that mostly
    come first, ``late`` those that mostly come once there are bills. While it is played, ``heard`` is what was told so
    far, and ``issued`` how many bills there were after each run, with how much was heard by then."""

    rng: random.Random
    months: list[Period]
    usual: list[Step] = field(default_factory=list)
    late: list[Step] = field(default_factory=list)
    tariffs: list[ToldTariff] = field(default_factory=list)
    contracts: list[ToldContract] = field(default_factory=list)
    notices: list[tuple[str, str | None, date]] = field(default_factory=list)
    promises: list[tuple[date, str, int]] = field(default_factory=list)
    memberships: dict[str, tuple[date, date]] = field(default_factory=dict)
    heat_j: dict[tuple[str, date], int] = field(default_factory=dict)
    shared_wh: dict[tuple[str, date], int] = field(default_factory=dict)
    index: dict[int, Fraction] = field(default_factory=dict)
    maxima: list[tuple[date, str]] = field(default_factory=list)
    stops: list[ToldStop] = field(default_factory=list)
    heard: list[Step] = field(default_factory=list)
    issued: list[tuple[int, int]] = field(default_factory=list)

    @property
    def told(self) -> Told:
        """All of it, as the reference reckons with it."""
        return Told(
            tuple(self.tariffs),
            tuple(self.contracts),
            tuple(self.notices),
            tuple(self.promises),
            self.memberships,
            tuple((month.start, month.end) for month in self.months),
            self.heat_j,
            self.shared_wh,
            self.index,
            tuple(self.maxima),
            tuple(self.stops),
        )


def invent(seed: int) -> History:
    """Invent what happens to one or two members over some months."""
    rng = random.Random(seed)
    months, start = [], date(2025, rng.choice((1, 1, 3, 9, 11)), 1)
    for _ in range(rng.randint(2, 6)):
        months.append(Period.month(start.year, start.month))
        start = months[-1].end
    history = History(rng, months)
    _invent_tariffs(history)
    if seed % 2:
        _invent_stops(history, random.Random(f"stops {seed}"))
    _invent_promises(history)
    for member in MEMBERS[: rng.randint(1, 2)]:
        _invent_member(history, member)
    _invent_months(history)
    if rng.random() < 0.5:
        _invent_plan(history)
    for year, factor in ((2024, "1.021"), (2025, "1.033")):
        typed = rng.choice((factor, factor, factor, "1.0021", "1.211"))
        _add_figure(history, year, typed, None, history.usual)
        if rng.random() < 0.3:
            _add_figure(history, year, "1.029", typed, history.late)
    if rng.random() < 0.3:
        _invent_maximum(history)
    return history


def _invent_maximum(history: History) -> None:
    """A maximum that comes on file only now, from a day on that was billed already."""
    day, most = _some_day(history, date(2025, 2, 1), history.months[-1].end), history.rng.choice(("29.99", "37.25"))
    history.maxima.append((day, most))
    figures = {"full": {"heat per GJ": Decimal(most), "fixed per year": Decimal("760.77")}}
    published = Publication(MAXIMUM, day, day, day, figures, "invented")
    history.late.append(partial(publish_law, publications=[published]))


def _invent_plan(history: History) -> None:
    """Even amounts, or small ones that wait: they move when money is asked for, and nothing that is owed."""
    rng = history.rng
    plan = even_amounts(rng.choice(("even", "even", "each-bill")), rng.choice((0, 500)))
    told = rng.choice((history.usual, history.late))
    told.append(plan)
    for contract in history.contracts:
        told.append(partial(_set_amount, contract_id=contract.name, amount_cents=rng.randint(0, 40_000)))


def _set_amount(tx: Tx, contract_id: str, amount_cents: int) -> None:
    """Set an even amount in each guarantee year of a contract that has come."""
    contract = find_contract(tx, contract_id)
    if contract is None:
        raise NotFound
    for day in (contract.starts_on, date(2025, 1, 1), date(2026, 1, 1)):
        start = year_of(contract, day).start
        known = [each for each in list_amounts(tx, [contract_id]) if each.year_start == start]
        amount = MonthlyAmount(contract_id, start, len(known) + 1, start, amount_cents, 0, "expected", start, "job")
        add_amount(tx, amount)


def _add_figure(history: History, year: int, factor: str, replaces: str | None, told: list[Step]) -> None:
    history.index[year] = Fraction(factor)
    figure = PublishedFigure("cpi-households", year, _decimal(factor), "invented")
    told.append(partial(_record_figure, figure=figure, replaces=replaces))


def _record_figure(tx: Tx, figure: PublishedFigure, replaces: str | None) -> None:
    """Keep a figure; a correction waits for what it corrects."""
    if replaces is not None and find_figure(tx, figure.series, figure.year) is None:
        raise NotFound
    record_figure(tx, figure, None if replaces is None else _decimal(replaces))


def play(database: Database, community: str, history: History) -> None:
    """Tell a history in an order of its own, with runs in between; in the end every month is billed and corrected."""
    rng = history.rng
    rng.shuffle(history.usual)
    rng.shuffle(history.late)
    steps = [*history.usual, *history.late]
    if rng.random() < 0.3:
        rng.shuffle(steps)
    _order_choices(steps)
    while steps:
        step = steps.pop(0)
        if _tell(database, community, step):
            history.heard.append(step)
        else:
            steps.append(step)
        if len(steps) <= len(history.late) and rng.random() < RUN_SHARE:
            _run_something(database, community, history)
    for month in rng.sample(history.months, len(history.months)):
        _issue(database, community, month, history)
    _issue(database, community, None, history)


def _order_choices(steps: list[Step]) -> None:
    """Put choices in their own order, wherever they come between other things: they stand in one chain."""
    places = [place for place, step in enumerate(steps) if isinstance(step, ChoiceMade)]
    choices = sorted((step for step in steps if isinstance(step, ChoiceMade)), key=lambda choice: choice.number)
    for place, choice in zip(places, choices, strict=True):
        steps[place] = choice


def _tell(database: Database, community: str, step: Step) -> bool:
    """Let billing hear a fact, or do a command; False where the command has to wait for a fact."""
    if isinstance(step, Event):
        hear(database, step, community=community)
        return True
    try:
        with database.write(community, SECRETARY) as tx:
            step(tx)
    except NotFound:
        return False
    return True


def _run_something(database: Database, community: str, history: History) -> None:
    """Try to bill a month, or to correct what was billed; what cannot be billed yet is refused."""
    try:
        _issue(database, community, history.rng.choice([*history.months, None]), history)
    except CoopError as refusal:
        if refusal.code not in {"period-incomplete", "no-tariff", "figure-missing"}:
            raise


def _issue(database: Database, community: str, month: Period | None, history: History) -> None:
    """Bill a month, or correct for None; whatever brakes is released."""
    with database.write(community, SECRETARY) as tx:
        run = correct_bills(tx, ISSUED_ON) if month is None else issue_bills(tx, month, ISSUED_ON)
    if run.status == "held":
        with database.write(community, SECRETARY) as tx:
            run = release(tx, run.run_id)
    assert run.status == "issued"
    with database.read(community) as tx:
        history.issued.append((len(list_heads(tx)), len(history.heard)))


def _invent_tariffs(history: History) -> None:
    _add_tariff(history, 0, FIRST_TARIFF, date(2024, 5, 1))
    for number in range(1, history.rng.randint(1, 4)):
        valid_from = _some_day(history, date(2024, 12, 1), date(2026, 3, 1))
        decided_on = valid_from + timedelta(days=history.rng.choice((-40, -10, 0, 20, 60)))
        _add_tariff(history, number, valid_from, decided_on)
        for _ in range(history.rng.randint(0, 2)):
            member = history.rng.choice((None, None, *MEMBERS))
            sent_on = decided_on + timedelta(days=history.rng.randint(0, 90))
            history.notices.append((f"tariff-{number}", member, sent_on))
            history.late.append(
                partial(notify, history=history, tariff_id=f"tariff-{number}", member=member, sent_on=sent_on)
            )


def _invent_stops(history: History, rng: random.Random) -> None:
    """Let tariffs fall: annulled from their first day, suspended for a time, or repealed from a day on, by a court, the
    members, or both, of whom each ends its own word alone."""
    for tariff in rng.sample(history.tariffs, rng.randint(1, len(history.tariffs))):
        first = max(tariff.valid_from, tariff.decided_on)
        told_on = first + timedelta(days=rng.randint(0, 400))
        tellings: list[tuple[str, date, date]] = []
        for voice in rng.choice((("court",), ("members",), ("court", "members"), ("members", "court"))):
            from_on = rng.choice((tariff.valid_from, told_on, told_on + timedelta(days=rng.randint(0, 60))))
            stops, ends = MANNERS[voice]
            tellings.append((rng.choice(stops), from_on, told_on))
            if rng.random() < 0.4:
                again_on = told_on + timedelta(days=rng.randint(1, 120))
                tellings.append((ends, rng.choice((from_on, again_on)), again_on))
            told_on += timedelta(days=rng.randint(0, 90))
        for number, (manner, from_on, told_on) in enumerate(tellings, 1):
            voice = next(voice for voice, (stops, ends) in MANNERS.items() if manner in (*stops, ends))
            acts = manner == MANNERS[voice][1]
            history.stops.append(ToldStop(tariff.name, voice, from_on, told_on, acts))
            history.late.append(tariff_stopped(tariff.name, number, manner, from_on, told_on))


def notify(tx: Tx, history: History, tariff_id: str, member: str | None, sent_on: date) -> None:
    """Write to a member of a history, or (None) to all who were one on that day, whether billing knows of it or not."""
    tell_in_writing(tx, tariff_id, sent_on, list_addressees(history, member, sent_on))


def list_addressees(history: History, member: str | None, sent_on: date) -> list[str]:
    """Whom a notice to a member, or (None) to all, was sent to on a day."""
    members = [name for name, (since, until) in history.memberships.items() if since <= sent_on < until]
    return members if member is None else [member]


def _add_tariff(history: History, number: int, valid_from: date, decided_on: date) -> None:
    # A price that may stand in 2025 is above the maximum of 2026, and is lowered to it by law.
    dearest = "42.50" if valid_from < date(2026, 1, 1) else "40.01"
    prices = {
        "heat": history.rng.choice(("30.00", "36.50", "38.00", "40.01", dearest)),
        "standing": history.rng.choice(("300.00", "400.00", "400.00", "451.37")),
        "metering": "30.00",
        "delivery_set": "90.00",
        "electricity": history.rng.choice(("0.21", "0.199")),
    }
    if edge := history.rng.choice(("", "", "5", "20.5")):
        prices |= {"edge": edge, "heat_above": history.rng.choice(("25.00", "38.00", dearest))}
    history.tariffs.append(ToldTariff(f"tariff-{number}", valid_from, decided_on, prices))
    told = history.late if number else history.usual
    told.append(tariff_adopted(f"tariff-{number}", valid_from, decided_on, **prices))


def _invent_promises(history: History) -> None:
    """Now and then the meeting promises another guarantee, or one for a shorter term, to contracts that begin later."""
    history.promises.append((date.min, "plain", 15))
    for number in range(history.rng.choice((0, 0, 1, 2))):
        valid_from = _some_day(history, date(2024, 10, 1), history.months[-1].end)
        mode, term_years = history.rng.choice((("off", 15), ("plain", 1)))
        history.promises.append((valid_from, mode, term_years))
        history.late.append(promised(valid_from, 100 + number, mode=mode, term_years=term_years))


def _invent_member(history: History, member: str) -> None:
    rng, first, last = history.rng, history.months[0], history.months[-1]
    joined_on = rng.choice((date(2024, 7, 1), first.start, _some_day(history, first.start, last.start)))
    leavings = [
        rng.choice((None, _some_day(history, joined_on + timedelta(days=1), last.end)))
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))
    ]
    history.memberships[member] = (joined_on, (leavings[-1] if leavings else None) or date.max)
    history.usual.append(admitted(member, joined_on))
    history.late += [
        MemberLeft(member_id=member, left_on=left_on, number=number) for number, left_on in enumerate(leavings, 3)
    ]
    starts_on = rng.choice((first.start, first.start, date(2024, 11, 15), _some_day(history, first.start, last.end)))
    ends = _some_ends(history, starts_on)
    clause = rng.choice(("clause-1", "clause-1", None))
    _add_contract(history, member, f"contract-{member}", starts_on, ends, clause)
    if ends and rng.random() < 0.5:
        # The contract was entered wrongly: the register says that it never was, and tells another from the same day.
        history.contracts.pop()
        _add_contract(history, member, f"contract-{member}", starts_on, [*ends, starts_on], clause)
        _add_contract(history, member, f"again-{member}", starts_on, _some_ends(history, starts_on), clause)
    elif ends and ends[-1] and rng.random() < 0.5:
        _add_contract(history, member, f"second-{member}", ends[-1], [], rng.choice(("clause-1", None)))


def _add_contract(
    history: History, member: str, name: str, starts_on: date, ends: list[date | None], clause: str | None
) -> None:
    rng = history.rng
    references = [_some_gas(history) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    gas = tuple((year.year, year.amount_cents) for year in references[-1])
    history.contracts.append(ToldContract(name, member, starts_on, ends[-1] if ends else None, clause is not None, gas))
    is_first = name.startswith("contract")
    (history.usual if is_first else history.late).append(signed(member, starts_on, clause, references[0], name))
    tellings = [ContractEnded(contract_id=name, ends_on=day, number=number) for number, day in enumerate(ends)]
    history.late += tellings + [telling for telling in tellings if rng.random() < 0.2]
    history.late += [
        GasBillsCorrected(contract_id=name, number=number, corrected_on=date(2025, 6, 1), reference=tuple(reference))
        for number, reference in enumerate(references[1:], 1)
    ]


def _some_gas(history: History) -> list[GasYear]:
    count, low = history.rng.choice((0, 2, 4, 4, 4, 5)), history.rng.choice((3_000, 20_000, 60_000, 150_000))
    return [
        GasYear(year=2018 + n, gas_m3=1000 + n, amount_cents=low + history.rng.randint(0, 9_999)) for n in range(count)
    ]


def _some_ends(history: History, starts_on: date) -> list[date | None]:
    """Ends of a contract as they were told one after another: earlier, later, or taken back; the last one holds."""
    count = history.rng.choice((0, 1, 1, 2, 2, 3))
    return [None if history.rng.random() < 0.25 else _some_end(history, starts_on) for _ in range(count)]


def _some_end(history: History, starts_on: date) -> date:
    """A day in or after the first month, often the first of a month; now and then the day on which it began."""
    after = [month.end for month in history.months if month.end > starts_on] or [starts_on]
    day = history.rng.choice((*after, *after, starts_on, _some_day(history, starts_on, after[-1])))
    return max(day, starts_on)


def _some_day(history: History, first: date, end: date) -> date:
    if end <= first:
        return first
    if history.rng.random() < 0.4:
        return max(first, date(end.year, end.month, 1)) if history.rng.random() < 0.5 else first
    return first + timedelta(days=history.rng.randrange((end - first).days))


def _invent_months(history: History) -> None:
    members = list(history.memberships)
    for month in history.months:
        revisions = history.rng.choice((1, 1, 2, 3))
        for revision in range(1, revisions + 1):
            touched = members if revision == 1 else [member for member in members if history.rng.random() < 0.7]
            facts: list[Event] = []
            for member in touched:
                energy_mj = history.rng.choice((0, 1_000, 2_500, 7_003, 12_345))
                history.heat_j[member, month.start] = energy_mj * 10**6
                facts.append(measured(member, month, str(_decimal(energy_mj) / 1000), revision, "read late"))
                if revision == 1 or history.rng.random() < 0.5:
                    wh = history.rng.choice((0, 40_000, 33_333))
                    history.shared_wh[member, month.start] = wh
                    facts.append(allocated(member, month, wh, revision, "late solar"))
            shares = sum(fact.TYPE == "metering.energy-allocated.v1" for fact in facts)
            facts.append(closed(month, len(facts) - shares, shares, revision))
            (history.usual if revision == 1 else history.late).extend(facts)


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))
