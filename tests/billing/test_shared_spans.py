"""What a run asks once for many bills is what each would have been told by itself, to the byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from coop.billing.bills import lines as lines_module
from coop.billing.bills.lines import lines_of
from coop.billing.bills.paper import reference_of
from coop.billing.bills.rules import differences
from coop.billing.bills.schemas import BILL_CONSUMPTION, BILL_INPUTS, write_json
from coop.billing.model import BillInputs, Consumption, Line, LineKind
from coop.values import Period
from tests.billing.test_properties import bill_inputs


def alone(consumption: Consumption) -> list[Line]:
    """The lines of what was consumed while nothing is remembered of any other bill."""
    lines_module._PRICED.clear()
    return lines_of(BILL_CONSUMPTION.readers[1](write_json({"consumption": consumption})))


@given(st.lists(bill_inputs(), min_size=2, max_size=4))
def test_bills_that_share_their_spans_have_the_lines_that_each_has_alone(found: list[BillInputs]) -> None:
    by_itself = [write_json(alone(each.consumption)) for each in found]
    lines_module._PRICED.clear()
    bodies = [BILL_INPUTS.seal(each).body for each in found]
    shared = [BILL_CONSUMPTION.readers[1](body) for body in bodies]
    for _ in range(2):
        assert [write_json(lines_of(each)) for each in shared] == by_itself


@given(bill_inputs(), bill_inputs())
def test_what_a_correction_reads_is_what_the_inputs_say(inputs: BillInputs, other: BillInputs) -> None:
    document = BILL_INPUTS.seal(replace(inputs, previous=other.consumption, corrects="b"))
    assert BILL_CONSUMPTION.open(document) == BILL_INPUTS.open(document).consumption
    assert write_json(BILL_CONSUMPTION.open(document)) == write_json(inputs.consumption)


@given(bill_inputs())
def test_spans_are_equal_objects_only_where_they_are_written_the_same(inputs: BillInputs) -> None:
    [first, *_] = inputs.consumption.spans
    rewritten = tuple(replace(each, price_eur=Decimal(f"{each.price_eur}0")) for each in first.tariff.components)
    span = replace(first, tariff=replace(first.tariff, components=rewritten))
    other = replace(inputs.consumption, spans=(span, *inputs.consumption.spans[1:]))
    assert other == inputs.consumption
    assert write_json(lines_of(inputs.consumption)) == write_json(alone(inputs.consumption))
    assert write_json(lines_of(other)) == write_json(alone(other)) != write_json(lines_of(inputs.consumption))


@given(bill_inputs(), st.integers(1, 5))
def test_what_is_remembered_is_bounded_and_holds_its_spans(inputs: BillInputs, most: int) -> None:
    with patch.object(lines_module, "_PRICED_MOST", most), patch.object(lines_module, "_CHARGED_MOST", most):
        for number in range(4):
            begins_on = inputs.consumption.days.start - timedelta(days=number)
            spans = tuple(map(replace, inputs.consumption.spans))
            fresh = replace(inputs.consumption, begins_on=begins_on, spans=spans)
            assert lines_of(fresh) == lines_of(inputs.consumption)
            assert len(lines_module._PRICED) <= most
    for (number, _), priced in lines_module._PRICED.items():
        assert id(priced.span) == number


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_a_line_that_moved_is_the_line_with_its_difference(was: list[int], became: list[int]) -> None:
    day, month = date(2025, 1, 1), alone_in_january()
    before, now = ([_line(month, name) for name in names] for names in (was, became))
    for moved in differences(month, replace(month, begins_on=day), before, now):
        of = [[line for line in lines if line.component == moved.component] for lines in (before, now)]
        shown = (of[1] or of[0])[0]
        quantity, cents = (
            [sum((getattr(line, name) for line in lines), type(getattr(moved, name))(0)) for lines in of]
            for name in ("quantity", "amount_cents")
        )
        parts = {"quantity": quantity[1] - quantity[0], "amount_cents": cents[1] - cents[0], "cause": moved.cause}
        assert moved == replace(shown, **parts)
        assert moved.amount_cents
        assert moved.cause


def alone_in_january() -> Consumption:
    """A month without anything."""
    return Consumption(Period.month(2025, 1), (), (), ())


def _line(month: Consumption, number: int) -> Line:
    return Line(
        kind=LineKind.SERVICES,
        period=month.days,
        quantity=Decimal(number),
        unit="d",
        price_eur=Decimal("1.50"),
        amount_cents=150 * number,
        vat_rate=Decimal("0.21"),
        tariff_id="t",
        resolution_id="r",
        group_id="g",
        notes=("estimated",),
        component=f"part {number}",
        per="year",
        account="services",
        in_guarantee=True,
    )


@given(st.from_regex(r"[A-Z]{0,6}[0-9]{4}-?[0-9]{1,9}", fullmatch=True))
def test_a_reference_is_one_of_iso_11649(number: str) -> None:
    assert iso11649.is_valid(reference_of(number))
    assert reference_of(number)[4:] == number.replace("-", "")
