"""Contents of the paper of a bill beside its inputs, gathered once for a run, as it stands at the moment of issue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from coop.billing.bills import store as bills
from coop.billing.bills.asking import Asked
from coop.billing.bills.book import list_contracts, list_promises
from coop.billing.bills.compare import Comparer
from coop.billing.bills.paper import MeterStands, Paper, SharedUse, day_to_pay, reference_of, sort_of
from coop.billing.guarantee.gas import GasBenchmark, gas_benchmark
from coop.billing.guarantee.rules import PROMISES
from coop.billing.model import BillHead, BillInputs, GuaranteeTerms
from coop.billing.terms import heard_store as heard
from coop.billing.terms import store as terms
from coop.billing.terms.heard_store import Measurement
from coop.communities.law_store import load_law
from coop.communities.store import load_choices, profile_of
from coop.kit.tx import Tx


class Freezer:
    """All that the papers of a run may have to say, read once."""

    def __init__(self, tx: Tx, inputs: Sequence[BillInputs]) -> None:
        self._language = profile_of(tx, tx.today).language
        self._numbers = heard.list_connection_numbers(tx)
        periods = sorted({each.period for each in inputs})
        measured = {period: heard.list_measurements(tx, period) for period in periods}
        self._measurements = {(row.measurement_id, row.revision): row for rows in measured.values() for row in rows}
        shared = [row for period in periods for row in heard.list_allocations(tx, period)]
        self._promises = list_promises(tx)
        self._ends = {contract.contract_id: contract.ends_on for contract in list_contracts(tx)}
        self._shared = {(row.run_id, row.revision, row.group_id, row.holder): row for row in shared}
        self._choices, self._law = load_choices(tx), load_law(tx).as_known_on(tx.today)
        self._figures = {(figure.series, figure.year): figure.value for figure in terms.list_figures(tx)}
        self._benchmarks: dict[GuaranteeTerms, GasBenchmark | None] = {}
        self._compared = Comparer(tx, measured)
        corrected = bills.list_by_id(tx, [each.corrects for each in inputs if each.corrects])
        self._corrected: dict[str, tuple[str, date]] = {head.id: (head.number, head.issued_on) for head in corrected}

    def freeze(self, head: BillHead, inputs: BillInputs, asked: Asked) -> Paper:
        """Gather what the paper of one bill says beside its inputs."""
        return Paper(
            reference=reference_of(head.number),
            due_on=day_to_pay(head),
            language=self._language,
            connection=self._numbers.get(head.connection_id, ""),
            corrects=self._corrected.get(head.corrects) if head.corrects else None,
            stands=tuple(self._stands(inputs)),
            shared=tuple(self._shared_use(inputs)),
            comparison=self._compared.compare(inputs),
            origin=self._compared.origin,
            promise=self._promises.get(inputs.contract_id),
            asked=asked,
            gas=self._gas(inputs),
            sort=sort_of(inputs, asked, self._ends.get(inputs.contract_id)),
        )

    def _gas(self, inputs: BillInputs) -> GasBenchmark | None:
        """Comparison of the ceiling of the newest guarantee year with gas; None where nothing is promised."""
        promised = [state.terms for state in inputs.guarantee if state.terms.mode in PROMISES]
        if not promised:
            return None
        terms = promised[-1]
        if terms not in self._benchmarks:
            self._benchmarks[terms] = gas_benchmark(terms, self._figures, self._choices, self._law)
        return self._benchmarks[terms]

    def _stands(self, inputs: BillInputs) -> Iterable[MeterStands]:
        """Stands of what the bill prices now, and of nobody else's meters."""
        for reading in inputs.consumption.readings:
            told = self._measurements.get((reading.measurement_id, reading.revision))
            if told is not None and told.member_id == inputs.member_id:
                yield from _stands_of(told)

    def _shared_use(self, inputs: BillInputs) -> Iterable[SharedUse]:
        holder = inputs.connection_id, inputs.member_id
        for share in inputs.consumption.shares:
            told = self._shared.get((share.run_id, share.revision, share.group_id, holder))
            if told is not None:
                yield SharedUse(told.run_id, told.revision, told.group_id, told.consumed_wh, told.allocated_wh)


def _stands_of(told: Measurement) -> list[MeterStands]:
    """Stands of a measurement as somebody read them: where a register passed its highest stand, those before and after.

    Metering tells two parts then, the second from below nothing on, which no meter shows.
    """
    found: list[MeterStands] = []
    for part in told.parts:
        stands = MeterStands(
            told.measurement_id,
            part.meter,
            part.from_at,
            part.to_at,
            part.from_stand,
            part.to_stand,
            part.exponent,
            part.from_quality,
            part.to_quality,
        )
        before = found[-1] if found else None
        if before and part.from_stand < 0 and (before.meter, before.to_at) == (part.meter, part.from_at):
            counted = before.used + stands.used
            stands = replace(
                before, to_at=part.to_at, to_stand=part.to_stand, to_quality=part.to_quality, counted=counted
            )
            found.pop()
        found.append(stands)
    return found
