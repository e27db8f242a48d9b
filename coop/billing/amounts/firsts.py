"""First even amounts of a guarantee year, of all contracts that have none: expected, held or set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from coop.billing.amounts import store as amounts
from coop.billing.amounts.doubts import First, judge
from coop.billing.amounts.forecasts import forecast_contracts, load_terms
from coop.billing.bills.asking import MonthlyAmount, Standing, year_of
from coop.billing.model import Contract
from coop.billing.terms.rules import Terms
from coop.billing.terms.tariffs import first_notices, needs_notice, tariff_on
from coop.communities.choices import PaymentChoice
from coop.communities.stops import is_stopped
from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.values import Period, Said


@dataclass(frozen=True)
class ExpectedFirst:
    """A first amount that is expected of a contract, and what is unlikely about it: one without doubts sets itself."""

    first: First
    doubts: tuple[Said, ...]


def list_firsts(tx: Tx) -> list[ExpectedFirst]:
    """The first amounts that are expected of contracts that run today and have none in their guarantee year, by
    contract; none where the co-operative asks for each bill, and none of those of which nothing can be told."""
    if load_choices(tx).on(PaymentChoice, tx.today).plan != "even":
        return []
    terms, known = load_terms(tx), _list_by_contract(tx)
    running = {each.contract_id: each for each in terms.book.contracts if _runs(each, tx.today)}
    without = [each for each in running.values() if not _of_year(known[each.contract_id], each, tx.today)]
    carried = amounts.list_standings(tx, [contract.contract_id for contract in without])
    sent, firsts = first_notices(terms.book.notices), []
    for contract, made in forecast_contracts(tx, terms, without):
        amount_cents = made.even_cents(carried.get(contract.contract_id, Standing()).carried_cents)
        if amount_cents is not None:
            before = [each for each in known[contract.contract_id] if each.year_start < made.year.start]
            begin = max(made.days.start, Period.month(tx.today.year, tx.today.month).start)
            firsts.append(
                First(
                    contract=contract,
                    made=made,
                    amount_cents=amount_cents,
                    from_day=min(begin, made.expected[0].period.start),
                    before_cents=before[-1].amount_cents if before else None,
                    newer_from=_newer_from(terms, contract, sent, tx.today),
                )
            )
    return [ExpectedFirst(first, doubts) for first, doubts in judge(firsts, _asked_now(running, known))]


def keep_firsts(tx: Tx, firsts: Iterable[First]) -> int:
    """Set first amounts as they are expected, but of contracts that have one by now; returns how many."""
    wanted = list(firsts)
    known = _list_by_contract(tx, [first.contract.contract_id for first in wanted])
    count = 0
    for first in wanted:
        if any(each.year_start == first.made.year.start for each in known[first.contract.contract_id]):
            continue
        count += 1
        amounts.add_amount(
            tx,
            MonthlyAmount(
                contract_id=first.contract.contract_id,
                year_start=first.made.year.start,
                number=1,
                from_day=first.from_day,
                amount_cents=first.amount_cents,
                expected_cents=first.amount_cents,
                basis="expected",
                set_on=tx.today,
                set_by=str(tx.actor),
            ),
        )
    return count


def _newer_from(terms: Terms, contract: Contract, sent: Container[tuple[str, str]], today: date) -> date | None:
    """First day of the newest tariff in force that would bind a contract, had its member been told of it in writing."""
    bound = tariff_on(terms.bind(contract), today)
    newer = [
        tariff.valid_from
        for tariff in terms.book.tariffs
        if bound.valid_from < tariff.valid_from <= today
        and needs_notice(contract, tariff)
        and (tariff.tariff_id, contract.member_id) not in sent
        and not is_stopped(terms.book.stops.get(tariff.resolution_id, ()), today)
    ]
    return max(newer, default=None)


def _asked_now(
    running: Mapping[str, Contract], known: Mapping[str, Sequence[MonthlyAmount]]
) -> Mapping[str, Sequence[int]]:
    """The newest amount of each contract that runs, by class of customers."""
    by_class: dict[str, list[int]] = defaultdict(list)
    for contract_id, contract in running.items():
        if known[contract_id]:
            by_class[contract.customer_class].append(known[contract_id][-1].amount_cents)
    return by_class


def _of_year(known: Sequence[MonthlyAmount], contract: Contract, today: date) -> bool:
    start = year_of(contract, today).start
    return any(each.year_start == start for each in known)


def _list_by_contract(tx: Tx, contract_ids: Sequence[str] | None = None) -> Mapping[str, list[MonthlyAmount]]:
    by_contract: dict[str, list[MonthlyAmount]] = defaultdict(list)
    for each in amounts.list_amounts(tx, contract_ids):
        by_contract[each.contract_id].append(each)
    return by_contract


def _runs(contract: Contract, today: date) -> bool:
    return contract.starts_on <= today and (contract.ends_on is None or contract.ends_on > today)
