"""Facts and rows that bills rest on, as verification looks them up: one by one, or all of a co-operative at once.

One bill is verified by looking up the dozen things that it names. All of them are verified faster from what was read in
a few statements. Where something was written into a row that can no longer be read, a table cannot be read at once: its
rows are then looked up one by one, so that only the bills that rest on that row say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import TypeVar

from coop.billing.bills import account_store as accounts
from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import store as bills
from coop.billing.bills.book import find_contract, list_contracts, list_references, load_book
from coop.billing.bills.ledger import Transfer
from coop.billing.bills.store import IssuedBill
from coop.billing.model import BillHead, Contract, GasYear, Issuer, SharedEnergy, Tariff, TariffSpan
from coop.billing.runs.issuing import issuer_of
from coop.billing.terms import heard_store as heard
from coop.billing.terms import store as stored_terms
from coop.billing.terms.heard_store import AdoptedTariff, Allocation, Measurement
from coop.billing.terms.law import hold_to_law
from coop.billing.terms.rules import Holder, Terms, YearKey
from coop.communities.choices import Choices
from coop.communities.law import Law
from coop.communities.law_store import load_law
from coop.communities.stops import Stop
from coop.communities.store import list_profiles, load_choices
from coop.kit import documents
from coop.kit.documents import UNREADABLE, Document
from coop.kit.tx import Tx
from coop.values import CoopError, Period

Found = TypeVar("Found")

BROKEN = (CoopError, *UNREADABLE)
"""Errors that come of reading a row that somebody wrote into."""


class Ground:
    """Things that bills rest on, each looked up where a bill names it; what all bills rest on is read once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.spans: dict[tuple[int, str], tuple[TariffSpan, TariffSpan, tuple[str, ...]]] = {}
        """Spans that were compared, by the object and the class: each, as it was heard, and what is wrong with it."""
        self.contract: Callable[[str], Contract | None] = cache(lambda name: find_contract(tx, name))
        self.references: Callable[[str], set[GasYear]] = cache(lambda name: list_references(tx, name))
        self.is_published: Callable[[str, int, Decimal], bool] = cache(
            lambda series, year, value: stored_terms.was_published(tx, series, year, value)
        )
        self.lawful_spans: Callable[[str, Period, str], Sequence[TariffSpan]] = cache(self._hold_to_law)
        """A tariff on some days as the law lets it be charged to a class, in each state of what was known of it."""

    @cached_property
    def choices(self) -> Choices:
        """All choices, as they are known now."""
        return load_choices(self._tx)

    @cached_property
    def law(self) -> Law:
        """All law that was told, as it is known now."""
        return load_law(self._tx)

    def _hold_to_law(self, tariff_id: str, days: Period, customer_class: str) -> Sequence[TariffSpan]:
        known = {self._tx.today, *(published.known_from for published in self.law.publications)}
        span = TariffSpan(days, self.tariffs[tariff_id].tariff)
        return [held for day in known for held in hold_to_law([span], self.law.as_known_on(day), customer_class)]

    @cached_property
    def issuers(self) -> frozenset[Issuer]:
        """Everything that the co-operative ever said it was."""
        return frozenset(issuer_of(version.profile) for version in list_profiles(self._tx))

    @cached_property
    def tariffs(self) -> Mapping[str, AdoptedTariff]:
        """Every tariff by id."""
        return {adopted.tariff_id: adopted for adopted in heard.list_tariffs(self._tx)}

    @cached_property
    def stops(self) -> Mapping[str, Sequence[Stop]]:
        """By resolution, what was told of decisions that fell."""
        return heard.list_stops(self._tx)

    def bind(self, contract: Contract, known_on: date) -> Sequence[tuple[date, Tariff]]:
        """From which day which tariff binds a contract, by what was decided and sent until a day, and what had fallen
        before it."""
        book = load_book(self._tx, contract.contract_id)
        known = replace(
            book,
            tariffs=tuple(tariff for tariff in book.tariffs if tariff.decided_on <= known_on),
            notices=tuple(notice for notice in book.notices if max(notice.sent_on, notice.known_on) <= known_on),
            stops={about: [stop for stop in told if stop.told_on < known_on] for about, told in book.stops.items()},
        )
        return Terms(known, known_on, known_on).bind(contract)

    @cached_property
    def unvoted(self) -> frozenset[str]:
        """Tariffs that are not what their resolution adopted."""
        return frozenset(heard.find_unvoted(self._tx))

    def head(self, number_or_id: str) -> BillHead | None:
        """A bill without its lines, or None."""
        return bills.find_head(self._tx, number_or_id)

    def issued(self, head: BillHead) -> IssuedBill:
        """A bill with its lines.

        Raises:
            NotFound, UnreadableDocument: its inputs are gone, or can no longer be read.
        """
        return bills.get_bill(self._tx, head.id)

    def paper(self, head: BillHead) -> Document:
        """Document of what a paper says beside the inputs.

        Raises:
            NotFound, UnreadableDocument: it is gone, or was changed.
        """
        return documents.load(self._tx, head.paper_hash)

    def transfers(self, head: BillHead) -> list[Transfer]:
        """Transfers that a bill booked."""
        return ledger.transfers_of(self._tx, "bill", head.id)

    def guarantee_before(self, head: BillHead, year_start: date) -> tuple[int, int]:
        """Heat and credit [cents] that the bills before brought to a guarantee year."""
        return accounts.guarantee_before(self._tx, head, year_start)

    def carried_before(self, head: BillHead) -> int:
        """Amount that the bills of the contract before this one were not asked for [cents]."""
        return bills.sum_carried_before(self._tx, head)

    def measurement(self, measurement_id: str, revision: int) -> Measurement | None:
        """One revision of a measurement."""
        return heard.find_measurement(self._tx, measurement_id, revision)

    def allocation(self, share: SharedEnergy, holder: Holder) -> Allocation | None:
        """The allocation that a bill names."""
        return heard.find_allocation(self._tx, share, holder)


class WholeGround(Ground):
    """The same for every bill of a co-operative: tables are read at once, and bills with their papers by the run."""

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx)
        self._run_id = ""
        self._bills: dict[str, IssuedBill] = {}
        self._papers: Mapping[str, Document] = {}
        contracts = {contract.contract_id: contract for contract in _at_once(lambda: list_contracts(tx)) or ()}
        look_up = self.contract
        self.contract = lambda name: contracts.get(name) or look_up(name)

    def head(self, number_or_id: str) -> BillHead | None:
        return self._heads.get(number_or_id) or super().head(number_or_id)

    def issued(self, head: BillHead) -> IssuedBill:
        self._read_run(head)
        return self._bills.get(head.id) or super().issued(head)

    def paper(self, head: BillHead) -> Document:
        self._read_run(head)
        paper = self._papers.get(head.paper_hash)
        return paper if paper and paper.sha256 == head.paper_hash else super().paper(head)

    def transfers(self, head: BillHead) -> list[Transfer]:
        return self._transfers.get(ledger.transaction_of(self._tx, "bill", head.id)) or super().transfers(head)

    def guarantee_before(self, head: BillHead, year_start: date) -> tuple[int, int]:
        if self._entries is None:
            return super().guarantee_before(head, year_start)
        before = [entry for entry in self._entries[head.contract_id, year_start] if entry[0] < head.ordinal]
        return sum(heat for _, heat, _ in before), sum(credit for _, _, credit in before)

    def carried_before(self, head: BillHead) -> int:
        if not self._heads:
            return super().carried_before(head)
        before = (each for each in self._of_contract[head.contract_id] if each.ordinal < head.ordinal)
        return sum(each.total_cents - each.asked_cents for each in before)

    def measurement(self, measurement_id: str, revision: int) -> Measurement | None:
        return self._measurements.get((measurement_id, revision)) or super().measurement(measurement_id, revision)

    def allocation(self, share: SharedEnergy, holder: Holder) -> Allocation | None:
        named = share.run_id, share.revision, share.group_id, holder
        return self._allocations.get(named) or super().allocation(share, holder)

    def _read_run(self, head: BillHead) -> None:
        """Read the bills of a run with their papers, in the place of those of another run."""
        if head.run_id == self._run_id:
            return
        self._run_id = head.run_id
        found = _at_once(lambda: bills.find_bills(self._tx, run_id=head.run_id)) or ()
        self._bills = {each.id: each for each in found}
        hashes = [each.paper_hash for each in found]
        self._papers = _at_once(lambda: documents.find_stored(self._tx, hashes)) or {}

    @cached_property
    def _heads(self) -> dict[str, BillHead]:
        return {head.id: head for head in _at_once(lambda: bills.list_heads(self._tx)) or ()}

    @cached_property
    def _of_contract(self) -> Mapping[str, list[BillHead]]:
        by_contract: dict[str, list[BillHead]] = defaultdict(list)
        for head in self._heads.values():
            by_contract[head.contract_id].append(head)
        return by_contract

    @cached_property
    def _transfers(self) -> Mapping[str, list[Transfer]]:
        return _at_once(lambda: ledger.list_transfers(self._tx)) or {}

    @cached_property
    def _entries(self) -> Mapping[YearKey, list[tuple[int, int, int]]] | None:
        return _at_once(lambda: accounts.list_moved(self._tx))

    @cached_property
    def _measurements(self) -> Mapping[tuple[str, int], Measurement]:
        told = _at_once(lambda: heard.list_all_measurements(self._tx)) or ()
        return {(each.measurement_id, each.revision): each for each in told}

    @cached_property
    def _allocations(self) -> Mapping[tuple[str, int, str, Holder], Allocation]:
        told = _at_once(lambda: heard.list_all_allocations(self._tx)) or ()
        return {(each.run_id, each.revision, each.group_id, each.holder): each for each in told}


def _at_once(read: Callable[[], Found]) -> Found | None:
    """All rows of a table; None where one of them can no longer be read."""
    try:
        return read()
    except BROKEN:
        return None
