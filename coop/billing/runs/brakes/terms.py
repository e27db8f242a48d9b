"""Terms that do not fit: ceilings, index figures, tariffs, prices, rates of VAT, contracts and periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise

from coop.billing.brake import Brake
from coop.billing.guarantee.rules import ceiling_cents
from coop.billing.model import Contract, GuaranteeTerms, LineKind, Tariff, YearFigure
from coop.billing.runs.brakes.look import Look, brake, cents, count, day, is_mass, number, percent, price, span, text
from coop.billing.terms.tariffs import find_component, first_notices, needs_notice
from coop.communities.law import Law
from coop.communities.tariff_law import UNREGULATED
from coop.values import Period

CEILING = (Fraction(4, 5), Fraction(5, 4))
"""Between these times the one before a ceiling lies, where no end cut its year short."""
INDEX = (Decimal("0.95"), Decimal("1.15"))
"""Between these an index factor of household prices has lain in every year since 1963 but those of high inflation."""
PRICE_JUMP = Fraction(5, 4)
"""So many times the price of the bill before nobody votes in one step."""


def find_ceiling_moved(look: Look) -> Iterator[Brake]:
    """Ceilings of many that are far from what they were: of the same guarantee year, or of the one before."""
    moved = []
    terms = _terms_now(look)
    for (contract_id, start), promised in terms.items():
        before_cents = _ceiling_before(look, contract_id, start)
        now_cents = ceiling_cents(promised)
        if before_cents and now_cents and not _is_cut_short(promised):
            low, high = CEILING
            if not low <= Fraction(now_cents, before_cents) <= high:
                moved.append((contract_id, before_cents, now_cents))
    if is_mass(len(moved), len(terms)):
        _, before_cents, now_cents = max(moved, key=lambda each: abs(each[2] - each[1]))
        yield brake(
            "ceiling-moved",
            concerns=[name for name, _, _ in moved],
            count=count(len(moved)),
            now=cents(now_cents),
            before=cents(before_cents),
        )


def find_ceiling_gone(look: Look) -> Iterator[Brake]:
    """Ceilings of many that are no longer there."""
    terms = _terms_now(look)
    gone = [
        contract_id
        for (contract_id, start), promised in terms.items()
        if ceiling_cents(promised) is None and _ceiling_before(look, contract_id, start) is not None
    ]
    if is_mass(len(gone), len(terms)):
        yield brake("ceiling-gone", concerns=gone, count=count(len(gone)))


def find_index_off(look: Look) -> Iterator[Brake]:
    """An index factor that no year of household prices had."""
    for figure, contracts in _factors(look).items():
        if not INDEX[0] <= figure.value <= INDEX[1]:
            yield brake("index-off", concerns=contracts, year=text(figure.year), value=number(figure.value))


def find_index_repeated(look: Look) -> Iterator[Brake]:
    """An index factor that is to the third digit that of the year before: one figure entered for two years."""
    factors = _factors(look)
    for before, figure in pairwise(sorted(factors, key=lambda figure: figure.year)):
        is_exact = figure.value != round(figure.value, 2)
        if figure.year == before.year + 1 and figure.value == before.value and is_exact:
            yield brake(
                "index-repeated",
                concerns=factors[figure],
                year=text(figure.year),
                before=text(before.year),
                value=number(figure.value),
            )


def find_stale_tariff(look: Look) -> Iterator[Brake]:
    """Bills of many by an older tariff, because nobody had a written notice of the newer one that a meeting adopted."""
    contracts = {contract.contract_id: contract for contract in look.book.contracts}
    sent = first_notices(look.book.notices)
    for tariff in look.book.tariffs:
        stale = [
            draft.inputs.contract_id
            for draft in look.first
            if draft.inputs.consumption.spans
            and tariff.valid_from <= draft.inputs.consumption.days.start
            and draft.inputs.consumption.spans[-1].tariff.valid_from < tariff.valid_from
            and needs_notice(contracts[draft.inputs.contract_id], tariff)
            and (tariff.tariff_id, draft.inputs.member_id) not in sent
        ]
        if is_mass(len(stale), len(look.first)):
            yield brake("stale-tariff", tariff.tariff_id, stale, count=count(len(stale)), since=day(tariff.valid_from))


def find_price_jump(look: Look) -> Iterator[Brake]:
    """A price of heat that for many is far above, or below, that of the bill before."""
    pairs = [(now, before) for now, before in look.pair(look.before) if now.heat_price and before.heat_price]
    jumped = [
        (now, before)
        for now, before in pairs
        if now.heat_price
        and before.heat_price
        and not 1 / PRICE_JUMP <= Fraction(now.heat_price) / Fraction(before.heat_price) <= PRICE_JUMP
    ]
    if is_mass(len(jumped), len(pairs)):
        now, before = jumped[0]
        names = [now.contract_id for now, _ in jumped]
        yield brake(
            "price-jump",
            concerns=names,
            count=count(len(jumped)),
            now=price(now.heat_price),
            before=price(before.heat_price),
        )


def find_price_unvoted(look: Look) -> Iterator[Brake]:
    """A line that is dearer than what a meeting voted, without VAT."""
    tariffs = {tariff.tariff_id: tariff for tariff in look.book.tariffs}
    off: dict[str, list[str]] = defaultdict(list)

    @cache
    def is_dearer(tariff_id: str, component: str, price_eur: Decimal, rate: Decimal) -> bool:
        voted = tariffs.get(tariff_id)
        return voted is None or _net(price_eur, rate) > _voted_net(voted, component, look.law)

    for draft in look.first:
        for line in draft.bill.lines:
            if line.kind is LineKind.GUARANTEE:
                continue
            if is_dearer(line.tariff_id, line.component, line.price_eur, line.vat_rate):
                off[line.tariff_id].append(draft.inputs.contract_id)
    for tariff_id, names in off.items():
        yield brake("price-unvoted", tariff_id, names, count=count(len(set(names))))


def find_other_vat(look: Look) -> Iterator[Brake]:
    """Lines with another rate of VAT than the law has on their days for what they are of."""
    tariffs = {tariff.tariff_id: tariff for tariff in look.book.tariffs}
    off: dict[tuple[Decimal, Decimal], list[str]] = defaultdict(list)
    for draft in look.first:
        for line in draft.bill.lines:
            lawful = look.law.vat_on(line.period.start, _category(tariffs.get(line.tariff_id), line.component))
            if line.vat_rate != lawful and line.kind is not LineKind.GUARANTEE:
                off[line.vat_rate, lawful].append(draft.inputs.contract_id)
    for (rate, lawful), names in off.items():
        yield brake(
            "other-vat", concerns=names, count=count(len(set(names))), rate=percent(rate), lawful=percent(lawful)
        )


def find_without_maximum(look: Look) -> Iterator[Brake]:
    """A contract for which the law sets no maximum prices, and whose bill before was under them, or is not there."""
    for draft in look.drafts:
        inputs = draft.inputs
        name = inputs.contract_id
        if UNREGULATED == inputs.consumption.customer_class != look.classes_before.get(name):
            yield brake("without-maximum", name, [name], since=day(inputs.consumption.days.start))


def find_two_contracts(look: Look) -> Iterator[Brake]:
    """Two contracts that cover the same days on one connection."""
    if look.period is None:
        return
    by_connection: dict[str, list[tuple[Contract, Period]]] = defaultdict(list)
    for contract in look.book.contracts:
        if days := contract.within(look.period):
            by_connection[contract.connection_id].append((contract, days))
    for connection_id, covered in by_connection.items():
        in_order = sorted(covered, key=lambda each: each[1].start)
        for (first, days), (second, others) in pairwise(in_order):
            both = days.overlap(others)
            if both is not None:
                names = [first.contract_id, second.contract_id]
                yield brake("two-contracts", connection_id, names, start=day(both.start), days=count(both.days))


def find_member_left(look: Look) -> Iterator[Brake]:
    """A bill of somebody who left the co-operative before its period, while the contract goes on."""
    for draft in look.first:
        spans = look.book.memberships.get(draft.inputs.member_id, ())
        left_on = max((span.end for span in spans), default=None)
        if left_on is not None and left_on <= draft.inputs.consumption.days.start:
            name = draft.inputs.contract_id
            yield brake("member-left", name, [name], left=day(left_on))


def find_double_period(look: Look) -> Iterator[Brake]:
    """A period with days that were billed already as part of another."""
    if look.period is None:
        return
    for billed in sorted(look.billed):
        both = billed.overlap(look.period)
        if both is not None and billed != look.period:
            yield brake("double-period", period=span(billed), start=day(both.start), days=count(both.days))


def find_gap(look: Look) -> Iterator[Brake]:
    """Days between the last billed period and this one, on which somebody had a contract."""
    if look.period is None:
        return
    before = [billed.end for billed in look.billed if billed.end <= look.period.start]
    if not before or max(before) == look.period.start:
        return
    gap = Period(max(before), look.period.start)
    missed = [contract.contract_id for contract in look.book.contracts if contract.within(gap)]
    if missed:
        last = gap.end - timedelta(days=1)
        yield brake("gap", concerns=missed, start=day(gap.start), last=day(last), count=count(len(missed)))


def _terms_now(look: Look) -> dict[tuple[str, date], GuaranteeTerms]:
    """Terms of the ceilings that this run touches, by contract and first day of the guarantee year."""
    terms = {
        (draft.inputs.contract_id, state.terms.year.start): state.terms
        for draft in look.drafts
        for state in draft.inputs.guarantee
    }
    return terms | {(move.contract_id, move.terms.year.start): move.terms for move in look.moves}


def _ceiling_before(look: Look, contract_id: str, start: date) -> int | None:
    """The ceiling as the newest entry of the year has it, or that of the year before where the year is new."""
    entry = look.years.get((contract_id, start))
    if entry is not None and entry.terms is not None:
        return None if _is_cut_short(entry.terms) else entry.ceiling_cents
    earlier = look.ended_years.get((contract_id, start))
    return None if earlier is None or earlier.terms is None or _is_cut_short(earlier.terms) else earlier.ceiling_cents


def _is_cut_short(terms: GuaranteeTerms) -> bool:
    return terms.days_covered < terms.year.days


def _factors(look: Look) -> dict[YearFigure, list[str]]:
    """The index factors that ceilings rest on, with their contracts."""
    factors: dict[YearFigure, list[str]] = defaultdict(list)
    for (contract_id, _), promised in _terms_now(look).items():
        for figure in promised.factors:
            factors[figure].append(contract_id)
    return factors


def _voted_net(tariff: Tariff, name: str, law: Law) -> Fraction:
    """The price of a component as it was voted, without VAT; below nothing for one that was not."""
    component = find_component(tariff, name)
    if component is None:
        return Fraction(-1)
    return _net(component.price_eur, law.vat_on(tariff.valid_from, component.vat))


def _category(tariff: Tariff | None, name: str) -> str:
    """The category of VAT of a component."""
    component = None if tariff is None else find_component(tariff, name)
    return "energy" if component is None else component.vat


def _net(price_eur: Decimal, rate: Decimal) -> Fraction:
    """A price without VAT, to a hundredth of a cent."""
    return Fraction(round(Fraction(price_eur) / (1 + Fraction(rate)) * 10_000), 10_000)
