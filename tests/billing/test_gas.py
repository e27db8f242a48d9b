"""Gas as heat and what it would cost: E7 and E8, on the page and on the paper of a ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.billing.bills import store as bills
from coop.billing.documents.archive import freeze
from coop.billing.documents.contents import document_of
from coop.billing.documents.gas_texts import gas_sentences
from coop.billing.figures.commands import record_figure
from coop.billing.guarantee.gas import GJ_PER_M3, GasBenchmark, cost_of_gas, gas_benchmark, heat_of_gas_gj
from coop.billing.model import GasYear, GuaranteeMode, GuaranteeTerms, PublishedFigure
from coop.billing.runs.commands import issue_bills
from coop.communities.choices import Choices, GasChoice, founding_choices, read_choice
from coop.communities.law import shipped_law
from coop.kit.database import Database
from coop.values import BadInput, Period
from tests.billing.village import address, admitted, hear, month_of, signed, tariff_adopted, visit
from tests.desk import COMMUNITY, SECRETARY

JANUARY = Period.month(2025, 1)
HTML = {"accept": "text/html", "accept-language": "en"}
E8 = {
    ("gas-price", 2026): Decimal("0.45"),
    ("gas-tax", 2026): Decimal("0.60066"),
    ("gas-standing", 2026): Decimal(96),
    ("gas-network", 2026): Decimal(240),
}
OWNER = GasChoice(
    conversion="rounded", cooking_m3=0, boiler_eur=Decimal(2200), boiler_years=15, maintenance_eur=Decimal(120)
)
YEAR = GuaranteeTerms(
    year=Period(date(2026, 1, 1), date(2027, 1, 1)),
    mode=GuaranteeMode.PLAIN,
    reference=(GasYear(2023, 1150, 161_000), GasYear(2024, 1250, 170_000)),
    factors=(),
    tap_share=Decimal("0.21"),
    degree_days=(),
    normal_degree_days=None,
    days_covered=365,
)


def benchmark(figures: Mapping[tuple[str, int], Decimal] = E8, **changes: object) -> GasBenchmark:
    """What the ceiling of 2026 is set beside, by the method of the founding with these changes."""
    rows = founding_choices()
    made = [replace(row, choice=row.choice.model_copy(update=changes)) for row in rows if row.choice.NAME == "gas"]
    found = gas_benchmark(YEAR, figures, Choices((*rows, *made)), shipped_law())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("conversion", "heat_gj"),
    [("shares-of-gas", "35.085"), ("shares-of-heat", "34.095"), ("rounded", "34.286"), ("regulator", "36.72")],
)
def test_e7_1200_m3_of_gas_as_heat(conversion: str, heat_gj: str) -> None:
    assert round(Decimal(float(heat_of_gas_gj(Fraction(1200), conversion))), 3) == Decimal(heat_gj)
    assert benchmark(conversion=conversion).heat_gj == Decimal(heat_gj)


def test_e7_gas_that_cooked_gave_no_heat() -> None:
    with_cooking = benchmark(cooking_m3=60)
    assert (with_cooking.gas_m3, with_cooking.heat_gj) == (1200, Decimal("32.571"))
    assert with_cooking.cost == benchmark().cost, "it is paid for all the same"
    assert benchmark(cooking_m3=1000).heat_gj == Decimal("5.714")


def test_e8_1200_m3_in_2026_for_a_tenant_and_for_an_owner() -> None:
    cost = cost_of_gas(1200, 2026, E8, Decimal("0.21"), OWNER)
    assert cost is not None
    assert (cost.gas_cents, cost.bill_cents, cost.with_boiler_cents) == (152_556, 186_156, 212_823)


@given(missing=st.sampled_from(sorted(E8)))
def test_what_is_not_on_file_is_not_guessed(missing: tuple[str, int]) -> None:
    known = {key: value for key, value in E8.items() if key != missing}
    assert cost_of_gas(1200, 2026, known, Decimal("0.21"), OWNER) is None
    said = gas_sentences("en", benchmark(known))
    assert said[-1] == "What that gas would cost in 2026 is not on file."


def test_without_an_amount_of_gas_there_is_nothing_to_set_beside() -> None:
    unknown = replace(YEAR, reference=(GasYear(2023, 0, 161_000),))
    assert gas_benchmark(unknown, E8, Choices(founding_choices()), shipped_law()) is None
    assert len(gas_sentences("nl", None)) == 1


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("conversion", sorted(GJ_PER_M3))
def test_every_method_is_said_in_both_languages(language: str, conversion: str) -> None:
    said = " ".join(gas_sentences(language, benchmark(conversion=conversion, cooking_m3=50)))
    assert "%(" not in said
    others = [name for name in GJ_PER_M3 if name != conversion]
    assert said not in [" ".join(gas_sentences(language, benchmark(conversion=name, cooking_m3=50))) for name in others]
    assert ("gas would cost" in said) == (language == "en")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("conversion", "guess"),
        ("cooking_m3", -1),
        ("boiler_years", 0),
        ("boiler_eur", "-1"),
        ("maintenance_eur", "1e9"),
    ],
)
def test_a_method_that_cannot_be_is_refused_by_its_field(field: str, value: object) -> None:
    with pytest.raises(BadInput) as refusal:
        read_choice("gas", {**OWNER.model_dump(mode="json"), field: value})
    assert [problem.field for problem in refusal.value.problems] == [field]


@pytest.mark.parametrize(
    ("series", "value"), [("gas-price", "45"), ("gas-tax", "60.066"), ("gas-standing", "9600"), ("gas-network", "-240")]
)
def test_a_price_of_gas_in_another_unit_is_refused(database: Database, series: str, value: str) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput, match="is not between"):
        record_figure(tx, PublishedFigure(series, 2026, Decimal(value), "CBS"))


def test_a_member_reads_on_page_and_paper_what_the_gas_of_the_ceiling_is_and_costs(
    database: Database, tmp_path: Path
) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), *month_of(["anna"], JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        for (series, _), value in E8.items():
            record_figure(tx, PublishedFigure(series, 2025, value, "invented"))
        assert issue_bills(tx, JANUARY, date(2025, 2, 3)).status == "issued"
    anna = visit(database, tmp_path, "member", member_id="anna")
    page = anna.get("/billing/contracts/contract-anna/ceiling/2025-01-01", headers=HTML).text.replace("\xa0", " ")
    # 1,250, 1,180, 1,090 and 1,150 m3 are 1,167.5 on average: 1,168 at 35 m3 for a GJ make 33.4 GJ, and at
    # (0.45 + 0.60066) x 1.21 they cost 1,484.88; 96 and 240 more, and 139 + 2,284.50 / 15 = 291.30 for a boiler.
    said = (
        "Your 1,168 m³ a year gave 33.4 GJ of heat (35 m³ of gas for a GJ).",
        "In 2025 the same gas would cost €1,820.88: €1,484.88 with its tax, €96.00 standing charge and €240.00",
        "With a boiler of your own (€291.30 a year) it would be €2,112.18.",
    )
    for sentence in said:
        assert sentence in page, sentence
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("gas-price", 2025, Decimal("0.90"), "invented"), Decimal("0.45"))
    address(database)
    with database.read(COMMUNITY) as tx:
        [frozen] = freeze(tx, bills.find_bills(tx)).values()
    frozen = replace(frozen, addressee=replace(frozen.addressee, language="en"))
    [guarantee] = document_of(frozen)["guarantees"]
    for sentence in said:
        assert sentence in " ".join(guarantee["gas"]).replace("\xa0", " "), "the paper says what was on file at issue"
