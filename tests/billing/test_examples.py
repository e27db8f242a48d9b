"""The worked examples of the field, as the rules compute them. Their numbers, E1 to E16, are those of
docs/domain/README.md#worked-examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from coop.billing.bills.lines import fixed_cents
from coop.billing.bills.rules import compute_bill
from coop.billing.guarantee.rules import (
    ceiling_cents,
    guarantee_terms,
    guarantee_years,
    index_year,
    normal_gas_m3,
    reference_eur,
    yearly_credit_cents,
)
from coop.billing.model import (
    Bill,
    BillInputs,
    Consumption,
    Contract,
    GasYear,
    GuaranteeMode,
    GuaranteeState,
    HeatReading,
    LegalRate,
    Line,
    LineKind,
    Tariff,
    TariffSpan,
)
from coop.billing.terms.tariffs import read_tariff
from coop.billing.terms.vat import excluding, vat_by_rate
from coop.communities.choices import Choices, GuaranteeChoice, founding_choices
from coop.values import CoopError, Period, split_by_largest_remainder
from tests.billing.village import lawful, parameters

E9 = (
    GasYear(2020, 1250, 118_750),
    GasYear(2021, 1180, 165_200),
    GasYear(2022, 1090, 155_870),
    GasYear(2023, 1150, 161_000),
)
RATES = (LegalRate("energy", Decimal("0.21")),)
CHOICES = Choices(founding_choices())
E9_FACTORS = {("cpi-households", 2025): Decimal("1.033"), ("cpi-households", 2026): Decimal("1.030")}
E9_DEGREE_DAYS = {
    ("wdd", 2020): Decimal(2890),
    ("wdd", 2021): Decimal(2610),
    ("wdd", 2022): Decimal(2640),
    ("wdd", 2023): Decimal(2560),
    ("wdd-normal", 2025): Decimal(2800),
}


def tariff(valid_from: date, price_eur_per_gj: str, fixed_eur: str) -> Tariff:
    """A tariff whose whole fixed part stands in the standing charge."""
    adopted = parameters(valid_from, price_eur_per_gj, fixed_eur, metering="0", delivery_set="0")
    return read_tariff("t", "r", valid_from, valid_from, adopted)


def inputs(
    period: Period, energy_gj: str, spans: tuple[TariffSpan, ...], guarantee: tuple[GuaranteeState, ...] = ()
) -> BillInputs:
    """A bill of heat alone."""
    reading = HeatReading("m", 1, period, Decimal(energy_gj).scaleb(9), False, "", ())
    return BillInputs("c", "m", "x", period, Consumption(period, (reading,), (), spans), None, None, guarantee)


def year_bill(year: int, energy_gj: str, price_eur_per_gj: str, fixed_eur: str) -> Bill:
    days = Period.year(year)
    return compute_bill(
        inputs(days, energy_gj, (TariffSpan(days, tariff(days.start, price_eur_per_gj, fixed_eur), (), RATES),))
    )


def contract(
    starts_on: date = date(2025, 1, 1), ends_on: date | None = None, reference: Sequence[GasYear] = E9
) -> Contract:
    return Contract("c", "m", "x", starts_on, ends_on, "clause", tuple(reference))


def test_e1_the_maximum_of_2025_at_28_gj() -> None:
    bill = year_bill(2025, "28", "43.79", "760.77")
    assert [line.amount_cents for line in bill.lines] == [122_612, 76_077]
    assert bill.total_cents == 198_689
    assert [(vat.excl_cents, vat.vat_cents) for vat in bill.vat] == [(164_206, 34_483)]


def test_e1_twelve_advances() -> None:
    assert split_by_largest_remainder(198_689, [1] * 12) == [16_558] * 5 + [16_557] * 7


def test_e2_the_maximum_of_2026_at_28_gj() -> None:
    bill = year_bill(2026, "28", "40.97", "827.91")
    assert [line.amount_cents for line in bill.lines] == [114_716, 82_791]
    assert bill.total_cents == 197_507


def test_e2_break_even_with_2025_is_at_23_81_gj() -> None:
    def dearer_in_2026(energy_gj: str) -> int:
        return (
            year_bill(2026, energy_gj, "40.97", "827.91").total_cents
            - year_bill(2025, energy_gj, "43.79", "760.77").total_cents
        )

    assert dearer_in_2026("23.80") > 0
    assert dearer_in_2026("23.81") == 0
    assert dearer_in_2026("23.82") < 0


def test_e3_a_leaver_on_30_april_2024_gets_the_repair_of_the_standing_charge() -> None:
    stayed = Period(date(2024, 1, 1), date(2024, 5, 1))
    assert stayed.days == 121
    assert fixed_cents(Decimal("618.82"), stayed) == 20_458
    assert fixed_cents(Decimal("582.82"), stayed) == 19_268
    year = Period.year(2024)
    assert fixed_cents(Decimal("618.82"), year) - fixed_cents(Decimal("582.82"), year) == 3_600


def test_e3_the_repair_as_a_correction_credits_11_90() -> None:
    stayed = Period(date(2024, 1, 1), date(2024, 5, 1))
    before = Consumption(
        stayed,
        (),
        (),
        (TariffSpan(stayed, tariff(stayed.start, "46.69", "618.82"), (), RATES),),
    )
    now = Consumption(stayed, (), (), (lawful(stayed, tariff(stayed.start, "46.69", "582.82")),))
    bill = compute_bill(BillInputs("c", "m", "x", stayed, now, before, "bill-1", ()))
    assert [(line.kind, line.amount_cents) for line in bill.lines] == [(LineKind.STANDING, -1_190)]


def test_e3_the_corrected_year_at_20_gj() -> None:
    assert year_bill(2024, "20", "46.69", "759.88").total_cents == 169_368


def test_e6_the_fixed_part_across_a_new_year() -> None:
    period = Period(date(2025, 7, 1), date(2026, 7, 1))
    before, after = Period(period.start, date(2026, 1, 1)), Period(date(2026, 1, 1), period.end)
    spans = (
        lawful(before, tariff(before.start, "43.79", "760.77")),
        lawful(after, tariff(after.start, "40.97", "827.91")),
    )
    bill = compute_bill(inputs(period, "26", spans))
    fixed = [line.amount_cents for line in bill.lines if line.kind is LineKind.STANDING]
    assert fixed == [38_351, 41_055]
    heat = [line for line in bill.lines if line.kind is LineKind.HEAT]
    # By days: 26 GJ * 184/365. The example splits by degree days, which billing does not know and says so.
    assert [line.quantity for line in heat] == [Decimal("13.106849315"), Decimal("12.893150685")]
    assert all(line.notes == ("split-by-days",) for line in heat)
    assert sum(line.quantity for line in heat) == 26


def test_e9_the_ceiling_from_four_gas_bills() -> None:
    third = guarantee_years(contract(), Period.year(2027))[0]
    of_third = guarantee_terms(contract(), third, third.end, E9_FACTORS, CHOICES)
    assert reference_eur(of_third) == Fraction("1502.05")
    assert ceiling_cents(of_third) == 159_817
    first = guarantee_years(contract(), Period.year(2025))[0]
    assert ceiling_cents(guarantee_terms(contract(), first, first.end, {}, CHOICES)) == 150_205


def test_e9_a_bill_above_the_ceiling_gets_61_83_back_and_one_below_nothing() -> None:
    year = Period.year(2027)
    terms = guarantee_terms(
        contract(),
        year,
        year.end,
        E9_FACTORS,
        CHOICES,
    )
    spans = (lawful(year, tariff(year.start, "38", "520")),)
    bill = compute_bill(inputs(year, "30", spans, (GuaranteeState(terms, 0, 0),)))
    assert bill.guarantee[0].heat_cents == 166_000
    assert bill.credit_cents == 6_183
    assert bill.total_cents == 159_817
    assert yearly_credit_cents(159_000, 159_817) == 0


def test_e9_weather_variant() -> None:
    normal = [
        normal_gas_m3(Decimal(year.gas_m3), Decimal("0.21"), E9_DEGREE_DAYS["wdd", year.year], Decimal(2800))
        for year in E9
    ]
    assert [round(Decimal(m3.numerator) / m3.denominator, 2) for m3 in normal] == [
        Decimal("1219.25"),
        Decimal("1247.86"),
        Decimal("1142.19"),
        Decimal("1235.17"),
    ]
    mean = sum(normal, Fraction(0)) / 4
    assert round(Decimal(mean.numerator) / mean.denominator, 2) == Decimal("1211.12")
    assert sum(year.gas_m3 for year in E9) / 4 == 1167.5


def test_e9_the_weather_ceiling_scales_each_amount_with_its_gas() -> None:
    year = Period.year(2025)
    found = guarantee_terms(contract(), year, year.end, E9_DEGREE_DAYS, promising(mode="weather"))
    assert found.mode is GuaranteeMode.WEATHER
    by_hand = (
        Decimal("1187.50") * (Decimal("0.21") + Decimal("0.79") * 2800 / 2890)
        + Decimal("1652.00") * (Decimal("0.21") + Decimal("0.79") * 2800 / 2610)
        + Decimal("1558.70") * (Decimal("0.21") + Decimal("0.79") * 2800 / 2640)
        + Decimal("1610.00") * (Decimal("0.21") + Decimal("0.79") * 2800 / 2560)
    ) / 4
    assert ceiling_cents(found) == int((by_hand * 100).to_integral_value())


def test_a_figure_that_is_needed_and_not_on_file_is_asked_for_by_name() -> None:
    year = Period.year(2026)
    with pytest.raises(CoopError, match="cpi-households of 2025"):
        guarantee_terms(contract(), year, year.end, {}, CHOICES)


def promising(**changes: object) -> Choices:
    """The choices of the founding, with other figures of the guarantee."""
    rows = founding_choices()
    guarantee = next(row for row in rows if isinstance(row.choice, GuaranteeChoice))
    return Choices((*rows, replace(guarantee, choice=guarantee.choice.model_copy(update=changes))))


def test_a_year_cut_short_has_its_share_of_the_ceiling_by_days_where_that_was_chosen() -> None:
    left = contract(ends_on=date(2025, 7, 1))
    year = Period.year(2025)
    assert ceiling_cents(guarantee_terms(left, year, date(2025, 6, 1), {}, promising(part_of_year="days"))) == 150_205
    assert (
        ceiling_cents(guarantee_terms(left, year, date(2025, 7, 1), {}, promising(part_of_year="days"))) == 74_485
    )  # 1,502.05 * 181/365


@pytest.mark.parametrize(
    ("ends_on", "share"),
    [
        # tap water by days, 21 %; the rest by the normal degree days of the months: 2,830 K d in a year
        (date(2025, 1, 16), Fraction("0.21") * Fraction(15, 365) + Fraction("0.79") * 491 * Fraction(15, 31) / 2830),
        (date(2025, 4, 1), Fraction("0.21") * Fraction(90, 365) + Fraction("0.79") * Fraction(491 + 438 + 357, 2830)),
        (date(2025, 1, 1), Fraction(0)),
        (date(2024, 11, 1), Fraction(0)),
    ],
)
def test_e9_a_leaver_has_the_share_of_the_ceiling_that_the_cold_of_their_days_gives(
    ends_on: date, share: Fraction
) -> None:
    left = contract(date(2024, 1, 1), ends_on)
    found = guarantee_terms(left, Period.year(2025), date(2025, 6, 1), {("cpi-households", 2024): Decimal(1)}, CHOICES)
    exact = Fraction("1502.05") * 100 * share
    assert ceiling_cents(found) == int(exact + Fraction(1, 2))


@pytest.mark.parametrize(
    ("day", "month", "lag_months", "year"),
    [
        (date(2026, 1, 1), 10, 1, 2025),
        (date(2025, 12, 1), 10, 1, 2025),
        (date(2025, 11, 30), 10, 1, 2024),
        (date(2026, 1, 1), 12, 0, 2025),
        (date(2026, 1, 31), 12, 1, 2024),
        (date(2026, 2, 1), 12, 1, 2025),
        (date(2026, 6, 1), 1, 24, 2024),
    ],
)
def test_an_index_factor_counts_once_it_is_published(day: date, month: int, lag_months: int, year: int) -> None:
    choice = CHOICES.on(GuaranteeChoice, day).model_copy(update={"index_month": month, "index_lag_months": lag_months})
    assert index_year(day, choice) == year


def test_fewer_years_are_averaged_and_said_so_and_none_promises_nothing() -> None:
    year = Period.year(2025)
    spans = (lawful(year, tariff(year.start, "38", "520")),)
    two = guarantee_terms(contract(reference=E9[:2]), year, year.end, {}, CHOICES)
    bill = compute_bill(inputs(year, "30", spans, (GuaranteeState(two, 0, 0),)))
    assert bill.guarantee[0].ceiling_cents == (118_750 + 165_200) // 2
    assert bill.guarantee[0].notes == ("fewer-reference-years",)
    none = guarantee_terms(contract(reference=()), year, year.end, {}, CHOICES)
    bill = compute_bill(inputs(year, "30", spans, (GuaranteeState(none, 0, 0),)))
    assert bill.guarantee[0].ceiling_cents is None
    assert bill.guarantee[0].notes == ("no-reference",)
    assert bill.credit_cents == 0


def test_only_the_last_four_reference_years_count() -> None:
    year = Period.year(2025)
    older = (GasYear(2012, 9000, 999_999), *E9)
    assert ceiling_cents(guarantee_terms(contract(reference=older), year, year.end, {}, CHOICES)) == 150_205


def test_guarantee_years_run_from_anniversary_to_anniversary() -> None:
    leap = contract(starts_on=date(2024, 2, 29))
    assert guarantee_years(leap, Period(date(2025, 2, 1), date(2025, 3, 2))) == [
        Period(date(2024, 2, 29), date(2025, 3, 1)),
        Period(date(2025, 3, 1), date(2026, 3, 1)),
    ]
    assert guarantee_years(contract(date(2025, 5, 15)), Period.month(2027, 5)) == [
        Period(date(2026, 5, 15), date(2027, 5, 15)),
        Period(date(2027, 5, 15), date(2028, 5, 15)),
    ]


def test_e15_remainders() -> None:
    assert split_by_largest_remainder(10_000, [1, 1, 1]) == [3_334, 3_333, 3_333]
    assert split_by_largest_remainder(123_456, [137, 262, 601]) == [16_914, 32_345, 74_197]
    assert split_by_largest_remainder(10, [1] * 7) == [2, 2, 2, 1, 1, 1, 1]
    assert split_by_largest_remainder(160_315, [1] * 12) == [13_360] * 7 + [13_359] * 5


def test_e16_vat_is_rounded_once_on_the_document() -> None:
    rate = Decimal("0.21")
    for incl_cents, by_line_cents, on_total_cents in ((1467, 765, 764), (8, 3, 4)):  # 12.12 and 0.07 without VAT
        line = Line(LineKind.HEAT, Period.year(2025), Decimal(1), "GJ", Decimal(0), incl_cents, rate, "t", "r")
        [by_line], [on_total] = vat_by_rate([line]), vat_by_rate([line] * 3)
        assert (3 * by_line.vat_cents, on_total.vat_cents) == (by_line_cents, on_total_cents)
    assert excluding(-198_689, rate) == -164_206


def test_a_reading_of_half_a_joule_is_split_without_loss() -> None:
    period = Period.month(2025, 1)
    first, second = Period(period.start, date(2025, 1, 11)), Period(date(2025, 1, 11), period.end)
    spans = (lawful(first, tariff(first.start, "38", "0")), lawful(second, tariff(second.start, "40", "0")))
    bill = compute_bill(inputs(period, "2.0000000000005", spans))
    assert sum(line.quantity for line in bill.lines) == Decimal("2.0000000000005")
