"""Terms of a co-operative as heard so far, and what follows from them for a contract: which tariff binds on which day,
which days are billed, and what the ceiling of a guarantee year rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from coop.billing.guarantee.rules import guarantee_terms
from coop.billing.model import BY_DAYS, Contract, GuaranteeTerms, Notice, Profile, Tariff, TariffSpan
from coop.billing.terms.law import hold_to_law, law_of
from coop.billing.terms.tariffs import NO_STOPS, Stops, terms_of
from coop.communities.choices import Choices, GuaranteeChoice
from coop.communities.law import Law
from coop.values import Period

Holder = tuple[str, str]
"""Connection and member."""

YearKey = tuple[str, date]
"""Contract, and first day of a guarantee year."""


@dataclass(frozen=True)
class TariffSince:
    """A tariff and the day from which it binds."""

    since: date
    tariff_id: str


@dataclass(frozen=True)
class ContractDays:
    """The days of a period that a contract covers, and the tariffs that bind it until their end."""

    contract_id: str
    days: Period
    tariffs: tuple[TariffSince, ...]
    customer_class: str = "full"


@dataclass(frozen=True)
class PeriodTerms:
    """Terms of contracts for a period: which days are billed under which tariff, the ``law`` of the period as known,
    and the ``profile`` of its year: other terms reopen the period."""

    contracts: tuple[ContractDays, ...]
    law: tuple[str, ...] = ()
    profile: Profile = BY_DAYS


@dataclass(frozen=True)
class Book:
    """Terms of a community: contracts in order of id, tariffs, notices, memberships, published figures, choices, the
    law that was told, and what fell of its decisions."""

    contracts: tuple[Contract, ...]
    tariffs: tuple[Tariff, ...]
    notices: tuple[Notice, ...]
    memberships: Mapping[str, tuple[Period, ...]]
    figures: Mapping[tuple[str, int], Decimal]
    choices: Choices
    law: Law
    stops: Stops = field(default_factory=lambda: NO_STOPS)


@dataclass
class Terms:
    """Tariffs that bind each contract from a day on, worked out once for each contract of a book."""

    book: Book
    billed_until: date
    """Day up to which bills reach, with those that are being drafted."""
    known_on: date
    """Day on whose knowledge of the law the prices rest."""
    _promises: dict[YearKey, GuaranteeTerms] = field(default_factory=dict)
    _by_contract: dict[str, list[tuple[date, Tariff]]] = field(default_factory=dict)
    _contracts_of: dict[Holder, list[Contract]] = field(default_factory=dict)
    _notices_to: dict[str, list[Notice]] = field(default_factory=dict)
    _lawful: dict[tuple[str, Period, str], tuple[TariffSpan, ...]] = field(default_factory=dict)

    law: Law = field(init=False)
    """The law as it is known on that day."""

    def __post_init__(self) -> None:
        self.law = self.book.law.as_known_on(self.known_on)
        for notice in self.book.notices:
            self._notices_to.setdefault(notice.member_id, []).append(notice)
        for contract in self.book.contracts:
            self._contracts_of.setdefault((contract.connection_id, contract.member_id), []).append(contract)

    def bind(self, contract: Contract) -> list[tuple[date, Tariff]]:
        """From which day which tariff binds a contract."""
        terms = self._by_contract.get(contract.contract_id)
        if terms is None:
            notices = self._notices_to.get(contract.member_id, ())
            terms = terms_of(contract, self.book.tariffs, notices, self.law, self.book.stops)
            self._by_contract[contract.contract_id] = terms
        return terms

    def hold_to_law(self, spans: Sequence[TariffSpan], customer_class: str) -> tuple[TariffSpan, ...]:
        """The spans of tariffs of this book with what the law makes of them for a class: most contracts have the
        same."""
        held: list[TariffSpan] = []
        for span in spans:
            key = span.tariff.tariff_id, span.period, customer_class
            if key not in self._lawful:
                self._lawful[key] = hold_to_law([span], self.law, customer_class)
            held += self._lawful[key]
        return tuple(held)

    def promise(self, contract: Contract, year: Period) -> GuaranteeTerms:
        """Terms that the ceiling of a guarantee year follows from."""
        key = contract.contract_id, year.start
        if key not in self._promises:
            book = self.book
            self._promises[key] = guarantee_terms(contract, year, self.billed_until, book.figures, book.choices)
        return self._promises[key]

    def of_period(self, period: Period) -> PeriodTerms:
        """Find which contract is billed for which days of a period under which tariff."""
        return PeriodTerms(
            tuple(
                ContractDays(
                    contract.contract_id,
                    days,
                    tuple(
                        TariffSince(since, tariff.tariff_id)
                        for since, tariff in self.bind(contract)
                        if since < days.end
                    ),
                    contract.customer_class,
                )
                for contract in self.book.contracts
                if (days := contract.within(period)) is not None
            ),
            law_of(period, self.law),
            self.profile_of(period),
        )

    def profile_of(self, period: Period) -> Profile:
        """Spread of a year over its days where nobody read, by the choice of the first day of a period."""
        choice = self.book.choices.on(GuaranteeChoice, period.start)
        return Profile(choice.tap_share, choice.degree_days_by_month)

    def days_held(self, holder: Holder, period: Period) -> Period:
        """The days of a period that a member's contracts on a connection cover together.

        What metering measured for the member belongs to these days, so one contract of half a month bears all of it and
        two share it by days.
        """
        covered = [days for contract in self._contracts_of[holder] if (days := contract.within(period))]
        return Period(min(days.start for days in covered), max(days.end for days in covered))
