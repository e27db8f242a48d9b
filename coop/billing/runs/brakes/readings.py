"""Readings that do not fit: energy without a contract, contracts without energy, hours and stands that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from coop.billing.bills.drafts import Part, PeriodFacts
from coop.billing.bills.lines import PRODUCT_OF, is_priced
from coop.billing.brake import Brake
from coop.billing.model import HeatReading
from coop.billing.runs.brakes.look import Look, brake, count, day, gj, is_mass, span, text
from coop.billing.terms.rules import Holder
from coop.communities.tariffs import Product

HOUR = timedelta(hours=1)
ESTIMATED = Fraction(1, 5)
"""Share of readings that are reckoned, not read, which is many."""


def find_use_without_contract(look: Look) -> Iterator[Brake]:
    """Energy on a connection that no contract ever covered."""
    known = {(contract.connection_id, contract.member_id) for contract in look.book.contracts}
    for facts, _ in look.facts:
        for connection_id, _ in sorted(_uncovered(look, facts) - known):
            yield brake("no-contract", connection_id, period=span(facts.period))


def find_use_after_end(look: Look) -> Iterator[Brake]:
    """Energy of somebody whose contract does not cover the period: it ended, or is still to begin."""
    ends = {
        (contract.connection_id, contract.member_id): contract
        for contract in sorted(look.book.contracts, key=lambda contract: contract.starts_on)
    }
    for facts, _ in look.facts:
        for holder in sorted(_uncovered(look, facts) & ends.keys()):
            contract = ends[holder]
            yield brake(
                "use-outside-contract",
                holder[0],
                [contract.contract_id],
                period=span(facts.period),
                start=day(contract.starts_on),
                end=day(contract.ends_on or contract.starts_on),
                now=gj(_heat_gj(facts, holder)),
            )


def find_unpriced(look: Look) -> Iterator[Brake]:
    """Something that was measured or allocated and that no component of the tariff prices for its class of customer."""
    for facts, _ in look.facts:
        for connection_id, quantity in facts.unpriced:
            yield brake("unpriced", connection_id, quantity=text(quantity), period=span(facts.period))
    for draft in look.drafts:
        consumption = draft.inputs.consumption
        used = [(PRODUCT_OF[r.quantity], r.period) for r in consumption.readings if r.energy_j]
        used += [(Product.ELECTRICITY, share.period) for share in consumption.shares if share.allocated_wh]
        for product, period in dict.fromkeys(used):
            if not is_priced(consumption, product, period):
                names = [draft.inputs.contract_id]
                connection_id = draft.inputs.connection_id
                yield brake("unpriced", connection_id, names, quantity=text(product.value), period=span(period))


def find_no_reading(look: Look) -> Iterator[Brake]:
    """A contract in a period that is billed for the first time, without heat that was measured."""
    for facts, is_first in look.facts:
        if not is_first:
            continue
        for contract in look.book.contracts:
            readings = facts.readings.get((contract.connection_id, contract.member_id), ())
            is_read = any(reading.quantity == "heat" for reading in readings)
            if contract.within(facts.period) is not None and not is_read:
                yield brake("no-reading", contract.contract_id, [contract.contract_id], period=span(facts.period))


def find_clock_change(look: Look) -> Iterator[Brake]:
    """Readings of many that begin or end an hour beside midnight: the hour of a clock change is missing or double."""
    readings, off = 0, []
    for facts, _ in look.facts:
        for holder, reading in _readings(facts):
            parts = facts.parts.get(reading.measurement_id, ())
            if not parts:
                continue
            readings += 1
            early = reading.period.start_at - min(part.from_at for part in parts)
            late = max(part.to_at for part in parts) - reading.period.end_at
            if abs(early) == HOUR or abs(late) == HOUR:
                off.append(holder)
    if is_mass(len(off), readings):
        yield brake("clock-change", concerns=_contracts_of(look, off), count=count(len(off)), of=count(readings))


def find_swap_without_stands(look: Look) -> Iterator[Brake]:
    """A meter that was swapped, with hours between the last stand of the old one and the first of the new one."""
    for facts, _ in look.facts:
        for holder, reading in _readings(facts):
            parts = sorted(facts.parts.get(reading.measurement_id, ()), key=lambda part: (part.from_at, part.to_at))
            gap = _find_gap(parts)
            if gap is not None:
                yield brake(
                    "swap-without-stands",
                    holder[0],
                    _contracts_of(look, [holder]),
                    start=day(gap[0].to_at.date()),
                    end=day(gap[1].from_at.date()),
                    old=text(gap[0].meter),
                    new=text(gap[1].meter),
                )


def find_many_estimated(look: Look) -> Iterator[Brake]:
    """Readings of a first run that are reckoned and not read, which are many."""
    for facts, is_first in look.facts:
        readings = list(_readings(facts)) if is_first else []
        reckoned = [holder for holder, reading in readings if reading.estimated]
        if is_mass(len(reckoned), len(readings)) and len(reckoned) > ESTIMATED * len(readings):
            names = _contracts_of(look, reckoned)
            yield brake("many-estimated", concerns=names, count=count(len(reckoned)), of=count(len(readings)))


def find_negative_energy(look: Look) -> Iterator[Brake]:
    """Heat or shared electricity below nothing: a sign is turned, or a register ran backwards."""
    for facts, _ in look.facts:
        below = [holder for holder, reading in _readings(facts) if reading.energy_j < 0]
        below += [holder for holder, shares in facts.shares.items() if any(share.allocated_wh < 0 for share in shares)]
        if below:
            yield brake(
                "negative-energy",
                concerns=_contracts_of(look, below),
                count=count(len(below)),
                period=span(facts.period),
            )


def _uncovered(look: Look, facts: PeriodFacts) -> set[Holder]:
    """Connection and member that used energy on days that none of their contracts covers."""
    covered = {
        (contract.connection_id, contract.member_id)
        for contract in look.book.contracts
        if contract.within(facts.period) is not None
    }
    used = {holder for holder, readings in facts.readings.items() if any(reading.energy_j for reading in readings)}
    used |= {holder for holder, shares in facts.shares.items() if any(share.allocated_wh for share in shares)}
    return used - covered


def _readings(facts: PeriodFacts) -> Iterator[tuple[Holder, HeatReading]]:
    for holder, readings in facts.readings.items():
        for reading in readings:
            yield holder, reading


def _contracts_of(look: Look, holders: list[Holder]) -> list[str]:
    wanted = set(holders)
    contracts = look.book.contracts
    return [contract.contract_id for contract in contracts if (contract.connection_id, contract.member_id) in wanted]


def _heat_gj(facts: PeriodFacts, holder: Holder) -> Decimal:
    readings = (reading for reading in facts.readings.get(holder, ()) if reading.quantity == "heat")
    return sum((reading.energy_j for reading in readings), Decimal(0)).scaleb(-9)


def _find_gap(parts: list[Part]) -> tuple[Part, Part] | None:
    """Two meters after each other with more than an hour that neither read."""
    for n in range(1, len(parts)):
        read_until = max(parts[:n], key=lambda part: part.to_at)
        if parts[n].from_at - read_until.to_at > HOUR and parts[n].meter != read_until.meter:
            return read_until, parts[n]
    return None
