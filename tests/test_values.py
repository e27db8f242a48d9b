"""Money, periods and ids: what every room counts with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.values import (
    BadInput,
    Period,
    Problem,
    civil_date,
    derive_id,
    eur,
    hash_parameters,
    midnight,
    quarters,
    round_cents,
    split_by_largest_remainder,
)

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start, end = sorted(draw(st.lists(DAYS, min_size=2, max_size=2, unique=True)))
    return Period(start, end)


# Periods ------------------------------------------------------------------------------------------------------------


def test_a_period_that_does_not_end_after_it_starts_is_refused() -> None:
    for end in (date(2025, 1, 1), date(2024, 12, 31)):
        with pytest.raises(ValueError, match="must end after it starts"):
            Period(date(2025, 1, 1), end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", date(2025, 1, 1), date(2026, 1, 1)),
        ("2025-12", date(2025, 12, 1), date(2026, 1, 1)),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        ("2025-03-04/2025-04-01", date(2025, 3, 4), date(2025, 4, 1)),
    ],
)
def test_a_period_reads_back_as_it_is_written(text: str, start: date, end: date) -> None:
    period = Period.parse(text)
    assert (period.start, period.end) == (start, end)
    assert str(period) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "last year",
        "2025-13",
        "2025-00",
        "2025-04-01/2025-03-04",
        "0000",
        "2025-1-1-1",
        "0001-01",
        "9999",
        "2025-07199254748993",
        "1899-12-31/2026-01-01",
    ],
)
def test_what_is_no_period_is_bad_input_that_names_the_field(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        Period.parse(text)
    [problem] = refused.value.problems
    assert problem.field == "period"
    assert text in problem.reason


@given(periods())
def test_every_period_survives_being_written_and_read(period: Period) -> None:
    assert Period.parse(str(period)) == period


@given(periods())
def test_the_months_of_a_period_are_the_period_without_gap_or_overlap(period: Period) -> None:
    months = period.months()
    assert (months[0].start, months[-1].end) == (period.start, period.end)
    assert all(before.end == after.start for before, after in pairwise(months))
    assert all(
        (month.start.year, month.start.month) == (day.year, day.month)
        for month in months
        for day in (month.start, date.fromordinal(month.end.toordinal() - 1))
    )
    assert sum(month.days for month in months) == period.days


@given(periods(), periods())
def test_an_overlap_is_what_both_hold_and_does_not_depend_on_who_asks(one: Period, other: Period) -> None:
    both = one.overlap(other)
    assert both == other.overlap(one)
    if both is None:
        assert one.end <= other.start or other.end <= one.start
    else:
        assert both.overlap(one) == both.overlap(other) == both


# Clock changes (E25, docs/domain/time-and-calendars.md#clock-changes) ------------------------------------------------


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96), (date(2024, 2, 29), 96)],
)
def test_a_civil_day_has_the_quarter_hours_that_the_clock_gives_it(day: date, count: int) -> None:
    assert quarters(Period(day, date.fromordinal(day.toordinal() + 1))) == count


@pytest.mark.parametrize(("year", "count"), [(2025, 35_040), (2024, 35_136)])
def test_a_year_has_whole_days_of_quarter_hours_because_its_clock_changes_cancel(year: int, count: int) -> None:
    assert quarters(Period.year(year)) == count
    assert sum(quarters(month) for month in Period.year(year).months()) == count


def test_a_day_starts_at_midnight_in_amsterdam_winter_and_summer() -> None:
    assert midnight(date(2026, 1, 1)) == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert midnight(date(2026, 7, 1)) == datetime(2026, 6, 30, 22, tzinfo=UTC)


@given(DAYS)
def test_the_instant_at_which_a_day_starts_lies_in_that_day(day: date) -> None:
    assert civil_date(midnight(day)) == day


# Money (E15, docs/domain/energy-sharing-and-allocation.md#e15; half away from zero) ----------------------------------


@pytest.mark.parametrize(
    ("amount", "cents"), [("0.005", 1), ("-0.005", -1), ("0.0049999", 0), ("1642.0579", 164_206), ("0", 0)]
)
def test_half_a_cent_goes_away_from_zero(amount: str, cents: int) -> None:
    assert round_cents(Decimal(amount)) == cents


@given(st.integers(-(10**14), 10**14))
def test_cents_survive_being_written_as_eur(cents: int) -> None:
    assert round_cents(eur(cents)) == cents
    assert str(eur(cents)).partition(".")[2] == f"{abs(cents) % 100:02d}"


def test_the_worked_remainders_come_out() -> None:
    assert split_by_largest_remainder(100_00, [1, 1, 1]) == [33_34, 33_33, 33_33]
    # Exact cents are 16,913.472, 32,345.472 and 74,197.056: the first two tie, and the first gets the cent.
    assert split_by_largest_remainder(1_234_56, [137, 262, 601]) == [169_14, 323_45, 741_97]
    assert split_by_largest_remainder(10, [1] * 7) == [2, 2, 2, 1, 1, 1, 1]
    assert split_by_largest_remainder(1_603_15, [1] * 12) == [133_60] * 7 + [133_59] * 5


WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_shares_sum_to_the_total_and_lie_within_a_unit_of_the_exact_share(total: int, weights: list[int]) -> None:
    shares = split_by_largest_remainder(total, weights)
    assert sum(shares) == total
    base = sum(weights)
    assert all(abs(share * base - total * weight) < base for share, weight in zip(shares, weights, strict=True))


@given(st.integers(0, 10**12), WEIGHTS)
def test_a_negative_total_is_divided_by_its_absolute_value(total: int, weights: list[int]) -> None:
    assert split_by_largest_remainder(-total, weights) == [-s for s in split_by_largest_remainder(total, weights)]


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=12, unique=True), st.randoms())
def test_without_ties_nobody_gains_by_standing_first(total: int, weights: list[int], draw: Random) -> None:
    base = sum(weights)
    remainders = [total * weight % base for weight in weights]
    if len(set(remainders)) < len(remainders):
        return
    order = list(range(len(weights)))
    draw.shuffle(order)
    shares = split_by_largest_remainder(total, weights)
    assert split_by_largest_remainder(total, [weights[i] for i in order]) == [shares[i] for i in order]


def test_nobody_gets_nothing_of_nothing_and_a_total_needs_somebody() -> None:
    assert split_by_largest_remainder(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="nothing to divide"):
        split_by_largest_remainder(1, [0, 0])
    with pytest.raises(ValueError, match="may not be negative"):
        split_by_largest_remainder(1, [2, -1])


# Hashes and ids ------------------------------------------------------------------------------------------------------


def test_the_hash_of_parameters_does_not_depend_on_the_order_of_keys_and_does_on_everything_else() -> None:
    digest = hash_parameters({"price": "34.50", "who": ["a", "b"], "from": None, "nmdn": True})
    assert digest == hash_parameters({"nmdn": True, "from": None, "who": ["a", "b"], "price": "34.50"})
    assert digest != hash_parameters({"price": "34.5", "who": ["a", "b"], "from": None, "nmdn": True})
    assert digest != hash_parameters({"price": "34.50", "who": ["b", "a"], "from": None, "nmdn": True})


def test_the_hash_is_that_of_canonical_json() -> None:
    # printf '{"a":"€","b":1}' | sha256sum
    assert hash_parameters({"b": 1, "a": "€"}) == "2c6fbbec1f6bfa5ea5d93187c7f6960ae2fbc3f05c442ebb923b9a6777b85c76"


@pytest.mark.parametrize("value", [1.5, Decimal("1.5"), date(2025, 1, 1), b"1", {1, 2}])
@pytest.mark.parametrize("depth", ["top", "in a list", "in a mapping in a list"])
def test_what_has_no_canonical_form_is_refused_however_deep(value: object, depth: str) -> None:
    wrapped = {"top": value, "in a list": [value], "in a mapping in a list": [{"x": value}]}[depth]
    with pytest.raises(TypeError, match="has no canonical form"):
        hash_parameters({"parameter": wrapped})


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_an_id_follows_from_its_parts_and_from_nothing_else(one: list[str], other: list[str]) -> None:
    assert derive_id(*one) == derive_id(*one)
    separated = all("\x1f" not in part for part in one + other)
    if one != other and separated:
        assert derive_id(*one) != derive_id(*other)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_an_id_is_a_uuid_of_a_name(parts: list[str]) -> None:
    root = UUID("6f0a2f3e-6c0e-5d0b-9a55-0c0a57c00b00")
    assert derive_id(*parts) == str(uuid5(root, "\x1f".join(parts)))


@given(st.dates(date(1000, 1, 1), date(2100, 1, 1)), st.sampled_from(["day", "month", "year", "two"]))
def test_a_period_is_called_by_its_month_its_year_or_its_days(day: date, kind: str) -> None:
    month = Period.month(day.year, day.month)
    said = {
        "day": (Period(day, day + timedelta(days=1)), f"{day}/{day + timedelta(days=1)}"),
        "month": (month, day.strftime("%Y-%m")),
        "year": (Period.year(day.year), day.strftime("%Y")),
        "two": (Period(month.start, Period.month(month.end.year, month.end.month).end), None),
    }
    period, text = said[kind]
    assert str(period) == (text or f"{period.start}/{period.end}")


def test_an_id_never_changes_between_releases() -> None:
    # Ids are kept in databases and told in events: another root or separator would make every fact a new one.
    assert derive_id("bill", 1) == "ebc62beb-312b-5f2a-b32f-f8a577a9b876"


def test_a_problem_says_where_and_why() -> None:
    assert str(Problem("is empty", "number", 3)) == "line 3, number: is empty"
    assert str(Problem("is empty", "number")) == "number: is empty"
    assert str(Problem("is not whole", line=7)) == "line 7: is not whole"
    assert str(Problem("is not whole")) == "is not whole"
