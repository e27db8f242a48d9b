"""Walk a bill back: compute it again from what was heard, and say everything that does not agree.

Three things are compared to the cent: the inputs kept with the bill against the facts as heard (readings versions,
allocation, tariff and its resolution, reference years, guarantee state), the bill that these inputs give against the
bill that was issued, and the ledger against both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

import orjson
from sqlalchemy import Connection

from coop.billing.model import BillInputs, Consumption, GuaranteeState, GuaranteeTerms, Line, TariffSpan
from coop.billing.rules.bills import compute_bill
from coop.billing.rules.choices import guarantee_choice
from coop.billing.rules.ledger import transfers_of_bill
from coop.billing.storage import bills, ledger
from coop.billing.storage import terms as stored_terms
from coop.billing.storage.bills import IssuedBill
from coop.billing.storage.book import load_contract, load_measurement, load_share, tariff_of
from coop.billing.storage.heard import tariff_row
from coop.values import NotFound, Period, eur, hash_parameters


@dataclass(frozen=True)
class VerifiedLine:
    """One line as issued beside the same line recomputed [cents]."""

    kind: str
    issued_cents: int
    recomputed_cents: int


@dataclass(frozen=True)
class Reference:
    """One thing that a bill rests on, by kind (reading, allocation, tariff, resolution, bill) and id.

    ``versions`` are the hashes of the blocks that a reading was read from, ``adopts`` says what a resolution adopted:
    ``key`` or ``tariff``.
    """

    kind: str
    id: str
    revision: int = 0
    versions: tuple[str, ...] = ()
    period: Period | None = None
    adopts: str = ""


@dataclass(frozen=True)
class Verification:
    """What came of recomputing a bill. It agrees when there are no findings."""

    bill_id: str
    number: str
    total_cents: int
    recomputed_cents: int
    lines: tuple[VerifiedLine, ...]
    references: tuple[Reference, ...]
    findings: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """True when the recomputation gives the bill to the cent."""
        return not self.findings


def verify_bill(connection: Connection, community: str, number_or_id: str) -> Verification:
    """Recompute a bill from the facts that it names.

    Raises:
        NotFound: there is no such bill.
    """
    found = bills.find_bills(connection, community, number=number_or_id) or bills.find_bills(
        connection, community, bill_id=number_or_id
    )
    if not found:
        raise NotFound(f"there is no bill {number_or_id}")
    issued = found[0]
    findings: list[str] = []
    if bills.hash_of(bills.canonical(issued.inputs)) != issued.inputs_hash:
        findings.append("the kept inputs no longer have the hash that was told when the bill was issued")
    heard = _as_heard(connection, community, issued, findings)
    again = compute_bill(heard)
    lines = tuple(_compared(was, became) for was, became in zip_longest(issued.bill.lines, again.lines))
    if issued.bill.lines != again.lines:
        findings += [
            f"line {place} ({line.kind}): {eur(line.issued_cents)} EUR was billed, {eur(line.recomputed_cents)} follows"
            for place, line in enumerate(lines, 1)
            if line.issued_cents != line.recomputed_cents
        ] or ["a line rests on something else than was billed"]
    if issued.bill.total_cents != again.total_cents:
        findings.append(f"total: {eur(issued.bill.total_cents)} EUR was billed, {eur(again.total_cents)} follows")
    if issued.bill.vat != again.vat:
        findings.append("the VAT does not follow from the lines")
    if issued.bill.guarantee != again.guarantee:
        findings.append("the guarantee does not follow from the lines")
    if ledger.transfers_of(connection, community, "bill", issued.id) != transfers_of_bill(
        issued.inputs.member_id, again
    ):
        findings.append("the ledger does not hold what the bill moves")
    return Verification(
        bill_id=issued.id,
        number=issued.number,
        total_cents=issued.bill.total_cents,
        recomputed_cents=again.total_cents,
        lines=lines,
        references=references_of(issued.inputs),
        findings=tuple(findings),
    )


def _compared(was: Line | None, became: Line | None) -> VerifiedLine:
    shown = was or became
    assert shown is not None
    return VerifiedLine(shown.kind.value, was.amount_cents if was else 0, became.amount_cents if became else 0)


def _as_heard(connection: Connection, community: str, issued: IssuedBill, findings: list[str]) -> BillInputs:
    """The bill's inputs, with every fact taken again from what was heard; each difference is a finding."""
    inputs = issued.inputs
    contract = load_contract(connection, community, inputs.contract_id)
    if contract is None:
        findings.append(f"contract {inputs.contract_id} is not on file")
    elif (contract.member_id, contract.connection_id) != (inputs.member_id, inputs.connection_id):
        findings.append(f"contract {inputs.contract_id} names another member or connection")
    years = []
    for state in inputs.guarantee:
        if contract is not None and not set(state.terms.reference) <= set(contract.reference):
            findings.append("the reference years are not those of the contract")
        findings += _figure_findings(connection, community, state.terms)
        before = bills.entries_before(connection, community, inputs.contract_id, state.terms.year.start, issued.number)
        if before != (state.heat_before_cents, state.credit_before_cents):
            findings.append(f"the bills before give another state of the guarantee year from {state.terms.year.start}")
        years.append(GuaranteeState(state.terms, *before))
    previous = inputs.previous
    return replace(
        inputs,
        consumption=_consumption(connection, community, inputs, inputs.consumption, findings),
        previous=None if previous is None else _consumption(connection, community, inputs, previous, findings),
        guarantee=tuple(years),
    )


def _consumption(
    connection: Connection, community: str, inputs: BillInputs, kept: Consumption, findings: list[str]
) -> Consumption:
    holder = (inputs.connection_id, inputs.member_id)
    readings = []
    for reading in kept.readings:
        measured = load_measurement(connection, community, reading.measurement_id, reading.revision)
        if measured is None:
            findings.append(f"measurement {reading.measurement_id} revision {reading.revision} is not on file")
            continue
        # The days that a reading stands for are cut to the contract; everything else must be as it was told.
        measured = replace(measured, period=reading.period)
        if measured != reading:
            findings.append(f"measurement {reading.measurement_id} revision {reading.revision} says something else now")
        readings.append(measured)
    shares = []
    for share in kept.shares:
        allocated = load_share(connection, community, share, holder)
        if allocated is None:
            findings.append(f"allocation {share.run_id} of {inputs.connection_id} is not on file")
            continue
        allocated = replace(allocated, period=share.period)
        if allocated != share:
            findings.append(f"allocation {share.run_id} of {inputs.connection_id} says something else now")
        shares.append(allocated)
    spans = [_span(connection, community, span, findings) for span in kept.spans]
    return replace(kept, readings=tuple(readings), shares=tuple(shares), spans=tuple(spans))


def _span(connection: Connection, community: str, span: TariffSpan, findings: list[str]) -> TariffSpan:
    row = tariff_row(connection, community, span.tariff.tariff_id)
    if row is None:
        findings.append(f"tariff {span.tariff.tariff_id} is not on file")
        return span
    if not hash_parameters(orjson.loads(row.parameters)) == row.parameters_hash == row.notice_hash:
        findings.append(f"tariff {span.tariff.tariff_id} is not what its resolution adopted")
    tariff = tariff_of(row)
    if tariff != span.tariff:
        findings.append(f"tariff {span.tariff.tariff_id} says something else now")
    return replace(span, tariff=tariff)


def _figure_findings(connection: Connection, community: str, terms: GuaranteeTerms) -> list[str]:
    """Published figures of a ceiling that are on file otherwise than the bill says."""
    choice = guarantee_choice(terms.year.start)
    used = [(choice.index_series, figure) for figure in terms.factors]
    used += [(choice.degree_day_series, figure) for figure in terms.degree_days]
    found = []
    for series, figure in used:
        row = stored_terms.get_figure(connection, community, series, figure.year)
        if row is None or Decimal(row.value) != figure.value:
            found.append(f"{series} of {figure.year} is not on file as {figure.value}")
    return found


def references_of(inputs: BillInputs) -> tuple[Reference, ...]:
    """What the bill rests on, each once, in the order of the walk back."""
    found = []
    for consumption in (inputs.consumption, inputs.previous):
        if consumption is None:
            continue
        for reading in consumption.readings:
            found.append(
                Reference("reading", reading.measurement_id, reading.revision, reading.versions, reading.period)
            )
        for share in consumption.shares:
            found.append(Reference("allocation", share.run_id, share.revision, period=share.period))
            found.append(Reference("resolution", share.resolution_id, adopts="key"))
        for span in consumption.spans:
            found.append(Reference("tariff", span.tariff.tariff_id, period=span.period))
            found.append(Reference("resolution", span.tariff.resolution_id, adopts="tariff"))
    if inputs.corrects:
        found.append(Reference("bill", inputs.corrects))
    return tuple(dict.fromkeys(found))
