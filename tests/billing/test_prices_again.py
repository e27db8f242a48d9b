"""What the second opinion asks once of a price is what each line would have been told by itself."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coop.communities.law import shipped_law
from coop.verification.amounts import amount_cents
from coop.verification.prices import Binding
from coop.verification.terms import Notices
from coop.verification.told import Told
from tests.billing.village import tariff_adopted

TOLD = Told(tariffs=[tariff_adopted("first"), tariff_adopted("second", date(2026, 1, 1), heat="41.00")])
DAYS = st.sampled_from([date(2025, 1, 1), date(2025, 7, 15), date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 1)])
NAMES = ["Heat", "Standing charge", "Delivery set", "no such part"]


@st.composite
def lines(draw: st.DrawFn) -> Any:
    """A line of some day and price, written with more or fewer digits; what is equal is often asked again."""
    start = draw(DAYS)
    return SimpleNamespace(
        tariff_id=draw(st.sampled_from(["first", "second"])),
        component=draw(st.sampled_from(NAMES)),
        period_start=start,
        period_end=min(start + timedelta(days=draw(st.integers(1, 31))), date(start.year + 1, 1, 1)),
        price_eur=Decimal(draw(st.sampled_from(["38.00", "38.000", "38.01", "41.00", "400", "400.00", "9000"]))),
        vat_rate=Decimal(draw(st.sampled_from(["0.21", "0.09", "0.210"]))),
        quantity=Decimal(draw(st.integers(0, 40))),
        per=draw(st.sampled_from(["year", "GJ", "once"])),
    )


def judge(binding: Binding, line: Any, issued_on: date) -> tuple[object, ...]:
    """Everything that is asked of the price of a line."""
    component = binding.component(line)
    bill: Any = SimpleNamespace(issued_on=issued_on)
    if component is None:
        return (None,)
    above = binding.is_above_voted(line, component, bill), binding.is_above_maximum(line, component, "full", bill)
    return component["name"], *above


@given(st.lists(st.tuples(lines(), DAYS), min_size=2, max_size=8))
def test_a_price_that_was_asked_before_is_judged_as_if_it_was_not(asked: list[tuple[Any, date]]) -> None:
    once = Binding(TOLD, Notices(TOLD))
    for line, issued_on in [*asked, *asked]:
        assert judge(once, line, issued_on) == judge(Binding(TOLD, Notices(TOLD)), line, issued_on)


@given(lines(), DAYS)
def test_a_price_is_above_what_was_voted_where_it_is_more_at_the_vat_of_the_day(line: Any, issued_on: date) -> None:
    binding = Binding(TOLD, Notices(TOLD))
    component = binding.component(line)
    assert (component is None) == (line.component == "no such part")
    if component is None:
        return
    # The rate of heat did not change in these years: what was voted is what may be asked.
    law = shipped_law().as_known_on(issued_on)
    assert {law.vat_on(day, "energy") for day in (date(2025, 1, 1), date(2026, 3, 1))} == {Decimal("0.21")}
    heat = {"first": "38.00", "second": "41.00"}[line.tariff_id]
    voted = {"Heat": heat, "Standing charge": "400.00", "Delivery set": "90.00"}[line.component]
    bill: Any = SimpleNamespace(issued_on=issued_on)
    assert binding.is_above_voted(line, component, bill) == (line.price_eur > Decimal(voted))


@given(st.lists(lines(), max_size=8))
def test_a_year_by_days_comes_to_the_same_however_its_price_is_written(found: list[Any]) -> None:
    for line in found:
        if line.per == "year":
            new_year, following = date(line.period_start.year, 1, 1), date(line.period_start.year + 1, 1, 1)
            until, since = (
                int(
                    Fraction(line.price_eur) * 100 * (day - new_year).days / (following - new_year).days
                    + Fraction(1, 2)
                )
                for day in (line.period_end, line.period_start)
            )
            assert amount_cents(line) == until - since
        else:
            assert amount_cents(line) == int(line.quantity * line.price_eur * 100 + Decimal("0.5"))
