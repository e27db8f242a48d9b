"""The rows of law that the lines of a bill were held to: the maximum of each part, and its VAT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from coop.billing.bills.store import IssuedBill
from coop.billing.model import Line, LineKind, TariffSpan
from coop.billing.terms.law import hold_to_law
from coop.communities.law import MAXIMUM, RATE, VAT, Law
from coop.communities.law_store import RecordedPublication
from coop.communities.tariff_law import FIXED_TOTAL
from coop.communities.tariffs import FIXED, Component


@dataclass(frozen=True)
class HeldTo:
    """A row of law beside a ``line`` of a bill: ``figure`` of ``component`` for a class of customers or a category of
    VAT (``of``), and the publication that it stands in."""

    line: Line
    kind: str
    of: str
    component: str
    figure: Decimal
    recorded: RecordedPublication


def list_held(issued: IssuedBill, recorded: Sequence[RecordedPublication]) -> list[HeldTo]:
    """The rows of law of a bill, line by line, each once for a part of the tariff.

    The law is that of the newest day before the bill on which it gives the prices that the bill reckons with; a line
    for which there is no such day has no row, and the recomputation names it.
    """
    use = issued.inputs.consumption
    spans = [*use.spans, *(issued.inputs.previous.spans if issued.inputs.previous else ())]
    held: dict[tuple[str, str, str, int], HeldTo] = {}
    for line in issued.bill.lines:
        span = _find_span(spans, line)
        known = _find_known(span, recorded, issued.issued_on, use.customer_class) if span else None
        for row in _list_rows(line, span, known, use.customer_class) if span and known is not None else ():
            held.setdefault((line.component, row.kind, row.component, row.recorded.number), row)
    return list(held.values())


def _find_span(spans: Sequence[TariffSpan], line: Line) -> TariffSpan | None:
    """The days of a tariff in which a line begins; of what a guarantee gives back, the last days of its year."""
    if line.kind is LineKind.GUARANTEE:
        return next((span for span in reversed(spans) if span.period.overlap(line.period)), None)
    own = (span for span in spans if span.tariff.tariff_id == line.tariff_id)
    return next((span for span in own if span.period.start <= line.period.start < span.period.end), None)


def _find_known(
    span: TariffSpan, recorded: Sequence[RecordedPublication], issued_on: date, customer_class: str
) -> list[RecordedPublication] | None:
    """The publications by which a span is held to the law, as they were known on a day before the bill."""
    days = {issued_on, *(each.published.known_from - timedelta(days=1) for each in recorded)}
    for day in sorted((day for day in days if day <= issued_on), reverse=True):
        known = [each for each in recorded if each.published.known_from <= day]
        law = Law(tuple(each.published for each in known))
        if law.vat_rates and span in hold_to_law([TariffSpan(span.period, span.tariff)], law, customer_class):
            return known
    return None


def _list_rows(
    line: Line, span: TariffSpan, known: Sequence[RecordedPublication], customer_class: str
) -> Iterator[HeldTo]:
    part = next((part for part in span.tariff.components if part.name == line.component), None)
    day = span.period.start if part is None else line.period.start
    if part is not None:
        maxima = _of_day([each for each in known if each.published.kind == MAXIMUM], day, is_first_before=False)
        figures = maxima[-1].published.figures.get(customer_class, {}) if maxima else {}
        if limited := _find_limited(part, figures):
            yield HeldTo(line, MAXIMUM, customer_class, limited, figures[limited], maxima[-1])
    category = "energy" if part is None else part.vat
    rates = [each for each in known if each.published.kind == VAT and category in each.published.figures]
    for each in _of_day(rates, day, is_first_before=True)[-1:]:
        yield HeldTo(line, VAT, category, RATE, each.published.figures[category][RATE], each)


def _find_limited(part: Component, figures: Mapping[str, Decimal]) -> str:
    """The maximum that a part is held to: its own, or that of all fixed parts together; empty where there is none."""
    if part.per == "once":
        return ""
    if part.key in figures:
        return part.key
    return FIXED_TOTAL if part.product in FIXED and FIXED_TOTAL in figures else ""


def _of_day(
    publications: Sequence[RecordedPublication], day: date, *, is_first_before: bool
) -> list[RecordedPublication]:
    """Publications that hold from a day or before it, the one that counts last; or the first, before all of them."""
    in_order = sorted(
        publications, key=lambda each: (each.published.valid_from, each.published.known_from, each.number)
    )
    held = [each for each in in_order if each.published.valid_from <= day]
    return held or (in_order[:1] if is_first_before else [])
