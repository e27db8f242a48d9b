"""Walk a bill back: compute it again from what was heard, and say everything that does not agree.

First the stored bytes of its inputs are held beside the hash that was told when it was issued. Then three things are
compared to the cent: the kept inputs against the facts as heard (readings versions, allocation, tariff and its
resolution, reference years, guarantee state, the co-operative that issued it), the bill that these inputs give against
the bill that was issued, and the ledger against both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from coop.billing.bills.ledger import transfers_of_bill
from coop.billing.bills.rules import compute_bill
from coop.billing.bills.schemas import BILL_PAPER
from coop.billing.bills.splitting import days_of_cuts, narrow
from coop.billing.bills.store import IssuedBill
from coop.billing.checking.ground import Ground
from coop.billing.guarantee.rules import chosen_of, promised_mode
from coop.billing.model import (
    Bill,
    BillInputs,
    Consumption,
    Contract,
    GuaranteeTerms,
    Line,
    TariffSpan,
)
from coop.billing.terms.tariffs import tariff_on
from coop.communities.choices import GuaranteeChoice
from coop.communities.stops import is_stopped
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx
from coop.values import BadInput, NotFound, Period, eur, say


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
    ``key``, ``tariff`` or ``guarantee``.
    """

    kind: str
    id: str
    revision: int = 0
    versions: tuple[str, ...] = ()
    period: Period | None = None
    adopts: str = ""


@dataclass(frozen=True)
class Verification:
    """Outcome of recomputing a bill. It agrees when there are no findings."""

    bill_id: str
    number: str
    total_cents: int
    recomputed_cents: int
    lines: tuple[VerifiedLine, ...]
    references: tuple[Reference, ...]
    findings: tuple[str, ...]
    issued: IssuedBill | None
    """The bill as it was issued; None where its inputs can no longer be read."""

    @property
    def agrees(self) -> bool:
        """True when the recomputation gives the bill to the cent."""
        return not self.findings


def verify_bill(tx: Tx, number_or_id: str, ground: Ground | None = None) -> Verification:
    """Recompute a bill from the facts that it names.

    Args:
        ground: what was read for other bills in the same view.

    Raises:
        NotFound: there is no such bill.
    """
    ground = ground or Ground(tx)
    head = ground.head(number_or_id)
    if head is None:
        raise NotFound(say("there is no bill %(bill)s", bill=number_or_id))
    try:
        issued = ground.issued(head)
    except (NotFound, UnreadableDocument) as unreadable:
        return Verification(head.id, head.number, head.total_cents, 0, (), (), (unreadable.message,), None)
    findings = _head_findings(issued)
    recomputed = compute_bill(_as_heard(ground, issued, findings))
    findings += _bill_findings(issued.bill, recomputed) + _asked_findings(ground, issued)
    if ground.transfers(head) != transfers_of_bill(issued.inputs.member_id, recomputed):
        findings.append("the ledger does not hold what the bill moves")
    return Verification(
        bill_id=issued.id,
        number=issued.number,
        total_cents=issued.bill.total_cents,
        recomputed_cents=recomputed.total_cents,
        lines=_compare_lines(issued.bill, recomputed),
        references=references_of(issued.inputs),
        findings=tuple(findings),
        issued=issued,
    )


def _head_findings(issued: IssuedBill) -> list[str]:
    """Name what the head says otherwise than the inputs, and whether these are still the bytes that were told of."""
    findings = []
    if issued.document.sha256 != issued.inputs_hash:
        findings.append("the kept inputs no longer have the hash that was told when the bill was issued")
    inputs = issued.inputs
    head = issued.member_id, issued.contract_id, issued.connection_id, issued.corrects, issued.period, issued.days
    if head != (
        inputs.member_id,
        inputs.contract_id,
        inputs.connection_id,
        inputs.corrects,
        inputs.period,
        inputs.consumption.days,
    ):
        findings.append("the bill names another member, contract, connection, bill or days than its inputs")
    return findings


def _asked_findings(ground: Ground, issued: IssuedBill) -> list[str]:
    """Name what the bill asks otherwise than its paper says, or its paper otherwise than the bills before leave."""
    try:
        asked = BILL_PAPER.open(ground.paper(issued)).asked
    except UnreadableDocument as unreadable:
        return [unreadable.message]
    if asked is None:
        return ["its paper does not say what it asks"]
    brought_cents = ground.carried_before(issued)
    findings = []
    if asked.asked_cents != issued.asked_cents:
        findings.append(f"{eur(issued.asked_cents)} EUR is asked, its paper says {eur(asked.asked_cents)}")
    if asked.brought_cents != brought_cents:
        findings.append(f"the bills before leave {eur(brought_cents)} EUR, its paper says {eur(asked.brought_cents)}")
    if asked.carried_cents != asked.brought_cents + issued.total_cents - asked.asked_cents:
        findings.append("what its paper leaves to be asked does not add up")
    return findings


def _bill_findings(issued: Bill, recomputed: Bill) -> list[str]:
    """Name what was billed otherwise than it follows."""
    findings = []
    if issued.lines != recomputed.lines:
        findings = [
            f"line {nth} ({line.kind}): {eur(line.issued_cents)} EUR was billed, {eur(line.recomputed_cents)} follows"
            for nth, line in enumerate(_compare_lines(issued, recomputed), 1)
            if line.issued_cents != line.recomputed_cents
        ] or ["a line rests on something else than was billed"]
    if issued.total_cents != recomputed.total_cents:
        findings.append(f"total: {eur(issued.total_cents)} EUR was billed, {eur(recomputed.total_cents)} follows")
    if issued.vat != recomputed.vat:
        findings.append("the VAT does not follow from the lines")
    if issued.guarantee != recomputed.guarantee:
        findings.append("the guarantee does not follow from the lines")
    return findings


def _compare_lines(issued: Bill, recomputed: Bill) -> tuple[VerifiedLine, ...]:
    return tuple(_compared(was, became) for was, became in zip_longest(issued.lines, recomputed.lines))


def _compared(was: Line | None, became: Line | None) -> VerifiedLine:
    shown = was or became
    assert shown is not None
    return VerifiedLine(shown.kind.value, was.amount_cents if was else 0, became.amount_cents if became else 0)


def _as_heard(ground: Ground, issued: IssuedBill, findings: list[str]) -> BillInputs:
    """The bill's inputs, with every fact taken again from what was heard; each difference is a finding."""
    inputs = issued.inputs
    contract = ground.contract(inputs.contract_id)
    if contract is not None:
        findings += _fallen_findings(ground, contract, issued)
    if contract is None:
        findings.append(f"contract {inputs.contract_id} is not on file")
    elif (contract.member_id, contract.connection_id) != (inputs.member_id, inputs.connection_id):
        findings.append(f"contract {inputs.contract_id} names another member or connection")
    years = []
    told = ground.references(inputs.contract_id)
    for state in inputs.guarantee:
        if contract is not None and not set(state.terms.reference) <= told:
            findings.append("the reference years are not those of the contract")
        if contract is not None and state.terms.mode != promised_mode(contract, state.terms.year.start, ground.choices):
            findings.append(f"another guarantee was promised for the year from {state.terms.year.start}")
        findings += _figure_findings(ground, state.terms)
        before = ground.guarantee_before(issued, state.terms.year.start)
        if before != (state.heat_before_cents, state.credit_before_cents):
            findings.append(f"the bills before give another state of the guarantee year from {state.terms.year.start}")
        heat_cents, credit_cents = before
        years.append(replace(state, heat_before_cents=heat_cents, credit_before_cents=credit_cents))
    if inputs.issuer not in ground.issuers:
        findings.append("the co-operative was never what the bill names")
    previous = inputs.previous
    return replace(
        inputs,
        consumption=_consumption(ground, inputs, inputs.consumption, findings),
        previous=None if previous is None else _consumption(ground, inputs, previous, findings),
        guarantee=tuple(years),
    )


def _consumption(ground: Ground, inputs: BillInputs, kept: Consumption, findings: list[str]) -> Consumption:
    holder = (inputs.connection_id, inputs.member_id)
    readings, cuts = [], days_of_cuts(kept.days, kept.spans, kept.cuts)
    for reading in kept.readings:
        measurement = ground.measurement(reading.measurement_id, reading.revision)
        if measurement is None:
            findings.append(f"measurement {reading.measurement_id} revision {reading.revision} is not on file")
            continue
        # The days that a reading stands for are cut to the contract, and of its midnights those beside a cut are kept;
        # everything else must be as it was told.
        measured = narrow(measurement.reading, reading.period, cuts)
        if measured != reading:
            findings.append(f"measurement {reading.measurement_id} revision {reading.revision} says something else now")
        readings.append(measured)
    shares = []
    for share in kept.shares:
        allocation = ground.allocation(share, holder)
        if allocation is None:
            findings.append(f"allocation {share.run_id} of {inputs.connection_id} is not on file")
            continue
        allocated = replace(allocation.share, period=share.period)
        if allocated != share:
            findings.append(f"allocation {share.run_id} of {inputs.connection_id} says something else now")
        shares.append(allocated)
    spans = []
    for span in kept.spans:
        heard, wrong = _span_once(ground, span, kept.customer_class)
        spans.append(heard)
        findings += wrong
    return replace(kept, readings=tuple(readings), shares=tuple(shares), spans=tuple(spans))


def _span_once(ground: Ground, span: TariffSpan, customer_class: str) -> tuple[TariffSpan, Sequence[str]]:
    """A span as it was heard, with its findings. Bills that are written alike have one span, compared once; what
    is remembered holds that span, so that no other has its number."""
    key = id(span), customer_class
    known = ground.spans.get(key)
    if known is None:
        findings: list[str] = []
        heard = _span(ground, span, customer_class, findings)
        known = ground.spans[key] = span, heard, tuple(findings)
    return known[1:]


def _span(ground: Ground, span: TariffSpan, customer_class: str, findings: list[str]) -> TariffSpan:
    tariff_id = span.tariff.tariff_id
    adopted = ground.tariffs.get(tariff_id)
    if adopted is None:
        findings.append(f"tariff {tariff_id} is not on file")
        return span
    if tariff_id in ground.unvoted:
        findings.append(f"tariff {tariff_id} is not what its resolution adopted")
    try:
        tariff = adopted.tariff
    except BadInput as unreadable:
        findings.append(f"tariff {tariff_id} can no longer be read: {unreadable.message}")
        return span
    if tariff != span.tariff:
        findings.append(f"tariff {tariff_id} says something else now")
    if span not in ground.lawful_spans(tariff_id, span.period, customer_class):
        findings.append(f"tariff {tariff_id} is not held to the law of {span.period}")
    return replace(span, tariff=tariff)


def _fallen_findings(ground: Ground, contract: Contract, issued: IssuedBill) -> Iterator[str]:
    """Tariffs of a bill that did not bind any more on its days, by what was known when it was issued: of what was told
    on that very day it may have known a part."""
    for span in issued.inputs.consumption.spans:
        stops = sorted(ground.stops.get(span.tariff.resolution_id, ()), key=lambda stop: stop.number)
        known = [stop for stop in stops if stop.told_on <= issued.issued_on]
        before = sum(stop.told_on < issued.issued_on for stop in known)
        days = {span.period.start, *(day for stop in known for day in (stop.from_on, stop.told_on))}
        for day in sorted(day for day in days if span.period.start <= day < span.period.end):
            if not all(is_stopped(known[:count], day) for count in range(before, len(known) + 1)):
                continue
            if tariff_on(ground.bind(contract, issued.issued_on), day).tariff_id != span.tariff.tariff_id:
                yield f"tariff {span.tariff.tariff_id} did not hold any more on {day}"
                break


def _figure_findings(ground: Ground, terms: GuaranteeTerms) -> list[str]:
    """Published figures of a ceiling that are on file otherwise than the bill says."""
    chosen, findings = terms.chosen, _choice_findings(ground, terms)
    used = [(chosen.index_series, figure) for figure in terms.factors]
    used += [(chosen.degree_day_series, figure) for figure in terms.degree_days]
    for series, figure in used:
        if not ground.is_published(series, figure.year, figure.value):
            findings.append(f"{series} of {figure.year} is not on file as {figure.value}")
    return findings


def _choice_findings(ground: Ground, terms: GuaranteeTerms) -> list[str]:
    """The choice of a ceiling, when it is not on file as the bill says."""
    chosen = terms.chosen
    for row in ground.choices.rows:
        choice = row.choice
        if not isinstance(choice, GuaranteeChoice) or row.valid_from != chosen.valid_from:
            continue
        if chosen_of(row, choice) == chosen and choice.tap_share == terms.tap_share:
            return []
    return [f"the choice of guarantee from {chosen.valid_from} is not on file as the bill says"]


def references_of(inputs: BillInputs) -> tuple[Reference, ...]:
    """List what the bill rests on, each once, in the order of the walk back."""
    references = []
    for consumption in (inputs.consumption, inputs.previous):
        if consumption is None:
            continue
        for reading in consumption.readings:
            references.append(
                Reference("reading", reading.measurement_id, reading.revision, reading.versions, reading.period)
            )
        for share in consumption.shares:
            references.append(Reference("allocation", share.run_id, share.revision, period=share.period))
            references.append(Reference("resolution", share.resolution_id, adopts="key"))
        for span in consumption.spans:
            references.append(Reference("tariff", span.tariff.tariff_id, period=span.period))
            references.append(Reference("resolution", span.tariff.resolution_id, adopts="tariff"))
    for state in inputs.guarantee:
        if state.terms.chosen.resolution_id:
            references.append(Reference("resolution", state.terms.chosen.resolution_id, adopts="guarantee"))
    if inputs.corrects:
        references.append(Reference("bill", inputs.corrects))
    return tuple(dict.fromkeys(references))
