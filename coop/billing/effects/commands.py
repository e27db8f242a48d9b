"""Answers to what a proposed tariff would do to bills: of a member, or of everybody. Nothing here writes, and no answer
is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from coop.billing.bills import account_store as accounts
from coop.billing.bills.book import count_arrivals, load_book, load_use
from coop.billing.bills.drafts import PeriodFacts
from coop.billing.effects.rules import (
    Effect,
    Slot,
    Winter,
    assume_index,
    chill,
    find_effect,
    find_slots,
    find_winter,
    use_of_slot,
    with_proposal,
)
from coop.billing.model import Contract, Profile, Tariff
from coop.billing.runs import store as runs
from coop.billing.runs.drafting import refuse_unvoted
from coop.billing.terms import heard_store as heard
from coop.billing.terms.heard_store import ProposedTariff
from coop.billing.terms.rules import Book, Terms
from coop.billing.terms.tariffs import read_tariff
from coop.communities.choices import GuaranteeChoice
from coop.communities.law_store import load_law
from coop.communities.tariff_law import judge_tariff
from coop.kit.tx import Tx
from coop.values import BadInput, NotFound, Period, derive_id, say

Whose = Callable[[Contract], bool]


@dataclass(frozen=True)
class Effects:
    """Effect of a proposed tariff from the day from which it ``binds``: to each contract, in the year ``days`` with
    the use of ``sources``. ``assumed_index``: years whose price index is not published, so that the ceilings of then do
    not rise by it; ``reaches_back``: the tariff also counts for months that were measured before."""

    proposal: ProposedTariff
    tariff: Tariff
    binds_on: date
    days: Period | None
    sources: tuple[Period, ...]
    effects: tuple[Effect, ...]
    assumed_index: tuple[int, ...]
    reaches_back: bool
    winter: Winter | None
    is_cold: bool


def find_proposal(tx: Tx, resolution_id: str) -> ProposedTariff:
    """The tariff that a resolution puts to the vote.

    Raises:
        NotFound: it puts none, or has not come yet.
    """
    proposal = heard.find_proposed(tx, resolution_id)
    if proposal is None:
        raise NotFound(say("no tariff was put to the vote as %(resolution_id)s", resolution_id=resolution_id))
    return proposal


def ask_own_effects(tx: Tx, proposal: ProposedTariff, member_id: str) -> Effects:
    """Reckon what a proposal would do to the contracts of a member, and to those that they share or pay.

    Raises:
        BadInput: the tariff cannot be billed as it is written.
        CoopError: ``tariff-not-voted``.
    """
    shared = heard.list_shared(tx, member_id)
    return ask_effects(tx, proposal, lambda contract: contract.member_id == member_id or contract.contract_id in shared)


def ask_effects(tx: Tx, proposal: ProposedTariff, whose: Whose | None = None, *, cold: bool = False) -> Effects:
    """Reckon what a proposal would do to every contract, or to those of somebody; in the coldest year on file where
    asked.

    Raises:
        BadInput: the tariff cannot be billed as it is written.
        CoopError: ``tariff-not-voted``.
    """
    refuse_unvoted(tx)
    tariff = _read_proposed(tx, proposal)
    book = load_book(tx)
    book = replace(book, tariffs=tuple(each for each in book.tariffs if each.tariff_id != tariff.tariff_id))
    binds_on = max(tariff.valid_from, tariff.decided_on)
    arrivals = count_arrivals(tx)
    measured = sorted(
        period for period, arrived in arrivals.items() if arrived.complete and period == _month_of(period.start)
    )
    done = runs.periods_done(tx)
    slots = find_slots(measured, [period for period in measured if period not in done], binds_on)
    counted = [slot for slot in slots if slot.counts]
    contracts = [contract for contract in book.contracts if whose is None or whose(contract)]
    pairs = _load_slots(tx, slots, contracts if whose is not None else None)
    sources = tuple(sorted({slot.source for slot in counted}))
    book, assumed = _assume_index(tx, book, slots)
    choice = book.choices.on(GuaranteeChoice, tx.today)
    normal = [int(number) for number in choice.degree_days_by_month.split()]
    winter = find_winter(book.figures, sources, normal) if counted else None
    if cold and winter is not None:
        pairs = chill(pairs, winter, Profile(choice.tap_share, choice.degree_days_by_month))
    effects = _find_effects(tx, book, tariff, contracts, pairs)
    needed = {year for effect in effects for ceiling in effect.ceilings for year in ceiling.index_years}
    return Effects(
        proposal=proposal,
        tariff=tariff,
        binds_on=binds_on,
        days=Period(counted[0].days.start, counted[-1].days.end) if counted else None,
        sources=sources,
        effects=effects,
        assumed_index=tuple(sorted(needed & assumed)),
        reaches_back=bool(measured) and binds_on < measured[-1].end,
        winter=winter,
        is_cold=cold and winter is not None,
    )


def _find_effects(
    tx: Tx, book: Book, tariff: Tariff, contracts: Sequence[Contract], pairs: Sequence[tuple[Slot, PeriodFacts]]
) -> tuple[Effect, ...]:
    """The year of each contract that runs in it."""
    if not pairs:
        return ()
    until = pairs[-1][0].days.end
    without = Terms(book, until, tx.today) if book.tariffs else None
    proposed = Terms(with_proposal(book, tariff), until, tx.today)
    years = accounts.years_so_far(tx)
    running = [
        contract
        for contract in contracts
        if any(slot.counts and contract.within(slot.days) is not None for slot, _ in pairs)
    ]
    return tuple(find_effect(contract, without, proposed, years, pairs, tariff.tariff_id) for contract in running)


def _read_proposed(tx: Tx, proposal: ProposedTariff) -> Tariff:
    """The proposed tariff as it would be adopted, on the day of the meeting or, where that is over, today."""
    decided_on = max(proposal.held_on, tx.today)
    if problems := judge_tariff(proposal.parameters, load_law(tx), decided_on):
        raise BadInput(problems, "bad-tariff")
    tariff_id = derive_id("tariff", tx.community, proposal.resolution_id)
    valid_from = date.fromisoformat(proposal.parameters["valid_from"])
    return read_tariff(tariff_id, proposal.resolution_id, valid_from, decided_on, proposal.parameters)


def _load_slots(tx: Tx, slots: Sequence[Slot], contracts: Sequence[Contract] | None) -> list[tuple[Slot, PeriodFacts]]:
    """Each month with its use, which is read once for every month that has it."""
    connections = None if contracts is None else {contract.connection_id for contract in contracts}
    facts = {source: load_use(tx, source, connections) for source in {slot.source for slot in slots}}
    return [(slot, use_of_slot(slot, facts[slot.source])) for slot in slots]


def _assume_index(tx: Tx, book: Book, slots: Sequence[Slot]) -> tuple[Book, frozenset[int]]:
    """The terms with an index factor of one for years of which none can be on file yet."""
    if not slots:
        return book, frozenset()
    rows = (row.choice for row in book.choices.rows)
    series = {choice.index_series for choice in rows if isinstance(choice, GuaranteeChoice)}
    return assume_index(book, sorted(series), range(tx.today.year - 1, slots[-1].days.end.year + 1))


def _month_of(day: date) -> Period:
    return Period.month(day.year, day.month)
