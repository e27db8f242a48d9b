"""The ceiling step by step: on the page, on the paper, and with a calculator it ends where the bill ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.billing import words
from coop.billing.handlers.runs import issue_bills
from coop.billing.handlers.terms import record_figure
from coop.billing.model import GasYear, GuaranteeMode, GuaranteeTerms, PublishedFigure, YearFigure
from coop.billing.rules.derivation import derive_ceiling
from coop.billing.rules.guarantee import ceiling_cents
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import admitted, hear, month_of, promised, signed, tariff_adopted, visit
from tests.desk import COMMUNITY, SECRETARY

JANUARY = Period.month(2025, 1)
HTML = {"accept": "text/html", "accept-language": "en"}
E9 = GuaranteeTerms(
    year=Period(date(2025, 1, 1), date(2026, 1, 1)),
    mode=GuaranteeMode.PLAIN,
    reference=(
        GasYear(2020, 1250, 118_750),
        GasYear(2021, 1180, 165_200),
        GasYear(2022, 1090, 155_870),
        GasYear(2023, 1150, 161_000),
    ),
    factors=(YearFigure(2024, Decimal("1.033")), YearFigure(2025, Decimal("1.03"))),
    tap_share=Decimal("0.21"),
    degree_days=(),
    normal_degree_days=None,
    days_covered=365,
)


def test_e9_is_derived_step_by_step() -> None:
    derived = derive_ceiling(E9)
    assert [paid.counted_cents for paid in derived.counted] == [118_750, 165_200, 155_870, 161_000]
    assert derived.mean_cents == 150_205
    assert [step.after_cents for step in derived.indexed] == [155_162, 159_817]
    assert derived.ceiling_cents == ceiling_cents(E9) == 159_817
    assert [amount.replace("\xa0", " ") for _, amount in words.ceiling_steps("en", derived)] == [
        "€1,502.05",
        "€1,551.62",
        "€1,598.17",
    ]


def test_a_year_that_was_cut_short_has_a_step_for_its_days() -> None:
    derived = derive_ceiling(replace(E9, days_covered=73))
    said, amount = words.ceiling_steps("en", derived)[-1]
    assert said == "73 of 365 days: 20.0% of the year"
    assert amount == "€319.63"


def test_without_gas_bills_nothing_is_derived() -> None:
    derived = derive_ceiling(replace(E9, reference=()))
    assert (derived.ceiling_cents, derived.counted, words.ceiling_steps("en", derived)) == (None, (), [])


@given(
    amounts=st.lists(st.integers(0, 500_000), min_size=1, max_size=4),
    factors=st.lists(st.decimals("0.9", "1.2", places=3), max_size=5),
    days=st.integers(0, 365),
)
def test_the_steps_end_where_the_ceiling_ends(amounts: list[int], factors: list[Decimal], days: int) -> None:
    terms = replace(
        E9,
        reference=tuple(GasYear(2020 + nth, 1000, amount) for nth, amount in enumerate(amounts)),
        factors=tuple(YearFigure(2024 + nth, factor) for nth, factor in enumerate(factors)),
        days_covered=days,
    )
    derived = derive_ceiling(terms)
    assert derived.ceiling_cents == ceiling_cents(terms)
    if days == 365:
        last = derived.indexed[-1].after_cents if derived.indexed else derived.mean_cents
        assert last == derived.ceiling_cents


@pytest.fixture
def weather(database: Database) -> Database:
    """A month of two members is billed, under a guarantee that counts the weather."""
    hear(
        database,
        promised(date(2024, 1, 1), mode="weather"),
        tariff_adopted(),
        admitted("anna"),
        signed("anna"),
        admitted("bram"),
    )
    hear(database, signed("bram", reference=()), *month_of(["anna", "bram"], JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        for year, value in ((2020, 2890), (2021, 2610), (2022, 2640), (2023, 2700)):
            record_figure(tx, PublishedFigure("wdd", year, Decimal(value), "KNMI"), None)
        record_figure(tx, PublishedFigure("wdd-normal", 2025, Decimal(2800), "KNMI"), None)
        assert issue_bills(tx, JANUARY, date(2025, 2, 3)).status == "issued"
    return database


def test_a_member_follows_the_own_ceiling_from_the_gas_bills_to_the_credit(weather: Database, tmp_path: Path) -> None:
    anna = visit(weather, tmp_path, "member", member_id="anna")
    address = "/billing/contracts/contract-anna/ceiling/2025-01-01"
    assert address in anna.get("/billing/", headers=HTML).text
    page = anna.get(address, headers=HTML).text.replace("\xa0", " ")
    for text in ("1,250 m³", "€1,187.50", "2,890", "€1,158.29", "normal weather", "1. What you paid for gas"):
        assert text in page, text
    assert "In the first guarantee year no price index counts yet." in page
    assert "Heat cost €139.16 so far" in page
    rows = anna.get("/billing/exports/gas-years.csv?contract=contract-anna&day=2025-01-01").text
    assert rows.splitlines()[1].startswith("2020,1250,1187.50,2890,1158.29")


def test_a_member_without_gas_bills_reads_why_there_is_no_ceiling(weather: Database, tmp_path: Path) -> None:
    bram = visit(weather, tmp_path, "member", member_id="bram")
    page = bram.get("/billing/contracts/contract-bram/ceiling/2025-06-01", headers=HTML).text
    assert "There are no gas bills on file, so there is no ceiling." in page
    assert bram.get("/billing/contracts/contract-anna/ceiling/2025-06-01", headers=HTML).status_code == 404
    assert bram.get("/billing/contracts/contract-bram/ceiling/2031-06-01", headers=HTML).status_code == 404
