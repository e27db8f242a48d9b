"""Amounts that bills charge, derived anew from what metering told: a bill and its corrections added up.

    charged so far for a part of a tariff = round(energy of the newest telling * price)     or its price by days

A correction has a line only where that moves a cent, so money is compared and not energy. Where a measurement lies on
the days of several prices, what is charged lies between all of it at the lowest and all at the highest; where the
tariff has bands or a cap, or the contract covers only some of the days, it is no more than all of it.

Source: docs/domain/vat-and-bills.md#rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import Row

from coop.events.governance import TariffAdopted
from coop.events.metering import EnergyAllocated, PeriodMeasured
from coop.verification.amounts import MEASURED, amount_cents, cents
from coop.verification.prices import components_of
from coop.verification.rows import Kept
from coop.verification.told import Told

GJ, KWH = Fraction(1, 10**9), Fraction(1, 10**3)

Use = PeriodMeasured | EnergyAllocated
Part = tuple[str, str, str, date, date]
"""Subject of a charge: contract, component, group, first day and first day after."""


@dataclass
class Charged:
    """Charges of a part under one tariff, over all documents so far, with the newest line of it."""

    cents: int
    newest: Row[Any]


@dataclass
class Sums:
    """Charges so far by part and tariff, and the parts that share out what was measured in a period."""

    charged: dict[tuple[Part, str], Charged] = field(default_factory=dict)
    parts_of: dict[Part, set[tuple[Part, str]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, key: tuple[Part, str], line: Row[Any]) -> None:
        """Count a line in."""
        so_far = self.charged.get(key)
        self.charged[key] = Charged(line.amount_cents + (so_far.cents if so_far else 0), line)

    def list_charged(self, whole: Part) -> list[Charged]:
        """Parts of a measurement's period for which something is charged by now."""
        charged = (self.charged[key] for key in self.parts_of[whole])
        return [each for each in charged if each.cents]


def verify_quantities(kept: Kept, told: Told) -> Iterator[str]:
    """Every line of a use that metering did not tell of the contract's holder, and every part of a tariff that bills
    and corrections together charge otherwise than it comes to, or twice."""
    uses: dict[tuple[str, int, str, str, str], Use] = {
        (fact.measurement_id, fact.revision, "", fact.connection_id, fact.member_id): fact for fact in told.measured
    }
    uses |= {
        (fact.run_id, fact.revision, fact.group_id, fact.connection_id, fact.member_id): fact for fact in told.allocated
    }
    tariffs = {fact.tariff_id: fact for fact in told.tariffs}
    connections = {fact.contract_id: fact.connection_id for fact in told.signed}
    sums = Sums()
    for bill in kept.bills:
        holder = connections.get(bill.contract_id, ""), bill.member_id
        used: dict[Part, Use] = {}
        for line in (line for line in kept.lines.get(bill.id, ()) if line.kind != "guarantee"):
            part = bill.contract_id, line.component, line.group_id, line.period_start, line.period_end
            sums.add((part, line.tariff_id), line)
            if line.per not in MEASURED:
                continue
            use = uses.get((line.source_id, line.source_revision, line.group_id, *holder))
            if use is None or not use.period_start <= line.period_start < line.period_end <= use.period_end:
                yield f"bill {bill.number}: {line.component} is of no use that metering told of this member"
                continue
            whole = *part[:3], use.period_start, use.period_end
            sums.parts_of[whole].add((part, line.tariff_id))
            used[whole] = max(used.get(whole, use), use, key=lambda each: each.revision)
        for whole, use in used.items():
            yield from _verify_use(f"bill {bill.number}: {whole[1]}", use, sums.list_charged(whole), tariffs)
    yield from _verify_days(sums)


def _verify_use(what: str, use: Use, charged: Sequence[Charged], tariffs: Mapping[str, TariffAdopted]) -> Iterator[str]:
    """Hold what is charged for a measurement beside its energy at the lowest and at the highest price."""
    energy = Fraction(use.energy_j) * GJ if isinstance(use, PeriodMeasured) else use.allocated_wh * KWH
    total = sum(each.cents for each in charged)
    due = [energy * Fraction(each.newest.price_eur) for each in charged] or [Fraction(0)]
    slack = len(charged) if len(charged) > 1 else 0
    most, least = cents(max(due)) + slack, cents(min(due)) - slack
    covered = sum((each.newest.period_end - each.newest.period_start).days for each in charged)
    is_whole = covered == (use.period_end - use.period_start).days
    is_plain = all(_is_plain(each.newest, tariffs) for each in charged)
    if total > most or (is_whole and is_plain and total < least):
        kwh_or_gj = f"{float(energy):g} {charged[0].newest.per if charged else ''}".strip()
        yield f"{what} comes to {total} cents by now, {kwh_or_gj} from {use.period_start} to {most}"


def _is_plain(line: Row[Any], tariffs: Mapping[str, TariffAdopted]) -> bool:
    """True where a component has no band and no cap."""
    fact = tariffs.get(line.tariff_id)
    named = (each for each in components_of(fact) if each["name"] == line.component) if fact else ()
    return all(each.get(name) is None for each in named for name in ("from", "to", "cap"))


def _verify_days(sums: Sums) -> Iterator[str]:
    """Prices by days that come to something else with all corrections, and parts that are charged twice."""
    left = {key: each for key, each in sums.charged.items() if each.cents}
    for (part, _), each in left.items():
        line = each.newest
        due = amount_cents(line) if line.per == "year" else cents(Fraction(line.price_eur))
        if line.per not in MEASURED and each.cents != due:
            yield f"contract {part[0]}: {part[1]} from {part[3]} comes to {due} cents, {each.cents} are charged by now"
    for (contract_id, component, _), parts in groupby(sorted(part for part, _ in left), key=lambda part: part[:3]):
        for before, after in pairwise(parts):
            if after[3] < before[4]:
                yield f"contract {contract_id}: {component} from {after[3]} is charged twice"
