"""Figures that the board watches: how complete each period is, what its run did, and the ledger in few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from coop.billing.bills.book import Arrivals, count_arrivals, load_book
from coop.billing.bills.ledger_store import Balance
from coop.billing.runs import store as runs
from coop.billing.runs.store import Proposal, RunTotals
from coop.billing.terms import heard_store as heard
from coop.billing.terms import mailing_store as mailings
from coop.billing.terms import store as terms
from coop.billing.terms.store import Mailing
from coop.billing.terms.tariffs import first_notices, needs_notice
from coop.communities.law import Maximum
from coop.communities.law_store import load_law
from coop.communities.tariff_law import beside_maxima, fixed_beside_maximum
from coop.communities.tariffs import Component
from coop.kit.keyset import Key, Window
from coop.kit.tx import Tx
from coop.values import Period


@dataclass(frozen=True)
class PeriodView:
    """One period: what of it has come, and how far its bills are."""

    period: Period
    arrivals: Arrivals
    status: str
    bill_count: int
    total_cents: int


@dataclass(frozen=True)
class TariffView:
    """A tariff with its written notices, and whether a legal maximum is on file for its year. ``history``: its meeting
    was held before it came on file."""

    tariff_id: str
    resolution_id: str
    meeting_id: str
    valid_from: date
    decided_on: date
    parameters: Mapping[str, Any]
    components: tuple[Component, ...]
    parameters_hash: str
    maximum_on_file: bool
    history: bool
    mailings: tuple[Mailing, ...]
    beside_maxima: Sequence[tuple[Component, Maximum | None]]
    fixed_beside_maximum: tuple[Decimal, Maximum] | None


@dataclass(frozen=True)
class NoticeReach:
    """Reach of the written notice of a tariff: how many members, how many it reached, and who is left, with
    whether a message to them failed. ``ordered_at`` is when the board last had everybody written to."""

    members: int
    reached: int
    failed: tuple[str, ...]
    waiting: tuple[str, ...]
    ordered_at: datetime | None


@dataclass(frozen=True)
class AccountGroup:
    """Both columns of like accounts together [cents], and how many accounts these are."""

    account: str
    debit_cents: int
    credit_cents: int
    count: int


def list_periods(tx: Tx) -> list[PeriodView]:
    """Every period of which something was heard, newest first."""
    by_period = {total.run.period: total for total in runs.list_runs(tx) if total.run.period}
    proposals = {proposal.period: proposal for proposal in runs.list_proposals(tx) if proposal.period}
    views = [
        _view(period, arrivals, by_period.get(period), proposals.get(period))
        for period, arrivals in count_arrivals(tx).items()
    ]
    return sorted(views, key=lambda view: view.period, reverse=True)


def _view(period: Period, arrivals: Arrivals, total: RunTotals | None, proposal: Proposal | None) -> PeriodView:
    if total is not None:
        return PeriodView(period, arrivals, total.run.status, total.bill_count, total.total_cents)
    if proposal is not None and arrivals.complete:
        return PeriodView(period, arrivals, "drafted", proposal.bill_count, proposal.total_cents)
    return PeriodView(period, arrivals, "preview" if arrivals.complete else "incomplete", 0, 0)


def list_tariffs(
    tx: Tx, reader_id: str | None = None, window: Window | None = None, known_on: date | None = None
) -> list[TariffView]:
    """Every tariff, oldest first, with its notices as this member may see them; with ``window`` that part of them, and
    one more; with ``known_on`` by what was known here of tariffs, notices and law at the end of that day."""
    known_on = known_on or heard.LAST_DAY
    adopted, law = heard.list_tariffs(tx, window, known_on), load_law(tx).as_known_on(known_on)
    mailings = terms.list_mailings(tx, [tariff.tariff_id for tariff in adopted], reader_id, known_on)
    return [
        TariffView(
            tariff.tariff_id,
            tariff.resolution_id,
            tariff.meeting_id,
            tariff.valid_from,
            tariff.decided_on,
            tariff.parameters,
            tariff.tariff.components,
            tariff.parameters_hash,
            law.has_maximum(tariff.valid_from.year),
            tariff.history,
            tuple(mailings.get(tariff.tariff_id, ())),
            beside_maxima(law, tariff.valid_from, tariff.tariff.components),
            fixed_beside_maximum(law, tariff.valid_from, tariff.tariff.components),
        )
        for tariff in adopted
    ]


def measure_notices(tx: Tx) -> dict[str, NoticeReach]:
    """Find for each tariff whom its written notice has to reach, and whom it did."""
    terms_book, orders = load_book(tx), terms.find_orders(tx)
    sent = first_notices(terms_book.notices)
    outcomes = mailings.list_outcomes(tx, mailings.NOTICE, [tariff.tariff_id for tariff in terms_book.tariffs])
    reaches = {}
    for tariff in terms_book.tariffs:
        concerned: dict[str, bool] = {}
        for contract in terms_book.contracts:
            if needs_notice(contract, tariff):
                is_reached = (tariff.tariff_id, contract.member_id) in sent
                concerned[contract.member_id] = concerned.get(contract.member_id, True) and is_reached
        left = sorted(member_id for member_id, is_reached in concerned.items() if not is_reached)
        failed = tuple(member_id for member_id in left if (tariff.tariff_id, member_id) in outcomes)
        reaches[tariff.tariff_id] = NoticeReach(
            members=len(concerned),
            reached=len(concerned) - len(left),
            failed=failed,
            waiting=tuple(member_id for member_id in left if member_id not in failed),
            ordered_at=orders.get(tariff.tariff_id),
        )
    return reaches


def tariff_key(tariff: TariffView) -> Key:
    """Place of a tariff in the list of all."""
    return tariff.valid_from, tariff.decided_on, tariff.tariff_id


def group_accounts(balances: Sequence[Balance]) -> list[AccountGroup]:
    """The trial balance with all members' debts as one account."""
    groups: dict[str, AccountGroup] = {}
    for balance in balances:
        name = "debtors" if balance.account.startswith("debtors:") else balance.account
        group = groups.get(name, AccountGroup(name, 0, 0, 0))
        groups[name] = AccountGroup(
            name,
            group.debit_cents + balance.debit_cents,
            group.credit_cents + balance.credit_cents,
            group.count + 1,
        )
    return list(groups.values())
