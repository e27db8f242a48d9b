"""Prices that bills charge, derived anew: which tariff bound on each day, what was voted, and what each line comes to.

On a day the tariff of the contract binds, or a later one of which a written notice had reached the member; before its
notice a later one binds only where it makes nothing dearer (BW 2:59). One that fell binds no longer from the day on
which that was told, or from its fall where nothing becomes dearer by it; a contract's own tariff makes way for a
cheaper one alone (BW 2:16). A bill may rest on what was known when it was drafted, which is at most ``DRAFTED_BEFORE``
earlier than its issue: also of the law.

Source: docs/domain/law-and-co-operative.md#a-price-change-binds-a-member, docs/domain/vat-and-bills.md#rounding,
docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from coop.communities.law import Law
from coop.events.governance import DecisionStopped, TariffAdopted
from coop.events.members import ContractSigned
from coop.verification.amounts import MEASURED, amount_cents
from coop.verification.rows import Kept, Rows
from coop.verification.terms import Notices
from coop.verification.told import Told, name_stop

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
ALWAYS = datetime.max.replace(tzinfo=UTC)
DRAFTED_BEFORE = 35 * DAY
PRICE_STEP = Fraction(1, 10**6)
MAXIMA_VAT = Fraction(21, 100)

Component = Mapping[str, Any]
Piece = tuple[str, str, date, date, str]
"""Subject of a line: component, group, first day, first day after, tariff."""


def verify_prices(kept: Kept, told: Told) -> Iterator[str]:
    """Every line at a price that was not voted or that the law does not allow, or under a tariff that did not bind on
    its days."""
    binding = Binding(told, Notices(told))
    charged: dict[tuple[str, date, date], dict[Piece, int]] = defaultdict(lambda: defaultdict(int))
    for bill in kept.bills:
        lines = [line for line in kept.lines.get(bill.id, ()) if line.kind != "guarantee"]
        yield from _verify_voted(bill, lines, binding)
        yield from _verify_lawful(bill, lines, binding)
        so_far = charged[bill.contract_id, bill.period_start, bill.period_end]
        for line in lines:
            piece = line.component, line.group_id, line.period_start, line.period_end, line.tariff_id
            so_far[piece] += line.amount_cents
        if (contract := binding.notices.contracts.get(bill.contract_id)) is not None:
            yield from _verify_bound(bill, contract, [piece for piece, cents in so_far.items() if cents], binding)


@dataclass(frozen=True)
class Known:
    """A state of knowledge: tariffs that were told up to an instant, and notices and law that were known on a day, of
    notices those that were told before the bill was issued."""

    told_at: datetime
    known_on: date
    issued_at: datetime = ALWAYS


@dataclass
class Binding:
    """Find which tariff binds a contract on a day, in a state of knowledge."""

    told: Told
    notices: Notices
    tariffs: Mapping[str, TariffAdopted] = field(init=False)
    _stops: Mapping[str, Sequence[DecisionStopped]] = field(init=False)
    _answers: dict[tuple[str, date, Known], str | None] = field(default_factory=dict)
    _laws: dict[date, Law] = field(default_factory=dict)
    _voted: dict[tuple[str, str, date, date, Decimal], bool] = field(default_factory=dict)
    _limited: dict[tuple[str, str, date, date, Decimal, Decimal], bool] = field(default_factory=dict)
    _named: dict[tuple[str, str], Component | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tariffs = {fact.tariff_id: fact for fact in self.told.tariffs}
        stops: dict[str, list[DecisionStopped]] = defaultdict(list)
        for stop in sorted(self.told.stops, key=lambda stop: stop.number):
            stops[stop.resolution_id].append(stop)
        self._stops = stops

    def states(self, contract: ContractSigned, bill: Row[Any]) -> list[Known]:
        """States of knowledge when a bill was drafted: what was when it was issued, and what was before each
        tariff, each fall of one and each notice of the time before; newest first."""
        issued_at, told_at = self.told.told_at.get(bill.id, ALWAYS), self.told.told_at
        named = [*self.tariffs, *(name_stop(stop) for stop in self.told.stops)]
        told = {told_at[name] for name in named if name in told_at}
        notices = [each for name in self.tariffs for each in self.notices.list_sent(name, contract.member_id)]
        sent = {day for each in notices for day in (each.known_on, each.failed_on)}
        instants = [issued_at, *(at - INSTANT for at in told if issued_at - DRAFTED_BEFORE < at <= issued_at)]
        days = {day - DAY for day in sent if bill.issued_on - DRAFTED_BEFORE < day <= bill.issued_on}
        known_on = [bill.issued_on, *sorted(days.union(self.days_of_law(bill)) - {bill.issued_on})]
        return [Known(at, day, issued_at) for day in known_on for at in sorted(instants, reverse=True)]

    def days_of_law(self, bill: Row[Any]) -> list[date]:
        """Days on whose knowledge of the law a bill may rest: that of its issue, and those before each publication of
        the time before."""
        days = {each.known_from for each in self.told.law.publications}
        return [bill.issued_on, *(day - DAY for day in days if bill.issued_on - DRAFTED_BEFORE < day <= bill.issued_on)]

    @cached_property
    def _days_of_change(self) -> frozenset[date]:
        stopped = (day for stop in self.told.stops for day in (stop.from_on, stop.stopped_on))
        begun = (tariff.valid_from for tariff in self.told.tariffs)
        published = (publication.valid_from for publication in self.told.law.publications)
        return frozenset([*begun, *published, *stopped])

    def days_to_ask(self, contract: ContractSigned, start: date, end: date) -> list[date]:
        """The first of some days and those among them on which another tariff may bind, or the same at another price:
        a tariff begins or falls, a notice was sent, the law changes. Between them everything stays as it is."""
        sent = {each.sent_on for name in self.tariffs for each in self.notices.list_sent(name, contract.member_id)}
        return [start, *sorted(day for day in self._days_of_change | sent if start < day < end)]

    def component(self, line: Row[Any]) -> Component | None:
        """The component of its tariff that a line prices; None where no such tariff was told, or it has none."""
        key = line.tariff_id, line.component
        if key not in self._named:
            voted = components_of(self.tariffs[line.tariff_id]) if line.tariff_id in self.tariffs else ()
            self._named[key] = next((each for each in voted if each["name"] == line.component), None)
        return self._named[key]

    def is_above_voted(self, line: Row[Any], component: Component, bill: Row[Any]) -> bool:
        """True for a price above the highest that was voted, with the VAT of its day in each state of knowledge."""
        key = line.tariff_id, line.component, line.period_start, bill.issued_on, line.price_eur
        if key not in self._voted:
            fact, laws = self.tariffs[line.tariff_id], map(self.law_on, self.days_of_law(bill))
            voted = max(_price(fact, component, line.period_start, law) for law in laws)
            self._voted[key] = Fraction(line.price_eur) > voted + PRICE_STEP
        return self._voted[key]

    def is_above_maximum(self, line: Row[Any], component: Component, customer_class: str, bill: Row[Any]) -> bool:
        """True for a price above the maximum of its own, in every state of knowledge that a bill may rest on."""
        limited = f"{component['product']} per {component['per']}"
        key = customer_class, limited, line.period_start, bill.issued_on, line.price_eur, line.vat_rate
        if key not in self._limited:
            asked = Fraction(line.price_eur) * (1 + MAXIMA_VAT) / (1 + Fraction(line.vat_rate))
            laws = map(self.law_on, self.days_of_law(bill))
            limits = [_maximum(law, line.period_start, customer_class, limited) for law in laws]
            self._limited[key] = all(limit is not None and asked > limit + PRICE_STEP for limit in limits)
        return self._limited[key]

    def law_on(self, day: date) -> Law:
        """The law as it was known on a day."""
        if day not in self._laws:
            self._laws[day] = self.told.law.as_known_on(day)
        return self._laws[day]

    def on(self, contract: ContractSigned, day: date, known: Known) -> str | None:
        """The tariff that binds on a day, as far as known."""
        key = contract.contract_id, day, known
        if key not in self._answers:
            self._answers[key] = self._derive(contract, day, known)
        return self._answers[key]

    def _derive(self, contract: ContractSigned, day: date, known: Known) -> str | None:
        told_at = self.told.told_at
        adopted = [fact for name, fact in self.tariffs.items() if told_at.get(name, known.told_at) <= known.told_at]
        adopted.sort(key=lambda fact: (fact.valid_from, fact.decided_on, fact.tariff_id))
        standing = [fact for fact in adopted if not self._fell(fact, contract.starts_on, known, early=True)]
        own = _own(contract, standing)
        if own is None or own.valid_from > contract.starts_on:
            own = _own(contract, adopted)
        if own is None or day < own.valid_from:
            return None
        gone_early = [fact for fact in adopted if fact is not own and self._fell(fact, day, known, early=True)]
        bound = self._replace(contract, day, known, own, [fact for fact in adopted if fact not in gone_early])
        left = [fact for fact in adopted if not self._fell(fact, day, known)]
        begun = own if own in left else _own(contract, left)
        if begun is not None and begun.valid_from <= day:
            instead = self._replace(contract, day, known, begun, left)
            law = self.law_on(known.known_on)
            if instead is not bound and _makes_nothing_dearer(instead, bound, contract.customer_class, day, law):
                return instead.tariff_id
        return bound.tariff_id

    def _fell(self, fact: TariffAdopted, day: date, known: Known, early: bool = False) -> bool:
        """True where a tariff has fallen on a day; ``early``: where that was told by then."""
        fell: dict[str, bool] = {}
        for stop in self._stops.get(fact.resolution_id, ()):
            is_known = self.told.told_at.get(name_stop(stop), known.told_at) <= known.told_at
            if is_known and stop.from_on <= day and not (early and stop.stopped_on > day):
                members, courts = ("restored", "referendum"), ("resumed", "suspended")
                whose = dict.fromkeys(members, "repealed") | dict.fromkeys(courts, "annulled")
                fell[whose.get(stop.manner, stop.manner)] = stop.manner not in ("resumed", "restored")
        return any(fell.values())

    def _replace(
        self, contract: ContractSigned, day: date, known: Known, own: TariffAdopted, adopted: Sequence[TariffAdopted]
    ) -> TariffAdopted:
        """The tariff that a contract began with, or what replaced it by a day."""
        bound = own
        for fact in adopted[adopted.index(own) + 1 :]:
            notice = self.notices.find(contract, fact.tariff_id, known.known_on, known.issued_at)
            if contract.tariff_clause is None or notice is None or fact.valid_from > day:
                continue
            if notice.sent_on <= day or _makes_nothing_dearer(
                fact, bound, contract.customer_class, day, self.law_on(known.known_on)
            ):
                bound = fact
        return bound


def _own(contract: ContractSigned, adopted: Sequence[TariffAdopted]) -> TariffAdopted | None:
    """The tariff that a contract began with: the newest in force and voted by then; else the first that was voted."""
    begun = [fact for fact in adopted if fact.valid_from <= contract.starts_on]
    voted = [fact for fact in begun if fact.decided_on <= contract.starts_on]
    if voted:
        return voted[-1]
    return min(begun or adopted, key=lambda fact: (fact.decided_on, fact.tariff_id), default=None)


def _verify_bound(bill: Row[Any], contract: ContractSigned, pieces: Sequence[Piece], binding: Binding) -> Iterator[str]:
    """Charges to a contract for a period by now, under tariffs that did not bind in any state of knowledge."""
    charged: dict[tuple[date, date, str], set[str]] = defaultdict(set)
    for component, _, start, end, tariff_id in pieces:
        charged[start, end, tariff_id].add(component)
    strays: list[list[str]] = []
    for known in binding.states(contract, bill):
        wrong = []
        for (start, end, tariff_id), names in charged.items():
            days = binding.days_to_ask(contract, start, end)
            unbound = next((day for day in days if not _binds(binding, contract, names, tariff_id, day, known)), None)
            if unbound is not None:
                wrong.append(f"bill {bill.number}: tariff {tariff_id} did not bind on {unbound}")
        if not wrong:
            return
        strays.append(wrong)
    yield from dict.fromkeys(strays[0])


def _binds(
    binding: Binding, contract: ContractSigned, names: Iterable[str], tariff_id: str, day: date, known: Known
) -> bool:
    """True where a tariff binds on a day in a state of knowledge, or one that is alike."""
    bound, law = binding.on(contract, day, known), binding.law_on(known.known_on)
    return _is_alike(binding, names, tariff_id, bound, contract.customer_class, day, law)


def _is_alike(
    binding: Binding, names: Iterable[str], tariff_id: str, bound: str | None, customer_class: str, day: date, law: Law
) -> bool:
    """True for the tariff that binds, and for one under which the components cost the same: nothing is corrected then.

    Two prices above the maximum of the day are the same price."""
    if tariff_id == bound or bound is None:
        return tariff_id == bound
    charged, binds = binding.tariffs.get(tariff_id), binding.tariffs.get(bound)
    if charged is None or binds is None:
        return False
    lawful = _Lawful(law, customer_class, day)
    uses = {(each["product"], each["per"]) for each in components_of(charged) if each["name"] in names}
    mine, theirs = ({use: _by_use(fact, customer_class).get(use, []) for use in uses} for fact in (charged, binds))
    return all(
        lawful.costs(charged, mine[use], edge) == lawful.costs(binds, theirs[use], edge)
        for use in uses
        for edge in {Fraction(each.get("from", 0)) for each in (*mine[use], *theirs[use])}
    )


@dataclass(frozen=True)
class _Lawful:
    """Prices as the law of a day lets them be asked of a class of customers."""

    law: Law
    customer_class: str
    day: date

    def costs(self, fact: TariffAdopted, components: Sequence[Component], edge: Fraction) -> Sequence[object]:
        """The price of the next unit above an edge, or the parts that are paid by the year or once; each with what
        else a member would feel: whether the guarantee counts it, its cap and its years."""
        if components and components[0]["per"] in MEASURED:
            components = [each for each in [_at(components, edge)] if each is not None]
        return sorted(
            (each["guarantee"], str(each.get("cap")), str(each.get("years")), self._price(fact, each))
            for each in components
            if Fraction(each["price"])
        )

    def _price(self, fact: TariffAdopted, component: Component) -> Fraction:
        """The price that was voted, or the maximum of its own where that is lower [EUR]."""
        voted = _price(fact, component, self.day, self.law)
        limit = _maximum(self.law, self.day, self.customer_class, f"{component['product']} per {component['per']}")
        if limit is None or component["per"] == "once":
            return voted
        return min(voted, limit * (1 + Fraction(self.law.vat_on(self.day, component["vat"]))) / (1 + MAXIMA_VAT))


def _verify_voted(bill: Row[Any], lines: Rows, binding: Binding) -> Iterator[str]:
    """Lines above the price that was voted, and lines that do not come to their quantity times their price."""
    for line in lines:
        if line.tariff_id not in binding.tariffs:
            continue
        if (voted := binding.component(line)) is None:
            yield f"bill {bill.number}: no meeting priced {line.component} in tariff {line.tariff_id}"
            continue
        if binding.is_above_voted(line, voted, bill):
            yield f"bill {bill.number}: {line.component} at {line.price_eur} EUR is above what was voted"
        is_capped = voted.get("cap") is not None and line.per in MEASURED
        amount = amount_cents(line)
        if bill.kind == "bill" and not (line.amount_cents == amount or (is_capped and line.amount_cents < amount)):
            yield f"bill {bill.number}: {line.component} comes to {amount} cents, {line.amount_cents} were billed"


def _verify_lawful(bill: Row[Any], lines: Rows, binding: Binding) -> Iterator[str]:
    """Lines of a first bill above the maximum of their own, in every state of knowledge that it may rest on."""
    contract = binding.notices.contracts.get(bill.contract_id)
    if bill.kind != "bill" or contract is None:
        return
    for line in lines:
        priced = binding.component(line)
        if priced and priced["per"] != "once" and binding.is_above_maximum(line, priced, contract.customer_class, bill):
            yield f"bill {bill.number}: {line.component} at {line.price_eur} EUR is above the maximum of the law"


def _maximum(law: Law, day: date, customer_class: str, component: str) -> Fraction | None:
    """The maximum of a component on a day, with the VAT that ACM states it with; None where there is none."""
    own = (each for each in law.maxima_on(day) if (each.customer_class, each.component) == (customer_class, component))
    return next((Fraction(each.price_eur) for each in own), None)


def components_of(fact: TariffAdopted) -> Sequence[Component]:
    """Priced components of a tariff, as they were adopted."""
    components: Sequence[Component] = fact.parameters["components"]
    return components


def _price(fact: TariffAdopted, component: Component, day: date, law: Law) -> Fraction:
    """A voted price with the VAT of a day [EUR]."""
    stated, of_day = (Fraction(law.vat_on(each, component["vat"])) for each in (fact.valid_from, day))
    return Fraction(component["price"]) * (1 + of_day) / (1 + stated)


def _makes_nothing_dearer(fact: TariffAdopted, than: TariffAdopted, customer_class: str, day: date, law: Law) -> bool:
    """True where no use costs more, no ceiling is left, no cap rises and no annuity runs longer."""
    mine, theirs = _by_use(fact, customer_class), _by_use(than, customer_class)
    for key, components in mine.items():
        others = theirs.get(key, [])
        if key[1] not in MEASURED:
            if not _sums_no_higher(fact, components, than, others, day, law):
                return False
            continue
        for edge in {Fraction(each.get("from", 0)) for each in (*components, *others)}:
            own, other = _at(components, edge), _at(others, edge)
            if own is None or _price(fact, own, day, law) == 0:
                continue
            if other is None or _price(fact, own, day, law) > _price(than, other, day, law):
                return False
            if other["guarantee"] and not own["guarantee"]:
                return False
            own_cap, other_cap = (None if (cap := each.get("cap")) is None else Fraction(cap) for each in (own, other))
            if own_cap != other_cap and (own_cap is None or (other_cap is not None and own_cap > other_cap)):
                return False
    return True


def _sums_no_higher(
    fact: TariffAdopted,
    components: Sequence[Component],
    than: TariffAdopted,
    others: Sequence[Component],
    day: date,
    law: Law,
) -> bool:
    """Compare what is paid by the year, or once, apart for what counts towards the ceiling and for each number of
    years."""
    sums: dict[object, list[Fraction]] = {}
    for place, (told, priced) in enumerate(((fact, components), (than, others))):
        for each in priced:
            sort = sums.setdefault((each["guarantee"], each.get("years")), [Fraction(0), Fraction(0)])
            sort[place] += _price(told, each, day, law)
    return all(own <= other for own, other in sums.values())


def _by_use(fact: TariffAdopted, customer_class: str) -> dict[tuple[str, str], list[Component]]:
    by_use: dict[tuple[str, str], list[Component]] = defaultdict(list)
    for component in components_of(fact):
        if customer_class in component.get("classes", ["full"]):
            by_use[component["product"], component["per"]].append(component)
    return by_use


def _at(components: Sequence[Component], edge: Fraction) -> Component | None:
    """The component that prices the next unit after so many in a year."""
    for component in components:
        until = component.get("to")
        if Fraction(component.get("from", 0)) <= edge and (until is None or edge < Fraction(until)):
            return component
    return None
